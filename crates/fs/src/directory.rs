//! Directories whose files are reached through an open handle and never outside it.

mod confined;
mod entry;
mod error;
#[cfg(target_os = "linux")]
mod linux;
mod location;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
mod replace;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub use entry::{DirectoryEntry, EntryMetadata, FileVersion, LocatedEntry, OpenedEntry};
pub use error::EntryError;
#[cfg(target_os = "linux")]
use linux::LinuxDirectory as SystemDirectory;
pub use location::EntryLocation;
#[cfg(not(target_os = "linux"))]
use portable::PortableDirectory as SystemDirectory;
pub use replace::ReplaceOutcome;
#[cfg(unix)]
pub(crate) use unix::entry_kind;

use confined::ConfinedDirectory;

/// An open directory. It stays the same directory even if its path is renamed or replaced.
///
/// All paths are relative to it. A path that leads outside, by `..`, a symbolic link or because it
/// is absolute, is refused with [`EntryError::Outside`]. The check is made while the path is
/// walked, so changes of the tree by others meanwhile cannot lead outside either.
#[derive(Debug)]
pub struct DirectoryHandle(ConfinedDirectory<SystemDirectory>);

impl DirectoryHandle {
    /// Opens an existing directory.
    ///
    /// # Errors
    /// When the path is not a readable directory. On Linux also when the kernel lacks `openat2`
    /// (before 5.6, or a sandbox that forbids it).
    pub fn open(path: &Path) -> io::Result<Self> {
        ConfinedDirectory::open(path).map(Self)
    }

    /// Opens a regular file for reading, or reads at most `max_names` names of a directory.
    ///
    /// # Errors
    /// When the path leads outside or to something else, or cannot be read.
    pub fn open_entry(&self, path: &Path, max_names: usize) -> Result<OpenedEntry, EntryError> {
        self.0.open_entry(path, max_names)
    }

    /// Opens a regular file for reading, or reads at most `max_names` names of a directory, and tells
    /// where it is.
    ///
    /// # Errors
    /// As [`DirectoryHandle::open_entry`], and when the entry is outside the directory by now.
    pub fn open_located_entry(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<LocatedEntry, EntryError> {
        self.0.open_located_entry(path, max_names)
    }

    /// Reads the entries of a directory, sorted by name; at most `max_names`.
    ///
    /// # Errors
    /// When the path leads outside, is not a directory, or cannot be read.
    pub fn read_directory(
        &self,
        path: &Path,
        max_names: usize,
    ) -> Result<Vec<DirectoryEntry>, EntryError> {
        self.0.read_directory(path, max_names)
    }

    /// Opens a directory beneath this one as a handle of its own. Paths of the new handle are
    /// confined to that directory.
    ///
    /// # Errors
    /// When the path leads outside or is not a directory.
    pub fn open_directory(&self, path: &Path) -> Result<Self, EntryError> {
        self.0.open_directory(path).map(Self)
    }

    /// Opens a directory in this one by its name. A symbolic link is refused.
    ///
    /// # Errors
    /// When it is not a directory or cannot be opened.
    pub fn open_child_directory(&self, name: &OsStr) -> Result<Self, EntryError> {
        self.0.open_child_directory(name).map(Self)
    }

    /// Opens a regular file in this directory for reading, by its name. A symbolic link is refused.
    ///
    /// # Errors
    /// When it is not a regular file or cannot be opened.
    pub fn open_child_file(&self, name: &OsStr) -> Result<File, EntryError> {
        self.0.open_child_file(name)
    }

    /// The absolute path of this directory at this moment, without symbolic links.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn real_path(&self) -> Result<PathBuf, EntryError> {
        self.0.real_path()
    }

    /// The target of a symbolic link as written in it; `None` when the path is not a link.
    #[must_use]
    pub fn link_target(&self, path: &Path) -> Option<PathBuf> {
        self.0.link_target(path)
    }

