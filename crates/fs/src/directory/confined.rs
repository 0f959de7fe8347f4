//! What a confined directory does, over the primitives of a system.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use super::{DirectoryEntry, EntryError, EntryLocation, EntryMetadata, FileVersion, OpenedEntry};
use crate::EntryKind;

/// The primitives of a system. Paths are relative to the directory and may have many components;
/// one that leads outside is refused during its walk. Names are single components that are not
/// followed if they are symbolic links.
pub(super) trait DirectoryBackend: Sized + std::fmt::Debug {
    /// Opens a directory by a path that is not confined.
    fn open_root(path: &Path) -> io::Result<Self>;
    /// Opens a directory beneath this one.
    fn open_directory(&self, path: &Path) -> Result<Self, EntryError>;
    /// Opens a directory in this one that is not a symbolic link.
    fn open_child(&self, name: &OsStr) -> Result<Self, EntryError>;
    /// Creates a directory in this one.
    fn create_child(&self, name: &OsStr) -> Result<(), EntryError>;
    /// The kind of what a path leads to, without opening it.
    fn find_kind(&self, path: &Path) -> Result<EntryKind, EntryError>;
    /// Opens a file for reading without waiting for the writer of a pipe.
    fn open_file(&self, path: &Path) -> Result<File, EntryError>;
    /// Opens a file in this directory like [`DirectoryBackend::open_file`], unless the name is a
    /// symbolic link.
    fn open_child_file(&self, name: &OsStr) -> Result<File, EntryError>;
    /// Reads at most `max_names` entries of this directory, in any order.
    fn list_entries(&self, max_names: usize) -> Result<Vec<DirectoryEntry>, EntryError>;
    /// Examines an entry in this directory.
    fn examine_name(&self, name: &OsStr) -> Result<NameStatus, EntryError>;
    /// Whether this process may write the file.
    fn can_write(&self, name: &OsStr) -> bool;
    /// The target of a symbolic link in this directory.
    fn read_link(&self, name: &OsStr) -> Result<PathBuf, EntryError>;
    /// Creates a file for writing; only its owner can read it if `is_private`.
    fn create_file(&self, name: &OsStr, is_private: bool) -> Result<File, EntryError>;
    /// Gives a file the permissions and, where permitted, the owner of another.
    fn copy_attributes(file: &File, from: &NameStatus) -> Result<(), EntryError>;
    /// Renames an entry within this directory, over what has the new name.
    fn rename_file(&self, from: &OsStr, to: &OsStr) -> Result<(), EntryError>;
    /// Removes an entry that is not a directory.
    fn remove_entry(&self, name: &OsStr) -> Result<(), EntryError>;
    /// Removes an empty directory that is not a symbolic link.
    fn remove_directory(&self, name: &OsStr) -> Result<(), EntryError>;
    /// The absolute path of this directory at this moment, without symbolic links.
    fn real_path(&self) -> Result<PathBuf, EntryError>;
    /// The absolute path of a file that was opened by `path`, likewise.
    fn real_file_path(&self, file: &File, path: &Path) -> Result<PathBuf, EntryError>;
    /// Makes renames durable, as far as the file system supports it for directories.
    fn sync_entries(&self);
    /// The descriptor of this directory.
    #[cfg(unix)]
    fn into_descriptor(self) -> OwnedFd;
}

/// An entry as examined by name.
#[derive(Debug, Clone)]
pub(super) struct NameStatus {
    pub(super) metadata: EntryMetadata,
    pub(super) version: FileVersion,
    /// Whether the permissions let nobody write it.
    pub(super) is_read_only: bool,
    /// The number of hard links.
    pub(super) link_count: u64,
    #[cfg(unix)]
    pub(super) attributes: FileAttributes,
}

/// The permission bits, the owner and the group of a file.
#[cfg(unix)]
#[derive(Debug, Clone, Copy)]
pub(super) struct FileAttributes {
    pub(super) mode: u32,
    pub(super) owner: u32,
    pub(super) group: u32,
}

/// A directory of one system.
#[derive(Debug)]
pub(super) struct ConfinedDirectory<B> {
    root: B,
}

