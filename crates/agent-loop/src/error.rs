//! Errors of a turn, and of making an agent.

use std::error::Error;
use std::fmt;

use openclaw_core::{
    HistoryError, InvalidToolCall, JournalError, ModelError, ModelErrorKind, ToolCall, ToolName,
};

use crate::OutputPart;

/// The most bytes of a model's text that an error quotes.
const MAX_EXCERPT_BYTES: usize = 200;

/// Two tools have the same name, so a call could not say which it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateToolError {
    /// The shared name.
    pub name: ToolName,
}

impl fmt::Display for DuplicateToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offer two tools named `{}`", self.name)
    }
}

impl Error for DuplicateToolError {}

/// A turn that failed.
///
/// Its text is a lower-case fragment that fits "failed to {…}"; the cause is in
/// [`Error::source`].
#[derive(Debug)]
pub struct TurnError {
    kind: TurnErrorKind,
    cause: TurnErrorCause,
}

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TurnErrorKind {
    /// A model call failed.
    Model(ModelErrorKind),
    /// The model's answer was empty.
    Empty,
    /// The model reasoned and then gave no answer.
    ReasoningOnly,
    /// The output limit was reached while the model still reasoned.
    ReasoningTruncated,
    /// The output limit was reached before any visible text.
    OutputLimitReached,
    /// The model repeated itself endlessly and was stopped.
    Repetition(OutputPart),
    /// The model kept emitting invalid calls, even when the tool was forced.
    InvalidCalls,
    /// The model kept repeating a call that had the same result every time.
    RepeatedCalls,
    /// The server withheld the answer.
    Refused,
    /// The model still made calls when the limit of model calls was reached.
    ModelCallLimit,
    /// The model made more tool calls than the turn's limit.
    ToolCallLimit,
    /// A journal entry could not be written; nothing that depends on it was done.
    Journal,
    /// The history refused an entry: a bug of the loop.
    History,
}

#[derive(Debug)]
enum TurnErrorCause {
    Model(ModelError),
    Journal(JournalError),
    History(HistoryError),
    Limit(u32),
    Calls { tool: ToolName, times: u32, excerpt: String, problem: Option<String> },
    Repetition { sample: String, kept_text: Option<String> },
    None,
}

impl TurnError {
    pub(crate) fn from_model(error: ModelError) -> Self {
        Self { kind: TurnErrorKind::Model(error.kind()), cause: TurnErrorCause::Model(error) }
    }

    pub(crate) fn from_journal(error: JournalError) -> Self {
        Self { kind: TurnErrorKind::Journal, cause: TurnErrorCause::Journal(error) }
    }

    pub(crate) fn from_history(error: HistoryError) -> Self {
        Self { kind: TurnErrorKind::History, cause: TurnErrorCause::History(error) }
    }

    pub(crate) fn limit_reached(kind: TurnErrorKind, limit: u32) -> Self {
        Self { kind, cause: TurnErrorCause::Limit(limit) }
    }

    pub(crate) fn invalid_calls(call: InvalidToolCall, times: u32) -> Self {
        let InvalidToolCall { name: tool, raw_arguments: raw, problem, .. } = call;
        let cause = TurnErrorCause::Calls {
            tool,
            times,
            excerpt: truncate_excerpt(&raw),
            problem: Some(problem),
        };
        Self { kind: TurnErrorKind::InvalidCalls, cause }
    }

    pub(crate) fn repeated_calls(call: &ToolCall, times: u32) -> Self {
        let wrote = truncate_excerpt(&call.arguments.to_json());
        let cause =
            TurnErrorCause::Calls { tool: call.name.clone(), times, excerpt: wrote, problem: None };
        Self { kind: TurnErrorKind::RepeatedCalls, cause }
    }

    pub(crate) fn endless_repetition(
        part: OutputPart,
        sample: String,
        kept: Option<String>,
    ) -> Self {
        Self {
            kind: TurnErrorKind::Repetition(part),
            cause: TurnErrorCause::Repetition { sample, kept_text: kept },
        }
    }

