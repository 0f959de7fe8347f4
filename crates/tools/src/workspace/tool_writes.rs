//! What the file tools have written, so that it is not taken for the work of a command that ran at
//! the same time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

/// The most files that are remembered.
const MAX_FILES: usize = 4096;

/// The digest of what was last written to each file, by its absolute place.
#[derive(Debug, Default)]
pub(crate) struct ToolWrites(Mutex<HashMap<PathBuf, [u8; 32]>>);

impl ToolWrites {
    pub(crate) fn record_content(&self, path: &Path, content: &[u8]) {
        let mut writes = self.lock();
        if writes.len() < MAX_FILES || writes.contains_key(path) {
            writes.insert(path.to_owned(), Sha256::digest(content).into());
        }
    }

    /// Whether a file has the content that was last written to it.
    pub(crate) fn is_content_of(&self, path: &Path, content: &[u8]) -> bool {
        let written = self.lock().get(path).copied();
        written.is_some_and(|written| written == <[u8; 32]>::from(Sha256::digest(content)))
    }

    /// The files that were written to.
    pub(crate) fn list_paths(&self) -> Vec<PathBuf> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, [u8; 32]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
