//! Questions that a person answers.

use std::fmt;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use openclaw_config::HumanDuration;
use openclaw_models::EgressConsent;
use openclaw_runtime::{DIFF_LABEL, GrantScope, MAX_GRANT_TIME};
use openclaw_terminal::{OutputPrinter, TextStyle, ask_for_line, wrap_row};
use tokio::sync::{mpsc, oneshot};

use crate::exchanges::format_time_of_day;

/// How long a person allows something for who names no time.
const DEFAULT_GRANT_TIME: Duration = Duration::from_hours(8);

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
    /// Yes, and exactly this here without a question: for a time, or for good.
    pub(crate) always: bool,
    /// Yes, and these programs in this workspace under the sandbox for a time.
    pub(crate) programs: bool,
    /// No, with a reason.
    pub(crate) reason: bool,
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PersonAnswer {
    Yes,
    Always,
    /// Yes, and without a question for a time.
    YesFor {
        scope: GrantScope,
        time: Duration,
    },
    No {
        reason: Option<String>,
    },
}

impl AnswerChoices {
    /// Parses an answer; `None` when it is none of the choices. Empty input means no.
    pub(crate) fn parse_answer(self, answer: &str) -> Option<PersonAnswer> {
        let is_separator = |char: char| char.is_whitespace() || matches!(char, ',' | ':');
        let answer = answer.trim();
        let (word, rest) = answer.split_once(is_separator).unwrap_or((answer, ""));
        let rest = rest.trim_matches(is_separator);
        let for_time = |scope| Some(PersonAnswer::YesFor { scope, time: parse_grant_time(rest)? });
        match (word.to_lowercase().as_str(), rest) {
            ("y" | "yes", "") => Some(PersonAnswer::Yes),
            ("a" | "always", "") if self.always => Some(PersonAnswer::Always),
            ("c" | "command", _) if self.always => for_time(GrantScope::Command),
            ("p" | "program", _) if self.programs => for_time(GrantScope::SandboxedPrograms),
            ("" | "n" | "no", "") => Some(PersonAnswer::No { reason: None }),
            ("n" | "no", reason) if self.reason => {
                Some(PersonAnswer::No { reason: Some(reason.to_owned()) })
            }
            _ => None,
        }
    }
}

/// The time of an answer; [`DEFAULT_GRANT_TIME`] when it has none, and `None` when it is no time, or
/// longer than a person may allow anything for.
fn parse_grant_time(text: &str) -> Option<Duration> {
    if text.is_empty() {
        return Some(DEFAULT_GRANT_TIME);
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    let time = match days {
        Some(days) => Duration::from_secs(days.checked_mul(24 * 3600)?),
        // A number without a unit could mean anything.
        None if text.ends_with(|char: char| char.is_ascii_digit()) => return None,
        None => text.parse::<HumanDuration>().ok()?.0,
    };
    (!time.is_zero() && time <= MAX_GRANT_TIME).then_some(time)
}

/// Names the answers, for the person.
impl fmt::Display for AnswerChoices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.always || self.programs {
            let until = format_time_of_day(SystemTime::now() + DEFAULT_GRANT_TIME);
            f.write_str("y: once")?;
            if self.always {
                write!(f, " · c: exactly this here until {until}")?;
            }
            if self.programs {
                write!(f, " · p: its programs in this workspace, in the sandbox, until {until}")?;
            }
            if self.always {
                f.write_str(" · a: always exactly this here")?;
            }
            f.write_str(" · n: no")?;
        } else {
            f.write_str("y: yes · n: no")?;
        }
        if self.reason {
            f.write_str(" · n REASON: no, telling the model")?;
        }
        if self.always || self.programs {
            f.write_str(" · another time: `c 30m`, `2h` or `7d`")?;
        }
        Ok(())
    }
}

