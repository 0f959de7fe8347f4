//! Where an entry beneath a directory really is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::EntryError;

/// Where an entry beneath a directory is, after symbolic links and `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLocation {
    absolute: PathBuf,
    relative: PathBuf,
}

impl EntryLocation {
    /// The location of an absolute path beneath `root`.
    pub(super) fn beneath(root: &Path, absolute: PathBuf) -> Result<Self, EntryError> {
        match absolute.strip_prefix(root).map(Path::to_owned) {
            Ok(relative) => Ok(Self { absolute, relative }),
            // Moved away since it was opened.
            Err(_) => Err(EntryError::ConcurrentMove),
        }
    }

    /// The location of a path without symbolic links and `..` in a directory.
    pub(super) fn in_directory(root: &Path, relative: &Path) -> Self {
        let is_root = relative.as_os_str().is_empty();
        let absolute = if is_root { root.to_owned() } else { root.join(relative) };
        Self { absolute, relative: relative.to_owned() }
    }

    pub(super) fn push_name(&mut self, name: &OsStr) {
        self.absolute.push(name);
        self.relative.push(name);
    }

    /// The absolute path.
    #[must_use]
    pub fn absolute_path(&self) -> &Path {
        &self.absolute
    }

    /// The path relative to the directory; empty for the directory itself.
    #[must_use]
    pub fn relative_path(&self) -> &Path {
        &self.relative
    }
}
