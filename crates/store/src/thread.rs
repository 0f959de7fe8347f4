//! Runs reads of files away from the thread of an async runtime, of whichever kind that is.

use tokio::sync::oneshot;

use crate::StoreError;
use crate::error::StoreFault;

/// Runs `work` on a thread of its own and waits for its result without blocking. It runs to its end
/// even if the caller is cancelled.
pub(crate) async fn run_on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (reply, answer) = oneshot::channel();
    std::thread::spawn(move || {
        // The caller may have been cancelled.
        let _ = reply.send(work());
    });
    answer.await.unwrap_or_else(|_| Err(StoreError::new(StoreFault::Closed)))
}
