//! The lines of a journal, as JSON.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum JournalRecord {
    /// A turn begins. Turns are numbered from 1, in the order of these records.
    Turn,
    /// A file is about to be changed.
    Change(FileChangeRecord),
    /// A command runs.
    Command,
    /// The changes of a turn were undone.
    Undone {
        /// The number of the turn.
        turn: usize,
        /// Whether the turn goes on in the conversation.
        files_only: bool,
    },
}

/// A change that is about to be made to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileChangeRecord {
    /// The folder that the path is relative to: absolute.
    pub(crate) root: PathBuf,
    /// The place of the file without symbolic links, relative to the folder.
    pub(crate) path: PathBuf,
    /// The path as the model and people know it.
    pub(crate) shown: String,
    /// The file before the change.
    pub(crate) before: FileBefore,
    /// The hash of the content after the change.
    pub(crate) after: String,
    /// The directories that are created for the file, the outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) directories: Vec<PathBuf>,
}

/// A file before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "was", rename_all = "snake_case")]
pub(crate) enum FileBefore {
    /// It did not exist.
    Missing,
    /// It had this content, which is kept.
    Content {
        /// The SHA-256 of the content, in hexadecimal digits.
        hash: String,
    },
    /// Its content is not kept.
    NotKept {
        /// Why, to follow "because".
        reason: String,
    },
}

impl JournalRecord {
    pub(super) fn to_json(&self) -> String {
        // Paths that are not UTF-8 are refused when the record is made.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Parses a line; `None` when it was cut off.
    pub(super) fn from_json(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

impl FileChangeRecord {
    /// Whether a path can be recorded.
    pub(crate) fn can_record(path: &Path) -> bool {
        path.to_str().is_some()
    }
}

/// The SHA-256 of a content, in hexadecimal digits.
pub(crate) fn hash_content(content: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(content) {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}
