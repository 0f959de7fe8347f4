//! Directories that are worked in by handles, without following any symbolic link.
//!
//! Others may rename and replace everything in such a tree at any moment: each operation acts on a
//! name in an open directory, so a path that changes meanwhile cannot lead it elsewhere.

mod stamp;
#[cfg(test)]
mod tests;
mod tree;

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, RawMode, fchmod, mkdirat, openat, readlinkat, renameat, symlinkat,
    unlinkat,
};

use crate::DirectoryEntry;
use crate::directory::entry_kind;

pub use stamp::EntryStamp;
pub use tree::TreeRemoval;

/// The flags of a handle that other entries are opened relative to. On Linux it needs no permission
/// to read the directory.
#[cfg(target_os = "linux")]
const HANDLE: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const HANDLE: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open directory whose entries are reached without following any symbolic link. It stays the
/// same directory even if its path is renamed or replaced.
///
/// Names are single components: one with `/`, `.` or `..` is refused.
#[derive(Debug)]
pub struct LinklessDirectory(OwnedFd);

impl LinklessDirectory {
    /// Opens an existing directory. Links on the way to it are followed, but it is none itself.
    ///
    /// # Errors
    /// When the path is not a directory, or a link.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, HANDLE, Mode::empty())?))
    }

    /// Opens a directory beneath this one; an empty path is the directory itself.
    ///
    /// # Errors
    /// When a part of the path is a link, `..` or no directory, or cannot be opened.
    pub fn open_beneath(&self, path: &Path) -> io::Result<Self> {
        if path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if path.as_os_str().is_empty() {
            return Ok(Self(self.0.try_clone()?));
        }
        self.walk_beneath(path)
    }

    #[cfg(target_os = "linux")]
    fn walk_beneath(&self, path: &Path) -> io::Result<Self> {
        /// The kernel takes no longer path at once, with its end.
        const MAX_PATH_BYTES: usize = 4095;

        if path.as_os_str().len() <= MAX_PATH_BYTES {
            return self.walk_at_once(path);
        }
        let mut directory = Self(self.0.try_clone()?);
        let mut part = PathBuf::new();
        for name in path {
            if part.as_os_str().len() + 1 + name.len() > MAX_PATH_BYTES {
                directory = directory.walk_at_once(&part)?;
                part.clear();
            }
            part.push(name);
        }
        directory.walk_at_once(&part)
    }

    #[cfg(target_os = "linux")]
    fn walk_at_once(&self, path: &Path) -> io::Result<Self> {
        use rustix::fs::{ResolveFlags, openat2};
        use rustix::io::Errno;

        /// How often opening is retried after a collision with a rename.
        const MAX_OPEN_ATTEMPTS: usize = 128;

        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let mut attempts = 0;
        loop {
            match openat2(&self.0, path, HANDLE, Mode::empty(), resolve) {
                Err(Errno::AGAIN | Errno::INTR) if attempts < MAX_OPEN_ATTEMPTS => attempts += 1,
                // A link on the way is no directory.
                Err(Errno::LOOP) => return Err(io::ErrorKind::NotADirectory.into()),
                opened => return Ok(Self(opened?)),
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn walk_beneath(&self, path: &Path) -> io::Result<Self> {
        let mut directory = Self(self.0.try_clone()?);
        for name in path {
            directory = Self(openat(&directory.0, name, HANDLE, Mode::empty())?);
        }
        Ok(directory)
    }

    /// Opens a directory in this one.
    ///
    /// # Errors
    /// When it is a link or no directory, or cannot be opened.
    pub fn open_child(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self(openat(&self.0, check_name(name)?, HANDLE, Mode::empty())?))
    }

    /// What this directory is and when it changed.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn stamp(&self) -> io::Result<EntryStamp> {
        EntryStamp::of_open_file(&self.0)
    }

    /// What an entry is and when it changed; a link is not followed.
    ///
    /// # Errors
    /// When nothing has the name, or this directory cannot be passed through.
    pub fn entry_stamp(&self, name: &OsStr) -> io::Result<EntryStamp> {
        EntryStamp::at(&self.0, Path::new(check_name(name)?))
    }

    /// The stamp of what a path leads to. Links on the way are followed, so this is only a hint:
    /// nothing is opened, and whoever acts on it has to open the path without links.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn guess_stamp(&self, path: &Path) -> io::Result<EntryStamp> {
        if path.as_os_str().is_empty() {
            return self.stamp();
        }
        EntryStamp::at(&self.0, path)
    }

    /// Reads the entries of this directory in any order, at most `max_names`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&self, max_names: usize) -> io::Result<Vec<DirectoryEntry>> {
        let mut entries = Vec::new();
        self.visit_entries(|entry| {
            if entries.len() == max_names {
                return ControlFlow::Break(());
            }
            entries.push(entry);
            ControlFlow::Continue(())
        })?;
        Ok(entries)
    }

    /// Calls `visit` with one entry of this directory after another, in any order, without holding
    /// them all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn visit_entries(
        &self,
        mut visit: impl FnMut(DirectoryEntry) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        for entry in Dir::new(openat(&self.0, ".", flags, Mode::empty())?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let name = OsString::from_vec(name.to_vec());
            let entry = DirectoryEntry { name, kind: entry_kind(entry.file_type()) };
            if visit(entry).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Where this directory is now, if the system tells. Others may move it at any moment.
    #[must_use]
    pub fn current_path(&self) -> Option<PathBuf> {
        std::fs::read_link(format!("/proc/self/fd/{}", self.0.as_raw_fd())).ok()
    }

    /// Reads a regular file of at most `max_bytes`; `None` for a larger one. A pipe that took its
    /// place is not waited for.
    ///
    /// # Errors
    /// When it is a link or no regular file, or cannot be read.
    pub fn read_file(&self, name: &OsStr, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
        let (file, metadata) = self.open_regular(name)?;
        let capacity = metadata.len().min(max_bytes);
        let mut bytes = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
        // A file that grows meanwhile is as large as one that was so before.
        file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        let is_small = u64::try_from(bytes.len()).is_ok_and(|length| length <= max_bytes);
        Ok(is_small.then_some(bytes))
    }

    /// Opens a regular file to read parts of it. A pipe that took its place is not waited for.
    ///
    /// # Errors
    /// When it is a link or no regular file, or cannot be read.
    pub fn open_file(&self, name: &OsStr) -> io::Result<File> {
        self.open_regular(name).map(|(file, _)| file)
    }

    fn open_regular(&self, name: &OsStr) -> io::Result<(File, Metadata)> {
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, check_name(name)?, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok((file, metadata))
    }

    /// The target of a link, as written in it.
    ///
    /// # Errors
    /// When it is no link.
    pub fn read_link(&self, name: &OsStr) -> io::Result<PathBuf> {
        let target = readlinkat(&self.0, check_name(name)?, Vec::new())?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    /// Creates a directory.
    ///
    /// # Errors
    /// When something has the name.
    pub fn create_child(&self, name: &OsStr) -> io::Result<()> {
        Ok(mkdirat(&self.0, check_name(name)?, Mode::from_raw_mode(0o777))?)
    }

    /// Creates a symbolic link in place of what has the name, if that is no directory.
    ///
    /// # Errors
    /// When a directory has the name, or nothing can be created.
    pub fn put_link(&self, name: &OsStr, target: &Path) -> io::Result<()> {
        let name = check_name(name)?;
        let temporary = unused_name();
        symlinkat(target, &self.0, &temporary)?;
        self.put_in_place(&temporary, name)
    }

    /// Creates a file with a content and a mode in place of what has the name, if that is no
    /// directory. Nobody sees a part of it.
    ///
    /// # Errors
    /// When a directory has the name, or nothing can be created.
    pub fn put_file(&self, name: &OsStr, content: &[u8], mode: u32) -> io::Result<()> {
        let name = check_name(name)?;
        let temporary = unused_name();
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let created = openat(&self.0, &temporary, flags, Mode::from_raw_mode(0o600))?;
        let mut file = File::from(created);
        let written = file.write_all(content).and_then(|()| {
            Ok(fchmod(
                &file,
                Mode::from_raw_mode(RawMode::try_from(mode & 0o777).unwrap_or(0o600)),
            )?)
        });
        if let Err(error) = written {
            let _ = unlinkat(&self.0, &temporary, AtFlags::empty());
            return Err(error);
        }
        self.put_in_place(&temporary, name)
    }

    fn put_in_place(&self, temporary: &OsStr, name: &OsStr) -> io::Result<()> {
        renameat(&self.0, temporary, &self.0, name).map_err(|error| {
            // A failed removal must not hide the original error.
            let _ = unlinkat(&self.0, temporary, AtFlags::empty());
            error.into()
        })
    }

    /// Removes an entry that is no directory. A link itself is removed.
    ///
    /// # Errors
    /// When it is a directory or cannot be removed.
    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, check_name(name)?, AtFlags::empty())?)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// When it has entries, is no directory, or cannot be removed.
    pub fn remove_child(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, check_name(name)?, AtFlags::REMOVEDIR)?)
    }

    /// Moves an entry to a directory of the same file system, unless something has its new name there.
    ///
    /// # Errors
    /// When something has the new name, nothing has the old one, or it cannot be moved.
    pub fn move_entry(&self, name: &OsStr, directory: &Self, new_name: &OsStr) -> io::Result<()> {
        let (name, new_name) = (check_name(name)?, check_name(new_name)?);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            use rustix::io::Errno;

            match renameat_with(&self.0, name, &directory.0, new_name, RenameFlags::NOREPLACE) {
                // Some file systems cannot do that.
                Err(Errno::INVAL | Errno::NOSYS) => {}
                renamed => return Ok(renamed?),
            }
        }
        if directory.entry_stamp(new_name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(renameat(&self.0, name, &directory.0, new_name)?)
    }

    /// Makes this directory readable, writable and searchable for its owner. Returns whether its
    /// mode was changed.
    ///
    /// # Errors
    /// When it is not the user's own.
    pub fn make_accessible(&self) -> io::Result<bool> {
        let stamp = self.stamp()?;
        if stamp.mode & 0o700 == 0o700 {
            return Ok(false);
        }
        let mode = RawMode::try_from(stamp.mode | 0o700).unwrap_or(0o700);
        let mode = Mode::from_raw_mode(mode);
        if cfg!(target_os = "linux") {
            // The handle itself has no right to change anything; this path leads to what is open.
            rustix::fs::chmod(format!("/proc/self/fd/{}", self.0.as_raw_fd()), mode)?;
        } else {
            fchmod(&self.0, mode)?;
        }
        Ok(true)
    }
}

/// A name that no other entry has.
fn unused_name() -> OsString {
    static CREATED: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    let number = CREATED.fetch_add(1, Ordering::Relaxed);
    OsString::from(format!(".openclaw-{}-{now:x}-{number}.tmp", std::process::id()))
}

fn check_name(name: &OsStr) -> io::Result<&OsStr> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes == b"." || bytes == b".." || bytes.contains(&b'/') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(name)
}
