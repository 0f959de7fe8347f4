//! The versions of files that the model has seen, so that it does not overwrite a newer one unseen.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_fs::FileVersion;

/// The most files that are remembered. Forgetting one only loses a check.
const MAX_FILES: usize = 4096;

/// The version of each file when it was last read or written, by its place.
#[derive(Debug, Default)]
pub(crate) struct SeenVersions(Mutex<HashMap<PathBuf, FileVersion>>);

impl SeenVersions {
    /// The version that was seen; `None` when the file was not.
    pub(crate) fn find_version(&self, path: &Path) -> Option<FileVersion> {
        self.lock().get(path).cloned()
    }

    pub(crate) fn record_version(&self, path: &Path, version: FileVersion) {
        let mut versions = self.lock();
        if versions.len() >= MAX_FILES && !versions.contains_key(path) {
            versions.clear();
        }
        versions.insert(path.to_owned(), version);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, FileVersion>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
