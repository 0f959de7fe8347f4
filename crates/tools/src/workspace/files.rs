//! Opens files beneath the workspace only.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, fstat, openat2, readlinkat};
use rustix::io::Errno;

use crate::workspace::{FileVersion, PathErrorKind, RelativePath, ToolPathError, Workspace};

/// How often opening is retried after a collision with a rename.
const MAX_OPEN_ATTEMPTS: usize = 128;
/// The most names that are read from a directory.
pub(crate) const MAX_NAMES: usize = 50_000;

/// The file or directory at a path.
#[derive(Debug)]
pub(crate) enum WorkspaceEntry {
    /// A regular file opened for reading, with its version at that time.
    File(File, FileVersion),
    /// The names in a directory.
    Directory(Vec<DirectoryEntry>),
}

/// An entry of a directory.
#[derive(Debug)]
pub(crate) struct DirectoryEntry {
    pub(crate) name: OsString,
    pub(crate) file_type: FileType,
}

impl Workspace {
    /// Opens a file or reads a directory.
    pub(crate) fn open_entry(&self, path: &RelativePath) -> Result<WorkspaceEntry, ToolPathError> {
        let entry = self.try_open_entry(path.as_path()).map_err(|problem| match problem {
            PathErrorKind::Missing(_) => {
                PathErrorKind::Missing(self.describe_nearest(path.as_path()))
            }
            other => other,
        });
        entry.map_err(|problem| ToolPathError::new(path.text(), problem))
    }

    /// Opens a directory to start a command in.
    pub(crate) fn open_directory(&self, path: &RelativePath) -> Result<OwnedFd, ToolPathError> {
        self.open_at(path.as_path(), OFlags::PATH | OFlags::DIRECTORY).map_err(|error| {
            let problem = match error {
                Errno::NOENT => PathErrorKind::Missing(self.describe_nearest(path.as_path())),
                other => other.into(),
            };
            ToolPathError::new(path.text(), problem)
        })
    }

    fn try_open_entry(&self, path: &Path) -> Result<WorkspaceEntry, PathErrorKind> {
        // Checked before opening: opening a device can have side effects.
        match file_type(&self.open_at(path, OFlags::PATH)?)? {
            FileType::RegularFile => {}
            FileType::Directory => {
                return Ok(WorkspaceEntry::Directory(self.read_directory(path)?));
            }
            other => return Err(PathErrorKind::SpecialFile(file_type_name(other))),
        }
        // Non-blocking, in case the file has become a pipe since.
        let file = self.open_at(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        match file_type(&file)? {
            FileType::RegularFile => {
                let version = FileVersion::from_stat(&fstat(&file)?);
                Ok(WorkspaceEntry::File(File::from(file), version))
            }
            other => Err(PathErrorKind::SpecialFile(file_type_name(other))),
        }
    }

    /// The names in a directory, sorted; at most [`MAX_NAMES`].
    pub(crate) fn read_directory(&self, path: &Path) -> Result<Vec<DirectoryEntry>, PathErrorKind> {
        let directory = self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::new(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let name = OsString::from_vec(name.to_vec());
                names.push(DirectoryEntry { name, file_type: entry.file_type() });
            }
            if names.len() == MAX_NAMES {
                break;
            }
        }
        names.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(names)
    }

    /// The target of a symbolic link as written in it; `None` when the path is not a link.
    pub(crate) fn link_target(&self, path: &Path) -> Option<String> {
        let link = self.open_at(path, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
        let target = readlinkat(link, "", Vec::new()).ok()?;
        Some(target.to_string_lossy().into_owned())
    }

    /// Opens a path beneath the workspace.
    pub(crate) fn open_at(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        open_beneath(&self.root.directory, path, flags)
    }
}

/// Opens a path beneath a directory. The kernel checks each component during the walk, so
/// concurrent changes to the path cannot lead outside.
pub(crate) fn open_beneath(
    directory: impl AsFd,
    path: &Path,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut attempts = 0;
    loop {
        match openat2(&directory, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            // A rename elsewhere on the system made a `..` component uncertain.
            Err(Errno::AGAIN | Errno::INTR) if attempts < MAX_OPEN_ATTEMPTS => attempts += 1,
            opened => return opened,
        }
    }
}

fn file_type(file: &OwnedFd) -> Result<FileType, Errno> {
    Ok(FileType::from_raw_mode(fstat(file)?.st_mode))
}

/// A readable name for entries that are neither files nor directories.
pub(crate) fn file_type_name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::Fifo => "named pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Symlink => "symbolic link",
        FileType::Directory => "directory",
        FileType::RegularFile => "file",
        FileType::Unknown => "thing of an unknown kind",
    }
}
