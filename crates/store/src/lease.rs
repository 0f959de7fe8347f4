//! One user at a time for a session, by a lock that the system takes back when its holder ends.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::error::Fault;
use crate::{SessionId, StoreError, files};

/// The right to use a session, until it is dropped or its process ends.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: File,
}

impl Lease {
    /// Takes a session that nobody uses.
    ///
    /// # Errors
    /// When somebody does; never for the age of a lock.
    pub(crate) fn acquire(store: &Path, id: &SessionId) -> Result<Self, StoreError> {
        let path = path_for(store, id);
        if let Some(folder) = path.parent() {
            files::create_folder(folder)?;
        }
        let mut file = files::open_private(&path).map_err(StoreError::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                let holder = text.trim().parse().ok();
                return Err(StoreError::new(Fault::InUse { id: id.clone(), holder }));
            }
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::file("lock", &path)(error));
            }
        }
        // For the message of whoever comes second; the lock counts without it.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = write!(file, "{}", process::id());
        Ok(Self { _file: file })
    }
}

/// Removes the lock file of a session that is no more.
pub(crate) fn forget(store: &Path, id: &SessionId) {
    let _ = fs::remove_file(path_for(store, id));
}

fn path_for(store: &Path, id: &SessionId) -> PathBuf {
    files::beside(store, "-locks").join(id.as_str())
}
