//! The store: one file, its writer and its readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::LockFile;
use rusqlite::{Connection, OptionalExtension as _};

use crate::catalogue::{self, SessionInfo};
use crate::error::{SessionName, StoreErrorKind};
use crate::failpoints::FailPointHook;
use crate::lease::{self, SessionLease};
use crate::opening::{self, OpenedStore, StoreWarning};
use crate::reader_pool::ReaderPool;
use crate::schema::{MIGRATIONS, Migration};
use crate::session::LoadedSession;
use crate::writer::StoreWriter;
use crate::{Session, SessionId, SessionKey, StoreError, files, log, session_search};

/// Sessions in one SQLite file, which any number of processes may use at once. Clones share the
/// store; when the last clone and session are dropped, queued writes finish and the file is closed.
///
/// All methods read or write files and block the thread, mostly for less than a few milliseconds.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<StoreInner>);

#[derive(Debug)]
pub(crate) struct StoreInner {
    // Dropped in this order: the last connection to close checkpoints the log, which a reader
    // cannot.
    pub(crate) readers: ReaderPool,
    pub(crate) writer: StoreWriter,
    pub(crate) path: PathBuf,
    warnings: Vec<StoreWarning>,
    /// Tells other processes that the file is in use.
    _presence: LockFile,
}

