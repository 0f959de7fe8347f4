//! What a confined directory does, over the primitives of a system.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Deref;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use super::{
    DirectoryEntry, EntryError, EntryLocation, EntryMetadata, FileVersion, LocatedEntry,
    OpenedEntry,
};
use crate::EntryKind;

/// What is done with symbolic links on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkPolicy {
    /// They are followed, as long as they lead to nothing outside.
    Follow,
    /// A path with one is refused, so that what is opened is where the path says. A system that
    /// cannot tell refuses each path.
    Refuse,
}

/// The primitives of a system. Paths are relative to the directory and may have many components;
/// one that leads outside is refused during its walk. Names are single components that are not
/// followed if they are symbolic links.
pub(super) trait DirectoryBackend: Sized + std::fmt::Debug {
    /// Opens a directory by a path that is not confined.
    fn open_root(path: &Path) -> io::Result<Self>;
    /// Opens a directory beneath this one.
    fn open_directory(&self, path: &Path, links: LinkPolicy) -> Result<Self, EntryError>;
    /// Opens a directory in this one that is not a symbolic link.
    fn open_child(&self, name: &OsStr) -> Result<Self, EntryError>;
    /// Creates a directory in this one.
    fn create_child(&self, name: &OsStr) -> Result<(), EntryError>;
    /// The kind of what a path leads to, without opening it.
    fn find_kind(&self, path: &Path, links: LinkPolicy) -> Result<EntryKind, EntryError>;
    /// Opens a file for reading without waiting for the writer of a pipe.
    fn open_file(&self, path: &Path, links: LinkPolicy) -> Result<File, EntryError>;
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
    /// The path of the directory when it was first asked for; `None` when the system does not tell.
    path: OnceLock<Option<PathBuf>>,
}

/// The directory itself, or one beneath it.
enum FoundDirectory<'a, B> {
    Root(&'a B),
    Beneath(B),
}

impl<B> Deref for FoundDirectory<'_, B> {
    type Target = B;

    fn deref(&self) -> &B {
        match self {
            Self::Root(directory) => directory,
            Self::Beneath(directory) => directory,
        }
    }
}

impl<B: DirectoryBackend> ConfinedDirectory<B> {
    fn new(root: B) -> Self {
        Self { root, path: OnceLock::new() }
    }

    pub(super) fn open(path: &Path) -> io::Result<Self> {
        B::open_root(path).map(Self::new)
    }

    pub(super) fn open_entry(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<OpenedEntry, EntryError> {
        self.open_by(path, LinkPolicy::Follow, max_names).map(|(entry, _)| entry)
    }

    /// Opens an entry, and tells where it is.
    pub(super) fn open_located_entry(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<LocatedEntry, EntryError> {
        if let Some(location) = self.plain_location(path)
            && let Ok((entry, has_other_links)) = self.open_by(path, LinkPolicy::Refuse, max_names)
        {
            return Ok(LocatedEntry { entry, location, has_other_links });
        }
        let (entry, has_other_links) = self.open_by(path, LinkPolicy::Follow, max_names)?;
        let location = match &entry {
            OpenedEntry::File(file, _) => self.locate_file(file, path)?,
            OpenedEntry::Directory(_) => self.locate_directory(path)?,
        };
        Ok(LocatedEntry { entry, location, has_other_links })
    }

    /// Opens an entry, and tells whether it is a file with other names.
    fn open_by(
        &self,
        path: &Path,
        links: LinkPolicy,
        max_names: usize,
    ) -> Result<(OpenedEntry, bool), EntryError> {
        // Checked before opening: opening a device can have side effects.
        match self.root.find_kind(path, links)? {
            EntryKind::File => {}
            EntryKind::Directory => {
                let directory = self.root.open_directory(path, links)?;
                return Ok((OpenedEntry::Directory(sorted_entries(&directory, max_names)?), false));
            }
            other => return Err(EntryError::SpecialFile(other)),
        }
        // The entry may have become something else since.
        let file = self.root.open_file(path, links)?;
        let metadata = file.metadata()?;
        match EntryKind::from(metadata.file_type()) {
            EntryKind::File => {
                let version = FileVersion::from_metadata(&metadata);
                Ok((OpenedEntry::File(file, version), link_count(&metadata) > 1))
            }
            other => Err(EntryError::SpecialFile(other)),
        }
    }

    pub(super) fn read_directory(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<Vec<DirectoryEntry>, EntryError> {
        sorted_entries(&*self.find_directory(path)?, max_names)
    }

    pub(super) fn open_directory(&self, path: &Path) -> Result<Self, EntryError> {
        self.root.open_directory(path, LinkPolicy::Follow).map(Self::new)
    }

    pub(super) fn open_child_directory(&self, name: &OsStr) -> Result<Self, EntryError> {
        self.root.open_child(name).map(Self::new)
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
        self.find_directory(directory).ok()?.read_link(name).ok()
    }

    pub(super) fn entry_metadata(&self, path: &Path) -> Result<EntryMetadata, EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        Ok(self.find_directory(directory)?.examine_name(name)?.metadata)
    }

    pub(super) fn entry_version(&self, path: &Path) -> Result<FileVersion, EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        Ok(self.find_directory(directory)?.examine_name(name)?.version)
    }

    #[cfg(unix)]
    pub(super) fn open_subdirectory(&self, path: &Path) -> Result<OwnedFd, EntryError> {
        Ok(self.root.open_directory(path, LinkPolicy::Follow)?.into_descriptor())
    }

    pub(super) fn remove_file(&self, path: &Path) -> Result<(), EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        self.find_directory(directory)?.remove_entry(name)
    }

