//! Records Ctrl-C and similar signals in a flag, so that started processes can be ended first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// Signals belong to the process, and so does this flag.
static CAME: AtomicBool = AtomicBool::new(false);

/// Begins to record the signals that ask for an exit. Started commands still receive them.
pub(crate) fn watch() -> Result<()> {
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_io().build();
        let watched = runtime.and_then(|runtime| runtime.block_on(note(&ready)));
        // Reports to the caller why it could not begin.
        watched.map_err(|error| ready.send(Err(error))).ok();
    });
    is_ready.recv().context("failed to watch for signals")?.context("failed to watch for signals")
}

/// Returns true when an exit was requested.
pub(crate) fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// Reports when it has begun, and records the signals.
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
