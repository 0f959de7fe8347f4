//! Resolves paths written by a model to paths relative to the workspace, or to a folder besides it.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::DirectoryHandle;

use crate::workspace::{PathErrorKind, ToolPathError, Workspace, WorkspaceRoot};

/// A path relative to the workspace or to a folder besides it. Only lexically inside; the kernel
/// checks the real location when it opens the path.
#[derive(Debug, Clone)]
pub(crate) struct RelativePath {
    root: Arc<WorkspaceRoot>,
    path: PathBuf,
    /// Whether it ends in `/`, `.` or `..` and so must be a directory.
    must_be_directory: bool,
}

impl RelativePath {
    /// The path to open; `.` is the workspace.
    pub(crate) fn as_path(&self) -> &Path {
        &self.path
    }

    /// The path as text, for models and people.
    pub(crate) fn text(&self) -> String {
        self.text_of(&self.path)
    }

    /// Another path of the same folder as text.
    pub(crate) fn text_of(&self, path: &Path) -> String {
        let text = path.to_string_lossy();
        match &self.root.name {
            Some(name) => format!("{name}:/{}", if text == "." { "" } else { &text }),
            None => text.into_owned(),
        }
    }

    /// The folder that the path is relative to.
    pub(crate) fn directory(&self) -> &DirectoryHandle {
        &self.root.directory
    }

    /// The name of that folder; `None` for the workspace.
    pub(crate) fn root_name(&self) -> Option<&str> {
        self.root.name.as_deref()
    }

    /// The path of a file; `None` when it can only be a directory.
    pub(crate) fn as_file(&self) -> Option<&Path> {
        (!self.must_be_directory).then_some(&self.path)
    }
}

impl Workspace {
    /// Resolves a model's path: relative to the workspace, `NAME:/path`, or absolute and inside the
    /// workspace or a folder besides it.
    pub(crate) fn resolve_path(&self, text: &str) -> Result<RelativePath, ToolPathError> {
        let refuse = |problem| Err(ToolPathError::new(text, problem));
        if text.is_empty() {
            return refuse(PathErrorKind::EmptyPath);
        }
        if text.contains(char::is_control) {
            return refuse(PathErrorKind::ControlCharacter);
        }
        // A directory literally named `~` would surprise users; `./~` still makes one.
        if text == "~" || text.starts_with("~/") {
            return refuse(PathErrorKind::HomeShorthand);
        }
        let (root, relative_path) = match self.find_root(text) {
            Ok(found) => found,
            Err(problem) => return refuse(problem),
        };
        let mut path = PathBuf::new();
        let mut depth = 0_usize;
        for component in relative_path.components() {
            match component {
                Component::Normal(name) => {
                    depth += 1;
                    path.push(name);
                }
                Component::ParentDir => {
                    let Some(parent_depth) = depth.checked_sub(1) else {
                        return refuse(PathErrorKind::OutsideWorkspace);
                    };
                    depth = parent_depth;
                    // Kept: after a symbolic link, `..` is not the previous component's parent.
                    path.push("..");
                }
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        let must_be_directory = matches!(last, "" | "." | "..") || path.as_os_str().is_empty();
        if path.as_os_str().is_empty() {
            path.push(".");
        }
        Ok(RelativePath { root: Arc::clone(root), path, must_be_directory })
    }

    /// The folder that a path is in by its text, and the rest of the path.
    fn find_root<'a>(
        &'a self,
        text: &'a str,
    ) -> Result<(&'a Arc<WorkspaceRoot>, &'a Path), PathErrorKind> {
        for root in self.named_roots.iter() {
            let after_name = text.strip_prefix(&*root.named.name);
            let Some(rest) = after_name.and_then(|rest| rest.strip_prefix(':')) else { continue };
            if !rest.is_empty() && !rest.starts_with('/') {
                continue;
            }
            let opened = root.opened.as_ref().map_err(|problem| {
                PathErrorKind::UnavailableRoot(root.named.name.clone(), problem.clone())
            })?;
            return Ok((opened, Path::new(rest.trim_start_matches('/'))));
        }
        let path = Path::new(text);
        if path.is_relative() {
            return Ok((&self.root, path));
        }
        // The innermost folder decides.
        let opened = self.named_roots.iter().filter_map(|root| root.opened.as_ref().ok());
        let inside = opened.chain([&self.root]).filter_map(|root| {
            let rest =
                path.strip_prefix(&root.path).or_else(|_| path.strip_prefix(&root.real_path));
            rest.ok().map(|rest| (root, rest))
        });
        inside
            .min_by_key(|(_, rest)| rest.components().count())
            .ok_or(PathErrorKind::OutsideWorkspace)
    }
}
