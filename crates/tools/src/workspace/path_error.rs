//! Errors of paths, as sentences for the model.

use std::fmt;
use std::io;

use openclaw_core::FileProtection;
use openclaw_fs::EntryError;

/// The most bytes of a path that an error quotes.
const MAX_PATH_BYTES: usize = 200;

/// A path that could not be read or written, and why.
#[derive(Debug)]
pub(crate) struct ToolPathError {
    path: String,
    kind: PathErrorKind,
}

/// Why a path could not be read or written.
#[derive(Debug)]
pub(crate) enum PathErrorKind {
    /// The path is empty.
    EmptyPath,
    /// The path contains a control character.
    ControlCharacter,
    /// The path begins with `~`.
    HomeShorthand,
    /// The path leads outside the workspace.
    OutsideWorkspace,
    /// The folder that the path names cannot be opened; with its name and why.
    UnavailableRoot(String, String),
    /// What the file was before cannot be kept; with the reason.
    NotRecorded(String),
    /// The folder with this name is read-only.
    ReadOnlyRoot(String),
    /// The path leads to the program's own state or config.
    Private,
    /// The file has another version than the one that was last read or written.
    ChangedSinceRead,
    /// The file has another version than the one that a person was asked about.
    ChangedSinceAsked,
    /// The path leads to a protected file, which it did not when it was approved.
    ProtectedMeanwhile(FileProtection),
    /// Nothing exists at the path; with similar names, as a sentence.
    Missing(String),
    /// A directory is in the place of a file.
    IsDirectory,
    /// The file is larger than this limit in bytes.
    TooLarge(u64),
    /// The file is not text.
    NotText,
    /// Another error of the entry at the path.
    Entry(EntryError),
    /// The content cannot be read.
    Unreadable(io::Error),
}

impl ToolPathError {
    pub(crate) fn new(path: impl Into<String>, kind: PathErrorKind) -> Self {
        Self { path: path.into(), kind }
    }

    /// Returns whether the path may not be written, whatever else is the matter with it.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self.kind,
            PathErrorKind::ChangedSinceRead
                | PathErrorKind::Private
                | PathErrorKind::ReadOnlyRoot(_)
        )
    }

    /// Returns whether nothing exists at the path.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.kind, PathErrorKind::Missing(_))
    }
}

impl From<EntryError> for PathErrorKind {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Outside => Self::OutsideWorkspace,
            EntryError::Missing => Self::Missing(String::new()),
            EntryError::IsDirectory => Self::IsDirectory,
            other => Self::Entry(other),
        }
    }
}

impl fmt::Display for ToolPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shorten_text(&self.path.escape_debug().to_string(), MAX_PATH_BYTES);
        match &self.kind {
            PathErrorKind::EmptyPath => f.write_str("the path is empty; `.` is the workspace"),
            PathErrorKind::ControlCharacter => {
                write!(f, "`{path}` has a control character in it; such names are refused")
            }
            PathErrorKind::HomeShorthand => {
                write!(f, "`{path}`: `~` is not expanded; paths are relative to the workspace")
            }
            PathErrorKind::OutsideWorkspace => write!(
                f,
                "`{path}` is outside the workspace (by `..`, a symbolic link or an absolute path)"
            ),
            PathErrorKind::UnavailableRoot(name, problem) => {
                write!(f, "`{path}`: the folder `{name}:/` cannot be opened: {problem}")
            }
            PathErrorKind::NotRecorded(problem) => {
                write!(
                    f,
                    "`{path}` is not written: its content cannot be kept for undoing: {problem}"
                )
            }
            PathErrorKind::ReadOnlyRoot(name) => {
                write!(f, "`{path}` is not written: the folder `{name}:/` is read-only")
            }
            PathErrorKind::Private => write!(
                f,
                "`{path}` belongs to the state and the config of this program, which no tool reads \
                 or writes; only the user changes them"
            ),
            PathErrorKind::ChangedSinceRead => write!(
                f,
                "`{path}` was changed by a command or another program since it was last read or \
                 written; read it again"
            ),
            PathErrorKind::ChangedSinceAsked => write!(
                f,
                "`{path}` was changed since the user was asked about this call; read it again"
            ),
            PathErrorKind::ProtectedMeanwhile(protection) => write!(
                f,
                "`{path}` leads to a protected file since the call was planned ({protection}); call \
                 it again"
            ),
            PathErrorKind::Missing(suggestion) if suggestion.is_empty() => {
                write!(f, "`{path}` does not exist")
            }
            PathErrorKind::Missing(suggestion) => {
                write!(f, "`{path}` does not exist; {suggestion}")
            }
            PathErrorKind::IsDirectory => write!(f, "`{path}` is a directory, not a file"),
            PathErrorKind::TooLarge(limit) => {
                write!(f, "`{path}` is too large: the limit is {limit} bytes")
            }
            PathErrorKind::NotText => write!(f, "`{path}` is not UTF-8 text"),
            PathErrorKind::Entry(EntryError::NotDirectory) => {
                write!(f, "`{path}`: a part of it is not a directory")
            }
            PathErrorKind::Entry(EntryError::SymbolicLink(target)) => {
                let target = target.to_string_lossy().escape_debug().to_string();
                let target = shorten_text(&target, MAX_PATH_BYTES);
                write!(
                    f,
                    "`{path}` is a symbolic link to `{target}`; write to that file by its own path"
                )
            }
            PathErrorKind::Entry(EntryError::System(error)) | PathErrorKind::Unreadable(error) => {
                write!(f, "`{path}`: {error}")
            }
            PathErrorKind::Entry(error) => write!(f, "`{path}` {error}"),
        }
    }
}

/// Shortens a text to `limit` bytes at a character boundary, with `…` where it is cut.
pub(crate) fn shorten_text(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
