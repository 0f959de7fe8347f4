//! The timeouts of a call. The crate has no others: those of the HTTP library are off.

use std::future::Future;

use openclaw_exchange::{TimeLimit, TimeoutKind};
use tokio::time::Instant;

/// How many times a limit a server that sends only keep-alives is waited for. They show that
/// something answers, not that it works on the request.
pub const KEEP_ALIVE_FACTOR: u32 = 10;

/// The timeouts of one call. All are `None` by default, which waits for ever.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallTimeouts {
    /// From the start of an attempt to an open connection: name lookup, TCP and TLS.
    pub connect: Option<TimeLimit>,
    /// From the start of an attempt to the response's headers, connecting included.
    pub response_headers: Option<TimeLimit>,
    /// From the headers to the first event with content. A keep-alive restarts it, up to
    /// [`KEEP_ALIVE_FACTOR`] times the limit in all.
    pub first_token: Option<TimeLimit>,
    /// From one event with content to the next, with keep-alives in the same way; in a response
    /// that is not streamed, from one chunk of the body to the next.
    pub between_tokens: Option<TimeLimit>,
    /// From the start of the call to its end, all attempts and the pauses between them included.
    pub total: Option<TimeLimit>,
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

    /// Starts a timeout. `None` when it has no limit, or one too large for an [`Instant`].
    pub(crate) fn start_deadline(&self, clock: TimeoutKind, from: Instant) -> Option<Deadline> {
        let at = from.checked_add(self.time_limit(clock)?.duration)?;
        Some(Deadline { clock, at })
    }
}

impl CallTimeouts {
    /// The end of a wait for content in which only keep-alives arrive.
    pub(crate) fn keep_alive_deadline(
        &self,
        clock: TimeoutKind,
        from: Instant,
    ) -> Option<Deadline> {
        let limit = self.time_limit(clock)?.duration.checked_mul(KEEP_ALIVE_FACTOR)?;
        Some(Deadline { clock, at: from.checked_add(limit)? })
    }
}

/// A running timeout and the time at which it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) clock: TimeoutKind,
    pub(crate) at: Instant,
}

/// The earlier of two deadlines.
pub(crate) fn earlier_deadline(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
    one.into_iter().chain(other).min_by_key(|deadline| deadline.at)
}

/// Awaits a future until a deadline; the error is the timeout that expired.
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
