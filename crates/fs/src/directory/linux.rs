//! Linux: `openat2` checks each component in the kernel during the walk.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{
    Access, AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, accessat, fstat, fsync, mkdirat,
    openat, openat2, readlinkat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::confined::{DirectoryBackend, LinkPolicy, NameStatus};
use super::{DirectoryEntry, EntryError};
use crate::EntryKind;
use crate::directory::unix::{change_attributes, entry_kind, status_from_stat};

/// How often opening is retried after a collision with a rename.
const MAX_OPEN_ATTEMPTS: usize = 128;

/// The flags of a handle that other entries are opened relative to.
const HANDLE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory descriptor.
#[derive(Debug)]
pub(super) struct LinuxDirectory(OwnedFd);

/// Says what a machine lacks that has no `openat2`.
fn explain_missing_call(error: Errno) -> io::Error {
    if error != Errno::NOSYS {
        return error.into();
    }
    let message = "the system has no `openat2`, by which files are kept in the workspace: it takes \
                   Linux 5.6 or later, and a container runtime or emulator that passes the call on";
    io::Error::new(io::ErrorKind::Unsupported, message)
}

impl DirectoryBackend for LinuxDirectory {
    fn open_root(path: &Path) -> io::Result<Self> {
        let directory = rustix::fs::open(path, HANDLE, Mode::empty())?;
        // Fails now rather than in a later call when `openat2` or `/proc` is not available.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        open_beneath(&directory, Path::new("."), flags, LinkPolicy::Follow)
            .map_err(explain_missing_call)?;
        descriptor_path(&directory)?;
        Ok(Self(directory))
    }

    fn open_directory(&self, path: &Path, links: LinkPolicy) -> Result<Self, EntryError> {
        Ok(Self(open_beneath(&self.0, path, HANDLE, links)?))
    }

    fn open_child(&self, name: &OsStr) -> Result<Self, EntryError> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        Ok(Self(openat2(&self.0, name, HANDLE, Mode::empty(), resolve)?))
    }

    fn create_child(&self, name: &OsStr) -> Result<(), EntryError> {
        match mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn find_kind(&self, path: &Path, links: LinkPolicy) -> Result<EntryKind, EntryError> {
        let entry = open_beneath(&self.0, path, OFlags::PATH, links)?;
        Ok(entry_kind(FileType::from_raw_mode(fstat(entry)?.st_mode)))
    }

    fn open_file(&self, path: &Path, links: LinkPolicy) -> Result<File, EntryError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(File::from(open_beneath(&self.0, path, flags, links)?))
    }

    fn open_child_file(&self, name: &OsStr) -> Result<File, EntryError> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(openat2(&self.0, name, flags, Mode::empty(), resolve)?))
    }

    fn list_entries(&self, max_names: usize) -> Result<Vec<DirectoryEntry>, EntryError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut entries = Vec::new();
        for entry in Dir::new(openat(&self.0, ".", flags, Mode::empty())?)? {
            if entries.len() == max_names {
                break;
            }
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let name = OsString::from_vec(name.to_vec());
                entries.push(DirectoryEntry { name, kind: entry_kind(entry.file_type()) });
            }
        }
        Ok(entries)
    }

    fn examine_name(&self, name: &OsStr) -> Result<NameStatus, EntryError> {
        Ok(status_from_stat(&statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn can_write(&self, name: &OsStr) -> bool {
        accessat(&self.0, name, Access::WRITE_OK, AtFlags::empty()).is_ok()
    }

    fn read_link(&self, name: &OsStr) -> Result<PathBuf, EntryError> {
        let target = readlinkat(&self.0, name, Vec::new())?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    fn create_file(&self, name: &OsStr, is_private: bool) -> Result<File, EntryError> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if is_private { 0o600 } else { 0o666 });
        Ok(File::from(openat(&self.0, name, flags, mode)?))
    }

    fn copy_attributes(file: &File, from: &NameStatus) -> Result<(), EntryError> {
        change_attributes(file, from.attributes)
    }

    fn rename_file(&self, from: &OsStr, to: &OsStr) -> Result<(), EntryError> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    fn remove_entry(&self, name: &OsStr) -> Result<(), EntryError> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    fn remove_directory(&self, name: &OsStr) -> Result<(), EntryError> {
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    fn real_path(&self) -> Result<PathBuf, EntryError> {
        Ok(descriptor_path(&self.0)?)
    }

    fn real_file_path(&self, file: &File, _path: &Path) -> Result<PathBuf, EntryError> {
        let path = descriptor_path(file)?;
        // The kernel marks the path of a file that was replaced or removed since it was opened.
        if fstat(file)?.st_nlink == 0
            && let Some(unmarked) = path.as_os_str().as_bytes().strip_suffix(b" (deleted)")
        {
            return Ok(PathBuf::from(OsStr::from_bytes(unmarked)));
        }
        Ok(path)
    }

    fn sync_entries(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if let Ok(readable) = openat(&self.0, ".", flags, Mode::empty()) {
            let _ = fsync(readable);
        }
    }

    fn into_descriptor(self) -> OwnedFd {
        self.0
    }
}

/// The path that the kernel knows an open file or directory by.
fn descriptor_path(descriptor: impl AsFd) -> io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd()))
}

/// Opens a path beneath a directory. The kernel checks each component during the walk, so
/// concurrent changes to the path cannot lead outside.
fn open_beneath(
    directory: impl AsFd,
    path: &Path,
    flags: OFlags,
    links: LinkPolicy,
) -> Result<OwnedFd, Errno> {
    let refused_links = match links {
        LinkPolicy::Follow => ResolveFlags::NO_MAGICLINKS,
        LinkPolicy::Refuse => ResolveFlags::NO_SYMLINKS,
    };
    let resolve = ResolveFlags::BENEATH | refused_links;
    let mut attempts = 0;
    loop {
        match openat2(&directory, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            // A rename elsewhere on the system made a `..` component uncertain.
            Err(Errno::AGAIN | Errno::INTR) if attempts < MAX_OPEN_ATTEMPTS => attempts += 1,
            opened => return opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_the_call_is_told_what_it_takes() {
        let told = explain_missing_call(Errno::NOSYS);
        assert_eq!(told.kind(), io::ErrorKind::Unsupported);
        assert!(told.to_string().contains("Linux 5.6"), "{told}");
        assert_eq!(explain_missing_call(Errno::ACCESS).kind(), io::ErrorKind::PermissionDenied);
    }
}
