//! Waits for a server that is not available yet.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{ModelError, ModelErrorKind, TimeoutKind};
use openclaw_transport::TimeLimit;
use tokio::time::{Instant, sleep_until};

use crate::error::ConnectError;

/// How to wait for something that is unavailable. Clones share the callback.
#[derive(Clone)]
pub struct WaitPolicy {
    /// The longest wait and where it was set.
    pub limit: TimeLimit,
    /// Called after each failed attempt, and once with `None` when the wait ends for any reason,
    /// cancellation included. Not called when there is nothing to wait for.
    pub on_progress: WaitCallback,
}

/// Receives the progress of a wait.
type WaitCallback = Arc<dyn Fn(Option<WaitProgress<'_>>) + Send + Sync>;

/// The progress of a wait.
#[derive(Debug, Clone, Copy)]
pub struct WaitProgress<'a> {
    /// The awaited thing as a noun, e.g. `server`.
    pub target: &'a str,
    /// Why it is unavailable: the error of the last attempt.
    pub problem: &'a (dyn Error + Send + Sync + 'static),
    /// The time waited so far.
    pub waited: Duration,
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
    let mut reporter = wait.reporter();
    loop {
        let error = match attempt().await {
            Err(ConnectError::Model(error)) if is_server_absent(&error) => error,
            other => return other,
        };
        let now = Instant::now();
        if ends_at.is_some_and(|at| at <= now) {
            let TimeLimit { duration, source } = &wait.limit;
            let seconds = duration.as_secs();
            return Err(ConnectError::Model(error.with_hint(format!(
                "It was waited for {seconds} s (from {source}); `--wait 30m` waits longer."
            ))));
        }
        reporter.report_progress(WaitProgress {
            target: "server",
            problem: &error,
            waited: begun.elapsed(),
        });
        let next = [Some(now + poll), ends_at].into_iter().flatten().min();
        sleep_until(next.unwrap_or(now)).await;
    }
}

/// Reports the progress of one wait to the policy's callback, and its end when dropped.
#[derive(Debug)]
pub struct WaitReporter<'a> {
    policy: &'a WaitPolicy,
    has_reported: bool,
}

impl WaitReporter<'_> {
    /// Reports progress.
    pub fn report_progress(&mut self, progress: WaitProgress<'_>) {
        self.has_reported = true;
        (self.policy.on_progress)(Some(progress));
    }
}

impl Drop for WaitReporter<'_> {
    fn drop(&mut self) {
        if self.has_reported {
            (self.policy.on_progress)(None);
        }
    }
}

impl WaitPolicy {
    /// Returns the policy with `waited` subtracted from its limit.
    #[must_use]
    pub fn reduced_by(mut self, waited: Duration) -> Self {
        self.limit.duration = self.limit.duration.saturating_sub(waited);
        self
    }

    /// Starts reporting one wait.
    #[must_use]
    pub fn reporter(&self) -> WaitReporter<'_> {
        WaitReporter { policy: self, has_reported: false }
    }
}

/// Whether the server is absent: nothing listens, a proxy reports that its backend is missing, or
/// connections are closed at once, as container port forwarding does.
pub(crate) fn is_server_absent(error: &ModelError) -> bool {
    let status = error.http_exchange().and_then(|exchange| exchange.status);
    is_unreachable(error)
        || error.kind() == ModelErrorKind::Loading
        || matches!(status, Some(502..=504))
}

/// Whether no response came back: nothing listens, or connections are closed at once.
pub(crate) fn is_unreachable(error: &ModelError) -> bool {
    let status = error.http_exchange().and_then(|exchange| exchange.status);
    match error.kind() {
        ModelErrorKind::Connect | ModelErrorKind::Timeout { kind: TimeoutKind::Connect, .. } => {
            true
        }
        ModelErrorKind::Interrupted => status.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
