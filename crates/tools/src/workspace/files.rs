//! Opens files beneath the workspace only.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

use openclaw_fs::{
    DirectoryEntry, EntryError, EntryLocation, EntryMetadata, LocatedEntry, OpenedEntry,
};

use crate::outputs::OUTPUT_DIRECTORY;
use crate::workspace::{PathErrorKind, RelativePath, ToolPathError, Workspace};

/// The most names that are read from a directory.
pub(crate) const MAX_NAMES: usize = 50_000;

impl Workspace {
    /// Opens a file or reads a directory.
    pub(crate) fn open_entry(&self, path: &RelativePath) -> Result<OpenedEntry, ToolPathError> {
        self.open_located(path).map(|(entry, _)| entry)
    }

    /// Opens a file for the model to read, or reads a directory. What it writes later must still
    /// have this version.
    pub(crate) fn open_for_model(&self, path: &RelativePath) -> Result<OpenedEntry, ToolPathError> {
        let (entry, location) = self.open_located(path)?;
        if let OpenedEntry::File(_, version) = &entry {
            self.seen.record_version(location.absolute_path(), version.clone());
        }
        Ok(entry)
    }

    /// Opens a file to change it. It must have the version that the model has seen, if it has.
    pub(crate) fn open_for_change(
        &self,
        path: &RelativePath,
    ) -> Result<OpenedEntry, ToolPathError> {
        let (entry, location) = self.open_located(path)?;
        if let OpenedEntry::File(_, version) = &entry
            && self.seen.find_version(location.absolute_path()).is_some_and(|seen| seen != *version)
        {
            return Err(ToolPathError::new(path.text(), PathErrorKind::ChangedSinceRead));
        }
        Ok(entry)
    }

    fn open_located(
        &self,
        path: &RelativePath,
    ) -> Result<(OpenedEntry, EntryLocation), ToolPathError> {
        let directory = path.directory();
        let refuse = |problem| ToolPathError::new(path.text(), problem);
        let opened = directory.open_located_entry(path.as_path(), MAX_NAMES);
        let opened = opened.map_err(|error| self.describe_error(path, error))?;
        let is_alias = match &opened.entry {
            OpenedEntry::File(file, _) if opened.has_other_links => {
                let metadata = file.metadata();
                let metadata =
                    metadata.map_err(|error| refuse(PathErrorKind::Unreadable(error)))?;
                self.private.contains_file(&metadata)
            }
            _ => false,
        };
        let LocatedEntry { entry, location, .. } = opened;
        if is_alias || self.is_private(&location) {
            return Err(refuse(PathErrorKind::Private));
        }
        Ok((entry, location))
    }

    /// Whether a file that is open may be read: it is not one of the program itself.
    #[must_use]
    pub fn permits_file(&self, location: &EntryLocation, file: &File) -> bool {
        let metadata = file.metadata();
        !self.is_private(location)
            && metadata.is_ok_and(|metadata| !self.private.contains_file(&metadata))
    }

    /// Whether a place belongs to the program itself. Saved outputs do not: they are for the model.
    fn is_private(&self, location: &EntryLocation) -> bool {
        self.is_private_path(location.absolute_path())
    }

    /// The same for an absolute path without symbolic links.
    pub(crate) fn is_private_path(&self, absolute: &Path) -> bool {
        let in_workspace = absolute.strip_prefix(&self.root.real_path);
        !in_workspace.is_ok_and(|path| path.starts_with(OUTPUT_DIRECTORY))
            && self.private.contains(absolute)
    }

    /// Opens a directory to start a command in.
    pub(crate) fn open_directory(&self, path: &RelativePath) -> Result<OwnedFd, ToolPathError> {
        let directory = path.directory().open_subdirectory(path.as_path());
        directory.map_err(|error| self.describe_error(path, error))
    }

    /// The names in a directory of the workspace, sorted; at most [`MAX_NAMES`].
    pub(crate) fn read_directory(&self, path: &Path) -> Result<Vec<DirectoryEntry>, EntryError> {
        self.root.directory.read_directory(path, MAX_NAMES)
    }

    /// The size and age of an entry; a symbolic link is not followed.
    pub(crate) fn entry_metadata(&self, path: &Path) -> Result<EntryMetadata, EntryError> {
        self.root.directory.entry_metadata(path)
    }

    /// Opens a file that the program itself keeps in the workspace.
    pub(crate) fn open_own_file(&self, path: &Path) -> Result<File, EntryError> {
        match self.root.directory.open_entry(path, 0)? {
            OpenedEntry::File(file, _) => Ok(file),
            OpenedEntry::Directory(_) => Err(EntryError::IsDirectory),
        }
    }

    /// Removes a file.
    pub(crate) fn remove_file(&self, path: &Path) -> Result<(), EntryError> {
        self.root.directory.remove_file(path)
    }

    /// Whether a path that need not exist is private, or the nearest directory that does exist.
    fn is_private_place(&self, path: &RelativePath) -> bool {
        let location = path.directory().locate_entry(path.as_path());
        location.is_ok_and(|location| self.is_private(&location))
    }

    pub(crate) fn describe_error(&self, path: &RelativePath, error: EntryError) -> ToolPathError {
        let problem = match error {
            EntryError::Missing if self.is_private_place(path) => PathErrorKind::Private,
            EntryError::Missing => PathErrorKind::Missing(path.describe_nearest()),
            other => other.into(),
        };
        ToolPathError::new(path.text(), problem)
    }
}
