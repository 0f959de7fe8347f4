//! Errors of paths, as sentences for the model.

use std::fmt;
use std::io;

use rustix::io::Errno;

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
    /// The path contains a NUL character.
    NulCharacter,
    /// The path begins with `~`.
    HomeShorthand,
    /// The path leads outside the workspace.
    OutsideWorkspace,
    /// Nothing exists at the path; with similar names, as a sentence.
    Missing(String),
    /// A file is in the place of a directory.
    NotDirectory,
    /// A directory is in the place of a file.
    IsDirectory,
    /// The path is neither a file nor a directory, but e.g. a `named pipe`.
    SpecialFile(&'static str),
    /// The path is a symbolic link to this target, and links are not written through.
    SymbolicLink(String),
    /// The file is read-only.
    ReadOnly,
    /// The file is larger than this limit in bytes.
    TooLarge(u64),
    /// The file is not text.
    NotText,
    /// The file was changed between reading and writing.
    ConcurrentChange,
    /// Another error of the system.
    System(Errno),
}

impl ToolPathError {
    pub(crate) fn new(path: impl Into<String>, kind: PathErrorKind) -> Self {
        Self { path: path.into(), kind }
    }

    /// Returns whether nothing exists at the path.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.kind, PathErrorKind::Missing(_))
    }
}

impl From<Errno> for PathErrorKind {
    fn from(error: Errno) -> Self {
        match error {
            Errno::XDEV => Self::OutsideWorkspace,
            Errno::NOENT => Self::Missing(String::new()),
            Errno::NOTDIR => Self::NotDirectory,
            Errno::ISDIR => Self::IsDirectory,
            Errno::NXIO => Self::SpecialFile("socket"),
            other => Self::System(other),
        }
    }
}

impl From<io::Error> for PathErrorKind {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).unwrap_or(Errno::IO).into()
    }
}

impl fmt::Display for ToolPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shorten_text(&self.path.escape_debug().to_string(), MAX_PATH_BYTES);
        match &self.kind {
            PathErrorKind::EmptyPath => f.write_str("the path is empty; `.` is the workspace"),
            PathErrorKind::NulCharacter => write!(f, "`{path}` has a NUL character in it"),
            PathErrorKind::HomeShorthand => {
                write!(f, "`{path}`: `~` is not expanded; paths are relative to the workspace")
            }
            PathErrorKind::OutsideWorkspace => write!(
                f,
                "`{path}` is outside the workspace (by `..`, a symbolic link or an absolute path)"
            ),
            PathErrorKind::Missing(suggestion) if suggestion.is_empty() => {
                write!(f, "`{path}` does not exist")
            }
            PathErrorKind::Missing(suggestion) => {
                write!(f, "`{path}` does not exist; {suggestion}")
            }
            PathErrorKind::NotDirectory => write!(f, "`{path}`: a part of it is not a directory"),
            PathErrorKind::IsDirectory => write!(f, "`{path}` is a directory, not a file"),
            PathErrorKind::SpecialFile(kind) => {
                write!(f, "`{path}` is a {kind}; only files and directories are opened")
            }
            PathErrorKind::SymbolicLink(target) => {
                let target = shorten_text(&target.escape_debug().to_string(), MAX_PATH_BYTES);
                write!(
                    f,
                    "`{path}` is a symbolic link to `{target}`; write to that file by its own path"
                )
            }
            PathErrorKind::ReadOnly => write!(f, "`{path}` is read-only"),
            PathErrorKind::TooLarge(limit) => {
                write!(f, "`{path}` is too large: the limit is {limit} bytes")
            }
            PathErrorKind::NotText => write!(f, "`{path}` is not UTF-8 text"),
            PathErrorKind::ConcurrentChange => {
                write!(f, "`{path}` was changed by something else meanwhile; read it again")
            }
            PathErrorKind::System(Errno::LOOP) => {
                write!(f, "`{path}` leads through a symbolic link that is not followed")
            }
            PathErrorKind::System(Errno::AGAIN) => {
                write!(f, "`{path}` was being moved while it was opened; try again")
            }
            PathErrorKind::System(error) => write!(f, "`{path}`: {}", io::Error::from(*error)),
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
