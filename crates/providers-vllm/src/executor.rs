//! Runs a future to its end, for programs that have no async runtime of their own.

use std::io;

/// Runs a future on the current thread, with the I/O and the clock that a model needs. A program
/// that has a tokio runtime awaits the future there instead.
///
/// # Errors
/// The future's own error, and an I/O error when no runtime can be started.
///
/// # Panics
/// When called within an async runtime.
pub fn block_on<T, E: From<io::Error>>(future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
