//! Opens files beneath the workspace only.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use openclaw_fs::{DirectoryEntry, EntryError, EntryMetadata, OpenedEntry};

use crate::workspace::{PathErrorKind, RelativePath, ToolPathError, Workspace};

/// The most names that are read from a directory.
pub(crate) const MAX_NAMES: usize = 50_000;

impl Workspace {
    /// Opens a file or reads a directory.
    pub(crate) fn open_entry(&self, path: &RelativePath) -> Result<OpenedEntry, ToolPathError> {
        let entry = self.root.directory.open_entry(path.as_path(), MAX_NAMES);
        entry.map_err(|error| self.describe_error(path, error))
    }

    /// Opens a directory to start a command in.
    pub(crate) fn open_directory(&self, path: &RelativePath) -> Result<OwnedFd, ToolPathError> {
        let directory = self.root.directory.open_subdirectory(path.as_path());
        directory.map_err(|error| self.describe_error(path, error))
    }

    /// The names in a directory, sorted; at most [`MAX_NAMES`].
    pub(crate) fn read_directory(&self, path: &Path) -> Result<Vec<DirectoryEntry>, EntryError> {
        self.root.directory.read_directory(path, MAX_NAMES)
    }

    /// The size and age of an entry; a symbolic link is not followed.
    pub(crate) fn entry_metadata(&self, path: &Path) -> Result<EntryMetadata, EntryError> {
        self.root.directory.entry_metadata(path)
    }

    /// Removes a file.
    pub(crate) fn remove_file(&self, path: &Path) -> Result<(), EntryError> {
        self.root.directory.remove_file(path)
    }

    /// The target of a symbolic link as written in it; `None` when the path is not a link.
    pub(crate) fn link_target(&self, path: &Path) -> Option<PathBuf> {
        self.root.directory.link_target(path)
    }

    fn describe_error(&self, path: &RelativePath, error: EntryError) -> ToolPathError {
        let problem = match error {
            EntryError::Missing => PathErrorKind::Missing(self.describe_nearest(path.as_path())),
            other => other.into(),
        };
        ToolPathError::new(path.text(), problem)
    }
}