    /// The version of an entry; a symbolic link is not followed.
    ///
    /// # Errors
    /// When the path leads outside or nothing exists there.
    pub fn entry_version(&self, path: &Path) -> Result<FileVersion, EntryError> {
        self.0.entry_version(path)
    }

    /// The version of an entry in this directory, by its name; a symbolic link is not followed.
    ///
    /// # Errors
    /// When nothing has that name.
    pub fn child_version(&self, name: &OsStr) -> Result<FileVersion, EntryError> {
        self.0.entry_version(Path::new(name))
    }

    /// The size and age of an entry; a symbolic link is not followed.
    ///
    /// # Errors
    /// When the path leads outside or nothing exists there.
    pub fn entry_metadata(&self, path: &Path) -> Result<EntryMetadata, EntryError> {
        self.0.entry_metadata(path)
    }

    /// Opens a directory for others to work in, e.g. as the working directory of a command.
    ///
    /// # Errors
    /// When the path leads outside or is not a directory.
    #[cfg(unix)]
    pub fn open_subdirectory(&self, path: &Path) -> Result<OwnedFd, EntryError> {
        self.0.open_subdirectory(path)
    }

    /// Removes a file or a symbolic link.
    ///
    /// # Errors
    /// When the path leads outside, is a directory, or cannot be removed.
    pub fn remove_file(&self, path: &Path) -> Result<(), EntryError> {
        self.0.remove_file(path)
    }

    /// Removes a directory that is empty.
    ///
    /// # Errors
    /// When the path leads outside, is no directory, or has entries.
    pub fn remove_empty_directory(&self, path: &Path) -> Result<(), EntryError> {
        self.0.remove_empty_directory(path)
    }

    /// Replaces the content of a file, and creates it and its directories if they do not exist.
    /// With `expected_version`, only if the file still has that version.
    ///
    /// The new content is durable on return, and no reader sees a partial file. An existing file
    /// keeps its permissions except setuid and setgid, and its owner where permitted.
    ///
    /// # Errors
    /// When the path leads outside, is a symbolic link or no regular file, when the file is
    /// read-only or has another version, and when it cannot be written. It is unchanged then.
    pub fn replace_file(
        &self,
        path: &Path,
        content: &[u8],
        expected_version: Option<&FileVersion>,
    ) -> Result<ReplaceOutcome, EntryError> {
        self.0.replace_file(path, content, expected_version, &|_| true)
    }

    /// Like [`DirectoryHandle::replace_file`], but only where `admit` permits it. It is asked for
    /// the directory that is opened to write in, so that no rename or link can lead elsewhere.
    ///
    /// # Errors
    /// As [`DirectoryHandle::replace_file`], and [`EntryError::ConcurrentMove`] when `admit` returns
    /// false.
    pub fn replace_file_where(
        &self,
        path: &Path,
        content: &[u8],
        expected_version: Option<&FileVersion>,
        admit: &dyn Fn(&EntryLocation) -> bool,
    ) -> Result<ReplaceOutcome, EntryError> {
        self.0.replace_file(path, content, expected_version, admit)
    }

    /// Like [`DirectoryHandle::replace_file`], but the file then belongs to this user and has the
    /// mode 0600, whatever it had before.
    ///
    /// # Errors
    /// As [`DirectoryHandle::replace_file`].
    pub fn replace_private_file(&self, path: &Path, content: &[u8]) -> Result<(), EntryError> {
        self.0.replace_private_file(path, content)
    }

    /// Where an entry is, or would be once it is created. If it is a symbolic link, this is where
    /// the link is.
    ///
    /// # Errors
    /// When the path leads outside or cannot be opened.
    pub fn locate_entry(&self, path: &Path) -> Result<EntryLocation, EntryError> {
        self.0.locate_entry(path)
    }

    /// Where a directory is, or would be once it is created. Symbolic links are followed.
    ///
    /// # Errors
    /// As [`DirectoryHandle::locate_entry`], and when the path is not a directory.
    pub fn locate_directory(&self, path: &Path) -> Result<EntryLocation, EntryError> {
        self.0.locate_directory(path)
    }
}