    pub(crate) fn no_answer(kind: TurnErrorKind) -> Self {
        Self { kind, cause: TurnErrorCause::None }
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> TurnErrorKind {
        self.kind
    }

    /// The failed model call, with its HTTP exchange and hints; `None` when something else failed.
    #[must_use]
    pub fn model_error(&self) -> Option<&ModelError> {
        match &self.cause {
            TurnErrorCause::Model(error) => Some(error),
            _ => None,
        }
    }

    /// The text before a repetition, which is kept in the history; `None` when there is none, or
    /// the turn failed in another way.
    #[must_use]
    pub fn kept_text(&self) -> Option<&str> {
        match &self.cause {
            TurnErrorCause::Repetition { kept_text: kept, .. } => kept.as_deref(),
            _ => None,
        }
    }

    /// Details of the failure, one per line: excerpts of what the model wrote.
    #[must_use]
    pub fn detail_lines(&self) -> Vec<String> {
        match &self.cause {
            TurnErrorCause::Calls { problem, excerpt: wrote, .. } => {
                let problem = problem.iter().map(|problem| format!("what is wrong: {problem}"));
                problem.chain([format!("the model wrote: {wrote}")]).collect()
            }
            TurnErrorCause::Repetition { sample, .. } => {
                vec![format!("it repeated: {}", sample.trim())]
            }
            _ => Vec::new(),
        }
    }

    /// What the user could do, most useful first.
    #[must_use]
    pub fn hints(&self) -> Vec<&str> {
        match self.kind {
            TurnErrorKind::Model(_) => {
                let hints = self.model_error().map(ModelError::hints).unwrap_or_default();
                hints.iter().map(String::as_str).collect()
            }
            TurnErrorKind::InvalidCalls => vec![
                "A tool parser that does not fit the model breaks calls: with vLLM, compare \
                 `--tool-call-parser` with what the model's card says.",
            ],
            TurnErrorKind::ReasoningTruncated => vec![
                "Give the answer more room (`maxTokens` of the model, or a larger window), or let \
                 the model think less.",
            ],
            TurnErrorKind::OutputLimitReached => vec![
                "Give the answer more room: a larger `maxTokens` of the model, or a larger window.",
            ],
            TurnErrorKind::Repetition(_) => vec![
                "Models do this with a wrong chat template, a broken quantisation or a temperature \
                 of 0; a larger one, or a `repetition_penalty` on the server, helps.",
                "If you asked for that much of the same, raise \
                 `agents.defaults.llm.maxRepeatedLines`; 0 is no limit.",
            ],
            TurnErrorKind::RepeatedCalls => {
                vec!["Say what you want in another way, or take a more capable model."]
            }
            _ => Vec::new(),
        }
    }
}

/// Cuts a model's text to [`MAX_EXCERPT_BYTES`].
fn truncate_excerpt(text: &str) -> String {
    match text.get(..text.floor_char_boundary(MAX_EXCERPT_BYTES)) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        _ => text.to_owned(),
    }
}

impl fmt::Display for TurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = if let TurnErrorCause::Limit(limit) = self.cause { limit } else { 0 };
        match self.kind {
            TurnErrorKind::Model(_) => f.write_str("get an answer from the model"),
            TurnErrorKind::Empty => {
                f.write_str("get an answer: the model ended without saying anything")
            }
            TurnErrorKind::ReasoningOnly => {
                f.write_str("get an answer: the model only reasoned and then said nothing")
            }
            TurnErrorKind::ReasoningTruncated => f.write_str(
                "get an answer: the model reasoned until it reached the output limit, and said \
                 nothing",
            ),
            TurnErrorKind::OutputLimitReached => f.write_str(
                "get an answer: it was cut off by the output limit before anything was said",
            ),
            TurnErrorKind::Repetition(part) => write!(
                f,
                "get a whole answer: the model repeated itself without end in its {} and was \
                 stopped",
                part.name()
            ),
            TurnErrorKind::InvalidCalls => self.write_call_failure(f, "get a usable call of", |times| {
                format!(
                    "the model broke it {times} times in a row, the last time although the server \
                     was asked to force a valid one"
                )
            }),
            TurnErrorKind::RepeatedCalls => self.write_call_failure(f, "get past the call of", |times| {
                format!("the model made the same one {times} times and got the same result")
            }),
            TurnErrorKind::Refused => f.write_str("get an answer: the server withheld it"),
            TurnErrorKind::ModelCallLimit => {
                write!(f, "finish the turn within its limit of {limit} model calls")
            }
            TurnErrorKind::ToolCallLimit => {
                write!(f, "finish the turn within its limit of {limit} tool calls")
            }
            TurnErrorKind::Journal => {
                f.write_str("record the turn")?;
                match &self.cause {
                    TurnErrorCause::Journal(error) => {
                        write!(f, " in the journal of {}", error.owner())
                    }
                    _ => Ok(()),
                }
            }
            TurnErrorKind::History => f.write_str("keep what was said"),
        }
    }
}

impl TurnError {
    fn write_call_failure(
        &self,
        f: &mut fmt::Formatter<'_>,
        aim: &str,
        why: impl Fn(u32) -> String,
    ) -> fmt::Result {
        match &self.cause {
            TurnErrorCause::Calls { tool, times, .. } => {
                write!(f, "{aim} `{tool}`: {}", why(*times))
            }
            _ => f.write_str(aim),
        }
    }
}

impl Error for TurnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            TurnErrorCause::Model(error) => Some(error),
            TurnErrorCause::Journal(error) => Some(error),
            TurnErrorCause::History(error) => Some(error),
            _ => None,
        }
    }
}
