//! Waits for a server that is not available yet, and for a session that another process uses.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_agent_loop::ConfiguredTimeout;
use openclaw_core::{ModelError, ModelErrorKind, ModelTimeoutKind};
use openclaw_store::{StoreError, StoreErrorKind};
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::ConnectError;

/// The interval between checks of a session that another process uses.
const SESSION_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How to wait for an unavailable server, and for a session that another process uses. Clones share
/// the callback.
#[derive(Clone)]
pub struct WaitPolicy {
    /// The longest wait and where it was set.
    pub limit: ConfiguredTimeout,
    /// Called after each failed attempt, and once with `None` when the wait ends for any reason,
    /// cancellation included. Not called when there is nothing to wait for.
    pub on_progress: WaitCallback,
}

/// Receives the progress of a wait.
type WaitCallback = Arc<dyn Fn(Option<WaitProgress<'_>>) + Send + Sync>;

/// The progress of a wait.
#[derive(Debug, Clone, Copy)]
pub struct WaitProgress<'a> {
    /// What is waited for, and why it is unavailable.
    pub target: WaitTarget<'a>,
    /// The time waited so far.
    pub waited: Duration,
}

/// What is waited for, with the last error.
#[derive(Debug, Clone, Copy)]
pub enum WaitTarget<'a> {
    /// A server.
    Server(&'a ModelError),
    /// A session.
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
        f.debug_struct("WaitPolicy").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Retries until it succeeds, fails for a reason that waiting does not help with, or times out.
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

/// Checks repeatedly until a session is free or the wait times out.
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

/// Reports progress, and reports the end when dropped.
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
    /// The policy with `waited` subtracted from its limit.
    pub(crate) fn reduced_by(mut self, waited: Duration) -> Self {
        self.limit.duration = self.limit.duration.saturating_sub(waited);
        self
    }
}

/// Whether the server is absent: nothing listens, a proxy reports that its backend is missing, or
/// connections are closed at once, as container port forwarding does.
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