impl<B: DirectoryBackend> ConfinedDirectory<B> {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        B::open_root(path).map(|root| Self { root })
    }

    pub(super) fn open_entry(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<OpenedEntry, EntryError> {
        // Checked before opening: opening a device can have side effects.
        match self.root.find_kind(path)? {
            EntryKind::File => {}
            EntryKind::Directory => {
                return Ok(OpenedEntry::Directory(self.read_directory(path, max_names)?));
            }
            other => return Err(EntryError::SpecialFile(other)),
        }
        // The entry may have become something else since.
        let file = self.root.open_file(path)?;
        let metadata = file.metadata()?;
        match EntryKind::from(metadata.file_type()) {
            EntryKind::File => {
                let version = FileVersion::from_metadata(&metadata);
                Ok(OpenedEntry::File(file, version))
            }
            other => Err(EntryError::SpecialFile(other)),
        }
    }

    pub(super) fn read_directory(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<Vec<DirectoryEntry>, EntryError> {
        let mut entries = self.root.open_directory(path)?.list_entries(max_names)?;
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    pub(super) fn open_directory(&self, path: &Path) -> Result<Self, EntryError> {
        self.root.open_directory(path).map(|root| Self { root })
    }

    pub(super) fn open_child_directory(&self, name: &OsStr) -> Result<Self, EntryError> {
        self.root.open_child(name).map(|root| Self { root })
    }

    pub(super) fn open_child_file(&self, name: &OsStr) -> Result<File, EntryError> {
        // Checked before opening: opening a device can have side effects.
        match self.root.examine_name(name)?.metadata.kind {
            EntryKind::File => {}
            EntryKind::Directory => return Err(EntryError::IsDirectory),
            other => return Err(EntryError::SpecialFile(other)),
        }
        let file = self.root.open_child_file(name)?;
        // The entry may have become something else since.
        match EntryKind::from(file.metadata()?.file_type()) {
            EntryKind::File => Ok(file),
            other => Err(EntryError::SpecialFile(other)),
        }
    }

    pub(super) fn real_path(&self) -> Result<PathBuf, EntryError> {
        self.root.real_path()
    }

    pub(super) fn link_target(&self, path: &Path) -> Option<PathBuf> {
        let (directory, name) = split_name(path)?;
        self.root.open_directory(directory).ok()?.read_link(name).ok()
    }

    pub(super) fn entry_metadata(&self, path: &Path) -> Result<EntryMetadata, EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        Ok(self.root.open_directory(directory)?.examine_name(name)?.metadata)
    }

    pub(super) fn entry_version(&self, path: &Path) -> Result<FileVersion, EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        Ok(self.root.open_directory(directory)?.examine_name(name)?.version)
    }

    #[cfg(unix)]
    pub(super) fn open_subdirectory(&self, path: &Path) -> Result<OwnedFd, EntryError> {
        Ok(self.root.open_directory(path)?.into_descriptor())
    }

    pub(super) fn remove_file(&self, path: &Path) -> Result<(), EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        self.root.open_directory(directory)?.remove_entry(name)
    }

    pub(super) fn remove_empty_directory(&self, path: &Path) -> Result<(), EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        self.root.open_directory(directory)?.remove_directory(name)
    }

    /// Where an entry is, or would be once it is created. A symbolic link is not followed.
    pub(super) fn locate_entry(&self, path: &Path) -> Result<EntryLocation, EntryError> {
        let Some((directory, name)) = split_name(path) else { return self.locate_directory(path) };
        let mut location = self.locate_directory(directory)?;
        location.push_name(name);
        Ok(location)
    }

    /// Where a directory is, or would be once it is created. Symbolic links are followed.
    pub(super) fn locate_directory(&self, path: &Path) -> Result<EntryLocation, EntryError> {
        match self.root.open_directory(path) {
            Err(EntryError::Missing) => {}
            opened => return self.directory_location(&opened?),
        }
        let mut opened = self.root.open_directory(Path::new("."))?;
        let mut opened_path = PathBuf::new();
        let mut missing: Vec<&OsStr> = Vec::new();
        for component in path.components() {
            match component {
                Component::ParentDir if missing.pop().is_some() => {}
                Component::Normal(name) if !missing.is_empty() => missing.push(name),
                _ => match (self.root.open_directory(&opened_path.join(component)), component) {
                    (Err(EntryError::Missing), Component::Normal(name)) => missing.push(name),
                    (found, _) => {
                        opened = found?;
                        opened_path.push(component);
                    }
                },
            }
        }
        let mut location = self.directory_location(&opened)?;
        for name in missing {
            location.push_name(name);
        }
        Ok(location)
    }

    /// Where an open file is that was opened by `path`.
    pub(super) fn locate_file(
        &self,
        file: &File,
        path: &Path,
    ) -> Result<EntryLocation, EntryError> {
        let absolute = self.root.real_file_path(file, path)?;
        EntryLocation::beneath(&self.root.real_path()?, absolute)
    }

    /// Where an open directory is.
    pub(super) fn directory_location(&self, directory: &B) -> Result<EntryLocation, EntryError> {
        EntryLocation::beneath(&self.root.real_path()?, directory.real_path()?)
    }

    /// Opens a directory, and creates its missing components one by one, each relative to the
    /// opened parent.
    pub(super) fn make_directories(&self, path: &Path) -> Result<B, EntryError> {
        match self.root.open_directory(path) {
            Err(EntryError::Missing) => {}
            opened => return opened,
        }
        let mut directory = self.root.open_directory(Path::new("."))?;
        let mut opened_path = PathBuf::new();
        for component in path.components() {
            opened_path.push(component);
            directory = match (self.root.open_directory(&opened_path), component) {
                (Err(EntryError::Missing), Component::Normal(name)) => {
                    directory.create_child(name)?;
                    // Another process may have just created it. A dangling symbolic link is not
                    // followed.
                    directory.open_child(name)?
                }
                (opened, _) => opened?,
            };
        }
        Ok(directory)
    }
}

/// The directory of a path and the name in it; `None` when the path can only be a directory.
pub(super) fn split_name(path: &Path) -> Option<(&Path, &OsStr)> {
    let name = path.file_name()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Some((parent.unwrap_or(Path::new(".")), name))
}
