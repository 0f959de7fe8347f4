//! The timeouts of a call. There is no other in this crate, the HTTP library's own included.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// The limits of one call. All are absent by default, which waits for ever.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallTimeouts {
    /// From the start of an attempt to an open connection: name lookup, TCP and TLS.
    pub connect: Option<TimeLimit>,
    /// From the start of an attempt to the response's headers, connecting included.
    pub response_headers: Option<TimeLimit>,
    /// From the headers to the first event with data. A comment starts it anew.
    pub first_token: Option<TimeLimit>,
    /// From one event, comments included, to the next; in an answer that is not a stream, from
    /// one piece of the body to the next.
    pub between_tokens: Option<TimeLimit>,
    /// From the start of the call to its end, all attempts and the pauses between them included.
    pub total: Option<TimeLimit>,
}

/// How long a clock may run, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLimit {
    /// How long.
    pub duration: Duration,
    /// The setting it comes from, as its user knows it, e.g. `models.providers.lab.timeout`.
    pub source: Cow<'static, str>,
}

/// Which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutKind {
    /// [`Clocks::connect`].
    Connect,
    /// [`Clocks::response_headers`].
    ResponseHeaders,
    /// [`Clocks::first_token`].
    FirstToken,
    /// [`Clocks::between_tokens`].
    BetweenTokens,
    /// [`Clocks::total`].
    Total,
}

impl TimeoutKind {
    /// The name used in messages and JSON, e.g. `first_token`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::ResponseHeaders => "response_headers",
            Self::FirstToken => "first_token",
            Self::BetweenTokens => "between_tokens",
            Self::Total => "total",
        }
    }
}

impl fmt::Display for TimeoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl CallTimeouts {
    pub(crate) fn time_limit(&self, clock: TimeoutKind) -> Option<&TimeLimit> {
        match clock {
            TimeoutKind::Connect => self.connect.as_ref(),
            TimeoutKind::ResponseHeaders => self.response_headers.as_ref(),
            TimeoutKind::FirstToken => self.first_token.as_ref(),
            TimeoutKind::BetweenTokens => self.between_tokens.as_ref(),
            TimeoutKind::Total => self.total.as_ref(),
        }
    }

    /// Starts a clock. `None` when it has no limit, or one beyond the end of time.
    pub(crate) fn start_deadline(&self, clock: TimeoutKind, from: Instant) -> Option<Deadline> {
        let at = from.checked_add(self.time_limit(clock)?.duration)?;
        Some(Deadline { clock, at })
    }
}

/// A running clock and when it runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) clock: TimeoutKind,
    pub(crate) at: Instant,
}

/// The one of two clocks that runs out first.
pub(crate) fn earlier_deadline(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
    one.into_iter().chain(other).min_by_key(|deadline| deadline.at)
}

/// Awaits a future until a deadline; the error is the clock that ran out.
pub(crate) async fn await_until<F: Future>(
    deadline: Option<Deadline>,
    future: F,
) -> Result<F::Output, TimeoutKind> {
    match deadline {
        None => Ok(future.await),
        Some(Deadline { clock, at }) => {
            tokio::time::timeout_at(at, future).await.map_err(|_| clock)
        }
    }
}
