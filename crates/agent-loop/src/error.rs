//! How a turn fails, and how an agent cannot be made.

use std::error::Error;
use std::fmt;

use openclaw_core::{HistoryError, JournalError, ModelError, ModelErrorKind, ToolName};

/// Two tools of one name: a call could not say which it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateTool {
    /// The name.
    pub name: ToolName,
}

impl fmt::Display for DuplicateTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offer two tools named `{}`", self.name)
    }
}

impl Error for DuplicateTool {}

/// A turn without an answer.
///
/// Its text is a lower-case fragment that fits "failed to {…}"; the cause is in
/// [`Error::source`].
#[derive(Debug)]
pub struct TurnError {
    kind: TurnErrorKind,
    cause: Cause,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TurnErrorKind {
    /// A model call failed.
    Model(ModelErrorKind),
    /// The model answered with nothing at all.
    Empty,
    /// The model reasoned and then said nothing.
    ReasoningOnly,
    /// The server withheld the answer.
    Refused,
    /// The model still made calls when it could not be asked again.
    ModelCallLimit,
    /// The model made more calls than a turn may have.
    ToolCallLimit,
    /// The turn could not be recorded; nothing that depends on the record was done.
    Journal,
    /// The history did not take an entry, which is a fault of the loop.
    History,
}

#[derive(Debug)]
enum Cause {
    Model(ModelError),
    Journal(JournalError),
    History(HistoryError),
    Limit(u32),
    None,
}

impl TurnError {
    pub(crate) fn model(error: ModelError) -> Self {
        Self { kind: TurnErrorKind::Model(error.kind()), cause: Cause::Model(error) }
    }

    pub(crate) fn journal(error: JournalError) -> Self {
        Self { kind: TurnErrorKind::Journal, cause: Cause::Journal(error) }
    }

    pub(crate) fn history(error: HistoryError) -> Self {
        Self { kind: TurnErrorKind::History, cause: Cause::History(error) }
    }

    pub(crate) fn limit(kind: TurnErrorKind, limit: u32) -> Self {
        Self { kind, cause: Cause::Limit(limit) }
    }

    pub(crate) fn no_answer(kind: TurnErrorKind) -> Self {
        Self { kind, cause: Cause::None }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> TurnErrorKind {
        self.kind
    }

    /// The failed model call, with its exchange and hints; `None` when something else failed.
    #[must_use]
    pub fn model_error(&self) -> Option<&ModelError> {
        match &self.cause {
            Cause::Model(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for TurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = if let Cause::Limit(limit) = self.cause { limit } else { 0 };
        match self.kind {
            TurnErrorKind::Model(_) => f.write_str("get an answer from the model"),
            TurnErrorKind::Empty => {
                f.write_str("get an answer: the model ended without saying anything")
            }
            TurnErrorKind::ReasoningOnly => {
                f.write_str("get an answer: the model only reasoned and then said nothing")
            }
            TurnErrorKind::Refused => f.write_str("get an answer: the server withheld it"),
            TurnErrorKind::ModelCallLimit => {
                write!(f, "finish the turn within its limit of {limit} model calls")
            }
            TurnErrorKind::ToolCallLimit => {
                write!(f, "finish the turn within its limit of {limit} tool calls")
            }
            TurnErrorKind::Journal => f.write_str("record the turn"),
            TurnErrorKind::History => f.write_str("keep what was said"),
        }
    }
}

impl Error for TurnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Model(error) => Some(error),
            Cause::Journal(error) => Some(error),
            Cause::History(error) => Some(error),
            Cause::Limit(_) | Cause::None => None,
        }
    }
}
