//! Errors of the store.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::{SessionId, SessionKey};

/// A failed read or write of the store. Displays as a fragment that fits "failed to {…}"; the cause
/// is its source.
#[derive(Debug, Clone)]
pub struct StoreError {
    fault: StoreFault,
    cause: Option<Arc<dyn Error + Send + Sync>>,
    /// The session that was read or written; `None` when the fault names it, or concerns none.
    session: Option<Arc<SessionName>>,
}

/// A session's id and key, to name it in an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionName {
    pub(crate) id: SessionId,
    pub(crate) key: Option<SessionKey>,
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.id)?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, " of `{key}`"))
    }
}

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// A file could not be read or written. The store then refuses writes until it is reopened,
    /// because the state of the disk is unknown.
    Disk,
    /// The disk is full, or too full to begin a turn.
    DiskFull,
    /// The file is damaged. The next open examines it and sets it aside.
    Damaged,
    /// The file is not a session store: another program wrote it. It was not touched.
    ForeignFile,
    /// The file was written by a newer version.
    TooNew,
    /// The file has an older schema and cannot be migrated while other processes use it.
    Outdated,
    /// Another process, or another part of this one, holds the session lease.
    InUse,
    /// Other processes kept the file locked for too long.
    Busy,
    /// No session matches the text.
    NotFound,
    /// More than one session matches the text.
    Ambiguous,
    /// The entry does not follow from earlier ones, e.g. the result of a call that was not made.
    OutOfOrder,
    /// The session was changed without its lease, or deleted meanwhile.
    Conflict,
    /// The text is not a valid id, key or file.
    Invalid,
    /// The store is closed.
    Closed,
}

#[derive(Debug, Clone)]
pub(crate) enum StoreFault {
    File { action: &'static str, path: PathBuf, is_disk_full: bool },
    Sql { action: &'static str, kind: StoreErrorKind },
    Damaged { path: PathBuf },
    ForeignFile { path: PathBuf },
    LowSpace { path: PathBuf, free: u64 },
    TooNew { path: PathBuf, schema: i64 },
    Outdated { path: PathBuf },
    InUse { id: SessionId, key: Option<SessionKey>, holder: Option<u32> },
    NotFound { text: String },
    Ambiguous { text: String, ids: Vec<SessionId> },
    Conflict,
    OutOfOrder,
    Invalid { what: &'static str, expected: &'static str, text: String },
    Closed,
}

impl StoreError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        match &self.fault {
            StoreFault::File { is_disk_full: false, .. } => StoreErrorKind::Disk,
            StoreFault::File { is_disk_full: true, .. } | StoreFault::LowSpace { .. } => {
                StoreErrorKind::DiskFull
            }
            StoreFault::Sql { kind, .. } => *kind,
            StoreFault::Damaged { .. } => StoreErrorKind::Damaged,
            StoreFault::ForeignFile { .. } => StoreErrorKind::ForeignFile,
            StoreFault::TooNew { .. } => StoreErrorKind::TooNew,
            StoreFault::Outdated { .. } => StoreErrorKind::Outdated,
            StoreFault::InUse { .. } => StoreErrorKind::InUse,
            StoreFault::NotFound { .. } => StoreErrorKind::NotFound,
            StoreFault::Ambiguous { .. } => StoreErrorKind::Ambiguous,
            StoreFault::Conflict => StoreErrorKind::Conflict,
            StoreFault::OutOfOrder => StoreErrorKind::OutOfOrder,
            StoreFault::Invalid { .. } => StoreErrorKind::Invalid,
            StoreFault::Closed => StoreErrorKind::Closed,
        }
    }

