//! Waits for a server that is not there yet, and for a session that another process uses.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_agent_loop::Limit;
use openclaw_core::{Clock, ModelError, ModelErrorKind};
use openclaw_store::{StoreError, StoreErrorKind};
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::ConnectError;

/// How often a session is looked at that another process uses.
const LOOK: Duration = Duration::from_millis(500);

/// How a server is waited for that was never there, and a session that another process uses.
/// Clones share who is told.
#[derive(Clone)]
pub struct Wait {
    /// The longest wait, and who says so.
    pub limit: Limit,
    /// Is told each time that it was asked for in vain, and once with `None` when the wait is over
    /// in any way, dropped included. Not called where there is nothing to wait for.
    pub tell: Tell,
}

/// Is told how a wait goes.
type Tell = Arc<dyn Fn(Option<Awaited<'_>>) + Send + Sync>;

/// A wait that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Awaited<'a> {
    /// What is not at hand yet, and why.
    pub missing: Missing<'a>,
    /// For how long it was waited.
    pub waited: Duration,
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub enum Missing<'a> {
    /// A server with a model.
    Server(&'a ModelError),
    /// The session.
    Session(&'a StoreError),
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
        }
    }
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
    let mut teller = Teller { wait, has_told: false };
    loop {
        let error = match attempt().await {
            Err(ConnectError::Model(error)) if is_absence(&error) => error,
            other => return other,
        };
        let now = Instant::now();
        if ends_at.is_some_and(|at| at <= now) {
            let Limit { duration, source } = &wait.limit;
            let seconds = duration.as_secs();
            return Err(ConnectError::Model(error.with_hint(format!(
                "It was waited for {seconds} s (from {source}); `--wait 30m` waits longer."
            ))));
        }
        teller.tell(Missing::Server(&error), begun.elapsed());
        let next = [Some(now + poll), ends_at].into_iter().flatten().min();
        sleep_until(next.unwrap_or(now)).await;
    }
}

/// Looks again and again whether a session is free, until it is or that has taken too long.
pub(crate) async fn until_free(
    wait: &Wait,
    check: impl Fn() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let begun = Instant::now();
    let mut teller = Teller { wait, has_told: false };
    loop {
        let left = wait.limit.duration.saturating_sub(begun.elapsed());
        let error = match check() {
            Err(error) if error.kind() == StoreErrorKind::InUse && !left.is_zero() => error,
            other => return other,
        };
        teller.tell(Missing::Session(&error), begun.elapsed());
        sleep(LOOK.min(left)).await;
    }
}

/// Tells how a wait goes, and that it is over also when it is given up.
struct Teller<'a> {
    wait: &'a Wait,
    has_told: bool,
}

impl Teller<'_> {
    fn tell(&mut self, missing: Missing<'_>, waited: Duration) {
        self.has_told = true;
        (self.wait.tell)(Some(Awaited { missing, waited }));
    }
}

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        if self.has_told {
            (self.wait.tell)(None);
        }
    }
}

impl Wait {
    /// What is left of it when so much is over.
    pub(crate) fn after(mut self, waited: Duration) -> Self {
        self.limit.duration = self.limit.duration.saturating_sub(waited);
        self
    }
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
