//! The directory that the file tools are confined to.

mod atomic_write;
mod file_diff;
mod files;
mod named_roots;
mod path;
mod path_error;
mod private_paths;
mod protection;
mod recorded_change;
mod seen_versions;
mod suggestion;
mod text;
mod tool_writes;
mod walk;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::DirectoryHandle;

use crate::change_journal::ChangeJournal;

pub(crate) use atomic_write::{ReplaceCondition, hard_link_note};
pub(crate) use file_diff::{AskedChange, describe_change};
pub(crate) use files::MAX_NAMES;
pub use named_roots::NamedRoot;
use named_roots::OpenedNamedRoot;
pub(crate) use path::RelativePath;
use private_paths::PrivatePaths;
pub(crate) use protection::{find_own_protection, may_be_protected, protection_behind_link};
use seen_versions::SeenVersions;
pub(crate) use tool_writes::ToolWrites;

pub(crate) use walk::{WalkCancellation, WalkOptions, WalkReport};

pub(crate) use path_error::{PathErrorKind, ToolPathError, shorten_text};

/// An opened directory. Clones share it. It stays the same directory even if its path is renamed or
/// replaced.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: Arc<WorkspaceRoot>,
    named_roots: Arc<[OpenedNamedRoot]>,
    private: Arc<PrivatePaths>,
    changes: Option<Arc<ChangeJournal>>,
    seen: Arc<SeenVersions>,
    pub(crate) writes: Arc<ToolWrites>,
}

/// The workspace, or a folder besides it.
#[derive(Debug)]
pub(crate) struct WorkspaceRoot {
    directory: DirectoryHandle,
    path: PathBuf,
    /// The path with symbolic links resolved, as commands in the directory see it.
    real_path: PathBuf,
    /// What its paths begin with; `None` for the workspace.
    name: Option<Arc<str>>,
}

impl WorkspaceRoot {
    fn open(path: &Path, name: Option<Arc<str>>) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let directory = DirectoryHandle::open(&path)?;
        let real_path = std::fs::canonicalize(&path)?;
        Ok(Self { directory, path, real_path, name })
    }
}

/// The workspace cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("open the workspace `{}`", path.display())]
pub struct WorkspaceError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Workspace {
    /// Opens an existing directory. A relative path is resolved against the current directory.
    ///
    /// # Errors
    /// When the path is not a readable directory, or the kernel lacks `openat2` (Linux before 5.6,
    /// or a sandbox that forbids it).
    pub fn open(path: &Path) -> Result<Self, WorkspaceError> {
        let opened = WorkspaceRoot::open(path, None);
        let root = opened.map_err(|source| WorkspaceError { path: path.to_owned(), source })?;
        Ok(Self {
            root: Arc::new(root),
            named_roots: Arc::default(),
            private: Arc::default(),
            changes: None,
            seen: Arc::default(),
            writes: Arc::default(),
        })
    }

    /// Makes files and folders unreachable for tools by any path, symbolic link or hard link. They
    /// need not exist. The workspace itself may be inside of one.
    #[must_use]
    pub fn with_private_paths(self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let private = PrivatePaths::new(paths, &self.root.real_path);
        Self { private: Arc::new(private), ..self }
    }

    /// Records what tools change, so that it can be undone. A change that cannot be recorded is not
    /// made.
    #[must_use]
    pub fn with_change_journal(self, changes: Arc<ChangeJournal>) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// The absolute path it was opened with. For display only; files are never opened through it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root.path
    }
}
