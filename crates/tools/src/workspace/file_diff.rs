//! What a write changes, as a unified diff.

use std::time::Duration;

use openclaw_core::FileChange;
use openclaw_fs::{FileVersion, OpenedEntry, read_opened};
use similar::{DiffOp, TextDiff};

use crate::change_journal::MAX_KEPT_BYTES;
use crate::workspace::{PathErrorKind, RelativePath, ToolPathError, Workspace};

/// The largest contents that are compared, in bytes.
const MAX_COMPARED_BYTES: u64 = 1 << 20;
/// The most bytes of a diff.
const MAX_DIFF_BYTES: usize = 16 << 10;
/// After this time a diff need not be the shortest.
const EXACT_DIFF_TIME: Duration = Duration::from_millis(50);

/// A file before it is replaced.
#[derive(Debug)]
pub(crate) struct PreviousContent {
    pub(crate) version: FileVersion,
    /// `None` when it is too large to be kept, or cannot be read.
    pub(crate) content: Option<Vec<u8>>,
}

impl PreviousContent {
    /// The content to compare with; `None` when it is no text, or not known.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.content.as_deref()?).ok()
    }
}

impl Workspace {
    /// Reads a file before it is replaced; `None` when there is none that can be read.
    ///
    /// # Errors
    /// When the model has seen another version, or may not see any.
    pub(crate) fn read_previous(
        &self,
        path: &RelativePath,
    ) -> Result<Option<PreviousContent>, ToolPathError> {
        let (file, version) = match self.open_for_change(path) {
            Ok(OpenedEntry::File(file, version)) => (file, version),
            Err(refusal) if refusal.is_final() => return Err(refusal),
            // Writing says what is wrong.
            Ok(OpenedEntry::Directory(_)) | Err(_) => return Ok(None),
        };
        let bytes = read_opened(&file, version.size(), MAX_KEPT_BYTES + 1).ok();
        let content = bytes.filter(|bytes| bytes.len() as u64 <= MAX_KEPT_BYTES);
        Ok(Some(PreviousContent { version, content }))
    }
}

/// The change of a protected file that a person is asked about. It must still be the change when it
/// is made.
#[derive(Debug)]
pub(crate) struct AskedChange {
    pub(crate) change: FileChange,
    /// The version that the change is for; `None` for a new file.
    version: Option<FileVersion>,
}

impl AskedChange {
    pub(crate) fn new(change: FileChange, version: Option<FileVersion>) -> Self {
        Self { change, version }
    }

    /// Checks that the file is still the one of the question.
    ///
    /// # Errors
    /// When it has another version, or exists only now or no more.
    pub(crate) fn check_version(
        asked: Option<&Self>,
        path: &RelativePath,
        version: Option<&FileVersion>,
    ) -> Result<(), ToolPathError> {
        match asked {
            Some(asked) if asked.version.as_ref() != version => {
                Err(ToolPathError::new(path.text(), PathErrorKind::ChangedSinceAsked))
            }
            _ => Ok(()),
        }
    }
}

/// Describes a change; `old_text` is `None` when the old content cannot be compared.
pub(crate) fn describe_change(path: String, old_text: Option<&str>, new_text: &str) -> FileChange {
    let mut change = FileChange {
        path,
        diff: String::new(),
        added_lines: 0,
        removed_lines: 0,
        is_truncated: true,
    };
    let is_small = |text: &str| text.len() as u64 <= MAX_COMPARED_BYTES;
    let Some(old_text) = old_text.filter(|text| is_small(text) && is_small(new_text)) else {
        return change;
    };
    let diff = TextDiff::configure().timeout(EXACT_DIFF_TIME).diff_lines(old_text, new_text);
    for op in diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        change.added_lines += op.new_range().len();
        change.removed_lines += op.old_range().len();
    }
    let mut unified = diff.unified_diff();
    let hunks = unified.context_radius(3);
    change.is_truncated =
        !hunks.iter_hunks().all(|hunk| push_lines(&mut change.diff, &hunk.to_string()));
    change
}

/// Appends the whole lines that there is room for, and returns whether there was room for all.
fn push_lines(diff: &mut String, hunk: &str) -> bool {
    let room = MAX_DIFF_BYTES.saturating_sub(diff.len());
    if hunk.len() <= room {
        diff.push_str(hunk);
        return true;
    }
    let cut = hunk.get(..hunk.floor_char_boundary(room)).unwrap_or_default();
    let whole_lines = cut.rfind('\n').and_then(|end| cut.get(..=end)).unwrap_or_default();
    diff.push_str(whole_lines);
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_unified_diff_with_its_line_counts() {
        let change = describe_change("a".to_owned(), Some("one\ntwo\nthree\n"), "one\n2\nthree\n");
        assert_eq!(change.diff, "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
        assert_eq!((change.added_lines, change.removed_lines, change.is_truncated), (1, 1, false));
        let change = describe_change("a".to_owned(), Some(""), "new\n");
        assert_eq!(change.diff, "@@ -0,0 +1 @@\n+new\n");
        assert_eq!((change.added_lines, change.removed_lines), (1, 0));
    }

    #[test]
    fn a_diff_is_bounded_at_a_line_and_says_so() {
        let new = "é\n".repeat(20_000);
        let change = describe_change("a".to_owned(), Some("old\n"), &new);
        assert!(change.diff.len() <= MAX_DIFF_BYTES && change.diff.ends_with("+é\n"));
        assert_eq!((change.added_lines, change.is_truncated), (20_000, true));
        let long_line = "x".repeat(MAX_DIFF_BYTES);
        let change = describe_change("a".to_owned(), Some(""), &long_line);
        assert!(change.diff.len() < 40 && change.is_truncated);
        let too_large = "x".repeat(2 << 20);
        for (old, new) in [(None, "x"), (Some(""), too_large.as_str())] {
            let change = describe_change("a".to_owned(), old, new);
            assert!(change.diff.is_empty() && change.is_truncated);
        }
    }
}
