//! The tables, their schema versions, and the settings of a connection.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction};

use crate::StoreError;
use crate::error::{StoreErrorKind, StoreFault};

/// `ocst`: the application id that marks the file as a session store.
pub(crate) const APPLICATION_ID: i64 = 0x6F63_7374;

/// How each SQLite file begins.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// Where the application id is, big-endian, in the header of an SQLite file.
const APPLICATION_ID_BYTES: Range<usize> = 68..72;

/// Where the first page tells how many tables and indexes it holds.
const TABLE_COUNT_BYTES: Range<usize> = 103..105;

/// The bytes that tell whose file it is: the header, and the head of the first page.
const FIRST_PAGE_START_BYTES: u64 = 105;

/// The oldest schema version whose programs can read this one's files.
const MIN_READER: i64 = 1;

/// The longest wait for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The kinds of events that can be found without reading others. A query must repeat this condition
/// verbatim for SQLite to use the partial index.
pub(crate) const MARK_FILTER: &str = "kind IN ('user', 'turn', 'compacted', 'undone', 'prefix')";

const CREATE_TABLES_SQL: &str = "
    CREATE TABLE meta (
        schema INTEGER NOT NULL,
        min_reader INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE session (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        key TEXT NOT NULL,
        agent TEXT NOT NULL,
        -- Whether the key leads to this session.
        current INTEGER NOT NULL,
        -- Unix time in milliseconds.
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        title TEXT,
        model TEXT,
        last_seq INTEGER NOT NULL DEFAULT 0,
        turns INTEGER NOT NULL DEFAULT 0,
        turn_open INTEGER NOT NULL DEFAULT 0,
        input_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0,
        cached_tokens INTEGER NOT NULL DEFAULT 0,
        context_tokens INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX session_key ON session (key) WHERE current = 1;
    CREATE TABLE event (
        n INTEGER PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES session (n) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        json TEXT NOT NULL,
        UNIQUE (session, seq)
    ) STRICT;";

/// The state of a file's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaStatus {
    /// It has no tables yet.
    Empty,
    /// It can be used as it is.
    Usable,
    /// It must be migrated first.
    Older(i64),
}

/// A migration from one schema version to the next.
pub(crate) type Migration = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// The migrations; the first leads from version 1 to 2.
pub(crate) const MIGRATIONS: &[Migration] = &[];

/// The schema version after all migrations.
fn latest_version(migrations: &[Migration]) -> i64 {
    i64::try_from(migrations.len()).map_or(i64::MAX, |steps| steps + 1)
}

/// Opens the file, and creates it if it does not exist.
pub(crate) fn open_connection(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = StoreError::from_sql_error("open the session store");
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON;
             PRAGMA cache_size = -2000;",
        )
        .map_err(fail)?;
    Ok(connection)
}

/// Refuses a file of another program before anything is changed, locked or created.
///
/// # Errors
/// When there is something at the path that is not a session store, or it cannot be read.
pub(crate) fn refuse_foreign_file(path: &Path) -> Result<(), StoreError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::from_io_error("read", path)(error)),
    };
    // A pipe would be waited for when it is opened.
    if !metadata.is_file() {
        return Err(StoreError::new(StoreFault::ForeignFile { path: path.to_owned() }));
    }
    let start = openclaw_fs::read_prefix(path, FIRST_PAGE_START_BYTES)
        .map_err(StoreError::from_io_error("read", path))?;
    if is_store_start(&start) {
        Ok(())
    } else {
        Err(StoreError::new(StoreFault::ForeignFile { path: path.to_owned() }))
    }
}

