//! Runs blocking work away from the thread of the async runtime.

use std::panic::resume_unwind;

/// Runs `work` on the blocking threads of the async runtime. It runs to its end even if the caller
/// is cancelled.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            // The runtime shuts down and drops this future too.
            Err(_) => std::future::pending().await,
        },
    }
}
