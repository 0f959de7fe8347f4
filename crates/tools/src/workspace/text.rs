//! Reads text files of the workspace for the system prompt, outside of tool calls.

use std::io::{self, Read};

use openclaw_fs::OpenedEntry;

use crate::workspace::{PathErrorKind, ToolPathError, Workspace};

impl Workspace {
    /// Reads a text file beneath the workspace, up to `max_bytes` bytes; `None` when it does not
    /// exist. Invalid UTF-8 is replaced.
    ///
    /// # Errors
    /// When the path leads outside, is not a regular file, or cannot be read.
    pub fn read_text(&self, path: &str, max_bytes: u64) -> io::Result<Option<String>> {
        let to_io_error = |refusal: ToolPathError| io::Error::other(refusal.to_string());
        let resolved = self.resolve_path(path).map_err(to_io_error)?;
        let file = match self.open_entry(&resolved) {
            Ok(OpenedEntry::File(file, _)) => file,
            Ok(OpenedEntry::Directory(_)) => {
                return Err(to_io_error(ToolPathError::new(path, PathErrorKind::IsDirectory)));
            }
            Err(refusal) if refusal.is_missing() => return Ok(None),
            Err(refusal) => return Err(to_io_error(refusal)),
        };
        let mut bytes = Vec::new();
        file.take(max_bytes).read_to_end(&mut bytes)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The names in a directory beneath the workspace, sorted; empty when it does not exist. Names
    /// that are not UTF-8 are left out.
    #[must_use]
    pub fn list_names(&self, path: &str) -> Vec<String> {
        let Ok(resolved) = self.resolve_path(path) else { return Vec::new() };
        let names = self.read_directory(resolved.as_path()).unwrap_or_default();
        names.into_iter().filter_map(|name| name.name.into_string().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn write_file(path: &Path, text: &str) {
        File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_text_is_read_from_beneath_the_workspace_only() {
        let outside = tempfile::tempdir().unwrap();
        write_file(&outside.path().join("secret"), "s");
        let inside = outside.path().join("inside");
        fs::create_dir_all(inside.join("skills/b")).unwrap();
        fs::create_dir(inside.join("skills/a")).unwrap();
        write_file(&inside.join("A.md"), "né\u{e9} and more");
        symlink(outside.path().join("secret"), inside.join("B.md")).unwrap();
        let workspace = Workspace::open(&inside).unwrap();
        assert_eq!(workspace.read_text("A.md", 3).unwrap().unwrap(), "né");
        assert_eq!(workspace.read_text("none/A.md", 3).unwrap(), None);
        for (path, part) in [("B.md", "outside"), ("../secret", "outside"), ("skills", "directory")]
        {
            let error = workspace.read_text(path, 99).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(workspace.list_names("skills"), ["a", "b"]);
        assert!(workspace.list_names("none").is_empty() && workspace.list_names("..").is_empty());
    }
}
