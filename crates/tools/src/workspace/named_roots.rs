//! Folders besides the workspace that the file tools work in, each by its own handle.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::EntryLocation;

use crate::workspace::private_paths::{is_beneath, resolve_existing_part};
use crate::workspace::{PathErrorKind, RelativePath, Workspace, WorkspaceRoot};

/// A folder besides the workspace, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRoot {
    /// The name in paths, which are written `NAME:/path`.
    pub name: String,
    /// The absolute path of the folder.
    pub path: PathBuf,
    /// Whether tools may change files in it.
    pub is_writable: bool,
}

/// A configured folder and its handle.
#[derive(Debug)]
pub(crate) struct OpenedNamedRoot {
    pub(crate) named: NamedRoot,
    /// The path with symbolic links resolved as far as it exists.
    place: PathBuf,
    /// The folder, or why it cannot be opened.
    pub(crate) opened: Result<Arc<WorkspaceRoot>, String>,
}

impl Workspace {
    /// Adds folders for the file tools. One that cannot be opened is reported by
    /// [`Workspace::unavailable_roots`], and its paths are errors that say why.
    #[must_use]
    pub fn with_named_roots(self, roots: impl IntoIterator<Item = NamedRoot>) -> Self {
        let open = |named: NamedRoot| {
            let place = resolve_existing_part(&named.path);
            let opened = WorkspaceRoot::open(&named.path, Some(named.name.as_str().into()));
            let opened = opened.map(Arc::new).map_err(|error| error.to_string());
            OpenedNamedRoot { named, place, opened }
        };
        Self { named_roots: roots.into_iter().map(open).collect(), ..self }
    }

    /// The folders besides the workspace that could be opened.
    pub fn available_roots(&self) -> impl Iterator<Item = &NamedRoot> {
        self.named_roots.iter().filter(|root| root.opened.is_ok()).map(|root| &root.named)
    }

    /// The folders that could not be opened, and why.
    pub fn unavailable_roots(&self) -> impl Iterator<Item = (&NamedRoot, &str)> {
        self.named_roots.iter().filter_map(|root| {
            root.opened.as_ref().err().map(|problem| (&root.named, problem.as_str()))
        })
    }

    /// Why nothing is written at a place: the innermost folder that it is in is read-only.
    pub(crate) fn check_writable(
        &self,
        path: &RelativePath,
        location: &EntryLocation,
    ) -> Result<(), PathErrorKind> {
        let depth = |place: &Path| place.components().count();
        let absolute = location.absolute_path();
        let workspace = self.root.real_path.as_path();
        let workspace = absolute.starts_with(workspace).then(|| (depth(workspace), None));
        let around = self.named_roots.iter().filter(|root| is_beneath(absolute, &root.place));
        let innermost = around
            .map(|root| (depth(&root.place), Some(&root.named)))
            .chain(workspace)
            .max_by_key(|(depth, _)| *depth);
        let root = match innermost {
            Some((_, root)) => root,
            // A folder that was moved since it was opened keeps its mode.
            None => path.root_name().and_then(|name| {
                self.named_roots.iter().map(|root| &root.named).find(|root| root.name == name)
            }),
        };
        match root {
            Some(root) if !root.is_writable => Err(PathErrorKind::ReadOnlyRoot(root.name.clone())),
            _ => Ok(()),
        }
    }
}
