//! The directory that the file tools work in.

mod atomic_write;
mod files;
mod path;
mod path_error;
mod suggestion;
mod text;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

pub(crate) use atomic_write::FileVersion;
pub(crate) use files::{DirectoryEntry, MAX_NAMES, WorkspaceEntry, file_type_name};
pub(crate) use path::RelativePath;
pub(crate) use path_error::{PathErrorKind, ToolPathError, shorten_text};

/// An opened directory. Clones share it. It stays the same directory whatever its path is
/// renamed to or replaced by.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: Arc<WorkspaceRoot>,
}

#[derive(Debug)]
struct WorkspaceRoot {
    directory: OwnedFd,
    path: PathBuf,
    /// The path without symbolic links, as commands in the directory see it.
    real_path: PathBuf,
}

/// A workspace that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("open the workspace `{}`", path.display())]
pub struct WorkspaceError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Workspace {
    /// Opens an existing directory. A relative path is taken from the current directory.
    ///
    /// # Errors
    /// When the path is not a directory that may be read, or the kernel has no `openat2`
    /// (Linux before 5.6, or a sandbox that forbids it).
    pub fn open(path: &Path) -> Result<Self, WorkspaceError> {
        let open = || -> io::Result<WorkspaceRoot> {
            let absolute = std::path::absolute(path)?;
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = rustix::fs::open(&absolute, flags, Mode::empty())?;
            // What every later call relies on fails here rather than then.
            files::open_beneath(&directory, Path::new("."), OFlags::RDONLY | OFlags::DIRECTORY)?;
            let real_path = std::fs::canonicalize(&absolute)?;
            Ok(WorkspaceRoot { directory, path: absolute, real_path })
        };
        let root = open().map_err(|source| WorkspaceError { path: path.to_owned(), source })?;
        Ok(Self { root: Arc::new(root) })
    }

    /// The path it was opened by, made absolute. For people; files are never opened through it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root.path
    }
}
