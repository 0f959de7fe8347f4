//! Answers the questions of a gateway about the calls of a run.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use openclaw_protocol::gateway::{
    CallDecision, CallGrantScope, CallQuestion, QuestionedCall, ResolveCallParams,
};
use openclaw_protocol::parts::whole_millis;
use openclaw_runtime::GrantScope;
use openclaw_terminal::OutputPrinter;

use crate::answer_lines::AnswerLines;
use crate::prompter::{ChatPrompter, PersonAnswer};
use crate::terminal_prompter::{CallPrompt, NO_TERMINAL, TerminalPrompter};

/// Answers questions about calls.
#[derive(Clone)]
pub struct CallAnswerer {
    asks: Arc<dyn Fn(CallPrompt) -> BoxFuture<'static, PersonAnswer> + Send + Sync>,
    /// Whether commands are allowed without asking, as by `--yes`.
    auto_approve: bool,
    /// Whether a person can be asked.
    has_person: bool,
}

impl fmt::Debug for CallAnswerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAnswerer")
            .field("auto_approve", &self.auto_approve)
            .field("has_person", &self.has_person)
            .finish_non_exhaustive()
    }
}

impl CallAnswerer {
    /// Asks at the terminal, if there is one; `auto_approve` allows what `--yes` allows.
    #[must_use]
    pub fn at_terminal(printer: &OutputPrinter, auto_approve: bool) -> Self {
        let prompter = TerminalPrompter { printer: printer.clone() };
        let (has_person, lines) = (prompter.can_ask(), AnswerLines::new());
        let asks = move |prompt: CallPrompt| {
            let (prompter, lines) = (prompter.clone(), lines.clone());
            async move { prompter.ask_with_lines(&prompt, &lines).await }.boxed()
        };
        Self { asks: Arc::new(asks), auto_approve, has_person }
    }

    /// Asks within a chat, if there is a person to ask.
    pub(crate) fn in_chat(prompter: Option<&ChatPrompter>, auto_approve: bool) -> Self {
        let Some(prompter) = prompter.cloned() else {
            let asks = |_| std::future::ready(PersonAnswer::No { reason: None }).boxed();
            return Self { asks: Arc::new(asks), auto_approve, has_person: false };
        };
        let asks = move |CallPrompt { subject, question, choices }: CallPrompt| {
            let prompter = prompter.clone();
            async move { prompter.ask_person(Some(subject), question, choices).await }.boxed()
        };
        Self { asks: Arc::new(asks), auto_approve, has_person: true }
    }

    /// Whether any question is answered here. A gateway whose clients answer none decides as it
    /// would without them.
    pub(crate) fn answers_any(&self) -> bool {
        self.has_person || self.auto_approve
    }

    /// Answers a question.
    pub(crate) fn answer(&self, question: &CallQuestion) -> BoxFuture<'static, ResolveCallParams> {
        let id = question.id.clone();
        if self.auto_approve && is_covered_by_yes(&question.request) {
            return std::future::ready(decision(id, CallDecision::AllowOnce)).boxed();
        }
        if !self.has_person {
            let reason = Some(NO_TERMINAL.to_owned());
            let refusal = ResolveCallParams { reason, ..decision(id, CallDecision::Deny) };
            return std::future::ready(refusal).boxed();
        }
        let answer = (self.asks)(CallPrompt::from_gateway(&question.request));
        async move { to_decision(id, answer.await) }.boxed()
    }
}

/// Whether `--yes` allows a call: commands only, and none that its policy asks about whatever the
/// user allowed before.
fn is_covered_by_yes(call: &QuestionedCall) -> bool {
    call.kind == "command" && !call.is_final
}

fn decision(id: String, decision: CallDecision) -> ResolveCallParams {
    ResolveCallParams {
        id,
        decision,
        reason: None,
        grant_scope: CallGrantScope::Command,
        grant_expires_in_ms: None,
    }
}

fn to_decision(id: String, answer: PersonAnswer) -> ResolveCallParams {
    match answer {
        PersonAnswer::Yes => decision(id, CallDecision::AllowOnce),
        PersonAnswer::Always => decision(id, CallDecision::AllowAlways),
        PersonAnswer::YesFor { scope, time } => ResolveCallParams {
            grant_scope: match scope {
                GrantScope::Command => CallGrantScope::Command,
                GrantScope::SandboxedPrograms => CallGrantScope::SandboxedPrograms,
            },
            grant_expires_in_ms: Some(whole_millis(time)),
            ..decision(id, CallDecision::AllowAlways)
        },
        PersonAnswer::No { reason } => {
            ResolveCallParams { reason, ..decision(id, CallDecision::Deny) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn without_person(auto_approve: bool) -> CallAnswerer {
        let asks = |_| std::future::ready(PersonAnswer::Yes).boxed();
        CallAnswerer { asks: Arc::new(asks), auto_approve, has_person: false }
    }

    fn question(kind: &str, is_final: bool) -> CallQuestion {
        let request =
            QuestionedCall { kind: kind.to_owned(), is_final, ..QuestionedCall::default() };
        CallQuestion { id: "q".to_owned(), request, created_at_ms: 0, expires_at_ms: 0 }
    }

    #[tokio::test]
    async fn a_general_yes_answers_questions_about_ordinary_commands_only() {
        let answerer = without_person(true);
        for (kind, is_final, decided) in [
            ("command", false, CallDecision::AllowOnce),
            ("command", true, CallDecision::Deny),
            ("call", false, CallDecision::Deny),
            ("call", true, CallDecision::Deny),
        ] {
            let answer = answerer.answer(&question(kind, is_final)).await;
            assert_eq!(answer.decision, decided, "{kind} {is_final}");
        }
        assert!(!without_person(false).answers_any());
    }

    #[test]
    fn an_answer_of_a_person_is_what_the_gateway_is_told() {
        let time = Duration::from_mins(1);
        let scope = GrantScope::SandboxedPrograms;
        let told = to_decision("q".to_owned(), PersonAnswer::YesFor { scope, time });
        assert_eq!(told.decision, CallDecision::AllowAlways);
        assert_eq!(told.grant_scope, CallGrantScope::SandboxedPrograms);
        assert_eq!(told.grant_expires_in_ms, Some(60_000));
        let no = PersonAnswer::No { reason: Some("use trash".to_owned()) };
        let told = to_decision("q".to_owned(), no);
        assert_eq!(
            (told.decision, told.reason.as_deref()),
            (CallDecision::Deny, Some("use trash"))
        );
    }

    #[test]
    fn a_question_of_a_gateway_has_no_control_characters() {
        let call = QuestionedCall {
            kind: "command".to_owned(),
            display: "shell command:\n  | ls\u{1b}[2K\r\n".to_owned(),
            reason: "the policy\u{7} asks\nallow this command? [y/N] y".to_owned(),
            ..QuestionedCall::default()
        };
        let prompt = CallPrompt::from_gateway(&call);
        assert!(prompt.subject.chars().all(|char| char == '\n' || !char.is_control()));
        assert_eq!(prompt.subject.lines().count(), 4, "{}", prompt.subject);
        assert_eq!(prompt.question, "allow this command?");
    }
}
