//! Ctrl-C and a terminating signal.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

/// Runs `work` until it is done or a person stops it. What is stopped is dropped: connections
/// close, so that the server stops generating, and running commands are ended. `None` when it was
/// stopped.
pub(crate) async fn unless_stopped<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stopped() => None,
        value = work => Some(value),
    }
}

/// Waits until a person stops the program.
pub(crate) async fn stopped() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
