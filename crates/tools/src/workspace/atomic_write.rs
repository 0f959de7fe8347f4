//! Writes files atomically.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{
    Access, AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid, accessat, fchmod,
    fchown, fstat, fsync, mkdirat, openat, openat2, readlinkat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use crate::workspace::files::file_type_name;
use crate::workspace::{PathErrorKind, RelativePath, ToolPathError, Workspace};

/// A version of a file: differs when the content changes or another file takes the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileVersion([u64; 7]);

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WriteOutcome {
    /// Whether the file did not exist before.
    pub(crate) is_new_file: bool,
    /// Whether the old content is still reachable through another hard link.
    pub(crate) has_other_links: bool,
}

impl WriteOutcome {
    /// A note for the tool's output; empty when there are no other hard links.
    pub(crate) fn hard_link_note(self) -> &'static str {
        if self.has_other_links {
            " (it was a hard link: its other names keep the old content)"
        } else {
            ""
        }
    }
}

impl FileVersion {
    pub(crate) fn from_stat(stat: &Stat) -> Self {
        Self([
            stat.st_dev,
            stat.st_ino,
            stat.st_size.cast_unsigned(),
            stat.st_mtime.cast_unsigned(),
            stat.st_mtime_nsec,
            stat.st_ctime.cast_unsigned(),
            stat.st_ctime_nsec,
        ])
    }
}

impl Workspace {
    /// Replaces the content of a file, and creates it and its directories if they do not exist.
    /// With `expected_version`, only if the file still has that version.
    ///
    /// The new content is durable on return, and no reader sees a partial file. An existing file
    /// keeps its permissions except setuid and setgid, and its owner where permitted.
    pub(crate) fn replace_file(
        &self,
        path: &RelativePath,
        content: &[u8],
        expected_version: Option<&FileVersion>,
    ) -> Result<WriteOutcome, ToolPathError> {
        let refuse = |problem| ToolPathError::new(path.text(), problem);
        let (directory, name) =
            path.split_parent().ok_or_else(|| refuse(PathErrorKind::IsDirectory))?;
        let directory = self.make_directories(directory).map_err(refuse)?;
        replace_file_in(&directory, name, content, expected_version).map_err(refuse)
    }

    /// Opens a directory, and creates its missing components one by one, each relative to the
    /// opened parent.
    fn make_directories(&self, path: &Path) -> Result<OwnedFd, PathErrorKind> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match self.open_at(path, flags) {
            Err(Errno::NOENT) => {}
            opened => return Ok(opened?),
        }
        let mut directory = self.open_at(Path::new("."), flags)?;
        let mut opened_path = PathBuf::new();
        for component in path.components() {
            opened_path.push(component);
            directory = match (self.open_at(&opened_path, flags), component) {
                (Err(Errno::NOENT), Component::Normal(name)) => {
                    match mkdirat(&directory, name, Mode::from_raw_mode(0o777)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    // Another process may have just created it. A dangling symbolic link is not
                    // followed.
                    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
                    openat2(&directory, name, flags, Mode::empty(), resolve)?
                }
                (opened, _) => opened?,
            };
        }
        Ok(directory)
    }
}

fn replace_file_in(
    directory: &OwnedFd,
    name: &OsStr,
    content: &[u8],
    expected_version: Option<&FileVersion>,
) -> Result<WriteOutcome, PathErrorKind> {
    let old_stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Some(stat),
        Err(Errno::NOENT) if expected_version.is_none() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(stat) = &old_stat {
        check_replaceable(directory, name, stat)?;
    }
    let mut temporary = TemporaryFile::create_in(directory, old_stat.is_none())?;
    if let Some(stat) = &old_stat {
        temporary.copy_attributes(stat)?;
    }
    temporary.file.write_all(content)?;
    temporary.file.sync_all()?;
    if let Some(expected) = expected_version {
        let current_stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileVersion::from_stat(&current_stat) != *expected {
            return Err(PathErrorKind::ConcurrentChange);
        }
    }
    temporary.rename_to(name)?;
    sync_directory(directory);
    Ok(WriteOutcome {
        is_new_file: old_stat.is_none(),
        has_other_links: old_stat.is_some_and(|stat| stat.st_nlink > 1),
    })
}

fn check_replaceable(directory: &OwnedFd, name: &OsStr, stat: &Stat) -> Result<(), PathErrorKind> {
    match FileType::from_raw_mode(stat.st_mode) {
        // A rename checks permissions of the directory only, so check those of the file here.
        FileType::RegularFile if stat.st_mode & 0o222 == 0 => Err(PathErrorKind::ReadOnly),
        FileType::RegularFile => accessat(directory, name, Access::WRITE_OK, AtFlags::empty())
            .map_err(|_| PathErrorKind::ReadOnly),
        FileType::Directory => Err(PathErrorKind::IsDirectory),
        FileType::Symlink => {
            let target = readlinkat(directory, name, Vec::new())?;
            Err(PathErrorKind::SymbolicLink(target.to_string_lossy().into_owned()))
        }
        other => Err(PathErrorKind::SpecialFile(file_type_name(other))),
    }
}

/// Makes the rename durable, as far as the file system supports it for directories.
fn sync_directory(directory: &OwnedFd) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if let Ok(readable) = openat(directory, ".", flags, Mode::empty()) {
        let _ = fsync(readable);
    }
}

/// A temporary file beside the file to replace; removed unless it is renamed.
struct TemporaryFile<'a> {
    directory: &'a OwnedFd,
    name: String,
    file: File,
    is_renamed: bool,
}

impl<'a> TemporaryFile<'a> {
    /// Creates an empty file; only its owner can read it unless it becomes a new file.
    fn create_in(directory: &'a OwnedFd, is_new: bool) -> Result<Self, Errno> {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!(".openclaw-{}-{now:x}-{number}.tmp", std::process::id());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if is_new { 0o666 } else { 0o600 });
        let file = openat(directory, &name, flags, mode)?;
        Ok(Self { directory, name, file: File::from(file), is_renamed: false })
    }

    /// Copies owner and permissions of the file that it will replace.
    fn copy_attributes(&self, stat: &Stat) -> Result<(), Errno> {
        let file = self.file.as_fd();
        let own_stat = fstat(file)?;
        if (own_stat.st_uid, own_stat.st_gid) != (stat.st_uid, stat.st_gid) {
            // Only root can change the owner; otherwise the user becomes the owner.
            let (owner, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
            let _ = fchown(file, Some(owner), Some(group));
        }
        fchmod(file, Mode::from_raw_mode(stat.st_mode & 0o777))
    }

    fn rename_to(mut self, name: &OsStr) -> Result<(), Errno> {
        renameat(self.directory, &self.name, self.directory, name)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for TemporaryFile<'_> {
    fn drop(&mut self) {
        if !self.is_renamed {
            // A failed removal must not hide the original error.
            let _ = unlinkat(self.directory, &self.name, AtFlags::empty());
        }
    }
}
