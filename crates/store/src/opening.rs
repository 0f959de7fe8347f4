//! Opens the file. A process that is alone with it examines it, sets it aside if damaged, or
//! migrates it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use openclaw_fs::{LockFile, create_private_file};
use rusqlite::Connection;

use crate::error::{StoreErrorKind, StoreFault};
use crate::salvage::{SalvageReport, salvage_database};
use crate::schema::{self, Migration, SchemaStatus};
use crate::{StoreError, files};

/// What was done on opening the store that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreWarning {
    /// The file was damaged: it was renamed, and what could be read was copied to a new file.
    SetAside {
        /// The path of the damaged file.
        damaged_path: PathBuf,
        /// The number of salvaged sessions.
        sessions: usize,
        /// The number of salvaged events.
        events: usize,
        /// Whether something is known to be lost.
        is_incomplete: bool,
    },
    /// The file was migrated to the present schema.
    Migrated {
        /// A copy of the file before the migration.
        backup: PathBuf,
    },
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { damaged_path, sessions, events, is_incomplete } => {
                write!(
                    f,
                    "the session store was damaged and is kept as `{}`; {sessions} sessions with \
                     {events} events could be read and were taken over",
                    damaged_path.display()
                )?;
                if *is_incomplete { f.write_str(", others could not") } else { Ok(()) }
            }
            Self::Migrated { backup } => write!(
                f,
                "the session store was brought up to date; as it was it is kept as `{}`",
                backup.display()
            ),
        }
    }
}

/// An opened store.
pub(crate) struct OpenedStore {
    pub(crate) connection: Connection,
    /// A shared lock that tells other processes that the file is in use.
    pub(crate) presence: LockFile,
    pub(crate) warnings: Vec<StoreWarning>,
}

pub(crate) fn open(path: &Path, migrations: &[Migration]) -> Result<OpenedStore, StoreError> {
    schema::refuse_foreign_file(path)?;
    files::prepare_file(path)?;
    let lock = files::sibling_path(path, "-lock");
    let presence = LockFile::open(&lock).map_err(StoreError::from_io_error("open", &lock))?;
    let mut warnings = Vec::new();
    if presence.try_lock_exclusive().map_err(StoreError::from_io_error("lock", &lock))? {
        prepare_database(path, migrations, &mut warnings)?;
        presence.release_lock().map_err(StoreError::from_io_error("unlock", &lock))?;
    }
    // Waits while another process has the file exclusively.
    presence.lock_shared().map_err(StoreError::from_io_error("lock", &lock))?;
    let connection = schema::open_connection(path)?;
    match schema::check_version(&connection, path, migrations)? {
        SchemaStatus::Usable => Ok(OpenedStore { connection, presence, warnings }),
        SchemaStatus::Empty | SchemaStatus::Older(_) => {
            Err(StoreError::new(StoreFault::Outdated { path: path.to_owned() }))
        }
    }
}

/// Examines, creates or migrates a file that no other process uses.
fn prepare_database(
    path: &Path,
    migrations: &[Migration],
    warnings: &mut Vec<StoreWarning>,
) -> Result<(), StoreError> {
    match check_database(path, migrations) {
        Ok((mut connection, SchemaStatus::Empty)) => {
            schema::create_tables(&mut connection, migrations)?;
        }
        Ok((mut connection, SchemaStatus::Older(from))) => {
            let backup = back_up_database(&connection, path)?;
            schema::migrate_tables(&mut connection, from, migrations)?;
            warnings.push(StoreWarning::Migrated { backup });
        }
        Ok((_, SchemaStatus::Usable)) => {}
        Err(error) if error.kind() == StoreErrorKind::Damaged => {
            warnings.push(replace_damaged_file(path, migrations)?);
        }
        Err(error) => return Err(error),
    }
    let _ = fs::remove_file(files::suspect_marker_path(path));
    Ok(())
}

fn check_database(
    path: &Path,
    migrations: &[Migration],
) -> Result<(Connection, SchemaStatus), StoreError> {
    let closed = files::was_closed_cleanly(path);
    let connection = schema::open_connection(path)?;
    let version = schema::check_version(&connection, path, migrations)?;
    if !closed && !schema::passes_integrity_check(&connection) {
        return Err(StoreError::for_damaged_file(path, None));
    }
    Ok((connection, version))
}

/// Renames a damaged file and salvages what can be read into a new one.
fn replace_damaged_file(path: &Path, migrations: &[Migration]) -> Result<StoreWarning, StoreError> {
    let damaged_path = files::set_aside(path)?;
    files::prepare_file(path)?;
    let mut connection = schema::open_connection(path)?;
    schema::create_tables(&mut connection, migrations)?;
    let SalvageReport { sessions, events, is_incomplete } =
        salvage_database(&damaged_path, &mut connection)?;
    Ok(StoreWarning::SetAside { damaged_path, sessions, events, is_incomplete })
}

/// Makes a verified copy of the file beside it.
pub(crate) fn back_up_database(
    connection: &Connection,
    path: &Path,
) -> Result<PathBuf, StoreError> {
    let fail = StoreError::from_sql_error("back up the session store");
    let backup_path = files::unused_path(path, "backup");
    // Created first, with access for the owner only: SQLite accepts an empty file as a database.
    create_private_file(&backup_path).map_err(StoreError::from_io_error("create", &backup_path))?;
    connection.execute("VACUUM INTO ?1", [backup_path.to_string_lossy()]).map_err(fail)?;
    let copy = schema::open_existing(&backup_path).map_err(fail)?;
    let count_rows = |connection: &Connection| {
        connection.query_row(
            "SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM event)",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )
    };
    if !schema::passes_integrity_check(&copy)
        || count_rows(&copy).map_err(fail)? != count_rows(connection).map_err(fail)?
    {
        return Err(StoreError::for_damaged_file(&backup_path, None));
    }
    Ok(backup_path)
}
