//! Questions that a person answers.

use std::fmt;

use futures_util::FutureExt;
use openclaw_models::EgressConsent;
use openclaw_terminal::{OutputPrinter, ask_for_line, wrap_row};
use tokio::sync::{mpsc, oneshot};

/// Stands before each row of a text that is not the program's own.
const CONTENT_PREFIX: &str = "  | ";

/// Stands before each row that continues one above.
const CONTINUATION_PREFIX: &str = "  : ";

/// A question waiting for its answer. Dropping it answers no.
#[derive(Debug)]
pub(crate) struct PersonQuestion {
    /// The subject, printed on lines of its own: safe to print, with
    /// [`ApprovalRequest::display`](openclaw_runtime::ApprovalRequest::display) in it.
    pub(crate) subject: Option<String>,
    /// The question, in a few words.
    pub(crate) text: String,
    /// The answers that it takes.
    pub(crate) choices: AnswerChoices,
    reply_sender: oneshot::Sender<PersonAnswer>,
}

/// The answers that a question takes besides yes and no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AnswerChoices {
    /// Yes, and not to be asked again.
    pub(crate) always: bool,
    /// No, with a reason.
    pub(crate) reason: bool,
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PersonAnswer {
    Yes,
    Always,
    No { reason: Option<String> },
}

impl AnswerChoices {
    /// Parses an answer; `None` when it is none of the choices. Empty input means no.
    pub(crate) fn parse_answer(self, answer: &str) -> Option<PersonAnswer> {
        let is_separator = |char: char| char.is_whitespace() || matches!(char, ',' | ':');
        let answer = answer.trim();
        let (word, reason) = answer.split_once(is_separator).unwrap_or((answer, ""));
        let reason = reason.trim_matches(is_separator);
        match (word.to_lowercase().as_str(), reason) {
            ("y" | "yes", "") => Some(PersonAnswer::Yes),
            ("a" | "always", "") if self.always => Some(PersonAnswer::Always),
            ("" | "n" | "no", "") => Some(PersonAnswer::No { reason: None }),
            ("n" | "no", reason) if self.reason => {
                Some(PersonAnswer::No { reason: Some(reason.to_owned()) })
            }
            _ => None,
        }
    }
}

/// Names the answers, for the person.
impl fmt::Display for AnswerChoices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.always {
            "y: once · a: always exactly this here · n: no"
        } else {
            "y: yes · n: no"
        })?;
        if self.reason {
            f.write_str(" · n REASON: no, telling the model")?;
        }
        Ok(())
    }
}

impl fmt::Display for PersonAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::Always => f.write_str("always"),
            Self::No { reason: None } => f.write_str("no"),
            Self::No { reason: Some(reason) } => write!(f, "no: {reason}"),
        }
    }
}

impl PersonQuestion {
    pub(crate) fn send_answer(self, answer: PersonAnswer) {
        // The asking task may have been cancelled meanwhile.
        let _ = self.reply_sender.send(answer);
    }

    /// Returns true when nobody waits for the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply_sender.is_closed()
    }

    /// The subject in rows of at most `columns` cells.
    pub(crate) fn subject_rows(&self, columns: usize) -> Vec<String> {
        self.subject.as_deref().map(|text| wrap_subject(text, columns)).unwrap_or_default()
    }
}

/// Breaks the lines of a subject into rows, so that the terminal breaks none: each row that
/// continues another is marked, and none looks like a line of the question.
pub(crate) fn wrap_subject(text: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let cells = columns.saturating_sub(CONTENT_PREFIX.len()).max(8);
    for line in text.lines() {
        let marked = line.strip_prefix(CONTENT_PREFIX);
        let mut prefix = if marked.is_some() { CONTENT_PREFIX } else { "" };
        for row in wrap_row(marked.unwrap_or(line), cells) {
            rows.push(format!("{prefix}{row}"));
            prefix = CONTINUATION_PREFIX;
        }
    }
    rows
}

/// Sends questions to the task that owns the terminal.
#[derive(Debug, Clone)]
pub(crate) struct ChatPrompter(mpsc::UnboundedSender<PersonQuestion>);

impl ChatPrompter {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<PersonQuestion>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Asks and waits for the answer; no answer counts as no.
    pub(crate) async fn ask_person(
        &self,
        subject: Option<String>,
        text: String,
        choices: AnswerChoices,
    ) -> PersonAnswer {
        let (reply_sender, reply_receiver) = oneshot::channel();
        // A question that cannot be sent drops its sender, which ends the wait.
        let _ = self.0.send(PersonQuestion { subject, text, choices, reply_sender });
        reply_receiver.await.unwrap_or(PersonAnswer::No { reason: None })
    }

    /// Asks for consent before a conversation goes to a hosted server.
    pub(crate) fn egress_consent(&self) -> EgressConsent {
        let prompter = self.clone();
        std::sync::Arc::new(move |question: String| {
            let prompter = prompter.clone();
            let choices = AnswerChoices::default();
            async move { prompter.ask_person(None, question, choices).await == PersonAnswer::Yes }
                .boxed()
        })
    }
}

/// Asks on stderr and waits for a line of stdin; `None` when there is none to be had. What was
/// typed before the question is discarded.
pub async fn ask_at_terminal(printer: &OutputPrinter, question: String) -> Option<String> {
    let printer = printer.clone();
    let read = tokio::task::spawn_blocking(move || ask_for_line(&printer, question)).await;
    read.ok()?.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_offered_is_an_answer() {
        let plain = AnswerChoices::default();
        let every = AnswerChoices { always: true, reason: true };
        let no = |reason: &str| Some(PersonAnswer::No { reason: Some(reason.to_owned()) });
        let bare_no = Some(PersonAnswer::No { reason: None });
        for (typed, without, with) in [
            (" Yes ", Some(PersonAnswer::Yes), Some(PersonAnswer::Yes)),
            ("y", Some(PersonAnswer::Yes), Some(PersonAnswer::Yes)),
            ("", bare_no.clone(), bare_no.clone()),
            ("NO", bare_no.clone(), bare_no),
            ("a", None, Some(PersonAnswer::Always)),
            ("n use trash", None, no("use trash")),
            ("no, use: trash", None, no("use: trash")),
            ("y use trash", None, None),
            ("yn", None, None),
            ("use trash", None, None),
        ] {
            assert_eq!(plain.parse_answer(typed), without, "{typed:?}");
            assert_eq!(every.parse_answer(typed), with, "{typed:?}");
        }
    }

    #[test]
    fn every_row_of_a_long_line_is_marked() {
        let line = format!("  | echo {}allow this command? [y/N] y", " ".repeat(25));
        let rows = wrap_subject(&format!("command:\n{line}\n"), 34);
        let expected =
            ["command:", "  | echo                          ", "  : allow this command? [y/N] y"];
        assert_eq!(rows, expected);
    }
}