/// Whether the first bytes of a file are those of a session store, new, cut or damaged ones
/// included.
fn is_store_start(start: &[u8]) -> bool {
    let application = start.get(APPLICATION_ID_BYTES).and_then(|id| id.try_into().ok());
    if application.map(u32::from_be_bytes).map(i64::from) == Some(APPLICATION_ID) {
        return true;
    }
    let magic_length = start.len().min(SQLITE_MAGIC.len());
    if start.get(..magic_length) != SQLITE_MAGIC.get(..magic_length) {
        return false;
    }
    // The id and the tables are committed together, to the first page: a store without an id has
    // no table there, and a file with tables but no id is another program's.
    let has_no_id = application.is_none_or(|id| id == [0; 4]);
    let has_no_table = start.get(TABLE_COUNT_BYTES).is_none_or(|count| count == [0, 0]);
    has_no_id && has_no_table
}

/// Opens the file for reading only.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let fail = StoreError::from_sql_error("open the session store");
    // Reading a write-ahead log requires write access to its index.
    let connection = open_existing(path).map_err(fail)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1000;").map_err(fail)?;
    Ok(connection)
}

/// Opens an existing file without changing it.
pub(crate) fn open_existing(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Determines the state of the file's schema.
///
/// # Errors
/// When the file has a newer schema that this version cannot read, belongs to another program, or
/// is damaged.
pub(crate) fn check_version(
    connection: &Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<SchemaStatus, StoreError> {
    let fail = StoreError::from_sql_error("read the session store's version");
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(fail);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let application = number("PRAGMA application_id")?;
    if tables == 0 && application == 0 {
        return Ok(SchemaStatus::Empty);
    }
    if application != APPLICATION_ID {
        return Err(StoreError::new(StoreFault::ForeignFile { path: path.to_owned() }));
    }
    let versions = connection.query_row("SELECT schema, min_reader FROM meta", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    let versions = versions.optional().map_err(|error| {
        // A missing table is damage of the file, not an error of the disk.
        let error = fail(error);
        if error.kind() == StoreErrorKind::Disk {
            StoreError::for_damaged_file(path, Some(error))
        } else {
            error
        }
    })?;
    match versions {
        None => Err(StoreError::for_damaged_file(path, None)),
        Some((schema, min_reader)) if min_reader > latest_version(migrations) => {
            Err(StoreError::new(StoreFault::TooNew { path: path.to_owned(), schema }))
        }
        Some((schema, _)) if schema < latest_version(migrations) => Ok(SchemaStatus::Older(schema)),
        Some(_) => Ok(SchemaStatus::Usable),
    }
}

/// Creates the tables of an empty file.
pub(crate) fn create_tables(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("make the tables of the session store");
    let transaction = connection.transaction().map_err(fail)?;
    transaction
        .execute_batch(&format!(
            "{CREATE_TABLES_SQL}
             CREATE INDEX event_mark ON event (session, kind, seq) WHERE {MARK_FILTER};
             INSERT INTO meta VALUES (1, {MIN_READER});
             PRAGMA application_id = {APPLICATION_ID};"
        ))
        .map_err(fail)?;
    run_migrations(&transaction, 1, migrations).map_err(fail)?;
    transaction.commit().map_err(fail)
}

/// Runs all migrations in one transaction.
pub(crate) fn migrate_tables(
    connection: &mut Connection,
    from: i64,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let fail = StoreError::from_statement_error("bring the tables of the session store up to date");
    let transaction = connection.transaction().map_err(fail)?;
    run_migrations(&transaction, from, migrations).map_err(fail)?;
    transaction.commit().map_err(fail)
}

fn run_migrations(
    transaction: &Transaction<'_>,
    from: i64,
    migrations: &[Migration],
) -> rusqlite::Result<()> {
    let done = usize::try_from(from - 1).unwrap_or(0);
    migrations.iter().skip(done).try_for_each(|step| step(transaction))?;
    let versions = [latest_version(migrations), MIN_READER];
    transaction.execute("UPDATE meta SET schema = ?1, min_reader = ?2", versions)?;
    Ok(())
}

/// Returns whether SQLite's integrity check of the whole file passes.
pub(crate) fn passes_integrity_check(connection: &Connection) -> bool {
    let answer = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))
        .unwrap_or_default();
    answer == "ok"
}