    pub(super) fn remove_empty_directory(&self, path: &Path) -> Result<(), EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        self.find_directory(directory)?.remove_directory(name)
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
        if let Some((_, location)) = self.open_plain_directory(path) {
            return Ok(location);
        }
        match self.find_directory(path) {
            Err(EntryError::Missing) => {}
            found => return self.directory_location(&*found?),
        }
        let mut found = FoundDirectory::Root(&self.root);
        let mut opened_path = PathBuf::new();
        let mut missing: Vec<&OsStr> = Vec::new();
        for component in path.components() {
            match component {
                Component::ParentDir if missing.pop().is_some() => {}
                Component::Normal(name) if !missing.is_empty() => missing.push(name),
                _ => match (self.find_directory(&opened_path.join(component)), component) {
                    (Err(EntryError::Missing), Component::Normal(name)) => missing.push(name),
                    (opened, _) => {
                        found = opened?;
                        opened_path.push(component);
                    }
                },
            }
        }
        let mut location = self.directory_location(&found)?;
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
    fn directory_location(&self, directory: &B) -> Result<EntryLocation, EntryError> {
        EntryLocation::beneath(&self.root.real_path()?, directory.real_path()?)
    }

    /// Opens a directory that may be this one.
    fn find_directory(&self, path: &Path) -> Result<FoundDirectory<'_, B>, EntryError> {
        if path == Path::new(".") {
            return Ok(FoundDirectory::Root(&self.root));
        }
        self.root.open_directory(path, LinkPolicy::Follow).map(FoundDirectory::Beneath)
    }

    /// Opens a directory whose path leads through no symbolic link; `None` for others, and when it
    /// cannot be opened. Asking the system where it is would take longer than opening it.
    fn open_plain_directory(&self, path: &Path) -> Option<(FoundDirectory<'_, B>, EntryLocation)> {
        let location = self.plain_location(path)?;
        if path == Path::new(".") {
            return Some((FoundDirectory::Root(&self.root), location));
        }
        let directory = self.root.open_directory(path, LinkPolicy::Refuse).ok()?;
        Some((FoundDirectory::Beneath(directory), location))
    }

    /// Where a path leads to if none of its components is a symbolic link; `None` when its text does
    /// not say it.
    fn plain_location(&self, path: &Path) -> Option<EntryLocation> {
        let relative = if path == Path::new(".") { Path::new("") } else { path };
        // A short name of a FAT file system stands for another one.
        let is_plain = |component: Component<'_>| matches!(component, Component::Normal(name) if !name.as_encoded_bytes().contains(&b'~'));
        if !relative.components().all(is_plain) {
            return None;
        }
        let root = self.path.get_or_init(|| self.root.real_path().ok()).as_deref()?;
        Some(EntryLocation::in_directory(root, relative))
    }

    /// Opens a directory, and creates its missing components one by one, each relative to the
    /// opened parent.
    pub(super) fn make_directories(
        &self,
        path: &Path,
    ) -> Result<(impl Deref<Target = B>, EntryLocation), EntryError> {
        if let Some(found) = self.open_plain_directory(path) {
            return Ok(found);
        }
        let directory = self.create_directories(path)?;
        let location = self.directory_location(&directory)?;
        Ok((directory, location))
    }

    fn create_directories(&self, path: &Path) -> Result<FoundDirectory<'_, B>, EntryError> {
        match self.find_directory(path) {
            Err(EntryError::Missing) => {}
            found => return found,
        }
        let mut directory = FoundDirectory::Root(&self.root);
        let mut opened_path = PathBuf::new();
        for component in path.components() {
            opened_path.push(component);
            directory = match (self.find_directory(&opened_path), component) {
                (Err(EntryError::Missing), Component::Normal(name)) => {
                    directory.create_child(name)?;
                    // Another process may have just created it. A dangling symbolic link is not
                    // followed.
                    FoundDirectory::Beneath(directory.open_child(name)?)
                }
                (found, _) => found?,
            };
        }
        Ok(directory)
    }
}

fn sorted_entries<B: DirectoryBackend>(
    directory: &B,
    max_names: usize,
) -> Result<Vec<DirectoryEntry>, EntryError> {
    let mut entries = directory.list_entries(max_names)?;
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

#[cfg(unix)]
fn link_count(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn link_count(_: &Metadata) -> u64 {
    1
}

/// The directory of a path and the name in it; `None` when the path can only be a directory.
pub(super) fn split_name(path: &Path) -> Option<(&Path, &OsStr)> {
    let name = path.file_name()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Some((parent.unwrap_or(Path::new(".")), name))
}
