//! The timeouts of a call. There is no other in this crate, the HTTP library's own included.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// The limits of one call. All are absent by default, which waits for ever.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clocks {
    /// From the start of an attempt to an open connection: name lookup, TCP and TLS.
    pub connect: Option<Limit>,
    /// From the start of an attempt to the response's headers, connecting included.
    pub response_headers: Option<Limit>,
    /// From the headers to the first event with data. A comment starts it anew.
    pub first_token: Option<Limit>,
    /// From one event, comments included, to the next; in an answer that is not a stream, from
    /// one piece of the body to the next.
    pub between_tokens: Option<Limit>,
    /// From the start of the call to its end, all attempts and the pauses between them included.
    pub total: Option<Limit>,
}

/// How long a clock may run, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// How long.
    pub duration: Duration,
    /// The setting it comes from, as its user knows it, e.g. `models.providers.lab.timeout`.
    pub source: Cow<'static, str>,
}

/// Which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
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

impl Clock {
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

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Clocks {
    pub(crate) fn limit(&self, clock: Clock) -> Option<&Limit> {
        match clock {
            Clock::Connect => self.connect.as_ref(),
            Clock::ResponseHeaders => self.response_headers.as_ref(),
            Clock::FirstToken => self.first_token.as_ref(),
            Clock::BetweenTokens => self.between_tokens.as_ref(),
            Clock::Total => self.total.as_ref(),
        }
    }

    /// Starts a clock. `None` when it has no limit, or one beyond the end of time.
    pub(crate) fn start(&self, clock: Clock, from: Instant) -> Option<Deadline> {
        let at = from.checked_add(self.limit(clock)?.duration)?;
        Some(Deadline { clock, at })
    }
}

/// A running clock and when it runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) clock: Clock,
    pub(crate) at: Instant,
}

/// The one of two clocks that runs out first.
pub(crate) fn earlier(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
    one.into_iter().chain(other).min_by_key(|deadline| deadline.at)
}

/// Awaits a future until a deadline; the error is the clock that ran out.
pub(crate) async fn within<F: Future>(
    deadline: Option<Deadline>,
    future: F,
) -> Result<F::Output, Clock> {
    match deadline {
        None => Ok(future.await),
        Some(Deadline { clock, at }) => {
            tokio::time::timeout_at(at, future).await.map_err(|_| clock)
        }
    }
}
