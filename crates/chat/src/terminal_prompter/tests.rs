//! What a person is shown, and what is answered without a terminal.

use openclaw_config::ExecConfig;
use openclaw_core::{
    ApprovalDecision, Approver, CommandReview, ToolArguments, ToolCall, ToolCallId, ToolEffect,
    ToolName,
};
use openclaw_runtime::{ApprovalPolicy, PolicyApprover};
use openclaw_terminal::OutputVerbosity;

use super::*;

fn own_call() -> ToolCall {
    ToolCall {
        id: ToolCallId::new("call_1").unwrap(),
        name: ToolName::new("own").unwrap(),
        arguments: ToolArguments::default(),
    }
}

fn policy() -> ApprovalPolicy {
    ApprovalPolicy::from_config(&ExecConfig::default())
}

fn command_in(directory: &str) -> ToolEffect {
    ToolEffect::Exec {
        command: "ls\u{1b}[2K".to_owned(),
        directory: directory.to_owned(),
        node: None,
        review: CommandReview::Unreviewed,
    }
}

fn mail() -> ToolEffect {
    ToolEffect::Other { description: "send a mail".to_owned() }
}

#[tokio::test]
async fn a_person_in_the_chat_is_shown_what_would_run_and_answers() {
    let fetch = ToolEffect::Fetch { url: "https://example.com/a".to_owned() };
    let table = [
        (
            command_in("sub"),
            "the agent wants to run a command\ndirectory:\n  | sub\nshell command:\n  | ls\\e[2K\n\
             asked because the command is on no allowlist",
            "allow this command?",
        ),
        (
            fetch,
            "the agent wants to make a call\ncall:\n  | fetch https://example.com/a\n\
             asked because no setting allows calls with this effect",
            "allow this call?",
        ),
        (
            mail(),
            "the agent wants to make a call\ncall:\n  | send a mail\n\
             asked because no setting allows calls with this effect",
            "allow this call?",
        ),
    ];
    for (effect, subject, text) in table {
        let trash = PersonAnswer::No { reason: Some("use trash".to_owned()) };
        for (answer, reason) in [(PersonAnswer::Yes, None), (trash, Some("use trash"))] {
            let (prompter, mut questions) = ChatPrompter::new();
            let (call, approver) = (own_call(), PolicyApprover::new(policy(), prompter));
            let answer = async {
                let question = questions.recv().await.unwrap();
                assert_eq!(question.subject.as_deref(), Some(subject));
                assert_eq!(question.text, text);
                assert_eq!(
                    question.choices,
                    AnswerChoices { reason: true, ..AnswerChoices::default() }
                );
                question.send_answer(answer);
            };
            let (decision, ()) = tokio::join!(approver.review_call(&call, &effect), answer);
            match (decision, reason) {
                (ApprovalDecision::Allow, None) => {}
                (ApprovalDecision::Deny { reason }, Some(end)) if reason.ends_with(end) => {}
                (decision, _) => panic!("{decision:?}"),
            }
        }
    }
}

#[tokio::test]
async fn without_a_terminal_yes_is_offered_for_commands_only() {
    let mut printer = OutputPrinter::new(OutputVerbosity::Quiet, true);
    printer.stderr_is_terminal = false;
    let approver = PolicyApprover::new(policy(), TerminalPrompter { printer });
    for (effect, offers_yes) in [(command_in("."), true), (mail(), false)] {
        let decision = approver.review_call(&own_call(), &effect).await;
        let ApprovalDecision::NoApprover { reason } = decision else { panic!("{decision:?}") };
        assert!(
            reason.contains("a person's approval") && reason.contains("no terminal to ask on"),
            "{reason}"
        );
        assert_eq!(reason.contains("--yes"), offers_yes, "{reason}");
    }
}
