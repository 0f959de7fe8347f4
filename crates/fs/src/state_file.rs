//! State files: files that a program maintains itself.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::{AtomicFile, LockError, LockFile, read_text, resolve_symlinks};

/// How long to wait for another program.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest state file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A file that is replaced atomically under a lock and is accessible by its owner only. Concurrent
/// changes by several programs are not lost; a killed writer leaves the old file or the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    path: PathBuf,
}

/// A state file was not updated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateFileError {
    /// The lock was not acquired.
    #[error(transparent)]
    Lock(LockError),
    /// The file cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl StateFile {
    /// A state file at a path; neither the file nor its directory need exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads the text; `None` when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than 1 MiB, or is not UTF-8 text.
    pub fn read_text(&self) -> io::Result<Option<String>> {
        match read_text(&self.path, MAX_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => text.map(Some),
        }
    }

    /// Replaces the text by what `change` returns. `change` gets the current content, read under
    /// the lock; `None` leaves the file unchanged.
    ///
    /// # Errors
    /// When another program holds the lock for longer than a second, and when a file or a
    /// directory cannot be written. The file is then unchanged.
    pub fn update_text(
        &self,
        change: impl FnOnce(io::Result<Option<String>>) -> Option<String>,
    ) -> Result<(), StateFileError> {
        let target = resolve_symlinks(&self.path);
        let _lock =
            LockFile::acquire_beside(&target, LOCK_TIMEOUT).map_err(StateFileError::Lock)?;
        let Some(text) = change(self.read_text()) else { return Ok(()) };
        let write = || {
            let mut file = AtomicFile::create_under_lock(&target)?;
            file.write_all(text.as_bytes())?;
            file.keep_permissions()?;
            file.commit()
        };
        write().map_err(|source| StateFileError::Write { path: target.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_made_changed_and_left() {
        let dir = tempfile::tempdir().unwrap();
        let file = StateFile::new(dir.path().join("deep/er/a.json"));
        assert_eq!(file.read_text().unwrap(), None);
        file.update_text(|old| (old.unwrap().is_none()).then(|| "one".to_owned())).unwrap();
        file.update_text(|old| old.unwrap().map(|old| old + " two")).unwrap();
        file.update_text(|_| None).unwrap();
        assert_eq!(file.read_text().unwrap().as_deref(), Some("one two"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode =
                fs::metadata(dir.path().join("deep/er/a.json")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_cannot_be_read_or_written_is_reported_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
        let file = StateFile::new(path.clone());
        assert!(file.read_text().is_err());
        file.update_text(|old| old.is_err().then(|| "new".to_owned())).unwrap();
        assert_eq!(file.read_text().unwrap().as_deref(), Some("new"));
        let below = StateFile::new(path.join("b.json"));
        let error = below.update_text(|_| Some(String::new())).unwrap_err();
        assert!(matches!(error, StateFileError::Lock(LockError::Unavailable { .. })));
    }
}
