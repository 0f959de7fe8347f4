//! Resolves paths written by a model to paths relative to the workspace.

use std::path::{Component, Path, PathBuf};

use crate::workspace::{PathErrorKind, ToolPathError, Workspace};

/// A path relative to the workspace. Only lexically inside it; the kernel checks the real location
/// when it opens the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelativePath {
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
        self.path.to_string_lossy().into_owned()
    }

    /// The path of a file; `None` when it can only be a directory.
    pub(crate) fn as_file(&self) -> Option<&Path> {
        (!self.must_be_directory).then_some(&self.path)
    }
}

impl Workspace {
    /// Resolves a model's path: relative to the workspace, or absolute and inside it.
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
        let mut relative_path = Path::new(text);
        if relative_path.is_absolute() {
            let stripped_path = relative_path
                .strip_prefix(&self.root.path)
                .or_else(|_| relative_path.strip_prefix(&self.root.real_path));
            match stripped_path {
                Ok(relative) => relative_path = relative,
                Err(_) => return refuse(PathErrorKind::OutsideWorkspace),
            }
        }
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
        Ok(RelativePath { path, must_be_directory })
    }
}
