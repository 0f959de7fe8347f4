//! Why a path is not read or written, in a sentence for the model.

use std::fmt;
use std::io;

use rustix::io::Errno;

/// The most of a path that is repeated, in bytes.
const PATH_BYTES: usize = 200;

/// A path that is not read or written, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    path: String,
    problem: Problem,
}

/// Why.
#[derive(Debug)]
pub(crate) enum Problem {
    /// There is no path.
    Empty,
    /// There is a NUL character in it.
    Nul,
    /// It begins with `~`.
    Home,
    /// It leads outside the workspace.
    Outside,
    /// There is nothing; with what there is instead, as a sentence.
    Missing(String),
    /// A file is where a directory must be.
    NotDirectory,
    /// A directory is where a file must be.
    Directory,
    /// It is neither a file nor a directory but this.
    Special(&'static str),
    /// It is a symbolic link to this, and links are not written through.
    Link(String),
    /// It is marked as not to be written.
    ReadOnly,
    /// It is larger than this many bytes, the most that is taken.
    TooLarge(u64),
    /// It is not text.
    NotText,
    /// It was changed between reading and writing.
    Changed,
    /// The system says so.
    System(Errno),
}

impl Refusal {
    pub(crate) fn new(path: impl Into<String>, problem: Problem) -> Self {
        Self { path: path.into(), problem }
    }

    /// Whether there is nothing at the path.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.problem, Problem::Missing(_))
    }
}

impl From<Errno> for Problem {
    fn from(error: Errno) -> Self {
        match error {
            Errno::XDEV => Self::Outside,
            Errno::NOENT => Self::Missing(String::new()),
            Errno::NOTDIR => Self::NotDirectory,
            Errno::ISDIR => Self::Directory,
            Errno::NXIO => Self::Special("socket"),
            other => Self::System(other),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).unwrap_or(Errno::IO).into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shorten(&self.path.escape_debug().to_string(), PATH_BYTES);
        match &self.problem {
            Problem::Empty => f.write_str("the path is empty; `.` is the workspace"),
            Problem::Nul => write!(f, "`{path}` has a NUL character in it"),
            Problem::Home => {
                write!(f, "`{path}`: `~` is not expanded; paths are relative to the workspace")
            }
            Problem::Outside => write!(
                f,
                "`{path}` is outside the workspace (by `..`, a symbolic link or an absolute path)"
            ),
            Problem::Missing(instead) if instead.is_empty() => write!(f, "`{path}` does not exist"),
            Problem::Missing(instead) => write!(f, "`{path}` does not exist; {instead}"),
            Problem::NotDirectory => write!(f, "`{path}`: a part of it is not a directory"),
            Problem::Directory => write!(f, "`{path}` is a directory, not a file"),
            Problem::Special(kind) => {
                write!(f, "`{path}` is a {kind}; only files and directories are opened")
            }
            Problem::Link(target) => {
                let target = shorten(&target.escape_debug().to_string(), PATH_BYTES);
                write!(
                    f,
                    "`{path}` is a symbolic link to `{target}`; write to that file by its own path"
                )
            }
            Problem::ReadOnly => write!(f, "`{path}` is read-only"),
            Problem::TooLarge(limit) => {
                write!(f, "`{path}` is too large: the limit is {limit} bytes")
            }
            Problem::NotText => write!(f, "`{path}` is not UTF-8 text"),
            Problem::Changed => {
                write!(f, "`{path}` was changed by something else meanwhile; read it again")
            }
            Problem::System(Errno::LOOP) => {
                write!(f, "`{path}` leads through a symbolic link that is not followed")
            }
            Problem::System(Errno::AGAIN) => {
                write!(f, "`{path}` was being moved while it was opened; try again")
            }
            Problem::System(error) => write!(f, "`{path}`: {}", io::Error::from(*error)),
        }
    }
}

/// Cuts a text to a number of bytes, at a character, with a mark where it is cut.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
