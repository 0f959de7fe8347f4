//! The session lease: a file lock that gives a session one user at a time, and that the system
//! releases when its holder ends.

use std::fs;
use std::path::{Path, PathBuf};

use openclaw_fs::LockFile;

use crate::error::StoreFault;
use crate::{SessionId, StoreError, files};

/// The exclusive right to use a session, until it is dropped or its process ends.
#[derive(Debug)]
pub(crate) struct SessionLease {
    _lock: LockFile,
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
        let mut lock = LockFile::open(&path).map_err(StoreError::from_io_error("open", &path))?;
        if !lock.try_lock_exclusive().map_err(StoreError::from_io_error("lock", &path))? {
            let holder = lock.read_holder();
            return Err(StoreError::new(StoreFault::InUse { id: id.clone(), key: None, holder }));
        }
        if !lock.is_still_at_path() {
            // The session and its lock file were deleted meanwhile: this lock has no effect.
            return Err(StoreError::not_found(id.as_str()));
        }
        lock.record_holder();
        Ok(Self { _lock: lock })
    }
}

/// Removes the lock file of a deleted session.
pub(crate) fn remove_lock_file(store: &Path, id: &SessionId) {
    let _ = fs::remove_file(lock_path(store, id));
}

fn lock_path(store: &Path, id: &SessionId) -> PathBuf {
    files::sibling_path(store, "-locks").join(id.as_str())
}
