//! Ctrl-C and its like, as something to be looked at instead of an end on the spot, so that what
//! was started is ended first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// Signals are the process's, and so is this.
static CAME: AtomicBool = AtomicBool::new(false);

/// Notes the signals that ask for an end, from now on. Commands that are started get them as ever.
pub(crate) fn watch() -> Result<()> {
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_io().build();
        let watched = runtime.and_then(|runtime| runtime.block_on(note(&ready)));
        // Whoever waited for it to begin is told why it did not.
        watched.map_err(|error| ready.send(Err(error))).ok();
    });
    is_ready.recv().context("failed to watch for signals")?.context("failed to watch for signals")
}

/// Whether an end was asked for.
pub(crate) fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// Says when it has begun, and notes what comes.
async fn note(ready: &mpsc::Sender<std::io::Result<()>>) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    ready.send(Ok(())).ok();
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        CAME.store(true, Ordering::Relaxed);
    }
}
