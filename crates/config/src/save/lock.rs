//! One program at a time changes a config file.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{SaveError, atomic, write_error};

/// The longest wait for another program; a change takes a few milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The right to change a file, until it is dropped or its owner dies.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

/// Waits until nobody else changes `target`.
///
/// The lock is on a file beside it, for `target` itself is replaced. That file stays: whoever
/// removed it would take it from under those who wait for it.
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
    // The wait itself has no end: a thread waits, and is left behind when it takes too long. A
    // lock that it gets then is dropped with the message that nobody receives.
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
