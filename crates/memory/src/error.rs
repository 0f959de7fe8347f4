//! Errors of the index.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A read or write of the index that failed. Displays as a fragment that fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The file of the index cannot be used.
    #[error("{action} the memory index {}", path.display())]
    Index {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// A file or folder of the index cannot be created.
    #[error("create {}", path.display())]
    Create {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder of the notes cannot be opened.
    #[error("open the notes in {}", path.display())]
    Notes {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The thread that worked on the index ended early.
    #[error("work on the memory index")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl MemoryError {
    pub(crate) fn from_sql(
        action: &'static str,
        path: &Path,
    ) -> impl Fn(rusqlite::Error) -> Self + Copy {
        move |source| Self::Index { action, path: path.to_owned(), source }
    }
}

/// Whether the file is damaged or no database.
pub(crate) fn is_damaged(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        }
        // A table or a column of another form.
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::SqlInputError { .. } => true,
        _ => false,
    }
}

/// Whether another program holds the file.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
