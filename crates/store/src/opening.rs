//! Opening the file: who is alone with it examines it, sets it aside or brings it up to date.

use std::fmt;
use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{Fault, StoreErrorKind};
use crate::lease::Lock;
use crate::salvage::{Salvaged, salvage};
use crate::schema::{self, Migration, Version};
use crate::{StoreError, files};

/// Something that was done when the store was opened and that its owner should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The file was damaged. It is kept under another name, and what could be read of it was taken
    /// over.
    SetAside {
        /// Where the damaged file is now.
        kept: PathBuf,
        /// The sessions that were taken over.
        sessions: usize,
        /// The events that were taken over.
        events: usize,
        /// Whether it is known that something could not be read.
        lost: bool,
    },
    /// The file was brought up to date.
    Migrated {
        /// A copy of the file as it was.
        backup: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { kept, sessions, events, lost } => {
                write!(
                    f,
                    "the session store was damaged and is kept as `{}`; {sessions} sessions with \
                     {events} events could be read and were taken over",
                    kept.display()
                )?;
                if *lost { f.write_str(", others could not") } else { Ok(()) }
            }
            Self::Migrated { backup } => write!(
                f,
                "the session store was brought up to date; as it was it is kept as `{}`",
                backup.display()
            ),
        }
    }
}

/// A store that was opened.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Tells others that the file is in use.
    pub(crate) presence: Lock,
    pub(crate) notices: Vec<Notice>,
}

pub(crate) fn open(path: &Path, migrations: &[Migration]) -> Result<Opened, StoreError> {
    files::prepare(path)?;
    let lock = files::beside(path, "-lock");
    let presence = files::open_private(&lock).map_err(StoreError::file("open", &lock))?;
    let presence = Lock(presence);
    let mut notices = Vec::new();
    match presence.0.try_lock() {
        Ok(()) => {
            put_in_order(path, migrations, &mut notices)?;
            presence.0.unlock().map_err(StoreError::file("unlock", &lock))?;
        }
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(StoreError::file("lock", &lock)(error)),
    }
    // Waits for whoever is alone with the file at this moment.
    presence.0.lock_shared().map_err(StoreError::file("lock", &lock))?;
    let connection = schema::connect(path)?;
    match schema::version(&connection, path, migrations)? {
        Version::Usable => Ok(Opened { connection, presence, notices }),
        Version::Empty | Version::Older(_) => {
            Err(StoreError::new(Fault::Outdated { path: path.to_owned() }))
        }
    }
}

/// Examines, makes or brings up to date what nobody else uses.
fn put_in_order(
    path: &Path,
    migrations: &[Migration],
    notices: &mut Vec<Notice>,
) -> Result<(), StoreError> {
    match examine(path, migrations) {
        Ok((mut connection, Version::Empty)) => schema::create(&mut connection, migrations)?,
        Ok((mut connection, Version::Older(from))) => {
            let backup = back_up(&connection, path)?;
            schema::migrate(&mut connection, from, migrations)?;
            notices.push(Notice::Migrated { backup });
        }
        Ok((_, Version::Usable)) => {}
        Err(error) if error.kind() == StoreErrorKind::Damaged => {
            notices.push(start_anew(path, migrations)?);
        }
        Err(error) => return Err(error),
    }
    let _ = fs::remove_file(files::suspicion(path));
    Ok(())
}

fn examine(path: &Path, migrations: &[Migration]) -> Result<(Connection, Version), StoreError> {
    let closed = files::was_closed(path);
    let connection = schema::connect(path)?;
    let version = schema::version(&connection, path, migrations)?;
    if !closed && !schema::is_sound(&connection) {
        return Err(StoreError::damaged(path, None));
    }
    Ok((connection, version))
}

/// Keeps a damaged file under another name and begins a new one with what can be read of it.
fn start_anew(path: &Path, migrations: &[Migration]) -> Result<Notice, StoreError> {
    let kept = files::set_aside(path)?;
    files::prepare(path)?;
    let mut connection = schema::connect(path)?;
    schema::create(&mut connection, migrations)?;
    let Salvaged { sessions, events, lost } = salvage(&kept, &mut connection)?;
    Ok(Notice::SetAside { kept, sessions, events, lost })
}

/// Makes a verified copy of the file beside it.
pub(crate) fn back_up(connection: &Connection, path: &Path) -> Result<PathBuf, StoreError> {
    let fail = StoreError::sql("back up the session store");
    let to = files::free_name(path, "backup");
    // Made before, for its owner alone: an empty file is taken as an empty database.
    files::create_private(&to).map_err(StoreError::file("create", &to))?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(fail)?;
    let copy = schema::connect_existing(&to).map_err(fail)?;
    let count = |connection: &Connection| {
        connection.query_row(
            "SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM event)",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )
    };
    if !schema::is_sound(&copy) || count(&copy).map_err(fail)? != count(connection).map_err(fail)? {
        return Err(StoreError::damaged(&to, None));
    }
    Ok(to)
}
