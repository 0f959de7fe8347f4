//! Waits for a session that another process uses.

use std::time::Duration;

use openclaw_models::{WaitPolicy, WaitProgress};
use openclaw_store::{StoreError, StoreErrorKind};
use tokio::time::{Instant, sleep};

/// The interval between checks of a session that another process uses.
const SESSION_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Checks repeatedly until a session is free or the wait times out.
pub(crate) async fn wait_until_free<F: Future<Output = Result<(), StoreError>>>(
    wait: &WaitPolicy,
    check: impl Fn() -> F,
) -> Result<(), StoreError> {
    let begun = Instant::now();
    let mut reporter = wait.reporter();
    loop {
        let left = wait.limit.duration.saturating_sub(begun.elapsed());
        let error = match check().await {
            Err(error) if error.kind() == StoreErrorKind::InUse && !left.is_zero() => error,
            other => return other,
        };
        reporter.report_progress(WaitProgress {
            target: "session",
            problem: &error,
            waited: begun.elapsed(),
        });
        sleep(SESSION_POLL_INTERVAL.min(left)).await;
    }
}