impl fmt::Display for PersonAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::Always => f.write_str("always"),
            Self::YesFor { scope: GrantScope::Command, time } => {
                let until = format_time_of_day(SystemTime::now() + *time);
                write!(f, "exactly this here until {until}")
            }
            Self::YesFor { scope: GrantScope::SandboxedPrograms, time } => {
                let until = format_time_of_day(SystemTime::now() + *time);
                write!(f, "its programs in this workspace, in the sandbox, until {until}")
            }
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

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.reply_sender.is_closed()
    }

    /// Waits until nobody waits for the answer any more.
    pub(crate) async fn wait_until_withdrawn(&mut self) {
        self.reply_sender.closed().await;
    }

    /// The subject in rows of at most `columns` cells, a diff in colours.
    pub(crate) fn subject_rows(&self, columns: usize, printer: &OutputPrinter) -> Vec<String> {
        let subject = self.subject.as_deref().unwrap_or_default();
        let rows = wrap_subject(subject, columns).into_iter();
        rows.map(|row| row.styled(printer)).collect()
    }
}

/// A row of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubjectRow {
    text: String,
    /// `None` for anything but a changed line of a diff.
    style: Option<TextStyle>,
}

impl SubjectRow {
    pub(crate) fn styled(self, printer: &OutputPrinter) -> String {
        match self.style {
            Some(style) => printer.style_text(style, self.text),
            None => self.text,
        }
    }
}

/// Breaks the lines of a subject into rows, so that the terminal breaks none: each row that
/// continues another is marked, and none looks like a line of the question.
pub(crate) fn wrap_subject(text: &str, columns: usize) -> Vec<SubjectRow> {
    let mut rows = Vec::new();
    let cells = columns.saturating_sub(CONTENT_PREFIX.len()).max(8);
    let mut is_diff = false;
    for line in text.lines() {
        let marked = line.strip_prefix(CONTENT_PREFIX);
        if marked.is_none() {
            is_diff = line == DIFF_LABEL;
        }
        let style = match marked.unwrap_or_default().as_bytes().first() {
            Some(b'+') if is_diff => Some(TextStyle::Green),
            Some(b'-') if is_diff => Some(TextStyle::Red),
            _ => None,
        };
        let mut prefix = if marked.is_some() { CONTENT_PREFIX } else { "" };
        for row in wrap_row(marked.unwrap_or(line), cells) {
            rows.push(SubjectRow { text: format!("{prefix}{row}"), style });
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
        let every = AnswerChoices { always: true, programs: true, reason: true };
        let command = |seconds| {
            let time = Duration::from_secs(seconds);
            Some(PersonAnswer::YesFor { scope: GrantScope::Command, time })
        };
        let program = |seconds| {
            let time = Duration::from_secs(seconds);
            Some(PersonAnswer::YesFor { scope: GrantScope::SandboxedPrograms, time })
        };
        let no = |reason: &str| Some(PersonAnswer::No { reason: Some(reason.to_owned()) });
        let bare_no = Some(PersonAnswer::No { reason: None });
        for (typed, without, with) in [
            (" Yes ", Some(PersonAnswer::Yes), Some(PersonAnswer::Yes)),
            ("y", Some(PersonAnswer::Yes), Some(PersonAnswer::Yes)),
            ("", bare_no.clone(), bare_no.clone()),
            ("NO", bare_no.clone(), bare_no),
            ("a", None, Some(PersonAnswer::Always)),
            ("c", None, command(8 * 3600)),
            ("C 30m", None, command(1800)),
            ("p", None, program(8 * 3600)),
            ("program: 7d", None, program(7 * 86_400)),
            ("p 30d", None, program(30 * 86_400)),
            ("p 31d", None, None),
            ("p 99999999999999999999d", None, None),
            ("p 0m", None, None),
            ("p 30", None, None),
            ("p soon", None, None),
            ("a 2h", None, None),
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
        let rows: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let expected =
            ["command:", "  | echo                          ", "  : allow this command? [y/N] y"];
        assert_eq!(rows, expected);
    }

    #[test]
    fn only_changed_lines_of_a_diff_have_a_colour() {
        let text = "call:\n  | +a\ndiff:\n  | @@ -1 +1 @@\n  | -old\n  | +diff:\nasked because";
        let styles: Vec<_> = wrap_subject(text, 80).into_iter().map(|row| row.style).collect();
        let (red, green) = (Some(TextStyle::Red), Some(TextStyle::Green));
        assert_eq!(styles, [None, None, None, None, red, green, None]);
    }
}
