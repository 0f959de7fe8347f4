//! State files: files that the program maintains itself, in the state folder.

use std::{
    fs,
    io::{self, Read as _},
    path::PathBuf,
    time::Duration,
};

use super::{SaveError, atomic, lock};
use crate::text::MAX_BYTES;

/// How long to wait for another program.
const STATE_LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// A file that is replaced atomically under a lock and is accessible by its owner only. Concurrent
/// changes by several programs are not lost; a killed writer leaves the old file or the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// A state file at a path; neither the file nor its folder need exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads the text; `None` when there is no file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is too large, or is not UTF-8 text.
    pub fn read_text(&self) -> io::Result<Option<String>> {
        let file = match fs::File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut text = String::new();
        file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
        if text.len() > MAX_BYTES {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            Ok(Some(text))
        }
    }

    /// Replaces the text by what `change` returns. `change` gets the current content, read under
    /// the lock; `None` leaves the file unchanged.
    ///
    /// # Errors
    ///
    /// When another program holds the lock for too long, and when a file or a folder cannot be
    /// written. The file is then unchanged.
    pub fn update_text(
        &self,
        change: impl FnOnce(io::Result<Option<String>>) -> Option<String>,
    ) -> Result<(), SaveError> {
        let target = atomic::resolve_symlinks(&self.path);
        let _lock = lock::acquire_lock_within(&target, STATE_LOCK_TIMEOUT)?;
        match change(self.read_text()) {
            Some(text) => atomic::write_atomically(&target, &text, &mut |_| {}),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn what_cannot_be_read_or_written_is_told_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
        let file = StateFile::new(path.clone());
        assert!(file.read_text().is_err());
        file.update_text(|old| old.is_err().then(|| "new".to_owned())).unwrap();
        assert_eq!(file.read_text().unwrap().as_deref(), Some("new"));
        let below = StateFile::new(path.join("b.json"));
        assert!(matches!(below.update_text(|_| Some(String::new())), Err(SaveError::Write { .. })));
    }
}
