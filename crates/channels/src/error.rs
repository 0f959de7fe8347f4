//! Why a chat service did not do what it was asked.

use std::time::Duration;

use thiserror::Error;

/// A failure of a chat service. Its text never has a URL, which could contain a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{action}: {reason}")]
pub struct ChannelError {
    kind: ChannelErrorKind,
    /// What failed, e.g. `send a message to Telegram`.
    action: String,
    reason: String,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelErrorKind {
    /// The service was not reached, so that nothing came of the request.
    Unreachable,
    /// The request was sent and its answer did not arrive: it may have been carried out.
    AnswerLost,
    /// There were too many requests; none is sent before this time has passed.
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Another program receives for the same account.
    OtherReceiver,
    /// The account is refused.
    Unauthorized,
    /// The request is refused, and the same one again would be too.
    Refused,
    /// The service failed; the same request may succeed later.
    Unavailable,
}

impl ChannelError {
    /// A failure of an action, e.g. `send a message to Telegram`.
    #[must_use]
    pub fn new(
        kind: ChannelErrorKind,
        action: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { kind, action: action.into(), reason: reason.into() }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ChannelErrorKind {
        self.kind
    }

    /// Why, without what was asked for.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the same request can succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self.kind, ChannelErrorKind::Unauthorized | ChannelErrorKind::Refused)
    }
}
