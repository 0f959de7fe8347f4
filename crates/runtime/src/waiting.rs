//! Waits for a server that is not there yet.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_agent_loop::Limit;
use openclaw_core::{Clock, ModelError, ModelErrorKind};
use tokio::time::{Instant, sleep_until};

use crate::error::ConnectError;

/// How a server is waited for that was never there. Clones share who is told.
#[derive(Clone)]
pub struct Wait {
    /// The longest wait, and who says so.
    pub limit: Limit,
    /// Is told each time that the server was asked for in vain, and once with `None` when the
    /// wait is over in either way. Not called where there is nothing to wait for.
    pub tell: Tell,
}

/// Is told how a wait goes.
type Tell = Arc<dyn Fn(Option<Awaited<'_>>) + Send + Sync>;

/// A wait that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Awaited<'a> {
    /// Why there is no model yet.
    pub error: &'a ModelError,
    /// For how long it was waited.
    pub waited: Duration,
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Tries until it works, fails for a reason that no wait helps with, or has taken too long.
pub(crate) async fn until_there<T, F>(
    wait: &Wait,
    poll: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, ConnectError>
where
    F: Future<Output = Result<T, ConnectError>>,
{
    let begun = Instant::now();
    let ends_at = begun.checked_add(wait.limit.duration);
    let mut has_told = false;
    let result = loop {
        let error = match attempt().await {
            Err(ConnectError::Model(error)) if is_absence(&error) => error,
            other => break other,
        };
        let now = Instant::now();
        if ends_at.is_some_and(|at| at <= now) {
            let Limit { duration, source } = &wait.limit;
            let seconds = duration.as_secs();
            break Err(ConnectError::Model(error.with_hint(format!(
                "It was waited for {seconds} s (from {source}); `--wait 30m` waits longer."
            ))));
        }
        has_told = true;
        (wait.tell)(Some(Awaited { error: &error, waited: begun.elapsed() }));
        let next = [Some(now + poll), ends_at].into_iter().flatten().min();
        sleep_until(next.unwrap_or(now)).await;
    };
    if has_told {
        (wait.tell)(None);
    }
    result
}

/// Whether nothing is there, or not the server itself yet, but a proxy before it: one that says
/// so, or one that takes connections and closes them, as containers have it.
fn is_absence(error: &ModelError) -> bool {
    let status = error.exchange().and_then(|exchange| exchange.status);
    let is_closed = error.kind() == ModelErrorKind::Interrupted && status.is_none();
    is_closed
        || matches!(
            error.kind(),
            ModelErrorKind::Connect
                | ModelErrorKind::Timeout { clock: Clock::Connect, .. }
                | ModelErrorKind::Loading
        )
        || matches!(status, Some(502..=504))
}

#[cfg(test)]
mod tests;