    /// What to do about it, as a sentence; `None` when nothing can be suggested.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.kind() {
            StoreErrorKind::DiskFull => "make room on the disk; nothing that was saved is lost",
            StoreErrorKind::Damaged => {
                "end all other processes that use it and start again: the file is then set aside, \
                 and what can be read of it is taken over"
            }
            StoreErrorKind::ForeignFile => {
                "move the file away, or have the sessions kept in another place"
            }
            StoreErrorKind::TooNew => "use the version that wrote it, or a newer one",
            StoreErrorKind::Outdated => "end the processes of the older version and start again",
            StoreErrorKind::InUse => "wait until it is free, or use another session",
            StoreErrorKind::Busy => "try again",
            StoreErrorKind::Ambiguous => "write more of the id",
            _ => return None,
        })
    }

    pub(crate) fn new(fault: StoreFault) -> Self {
        Self { fault, cause: None, session: None }
    }

    pub(crate) fn not_found(text: &str) -> Self {
        Self::new(StoreFault::NotFound { text: text.to_owned() })
    }

    /// Names the session that was read or written, unless the error names one.
    pub(crate) fn with_session(mut self, name: &SessionName) -> Self {
        let names_none = matches!(
            self.fault,
            StoreFault::Sql { .. } | StoreFault::Conflict | StoreFault::OutOfOrder
        );
        if names_none && self.session.is_none() {
            self.session = Some(Arc::new(name.clone()));
        }
        self
    }

    /// Adds the session's key to an `InUse` error.
    pub(crate) fn with_key(mut self, session_key: SessionKey) -> Self {
        if let StoreFault::InUse { key, .. } = &mut self.fault {
            *key = Some(session_key);
        }
        self
    }

    /// Converts an I/O error; `action` is what was being done with the file.
    pub(crate) fn from_io_error(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| {
            let is_disk_full =
                matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            Self {
                fault: StoreFault::File { action, path, is_disk_full },
                cause: Some(Arc::new(error)),
                session: None,
            }
        }
    }

    /// Converts an SQLite error; `action` is what was being done.
    pub(crate) fn from_sql_error(action: &'static str) -> impl Fn(rusqlite::Error) -> Self + Copy {
        move |error| {
            let kind = classify_sql_error(&error);
            let fault = StoreFault::Sql { action, kind };
            Self { fault, cause: Some(Arc::new(error)), session: None }
        }
    }

    /// Like [`from_sql_error`](Self::from_sql_error), for statements that may themselves be wrong:
    /// their failure does not mean that the file is damaged.
    pub(crate) fn from_statement_error(
        action: &'static str,
    ) -> impl Fn(rusqlite::Error) -> Self + Copy {
        move |error| {
            let kind = match &error {
                rusqlite::Error::SqliteFailure(..) => classify_sql_error(&error),
                _ => StoreErrorKind::Disk,
            };
            let fault = StoreFault::Sql { action, kind };
            Self { fault, cause: Some(Arc::new(error)), session: None }
        }
    }

    /// An error for a damaged file with a known path.
    pub(crate) fn for_damaged_file(path: &Path, cause: Option<Self>) -> Self {
        let cause: Option<Arc<dyn Error + Send + Sync>> = match cause {
            Some(cause) => Some(cause.cause.clone().unwrap_or_else(|| Arc::new(cause))),
            None => None,
        };
        Self { fault: StoreFault::Damaged { path: path.to_owned() }, cause, session: None }
    }
}

/// Maps SQLite's error code to a kind.
fn classify_sql_error(error: &rusqlite::Error) -> StoreErrorKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreErrorKind::DiskFull,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Busy,
        // An error without a code is a value or table that does not match the schema.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => {
            StoreErrorKind::Damaged
        }
        Some(ErrorCode::ConstraintViolation) => StoreErrorKind::Conflict,
        Some(_) => StoreErrorKind::Disk,
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            StoreFault::File { action: doing, path, .. } => {
                write!(f, "{doing} `{}`", path.display())
            }
            StoreFault::Sql { action: doing, .. } => f.write_str(doing),
            StoreFault::Damaged { path } => {
                write!(f, "read `{}`, which is damaged", path.display())
            }
            StoreFault::ForeignFile { path } => {
                write!(f, "open `{}`, which is not a session store of openclaw", path.display())
            }
            StoreFault::LowSpace { path, free } => write!(
                f,
                "begin a turn with only {} MiB free for `{}`",
                free / (1024 * 1024),
                path.display()
            ),
            StoreFault::TooNew { path, schema } => write!(
                f,
                "open `{}`, which a newer version wrote (its schema is {schema})",
                path.display()
            ),
            StoreFault::Outdated { path } => {
                write!(f, "bring `{}` up to date while an older version uses it", path.display())
            }
            StoreFault::InUse { id, key, holder } => {
                write!(f, "use session {id}")?;
                if let Some(key) = key {
                    write!(f, " of `{key}`")?;
                }
                match holder {
                    Some(holder) => write!(f, ", which process {holder} uses"),
                    None => f.write_str(", which is in use elsewhere"),
                }
            }
            StoreFault::NotFound { text } => write!(f, "find a session {text:?}"),
            StoreFault::Ambiguous { text, ids } => {
                write!(f, "tell which session {text:?} is:")?;
                ids.iter().try_for_each(|id| write!(f, " {id}"))
            }
            StoreFault::Conflict => {
                f.write_str("write to a session that was changed or deleted meanwhile")
            }
            StoreFault::OutOfOrder => {
                f.write_str("record an entry that does not follow from the entries before it")
            }
            StoreFault::Invalid { what, expected, text } => {
                write!(f, "take {text:?} as a {what}: expected {expected}")
            }
            StoreFault::Closed => f.write_str("use the store after it was closed"),
        }?;
        self.session.as_ref().map_or(Ok(()), |session| write!(f, " ({session})"))
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
