//! Queries on the list of sessions.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::StoreFault;
use crate::{SessionId, SessionKey, StoreError, files};

/// A session, as the list of sessions shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The session's id.
    pub id: SessionId,
    /// The session's key. It may lead to a newer session by now: see `is_current`.
    pub key: SessionKey,
    /// Whether the key leads to this session.
    pub is_current: bool,
    /// The agent that the session belongs to.
    pub agent: String,
    /// When it was created, in milliseconds of Unix time.
    pub created_at: u64,
    /// When the last event was recorded, in milliseconds of Unix time.
    pub updated_at: u64,
    /// The first line of the first user message; `None` before that.
    pub title: Option<String>,
    /// The model that answered last, as the user names it; `None` before the first answer.
    pub model: Option<String>,
    /// The number of events in its log, including retracted ones.
    pub events: u64,
    /// The number of turns that ended, including retracted ones.
    pub turns: u64,
    /// Whether the last turn has not ended: it is running, or it was interrupted.
    pub turn_open: bool,
    /// Input tokens over all turns, as the servers counted them.
    pub input_tokens: u64,
    /// Output tokens over all turns, as the servers counted them.
    pub output_tokens: u64,
    /// Input tokens from prefix caches over all turns, as the servers counted them.
    pub cached_tokens: u64,
    /// The tokens in the context window after the last turn; `None` when unknown.
    pub context_tokens: Option<u64>,
}

const SESSION_COLUMNS: &str = "id, key, current, agent, created_at, updated_at, title, model, last_seq, \
                       turns, turn_open, input_tokens, output_tokens, cached_tokens, \
                       context_tokens";

/// How many sessions the error for an ambiguous text names.
const MAX_NAMED_SESSIONS: usize = 5;

pub(crate) fn list_sessions(connection: &Connection) -> Result<Vec<SessionInfo>, StoreError> {
    let fail = StoreError::from_sql_error("list the sessions");
    let select = format!("SELECT {SESSION_COLUMNS} FROM session ORDER BY updated_at DESC, n DESC");
    let mut select = connection.prepare(&select).map_err(fail)?;
    let rows = select.query_map([], info_from_row).map_err(fail)?;
    // Skips rows with an invalid session id or key.
    rows.filter_map(Result::transpose).collect::<Result<_, _>>().map_err(fail)
}

pub(crate) fn find_session(connection: &Connection, text: &str) -> Result<SessionInfo, StoreError> {
    let fail = StoreError::from_sql_error("find the session");
    let select = |condition: &str| {
        let select = format!(
            "SELECT {SESSION_COLUMNS} FROM session WHERE {condition} ORDER BY updated_at DESC, n DESC"
        );
        let mut select = connection.prepare(&select).map_err(fail)?;
        let rows = select.query_map([text], info_from_row).map_err(fail)?;
        let found = rows.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>();
        found.map_err(fail)
    };
    for condition in ["id = ?1", "key = ?1 AND current = 1"] {
        if let Some(found) = select(condition)?.pop() {
            return Ok(found);
        }
    }
    let mut found =
        if text.is_empty() { Vec::new() } else { select("substr(id, 1, length(?1)) = ?1")? };
    match (found.pop(), found.len()) {
        (None, _) => Err(StoreError::not_found(text)),
        (Some(only), 0) => Ok(only),
        (Some(last), _) => {
            let ids =
                found.into_iter().chain([last]).map(|it| it.id).take(MAX_NAMED_SESSIONS).collect();
            Err(StoreError::new(StoreFault::Ambiguous { text: text.to_owned(), ids }))
        }
    }
}

pub(crate) fn current_session(
    connection: &Connection,
    key: &SessionKey,
) -> Result<Option<SessionInfo>, StoreError> {
    let fail = StoreError::from_sql_error("find the session");
    let select = format!("SELECT {SESSION_COLUMNS} FROM session WHERE key = ?1 AND current = 1");
    let found =
        connection.query_row(&select, [key.as_str()], info_from_row).optional().map_err(fail)?;
    Ok(found.flatten())
}

/// The row id of a session; `None` when there is no such session.
pub(crate) fn session_row_id(
    connection: &Connection,
    id: &SessionId,
) -> Result<Option<i64>, StoreError> {
    let select = "SELECT n FROM session WHERE id = ?1";
    let found = connection.query_row(select, [id.as_str()], |row| row.get(0)).optional();
    found.map_err(StoreError::from_sql_error("find the session"))
}

/// Creates an empty session, with a random id when none is given.
pub(crate) fn create_session(
    connection: &Connection,
    id: Option<SessionId>,
    key: &SessionKey,
    agent: &str,
    current: bool,
) -> Result<SessionId, StoreError> {
    let fail = StoreError::from_sql_error("make a session");
    let random = || {
        let random = connection.query_row("SELECT randomblob(16)", [], |row| row.get(0));
        random.map(SessionId::from_random).map_err(fail)
    };
    let id = id.map_or_else(random, Ok)?;
    connection
        .execute(
            "INSERT INTO session (id, key, agent, current, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![id.as_str(), key.as_str(), agent, current, files::unix_millis()],
        )
        .map_err(fail)?;
    Ok(id)
}

/// Reads a row; `None` when its id or key is invalid.
fn info_from_row(row: &Row<'_>) -> rusqlite::Result<Option<SessionInfo>> {
    let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let (id, key): (String, String) = (row.get(0)?, row.get(1)?);
    let (Ok(id), Ok(key)) = (id.parse(), key.parse()) else { return Ok(None) };
    Ok(Some(SessionInfo {
        id,
        key,
        is_current: row.get(2)?,
        agent: row.get(3)?,
        created_at: count(4)?,
        updated_at: count(5)?,
        title: row.get(6)?,
        model: row.get(7)?,
        events: count(8)?,
        turns: count(9)?,
        turn_open: row.get(10)?,
        input_tokens: count(11)?,
        output_tokens: count(12)?,
        cached_tokens: count(13)?,
        context_tokens: row.get::<_, Option<i64>>(14)?.map(i64::unsigned_abs),
    }))
}
