//! One user at a time for a session, by a lock that the system takes back when its holder ends.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::error::StoreFault;
use crate::{SessionId, StoreError, files};

/// The right to use a session, until it is dropped or its process ends.
#[derive(Debug)]
pub(crate) struct SessionLease {
    _lock: LockFile,
}

/// A lock on a file, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct LockFile(pub(crate) File);

impl Drop for LockFile {
    fn drop(&mut self) {
        // Closing the file is not enough: a command that is just being started by another thread
        // has it open too for a moment.
        let _ = self.0.unlock();
    }
}

impl SessionLease {
    /// Takes a session that nobody uses.
    ///
    /// # Errors
    /// When somebody does; never for the age of a lock.
    pub(crate) fn acquire(store: &Path, id: &SessionId) -> Result<Self, StoreError> {
        let path = lock_path(store, id);
        if let Some(folder) = path.parent() {
            files::create_folder(folder)?;
        }
        let mut file =
            files::open_private(&path).map_err(StoreError::from_io_error("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                let holder = text.trim().parse().ok();
                return Err(StoreError::new(StoreFault::InUse {
                    id: id.clone(),
                    key: None,
                    holder,
                }));
            }
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::from_io_error("lock", &path)(error));
            }
        }
        let mut file = LockFile(file);
        if !is_still_at_path(&file.0, &path) {
            // The session was deleted meanwhile, and the file with it: its lock locks nothing.
            return Err(StoreError::not_found(id.as_str()));
        }
        // For the message of whoever comes second; the lock counts without it.
        let LockFile(text) = &mut file;
        let _ = text.set_len(0).and_then(|()| text.rewind());
        let _ = write!(text, "{}", process::id());
        Ok(Self { _lock: file })
    }
}

/// Whether a file that was opened is still the one at its path.
#[cfg(unix)]
fn is_still_at_path(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(ours), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

/// An open file cannot be removed here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Removes the lock file of a session that is no more.
pub(crate) fn remove_lock_file(store: &Path, id: &SessionId) {
    let _ = fs::remove_file(lock_path(store, id));
}

fn lock_path(store: &Path, id: &SessionId) -> PathBuf {
    files::sibling_path(store, "-locks").join(id.as_str())
}
