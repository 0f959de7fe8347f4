//! The file of the index. Its content can be computed again, so a damaged file is replaced.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_fs::{LockFile, create_private_dir, open_private_file};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use crate::error::{MemoryError, is_damaged};

/// How long a program waits for another one that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The form of the tables. A file with another number is made anew.
const SCHEMA_VERSION: i64 = 1;

/// The files of one database.
const DATABASE_SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

const TABLES: &str = "
CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    version TEXT NOT NULL,
    hash BLOB NOT NULL,
    is_truncated INTEGER NOT NULL
);
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    note INTEGER NOT NULL REFERENCES note (id),
    first_line INTEGER NOT NULL,
    line_count INTEGER NOT NULL,
    hash BLOB NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX chunk_note ON chunk (note);
CREATE INDEX chunk_hash ON chunk (hash);
CREATE VIRTUAL TABLE chunk_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE embedding (hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
";

/// The number that each change of chunks or vectors increases.
pub(crate) const GENERATION: &str = "generation";
/// The model of the vectors.
pub(crate) const EMBEDDING_MODEL: &str = "embeddingModel";
/// How the chunks were made.
pub(crate) const CHUNK_FORM: &str = "chunkForm";

/// An index file, opened when it is first used and again when another program replaced it.
#[derive(Debug)]
pub(crate) struct IndexDatabase {
    path: PathBuf,
    opened: Mutex<Option<OpenedFile>>,
}

#[derive(Debug)]
struct OpenedFile {
    connection: Connection,
    /// The device and the number of the file.
    identity: (u64, u64),
}

impl IndexDatabase {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, opened: Mutex::new(None) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Uses the connection. When the file turns out to be damaged it is replaced, and `work` is
    /// done once more.
    pub(crate) fn with_connection<T>(
        &self,
        action: &'static str,
        mut work: impl FnMut(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, MemoryError> {
        let fail = MemoryError::from_sql(action, &self.path);
        let mut opened = self.opened.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if opened.as_ref().is_some_and(|it| file_identity(&self.path) != Some(it.identity)) {
            *opened = None;
        }
        let is_damage = match self.prepare_connection(&mut opened)? {
            Ok(connection) => match work(connection) {
                Err(error) if is_damaged(&error) => true,
                result => return result.map_err(fail),
            },
            Err(error) if is_damaged(&error) => true,
            Err(error) => return Err(fail(error)),
        };
        debug_assert!(is_damage);
        *opened = None;
        self.replace_damaged_file()?;
        let connection = self.prepare_connection(&mut opened)?.map_err(fail)?;
        work(connection).map_err(fail)
    }

    fn prepare_connection<'a>(
        &self,
        opened: &'a mut Option<OpenedFile>,
    ) -> Result<rusqlite::Result<&'a mut Connection>, MemoryError> {
        if opened.is_none() {
            self.create_file()?;
            match open_connection(&self.path) {
                Ok(connection) => {
                    let identity = file_identity(&self.path).unwrap_or_default();
                    *opened = Some(OpenedFile { connection, identity });
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        match opened {
            Some(file) => Ok(Ok(&mut file.connection)),
            None => Ok(Err(rusqlite::Error::InvalidQuery)),
        }
    }

    fn create_file(&self) -> Result<(), MemoryError> {
        let create = |path: &Path, source| MemoryError::Create { path: path.to_owned(), source };
        if let Some(folder) = self.path.parent() {
            create_private_dir(folder).map_err(|source| create(folder, source))?;
        }
        open_private_file(&self.path).map_err(|source| create(&self.path, source))?;
        Ok(())
    }

    /// Removes the file, unless another program did so while this one waited.
    fn replace_damaged_file(&self) -> Result<(), MemoryError> {
        let lock_path = self.sibling("-lock");
        // Without the lock two programs could each remove what the other has just made, which
        // costs time only.
        let _lock = LockFile::acquire_within(&lock_path, BUSY_TIMEOUT).ok();
        let is_usable = open_connection(&self.path)
            .and_then(|connection| {
                connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
            })
            .is_ok_and(|verdict| verdict == "ok");
        if is_usable {
            return Ok(());
        }
        for suffix in DATABASE_SUFFIXES {
            let path = self.sibling(suffix);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(MemoryError::Create { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn sibling(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        self.path.with_file_name(name)
    }
}

fn file_identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn open_connection(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // What a power failure takes from the end is computed again.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -16000;",
    )?;
    if schema_version(&connection)? != SCHEMA_VERSION {
        let transaction = begin_write(&mut connection)?;
        if schema_version(&transaction)? != SCHEMA_VERSION {
            drop_tables(&transaction)?;
            transaction.execute_batch(TABLES)?;
            // No file that replaces another one has its numbers.
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let first = i64::try_from(now.as_micros()).unwrap_or_default();
            write_setting(&transaction, GENERATION, first)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        transaction.commit()?;
    }
    Ok(connection)
}

fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn drop_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DROP TABLE IF EXISTS chunk_words; DROP TABLE IF EXISTS embedding;
         DROP TABLE IF EXISTS chunk; DROP TABLE IF EXISTS note; DROP TABLE IF EXISTS setting;",
    )
}

/// Begins a transaction that no other program can write beside.
pub(crate) fn begin_write(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

pub(crate) fn read_setting<T: rusqlite::types::FromSql>(
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<Option<T>> {
    let mut select = connection.prepare("SELECT value FROM setting WHERE name = ?1")?;
    select.query_row([name], |row| row.get(0)).optional()
}

pub(crate) fn write_setting(
    connection: &Connection,
    name: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<()> {
    let insert = "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)";
    connection.prepare(insert)?.execute(rusqlite::params![name, value]).map(drop)
}

/// The number of the last change.
pub(crate) fn read_generation(connection: &Connection) -> rusqlite::Result<i64> {
    Ok(read_setting(connection, GENERATION)?.unwrap_or(0))
}

pub(crate) fn increase_generation(connection: &Connection) -> rusqlite::Result<()> {
    write_setting(connection, GENERATION, read_generation(connection)? + 1)
}
