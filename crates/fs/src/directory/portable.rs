//! Other systems than Linux: `cap-std` walks a path component by component.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, FileType, OpenOptions};

use super::confined::{DirectoryBackend, LinkPolicy, NameStatus};
use super::{DirectoryEntry, EntryError};
use crate::EntryKind;

/// A directory of `cap-std`, and its path without symbolic links at the time when it was opened.
#[derive(Debug)]
pub(super) struct PortableDirectory(Dir, PathBuf);

impl DirectoryBackend for PortableDirectory {
    fn open_root(path: &Path) -> io::Result<Self> {
        let directory = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self(directory, std::fs::canonicalize(path)?))
    }

    fn open_directory(&self, path: &Path, links: LinkPolicy) -> Result<Self, EntryError> {
        require_followed_links(links)?;
        Ok(Self(self.0.open_dir(path)?, self.1.join(self.0.canonicalize(path)?)))
    }

    fn open_child(&self, name: &OsStr) -> Result<Self, EntryError> {
        self.open_directory(Path::new(name), LinkPolicy::Follow)
    }

    fn create_child(&self, name: &OsStr) -> Result<(), EntryError> {
        match self.0.create_dir(name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn find_kind(&self, path: &Path, links: LinkPolicy) -> Result<EntryKind, EntryError> {
        require_followed_links(links)?;
        Ok(entry_kind(self.0.metadata(path)?.file_type()))
    }

    fn open_file(&self, path: &Path, links: LinkPolicy) -> Result<File, EntryError> {
        require_followed_links(links)?;
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        {
            use rustix::fs::OFlags;
            let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
            cap_std::fs::OpenOptionsExt::custom_flags(&mut options, flags);
        }
        Ok(self.0.open_with(path, &options)?.into_std())
    }

    fn open_child_file(&self, name: &OsStr) -> Result<File, EntryError> {
        // Without this the name of a link would be followed, if only within this directory.
        if self.0.symlink_metadata(name)?.file_type().is_symlink() {
            return Err(EntryError::LinkNotFollowed);
        }
        self.open_file(Path::new(name), LinkPolicy::Follow)
    }

    fn list_entries(&self, max_names: usize) -> Result<Vec<DirectoryEntry>, EntryError> {
        let entries = self.0.entries()?.take(max_names).map(|entry| {
            let entry = entry?;
            let kind = entry.file_type().map_or(EntryKind::Unknown, entry_kind);
            Ok(DirectoryEntry { name: entry.file_name(), kind })
        });
        entries.collect()
    }

    #[cfg(unix)]
    fn examine_name(&self, name: &OsStr) -> Result<NameStatus, EntryError> {
        use rustix::fs::{AtFlags, statat};
        let stat = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(super::unix::status_from_stat(&stat))
    }

    #[cfg(not(unix))]
    fn examine_name(&self, name: &OsStr) -> Result<NameStatus, EntryError> {
        use super::{EntryMetadata, FileVersion};
        let found = self.0.symlink_metadata(name)?;
        let modified = found.modified()?.into_std();
        let created = found.created().ok().map(cap_std::time::SystemTime::into_std);
        Ok(NameStatus {
            metadata: EntryMetadata {
                kind: entry_kind(found.file_type()),
                size: found.len(),
                modified,
            },
            version: FileVersion::from_times(found.len(), Some(modified), created),
            is_read_only: found.permissions().readonly(),
            link_count: 1,
        })
    }

    #[cfg(unix)]
    fn can_write(&self, name: &OsStr) -> bool {
        use rustix::fs::{Access, AtFlags, accessat};
        accessat(&self.0, name, Access::WRITE_OK, AtFlags::empty()).is_ok()
    }

    /// The replacement of the file fails if it is not permitted.
    #[cfg(not(unix))]
    fn can_write(&self, _: &OsStr) -> bool {
        true
    }

    fn read_link(&self, name: &OsStr) -> Result<PathBuf, EntryError> {
        Ok(self.0.read_link_contents(name)?)
    }

    fn create_file(&self, name: &OsStr, is_private: bool) -> Result<File, EntryError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, if is_private { 0o600 } else { 0o666 });
        // Files inherit their permissions from the directory on other systems.
        #[cfg(not(unix))]
        let _ = is_private;
        Ok(self.0.open_with(name, &options)?.into_std())
    }

    #[cfg(unix)]
    fn copy_attributes(file: &File, from: &NameStatus) -> Result<(), EntryError> {
        super::unix::change_attributes(file, from.attributes)
    }

    #[cfg(not(unix))]
    fn copy_attributes(_: &File, _: &NameStatus) -> Result<(), EntryError> {
        Ok(())
    }

    fn rename_file(&self, from: &OsStr, to: &OsStr) -> Result<(), EntryError> {
        Ok(self.0.rename(from, &self.0, to)?)
    }

    fn remove_entry(&self, name: &OsStr) -> Result<(), EntryError> {
        Ok(self.0.remove_file(name)?)
    }

    fn remove_directory(&self, name: &OsStr) -> Result<(), EntryError> {
        Ok(self.0.remove_dir(name)?)
    }

    fn real_path(&self) -> Result<PathBuf, EntryError> {
        Ok(self.1.clone())
    }

    fn real_file_path(&self, _file: &File, path: &Path) -> Result<PathBuf, EntryError> {
        Ok(self.1.join(self.0.canonicalize(path)?))
    }

    fn sync_entries(&self) {
        #[cfg(unix)]
        if let Ok(readable) = Dir::reopen_dir(&self.0) {
            let _ = rustix::fs::fsync(&readable);
        }
    }

    #[cfg(unix)]
    fn into_descriptor(self) -> OwnedFd {
        self.0.into_std_file().into()
    }
}

fn entry_kind(file_type: FileType) -> EntryKind {
    if file_type.is_file() {
        EntryKind::File
    } else if file_type.is_dir() {
        EntryKind::Directory
    } else if file_type.is_symlink() {
        EntryKind::SymbolicLink
    } else {
        special_kind(file_type)
    }
}

#[cfg(unix)]
fn special_kind(file_type: FileType) -> EntryKind {
    use cap_std::fs::FileTypeExt as _;
    if file_type.is_fifo() {
        EntryKind::NamedPipe
    } else if file_type.is_socket() {
        EntryKind::Socket
    } else if file_type.is_char_device() || file_type.is_block_device() {
        EntryKind::Device
    } else {
        EntryKind::Unknown
    }
}

#[cfg(not(unix))]
fn special_kind(_: FileType) -> EntryKind {
    EntryKind::Unknown
}

/// `cap-std` follows symbolic links in each path.
fn require_followed_links(links: LinkPolicy) -> Result<(), EntryError> {
    match links {
        LinkPolicy::Follow => Ok(()),
        LinkPolicy::Refuse => Err(EntryError::LinkNotFollowed),
    }
}
