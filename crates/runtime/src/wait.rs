//! Waits for a server that is not there yet, and for a session that another process uses.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_agent_loop::ConfiguredTimeout;
use openclaw_core::{ModelError, ModelErrorKind, ModelTimeoutKind};
use openclaw_store::{StoreError, StoreErrorKind};
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::ConnectError;

/// How often a session is looked at that another process uses.
const SESSION_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How a server is waited for that was never there, and a session that another process uses.
/// Clones share who is told.
#[derive(Clone)]
pub struct WaitPolicy {
    /// The longest wait, and who says so.
    pub limit: ConfiguredTimeout,
    /// Is told each time that it was asked for in vain, and once with `None` when the wait is over
    /// in any way, dropped included. Not called where there is nothing to wait for.
    pub on_progress: WaitCallback,
}

/// Is told how a wait goes.
type WaitCallback = Arc<dyn Fn(Option<WaitProgress<'_>>) + Send + Sync>;

/// A wait that goes on.
#[derive(Debug, Clone, Copy)]
pub struct WaitProgress<'a> {
    /// What is not at hand yet, and why.
    pub target: WaitTarget<'a>,
    /// For how long it was waited.
    pub waited: Duration,
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub enum WaitTarget<'a> {
    /// A server with a model.
    Server(&'a ModelError),
    /// The session.
    Session(&'a StoreError),
}

impl fmt::Display for WaitTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for WaitPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Tries until it works, fails for a reason that no wait helps with, or has taken too long.
pub(crate) async fn retry_until_available<T, F>(
    wait: &WaitPolicy,
    poll: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, ConnectError>
where
    F: Future<Output = Result<T, ConnectError>>,
{
    let begun = Instant::now();
    let ends_at = begun.checked_add(wait.limit.duration);
    let mut teller = WaitProgressGuard { wait, has_reported: false };
    loop {
        let error = match attempt().await {
            Err(ConnectError::Model(error)) if is_server_absent(&error) => error,
            other => return other,
        };
        let now = Instant::now();
        if ends_at.is_some_and(|at| at <= now) {
            let ConfiguredTimeout { duration, source } = &wait.limit;
            let seconds = duration.as_secs();
            return Err(ConnectError::Model(error.with_hint(format!(
                "It was waited for {seconds} s (from {source}); `--wait 30m` waits longer."
            ))));
        }
        teller.report_progress(WaitTarget::Server(&error), begun.elapsed());
        let next = [Some(now + poll), ends_at].into_iter().flatten().min();
        sleep_until(next.unwrap_or(now)).await;
    }
}

/// Looks again and again whether a session is free, until it is or that has taken too long.
pub(crate) async fn wait_until_free(
    wait: &WaitPolicy,
    check: impl Fn() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let begun = Instant::now();
    let mut teller = WaitProgressGuard { wait, has_reported: false };
    loop {
        let left = wait.limit.duration.saturating_sub(begun.elapsed());
        let error = match check() {
            Err(error) if error.kind() == StoreErrorKind::InUse && !left.is_zero() => error,
            other => return other,
        };
        teller.report_progress(WaitTarget::Session(&error), begun.elapsed());
        sleep(SESSION_POLL_INTERVAL.min(left)).await;
    }
}

/// Tells how a wait goes, and that it is over also when it is given up.
struct WaitProgressGuard<'a> {
    wait: &'a WaitPolicy,
    has_reported: bool,
}

impl WaitProgressGuard<'_> {
    fn report_progress(&mut self, missing: WaitTarget<'_>, waited: Duration) {
        self.has_reported = true;
        (self.wait.on_progress)(Some(WaitProgress { target: missing, waited }));
    }
}

impl Drop for WaitProgressGuard<'_> {
    fn drop(&mut self) {
        if self.has_reported {
            (self.wait.on_progress)(None);
        }
    }
}

impl WaitPolicy {
    /// What is left of it when so much is over.
    pub(crate) fn reduced_by(mut self, waited: Duration) -> Self {
        self.limit.duration = self.limit.duration.saturating_sub(waited);
        self
    }
}

/// Whether nothing is there, or not the server itself yet, but a proxy before it: one that says
/// so, or one that takes connections and closes them, as containers have it.
fn is_server_absent(error: &ModelError) -> bool {
    let status = error.http_exchange().and_then(|exchange| exchange.status);
    let is_closed = error.kind() == ModelErrorKind::Interrupted && status.is_none();
    is_closed
        || matches!(
            error.kind(),
            ModelErrorKind::Connect
                | ModelErrorKind::Timeout { kind: ModelTimeoutKind::Connect, .. }
                | ModelErrorKind::Loading
        )
        || matches!(status, Some(502..=504))
}

#[cfg(test)]
mod tests;
