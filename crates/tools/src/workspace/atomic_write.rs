//! Writes files atomically.

use openclaw_fs::{FileVersion, ReplaceOutcome};

use crate::workspace::{PathErrorKind, RelativePath, ToolPathError, Workspace};

/// A note on a replaced file for the tool's output; empty when there are no other hard links.
pub(crate) fn hard_link_note(outcome: ReplaceOutcome) -> &'static str {
    if outcome.has_other_links {
        " (it was a hard link: its other names keep the old content)"
    } else {
        ""
    }
}

impl Workspace {
    /// Replaces the content of a file, and creates it and its directories if they do not exist.
    /// With `expected_version`, only if the file still has that version.
    pub(crate) fn replace_file(
        &self,
        path: &RelativePath,
        content: &[u8],
        expected_version: Option<&FileVersion>,
    ) -> Result<ReplaceOutcome, ToolPathError> {
        let refuse = |problem| ToolPathError::new(path.text(), problem);
        let file = path.as_file().ok_or_else(|| refuse(PathErrorKind::IsDirectory))?;
        let replaced = self.root.directory.replace_file(file, content, expected_version);
        replaced.map_err(|error| refuse(error.into()))
    }
}
