//! Why an entry beneath a directory was not opened, read or written.

use std::io;
use std::path::PathBuf;

use crate::EntryKind;

/// Why an entry beneath a directory was not opened, read or written.
///
/// The texts are fragments that fit after the path: "`a/b` is read-only".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The path leads outside the directory.
    #[error("is outside the directory (by `..`, a symbolic link or an absolute path)")]
    Outside,
    /// Nothing exists at the path.
    #[error("does not exist")]
    Missing,
    /// A file is in the place of a directory.
    #[error("has a part that is not a directory")]
    NotDirectory,
    /// A directory is in the place of a file.
    #[error("is a directory, not a file")]
    IsDirectory,
    /// The entry is neither a file nor a directory.
    #[error("is a {0}; only files and directories are opened")]
    SpecialFile(EntryKind),
    /// The path is a symbolic link to this target, and links are not written through.
    #[error("is a symbolic link to `{}`; write to that file by its own path", .0.display())]
    SymbolicLink(PathBuf),
    /// A symbolic link on the way is not followed.
    #[error("leads through a symbolic link that is not followed")]
    LinkNotFollowed,
    /// The file is read-only.
    #[error("is read-only")]
    ReadOnly,
    /// The file does not have the expected version.
    #[error("was changed by something else meanwhile; read it again")]
    ConcurrentChange,
    /// The path was renamed too often while it was opened.
    #[error("was being moved while it was opened; try again")]
    ConcurrentMove,
    /// Another error of the system.
    #[error("cannot be accessed")]
    System(#[source] io::Error),
}

impl From<io::Error> for EntryError {
    #[cfg(unix)]
    fn from(error: io::Error) -> Self {
        match rustix::io::Errno::from_io_error(&error) {
            Some(errno) => errno.into(),
            None => Self::from_kind(error),
        }
    }

    #[cfg(not(unix))]
    fn from(error: io::Error) -> Self {
        Self::from_kind(error)
    }
}

impl EntryError {
    fn from_kind(error: io::Error) -> Self {
        match error.kind() {
            // `cap-std` reports a path that leads outside with an error of its own.
            io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => Self::Outside,
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::NotADirectory => Self::NotDirectory,
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            _ => Self::System(error),
        }
    }
}

#[cfg(unix)]
impl From<rustix::io::Errno> for EntryError {
    fn from(error: rustix::io::Errno) -> Self {
        use rustix::io::Errno;
        match error {
            Errno::XDEV => Self::Outside,
            Errno::NOENT => Self::Missing,
            Errno::NOTDIR => Self::NotDirectory,
            Errno::ISDIR => Self::IsDirectory,
            Errno::NXIO => Self::SpecialFile(EntryKind::Socket),
            Errno::LOOP => Self::LinkNotFollowed,
            Errno::AGAIN => Self::ConcurrentMove,
            other => Self::System(other.into()),
        }
    }
}
