//! A path as a model writes it, made relative to the workspace.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::workspace::{Problem, Refusal, Workspace};

/// A path relative to the workspace. Lexically inside it; whether it is inside for real, only
/// the kernel can tell, when it opens the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelativePath {
    path: PathBuf,
    /// Whether it ends in `/`, `.` or `..`, so that it can only be a directory.
    names_directory: bool,
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

    /// The directory and the name in it; `None` when the path can only be a directory.
    pub(crate) fn split(&self) -> Option<(&Path, &OsStr)> {
        if self.names_directory {
            return None;
        }
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Some((parent.unwrap_or(Path::new(".")), self.path.file_name()?))
    }
}

impl Workspace {
    /// Takes a path as a model writes it: relative to the workspace, or absolute and inside it.
    pub(crate) fn resolve(&self, text: &str) -> Result<RelativePath, Refusal> {
        let refuse = |problem| Err(Refusal::new(text, problem));
        if text.is_empty() {
            return refuse(Problem::Empty);
        }
        if text.contains('\0') {
            return refuse(Problem::Nul);
        }
        // Made literally, a directory named `~` would surprise everyone; `./~` makes one.
        if text == "~" || text.starts_with("~/") {
            return refuse(Problem::Home);
        }
        let mut given = Path::new(text);
        if given.is_absolute() {
            let inside = given
                .strip_prefix(&self.opened.path)
                .or_else(|_| given.strip_prefix(&self.opened.real_path));
            match inside {
                Ok(relative) => given = relative,
                Err(_) => return refuse(Problem::Outside),
            }
        }
        let mut path = PathBuf::new();
        let mut depth = 0_usize;
        for component in given.components() {
            match component {
                Component::Normal(name) => {
                    depth += 1;
                    path.push(name);
                }
                Component::ParentDir => {
                    let Some(above) = depth.checked_sub(1) else {
                        return refuse(Problem::Outside);
                    };
                    depth = above;
                    // Kept: after a symbolic link it is not the directory before.
                    path.push("..");
                }
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        let names_directory = matches!(last, "" | "." | "..") || path.as_os_str().is_empty();
        if path.as_os_str().is_empty() {
            path.push(".");
        }
        Ok(RelativePath { path, names_directory })
    }
}
