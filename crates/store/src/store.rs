//! The store: one file, its writer and its readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::OptionalExtension as _;

use crate::catalogue::{self, SessionInfo};
use crate::error::StoreErrorKind;
use crate::lease::{self, Lease, Lock};
use crate::opening::{self, Notice, Opened};
use crate::readers::Readers;
use crate::schema::{MIGRATIONS, Migration};
use crate::session::Loaded;
use crate::steps::Steps;
use crate::writer::Writer;
use crate::{Session, SessionId, SessionKey, StoreError, files, log};

/// Sessions in one SQLite file, which any number of processes may use at once. Clones are the same
/// store; when the last of them and of its sessions is dropped, what was queued is written and
/// the file is closed.
///
/// All methods read or write files and block the thread for that, mostly for less than a
/// millisecond to a few.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    // Dropped in this order: the last connection that closes tidies up, which a reader cannot.
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) path: PathBuf,
    notices: Vec<Notice>,
    /// Tells other processes that the file is in use.
    _presence: Lock,
}

impl Store {
    /// Opens the file, making it and its folder, for their owner alone, when they are not there.
    ///
    /// A file that was not closed by its last user is examined as a whole, which takes about a
    /// second for a gigabyte. A damaged one is set aside, and one of an older version is copied
    /// and brought up to date; [`notices`](Self::notices) tells of it.
    ///
    /// # Errors
    /// When the file cannot be read or written, is of a newer version, or is damaged or to be
    /// brought up to date while other processes use it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_in_steps(path.as_ref(), MIGRATIONS, Steps::default())
    }

    pub(crate) fn open_in_steps(
        path: &Path,
        migrations: &[Migration],
        steps: Steps,
    ) -> Result<Self, StoreError> {
        let opened = opening::open(path, migrations).map_err(|error| match error.kind() {
            StoreErrorKind::Damaged => {
                files::suspect(path);
                StoreError::damaged(path, Some(error))
            }
            _ => error,
        })?;
        let Opened { connection, presence, notices } = opened;
        Ok(Self(Arc::new(Inner {
            readers: Readers::new(path),
            writer: Writer::start(connection, path, steps),
            path: path.to_owned(),
            notices,
            _presence: presence,
        })))
    }

    /// What was done when the file was opened that its owner should know.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.0.notices
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// All sessions, the one that was changed last first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sessions(&self) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.readers.read(catalogue::list)
    }

    /// The session that is meant by an id, by a key that leads to one, or by the beginning of an
    /// id.
    ///
    /// # Errors
    /// When there is none or more than one, or the file cannot be read.
    pub fn find(&self, text: &str) -> Result<SessionInfo, StoreError> {
        self.0.readers.read(|connection| catalogue::find(connection, text.trim()))
    }

    /// The session that a key leads to; `None` when it leads to none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn current(&self, key: &SessionKey) -> Result<Option<SessionInfo>, StoreError> {
        self.0.readers.read(|connection| catalogue::current(connection, key))
    }

    /// Takes the session that is meant by an id, a key or the beginning of an id.
    ///
    /// # Errors
    /// When there is none or more than one, somebody else uses it, or it cannot be read.
    pub fn take(&self, text: &str) -> Result<Loaded, StoreError> {
        let SessionInfo { id, .. } = self.find(text)?;
        self.take_by_id(&id)
    }

    /// Takes the session that a key leads to, which is made when there is none.
    ///
    /// # Errors
    /// When somebody else uses it, or it cannot be read or written.
    pub fn take_current(&self, key: &SessionKey, agent: &str) -> Result<Loaded, StoreError> {
        let (key, agent) = (key.clone(), agent.to_owned());
        let id =
            self.0.writer.write(move |connection| match catalogue::current(connection, &key)? {
                Some(found) => Ok(found.id),
                None => catalogue::make(connection, None, &key, &agent, true),
            })?;
        self.take_by_id(&id)
    }

    /// Takes the session with this id, which is made when there is none; the key then leads to it
    /// unless it leads to another.
    ///
    /// # Errors
    /// When somebody else uses it, or it cannot be read or written.
    pub fn take_or_make(
        &self,
        id: &SessionId,
        key: &SessionKey,
        agent: &str,
    ) -> Result<Loaded, StoreError> {
        let (id, key, agent) = (id.clone(), key.clone(), agent.to_owned());
        let id = self.0.writer.write(move |connection| {
            if catalogue::number(connection, &id)?.is_some() {
                return Ok(id);
            }
            let current = catalogue::current(connection, &key)?.is_none();
            catalogue::make(connection, Some(id), &key, &agent, current)
        })?;
        self.take_by_id(&id)
    }

    /// Has a key lead to a new, empty session and returns its id. The session that it led to stays
    /// as it is, and can be found by its id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn reset(&self, key: &SessionKey, agent: &str) -> Result<SessionId, StoreError> {
        let (key, agent) = (key.clone(), agent.to_owned());
        self.0.writer.write(move |connection| {
            let fail = StoreError::sql("begin a new session");
            connection
                .execute("UPDATE session SET current = 0 WHERE key = ?1", [key.as_str()])
                .map_err(fail)?;
            catalogue::make(connection, None, &key, &agent, true)
        })
    }

    /// Deletes a session and its log. There is no way back.
    ///
    /// # Errors
    /// When there is no such session, somebody uses it, or it cannot be written.
    pub fn delete(&self, id: &SessionId) -> Result<(), StoreError> {
        let lease = self.lease(id)?;
        let gone = id.clone();
        self.0.writer.write(move |connection| {
            let fail = StoreError::sql("delete the session");
            let deleted = connection
                .execute("DELETE FROM session WHERE id = ?1", [gone.as_str()])
                .map_err(fail)?;
            if deleted == 0 { Err(StoreError::not_found(gone.as_str())) } else { Ok(()) }
        })?;
        lease::forget(&self.0.path, id);
        drop(lease);
        Ok(())
    }

    /// Fails as taking the session would when somebody holds it, and leaves it as it is. Somebody
    /// who asks for it at this very moment is told that it is in use.
    ///
    /// # Errors
    /// When somebody holds the session, in this process or in another, or that cannot be told.
    pub fn check_free(&self, id: &SessionId) -> Result<(), StoreError> {
        self.lease(id).map(drop)
    }

    /// Whether the last turn of a session can be taken up again, because it was interrupted or
    /// ended without an answer. The session is left as it is.
    ///
    /// # Errors
    /// When there is no such session, or it cannot be read.
    pub fn can_resume(&self, id: &SessionId) -> Result<bool, StoreError> {
        self.0.readers.read(|connection| {
            let n = catalogue::number(connection, id)?;
            let n = n.ok_or_else(|| StoreError::not_found(id.as_str()))?;
            let fold = log::read(connection, n, None)?.fold;
            Ok(fold.is_unfinished() || fold.is_unanswered())
        })
    }

    /// Whether somebody holds the session now: what [`check_free`](Self::check_free) fails for.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn is_in_use(&self, id: &SessionId) -> Result<bool, StoreError> {
        match Lease::acquire(&self.0.path, id) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == StoreErrorKind::InUse => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Takes a session that nobody uses; that somebody does is said with the key that people know.
    fn lease(&self, id: &SessionId) -> Result<Lease, StoreError> {
        Lease::acquire(&self.0.path, id).map_err(|error| match error.kind() {
            StoreErrorKind::InUse => match self.find(id.as_str()) {
                Ok(found) => error.with_key(found.key),
                Err(_) => error,
            },
            _ => error,
        })
    }

    fn take_by_id(&self, id: &SessionId) -> Result<Loaded, StoreError> {
        let lease = self.lease(id)?;
        let found = self.0.readers.read(|connection| {
            let fail = StoreError::sql("find the session");
            let select = "SELECT n, key FROM session WHERE id = ?1";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
            connection.query_row(select, [id.as_str()], row).optional().map_err(fail)
        })?;
        let Some((n, key)) = found else {
            // Deleted while it was waited for.
            lease::forget(&self.0.path, id);
            return Err(StoreError::not_found(id.as_str()));
        };
        Session::load(Arc::clone(&self.0), (n, id.clone(), key.parse()?), lease)
    }
}

impl Inner {
    /// Copies the whole file beside it.
    pub(crate) fn back_up(&self) -> Result<PathBuf, StoreError> {
        self.readers.read(|connection| {
            opening::back_up(connection, &self.path).or_else(|_| {
                // What cannot be copied row by row is copied as it is.
                let to = files::free_name(&self.path, "backup");
                files::copy(&self.path, &to).map(|()| to)
            })
        })
    }
}

#[cfg(test)]
mod tests;
