//! Runs a tool's long file access away from the thread of the async runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use openclaw_core::ToolOutput;

use crate::workspace::WalkCancellation;

/// The longest that a walk takes, so that a call on a huge tree ends with what was found.
const MAX_WALK_TIME: Duration = Duration::from_secs(20);

/// Sets the flag when the call ends, also when it is cancelled.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on a blocking thread. It is told to end when the time is over or the caller is
/// cancelled.
pub(crate) async fn run_walk(
    time_limit: Option<Duration>,
    work: impl FnOnce(WalkCancellation) -> ToolOutput + Send + 'static,
) -> ToolOutput {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let _guard = CancelOnDrop(Arc::clone(&is_cancelled));
    let time = time_limit.map_or(MAX_WALK_TIME, |limit| limit.min(MAX_WALK_TIME));
    let cancellation = WalkCancellation { is_cancelled, deadline: Instant::now() + time };
    match tokio::task::spawn_blocking(move || work(cancellation)).await {
        Ok(output) => output,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            // The runtime shuts down and drops this future too.
            Err(_) => std::future::pending().await,
        },
    }
}
