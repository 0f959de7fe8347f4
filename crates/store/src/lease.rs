//! The session lease: a file lock that gives a session one user at a time, and that the system
//! releases when its holder ends.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::error::StoreFault;
use crate::{SessionId, StoreError, files};

/// The exclusive right to use a session, until it is dropped or its process ends.
#[derive(Debug)]
pub(crate) struct SessionLease {
    _lock: LockFile,
}

/// A lock on a file, released on drop.
#[derive(Debug)]
pub(crate) struct LockFile(pub(crate) File);

impl Drop for LockFile {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that another thread is spawning may have
        // inherited it for a moment.
        let _ = self.0.unlock();
    }
}

impl SessionLease {
    /// Acquires the lease of a session.
    ///
    /// # Errors
    /// When the lease is held by others; a lock never expires.
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
            // The session and its lock file were deleted meanwhile: this lock has no effect.
            return Err(StoreError::not_found(id.as_str()));
        }
        // The process id is for the error message of a second user; the lock holds without it.
        let LockFile(text) = &mut file;
        let _ = text.set_len(0).and_then(|()| text.rewind());
        let _ = write!(text, "{}", process::id());
        Ok(Self { _lock: file })
    }
}

/// Returns whether an opened file is still the one at its path.
#[cfg(unix)]
fn is_still_at_path(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(ours), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

/// On this system an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Removes the lock file of a deleted session.
pub(crate) fn remove_lock_file(store: &Path, id: &SessionId) {
    let _ = fs::remove_file(lock_path(store, id));
}

fn lock_path(store: &Path, id: &SessionId) -> PathBuf {
    files::sibling_path(store, "-locks").join(id.as_str())
}
