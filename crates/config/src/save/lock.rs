//! An exclusive lock, so that only one program at a time changes a config file.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{SaveError, atomic, write_error};

/// How long to wait for another program; a change takes a few milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// An exclusive lock, held until it is dropped or the process exits.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

/// Waits for the exclusive lock on `target`.
///
/// The lock is on a file beside it, because `target` itself is replaced. The lock file is never
/// removed: others may be waiting for it.
pub(super) fn acquire_lock(target: &Path) -> Result<FileLock, SaveError> {
    acquire_lock_within(target, LOCK_TIMEOUT)
}

pub(super) fn acquire_lock_within(target: &Path, timeout: Duration) -> Result<FileLock, SaveError> {
    let path = lock_path(target);
    if let Some(folder) = target.parent() {
        atomic::create_folder(folder).map_err(write_error(folder))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let file = atomic::set_private_mode(&mut options).open(&path).map_err(write_error(&path))?;
    if file.try_lock().is_ok() {
        return Ok(FileLock { _file: file });
    }
    let (sender, receiver) = mpsc::channel();
    // Locking blocks without a timeout, so a thread does it and is abandoned when it takes too
    // long. A lock that it acquires later is dropped with the message that nobody receives.
    thread::spawn(move || {
        let locked = file.lock().map(|()| FileLock { _file: file });
        let _ = sender.send(locked);
    });
    match receiver.recv_timeout(timeout) {
        Ok(locked) => locked.map_err(write_error(&path)),
        Err(_) => Err(SaveError::Locked { path }),
    }
}

fn lock_path(target: &Path) -> PathBuf {
    atomic::sibling_path(target, "lock")
}