impl Store {
    /// Opens the file. Creates it and its folder, accessible to the owner only, if they do not
    /// exist.
    ///
    /// A file that was not closed cleanly is examined as a whole, which takes about a second per
    /// gigabyte. A damaged file is set aside, and one with an older schema is copied and migrated;
    /// [`opening_warnings`](Self::opening_warnings) reports it.
    ///
    /// # Errors
    /// When the file is not a session store (it is then left as it is), cannot be read or written,
    /// is of a newer version, or must be repaired or migrated while other processes use it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with_failpoints(path.as_ref(), MIGRATIONS, FailPointHook::default())
    }

    pub(crate) fn open_with_failpoints(
        path: &Path,
        migrations: &[Migration],
        failpoints: FailPointHook,
    ) -> Result<Self, StoreError> {
        let opened = opening::open(path, migrations).map_err(|error| match error.kind() {
            StoreErrorKind::Damaged => {
                files::mark_suspect(path);
                StoreError::for_damaged_file(path, Some(error))
            }
            _ => error,
        })?;
        let OpenedStore { connection, presence, warnings } = opened;
        Ok(Self(Arc::new(StoreInner {
            readers: ReaderPool::new(path),
            writer: StoreWriter::spawn(connection, path, failpoints),
            path: path.to_owned(),
            warnings,
            _presence: presence,
        })))
    }

    /// What was done on opening the file that the user should know.
    #[must_use]
    pub fn opening_warnings(&self) -> &[StoreWarning] {
        &self.0.warnings
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// All sessions, the last changed first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_sessions(&self) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.readers.read(catalogue::list_sessions)
    }

    /// Finds a session by its id, by a key that leads to one, or by the beginning of an id.
    ///
    /// # Errors
    /// When no session or more than one matches, or the file cannot be read.
    pub fn find_session(&self, text: &str) -> Result<SessionInfo, StoreError> {
        self.0.readers.read(|connection| catalogue::find_session(connection, text.trim()))
    }

    /// The session that a key leads to; `None` when it leads to none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn current_session(&self, key: &SessionKey) -> Result<Option<SessionInfo>, StoreError> {
        self.0.readers.read(|connection| catalogue::current_session(connection, key))
    }

    /// Acquires the session that matches an id, a key or the beginning of an id.
    ///
    /// # Errors
    /// When no session or more than one matches, it is in use, or it cannot be read.
    pub fn acquire_matching(&self, text: &str) -> Result<LoadedSession, StoreError> {
        let SessionInfo { id, .. } = self.find_session(text)?;
        self.acquire_by_id(&id)
    }

    /// Acquires the session that a key leads to, and creates one if there is none.
    ///
    /// # Errors
    /// When the session is in use, or cannot be read or written.
    pub fn acquire_current(
        &self,
        key: &SessionKey,
        agent: &str,
    ) -> Result<LoadedSession, StoreError> {
        let (key, agent) = (key.clone(), agent.to_owned());
        let id = self.0.writer.write(move |connection| {
            match catalogue::current_session(connection, &key)? {
                Some(found) => Ok(found.id),
                None => catalogue::create_session(connection, None, &key, &agent, true),
            }
        })?;
        self.acquire_by_id(&id)
    }

    /// Acquires the session with this id, and creates it if there is none; the key then leads to it
    /// unless it leads to another session.
    ///
    /// # Errors
    /// When the session is in use, or cannot be read or written.
    pub fn acquire_or_create(
        &self,
        id: &SessionId,
        key: &SessionKey,
        agent: &str,
    ) -> Result<LoadedSession, StoreError> {
        let (id, key, agent) = (id.clone(), key.clone(), agent.to_owned());
        let id = self.0.writer.write(move |connection| {
            if catalogue::session_row_id(connection, &id)?.is_some() {
                return Ok(id);
            }
            let current = catalogue::current_session(connection, &key)?.is_none();
            catalogue::create_session(connection, Some(id), &key, &agent, current)
        })?;
        self.acquire_by_id(&id)
    }

    /// Makes a key lead to a new, empty session and returns its id. The previous session is kept
    /// and can be found by its id.
    ///
    /// # Errors
    /// When the write fails.
    pub fn reset_session(&self, key: &SessionKey, agent: &str) -> Result<SessionId, StoreError> {
        let (key, agent) = (key.clone(), agent.to_owned());
        self.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("begin a new session");
            connection
                .execute("UPDATE session SET current = 0 WHERE key = ?1", [key.as_str()])
                .map_err(fail)?;
            catalogue::create_session(connection, None, &key, &agent, true)
        })
    }

    /// Deletes a session and its log for good.
    ///
    /// # Errors
    /// When there is no such session, it is in use, or the write fails.
    pub fn delete_session(&self, id: &SessionId) -> Result<(), StoreError> {
        let lease = self.acquire_lease(id)?;
        let deleted_id = id.clone();
        let deleted = self.0.writer.write(move |connection| {
            session_search::remove_words(connection, &deleted_id)?;
            let fail = StoreError::from_sql_error("delete the session");
            let deleted = connection
                .execute("DELETE FROM session WHERE id = ?1", [deleted_id.as_str()])
                .map_err(fail)?;
            if deleted == 0 { Err(StoreError::not_found(deleted_id.as_str())) } else { Ok(()) }
        });
        let name = SessionName { id: id.clone(), key: None };
        deleted.map_err(|error| error.with_session(&name))?;
        lease::remove_lock_file(&self.0.path, id);
        drop(lease);
        Ok(())
    }

    /// Checks that the session's lease is free, without keeping it. Another user who tries to
    /// acquire it at this very moment fails with `InUse`.
    ///
    /// # Errors
    /// When the session is in use, in this process or in another, or the lock file cannot be
    /// checked.
    pub fn check_available(&self, id: &SessionId) -> Result<(), StoreError> {
        self.acquire_lease(id).map(drop)
    }

    /// Returns whether the last turn of a session can be resumed, because it was interrupted or
    /// ended without an answer. Does not change the session.
    ///
    /// # Errors
    /// When there is no such session, or it cannot be read.
    pub fn can_resume(&self, id: &SessionId) -> Result<bool, StoreError> {
        self.0.read_session(id, |connection| {
            let row_id = catalogue::session_row_id(connection, id)?;
            let row_id = row_id.ok_or_else(|| StoreError::not_found(id.as_str()))?;
            let state = log::read(connection, row_id, None)?.state;
            Ok(state.has_interrupted_turn() || state.has_unanswered_turn())
        })
    }

    /// Returns whether the session is in use: when [`check_available`](Self::check_available)
    /// fails.
    ///
    /// # Errors
    /// When the lock file cannot be checked.
    pub fn is_in_use(&self, id: &SessionId) -> Result<bool, StoreError> {
        match SessionLease::acquire(&self.0.path, id) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == StoreErrorKind::InUse => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Acquires a session's lease; an `InUse` error names the session's key.
    fn acquire_lease(&self, id: &SessionId) -> Result<SessionLease, StoreError> {
        SessionLease::acquire(&self.0.path, id).map_err(|error| match error.kind() {
            StoreErrorKind::InUse => match self.find_session(id.as_str()) {
                Ok(found) => error.with_key(found.key),
                Err(_) => error,
            },
            _ => error,
        })
    }

    fn acquire_by_id(&self, id: &SessionId) -> Result<LoadedSession, StoreError> {
        let lease = self.acquire_lease(id)?;
        let found = self.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("find the session");
            let select = "SELECT n, key FROM session WHERE id = ?1";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
            connection.query_row(select, [id.as_str()], row).optional().map_err(fail)
        })?;
        let Some((row_id, key)) = found else {
            // Deleted while waiting for the lease.
            lease::remove_lock_file(&self.0.path, id);
            return Err(StoreError::not_found(id.as_str()));
        };
        let key: SessionKey = key.parse()?;
        let name = SessionName { id: id.clone(), key: Some(key.clone()) };
        Session::load(Arc::clone(&self.0), row_id, id.clone(), key, lease)
            .map_err(|error| error.with_session(&name))
    }
}

impl StoreInner {
    /// Reads a session, which an error then names.
    pub(crate) fn read_session<T>(
        &self,
        id: &SessionId,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let name = || SessionName { id: id.clone(), key: None };
        self.readers.read(read).map_err(|error| error.with_session(&name()))
    }

    /// Copies the whole file beside it.
    pub(crate) fn back_up_database(&self) -> Result<PathBuf, StoreError> {
        self.readers.read(|connection| {
            opening::back_up_database(connection, &self.path).or_else(|_| {
                // What SQLite cannot copy row by row is copied byte for byte.
                let backup_path = files::unused_path(&self.path, "backup");
                files::copy_database_files(&self.path, &backup_path).map(|()| backup_path)
            })
        })
    }
}

#[cfg(test)]
mod tests;
