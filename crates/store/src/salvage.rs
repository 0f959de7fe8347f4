//! Salvages what can be read of a damaged file.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, Transaction, params_from_iter};

use crate::{StoreError, schema};

/// How much was salvaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SalvageReport {
    pub(crate) sessions: usize,
    pub(crate) events: usize,
    /// Whether something could not be read.
    pub(crate) is_incomplete: bool,
}

const SESSION_COLUMNS: &str = "n, id, key, agent, current, created_at, updated_at, title, model, \
                       last_seq, turns, turn_open, input_tokens, output_tokens, cached_tokens, \
                       context_tokens";
const EVENT_COLUMNS: &str = "n, session, seq, kind, at, crc, json";

/// Copies the rows that can be read: from the first row forward and from the last row backward,
/// each up to the damage. Damaged events are found when a session is opened.
///
/// # Errors
/// When the new file cannot be written; never because of damage in the old one.
pub(crate) fn salvage_database(
    from: &Path,
    into: &mut Connection,
) -> Result<SalvageReport, StoreError> {
    let fail =
        StoreError::from_sql_error("take over what can be read of the damaged session store");
    let mut salvaged = SalvageReport::default();
    let Ok(old) = schema::open_existing(from) else {
        return Ok(SalvageReport { is_incomplete: true, ..salvaged });
    };
    // Leaves the damaged file unchanged.
    let _ = old.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    // Lets SQLite read a file that was cut off.
    let _ = old.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true);
    // Events may have lost their session rows; these are recreated at the end.
    into.pragma_update(None, "foreign_keys", false).map_err(fail)?;
    let transaction = into.transaction().map_err(fail)?;
    let tables = [("session", SESSION_COLUMNS, 16), ("event", EVENT_COLUMNS, 7)];
    let counts = [&mut salvaged.sessions, &mut salvaged.events];
    for ((table, columns, width), count) in tables.into_iter().zip(counts) {
        let placeholders = vec!["?"; width].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({placeholders})");
        for order in ["ASC", "DESC"] {
            let select = format!("SELECT {columns} FROM {table} NOT INDEXED ORDER BY n {order}");
            let (copied, is_complete) =
                copy_rows(&old, &select, &transaction, &insert).map_err(fail)?;
            *count += copied;
            salvaged.is_incomplete |= !is_complete;
            if is_complete {
                break;
            }
        }
    }
    transaction.execute_batch(ADOPT_ORPHANS_SQL).map_err(fail)?;
    transaction.commit().map_err(fail)?;
    into.pragma_update(None, "foreign_keys", true).map_err(fail)?;
    Ok(salvaged)
}

/// Recreates sessions for orphaned events, and sets each session's last event.
const ADOPT_ORPHANS_SQL: &str = "
    INSERT INTO session (n, id, key, agent, current, created_at, updated_at)
        SELECT session, 'recovered-' || session, 'recovered-' || session, 'main', 0,
               min(at), max(at)
        FROM event WHERE session NOT IN (SELECT n FROM session) GROUP BY session;
    UPDATE session SET last_seq = max(
        last_seq,
        coalesce((SELECT max(seq) FROM event WHERE event.session = session.n), 0)
    );";

/// Copies rows until one cannot be read. Returns how many were new, and whether these are all.
///
/// # Errors
/// When a row cannot be written.
fn copy_rows(
    old: &Connection,
    select: &str,
    new: &Transaction<'_>,
    insert: &str,
) -> rusqlite::Result<(usize, bool)> {
    let Ok(mut select) = old.prepare(select) else { return Ok((0, false)) };
    let width = select.column_count();
    let Ok(mut rows) = select.query([]) else { return Ok((0, false)) };
    let mut insert = new.prepare(insert)?;
    let (mut copied, mut is_complete) = (0, true);
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok((copied, is_complete)),
            Err(_) => return Ok((copied, false)),
        };
        let values = (0..width).map(|column| row.get::<_, Value>(column));
        let Ok(values) = values.collect::<Result<Vec<_>, _>>() else {
            is_complete = false;
            continue;
        };
        match insert.execute(params_from_iter(values)) {
            Ok(new) => copied += new,
            // A value that the new table's column does not accept.
            Err(error) if is_row_error(&error) => is_complete = false,
            Err(error) => return Err(error),
        }
    }
}

fn is_row_error(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
    )
}
