//! The commands that a node was asked to run: each is recorded before it begins, so that none is run
//! twice, whatever is repeated and restarted.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{Store, StoreError, files};

/// The most commands that are kept.
const MAX_KEPT_INVOCATIONS: u32 = if cfg!(test) { 20 } else { 100_000 };

/// The most bytes of results that are kept; older results are dropped, their commands are not.
const MAX_RESULT_BYTES: i64 = if cfg!(test) { 1000 } else { 64 << 20 };

/// How long a command is kept after its end, in milliseconds: a week.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The commands that are kept however old they are.
const MIN_KEPT_INVOCATIONS: u32 = if cfg!(test) { 2 } else { 256 };

const CREATE_TABLE_SQL: &str = "
    CREATE TABLE IF NOT EXISTS invocation (
        n INTEGER PRIMARY KEY,
        idempotency_key TEXT NOT NULL UNIQUE,
        request_digest TEXT NOT NULL,
        -- The approval that it used up.
        approval TEXT UNIQUE,
        -- The start of the node that runs it.
        owner TEXT NOT NULL,
        -- Unix time in milliseconds.
        begun_at INTEGER NOT NULL,
        ended_at INTEGER,
        -- None while it runs, and when it was dropped to save room.
        result TEXT,
        result_bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT;";

/// The commands that a node was asked to run. Clones share the store.
#[derive(Debug, Clone)]
pub struct InvocationLog {
    store: Store,
    owner: String,
}

/// A command to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationRequest {
    /// What the caller chose so that the command runs once.
    pub idempotency_key: String,
    /// A digest of the command: another one with the same key is told apart by it.
    pub digest: String,
    /// The approval that it uses up; `None` when it needs none.
    pub approval: Option<String>,
}

/// What became of a request to begin a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvocationStart {
    /// It is recorded and may begin.
    Begun,
    /// It ended before, with this result; `None` when that is no longer kept.
    Ended(Option<String>),
    /// It was begun and has not ended: by this start of the node when `is_own`, else by an earlier
    /// one, so that it may have run.
    Unfinished {
        /// Whether this start of the node began it.
        is_own: bool,
    },
    /// Another command was recorded with the same key.
    KeyReused,
    /// The approval was used up by another command.
    ApprovalUsed,
}

impl InvocationLog {
    /// Opens the commands in a store. `owner` names this start of the node.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(store: Store, owner: impl Into<String>) -> Result<Self, StoreError> {
        store.0.writer.write(|connection| {
            let fail = StoreError::from_sql_error("prepare the commands of the node");
            connection.execute_batch(CREATE_TABLE_SQL).map_err(fail)
        })?;
        Ok(Self { store, owner: owner.into() })
    }

    /// What was recorded of a command; `None` when nothing was.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn find(
        &self,
        request: &InvocationRequest,
    ) -> Result<Option<InvocationStart>, StoreError> {
        let (request, owner) = (request.clone(), self.owner.clone());
        let find = move |connection: &Connection| find_invocation(connection, &request, &owner);
        self.store.0.writer.write_and_apply(find, |known| known).await
    }

    /// Records that a command begins, unless it was begun before. The record is durable when this
    /// returns. Forgets what is old.
    ///
    /// # Errors
    /// When the file cannot be written; the command must not begin then.
    pub async fn begin(&self, request: InvocationRequest) -> Result<InvocationStart, StoreError> {
        let owner = self.owner.clone();
        let begin = move |connection: &Connection| {
            forget_old(connection)?;
            begin_invocation(connection, &request, &owner)
        };
        self.store.0.writer.write_and_apply(begin, |start| start).await
    }

    /// Records how a command ended. The record is durable when this returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn finish(&self, idempotency_key: &str, result: String) -> Result<(), StoreError> {
        let (key, owner) = (idempotency_key.to_owned(), self.owner.clone());
        let finish = move |connection: &Connection| {
            let bytes = i64::try_from(result.len()).unwrap_or(i64::MAX);
            connection
                .execute(
                    "UPDATE invocation SET ended_at = ?3, result = ?4, result_bytes = ?5
                     WHERE idempotency_key = ?1 AND owner = ?2 AND ended_at IS NULL",
                    params![key, owner, files::unix_millis(), result, bytes],
                )
                .map(|_| ())
                .map_err(StoreError::from_sql_error("record the end of the command"))
        };
        self.store.0.writer.write_and_apply(finish, |()| ()).await
    }
}

fn find_invocation(
    connection: &Connection,
    request: &InvocationRequest,
    owner: &str,
) -> Result<Option<InvocationStart>, StoreError> {
    connection
        .query_row(
            "SELECT request_digest, owner, ended_at IS NOT NULL, result FROM invocation
             WHERE idempotency_key = ?1",
            [&request.idempotency_key],
            |row| {
                let digest: String = row.get(0)?;
                let begun_by: String = row.get(1)?;
                let (has_ended, result) = (row.get(2)?, row.get(3)?);
                Ok(match (digest == request.digest, has_ended) {
                    (false, _) => InvocationStart::KeyReused,
                    (true, true) => InvocationStart::Ended(result),
                    (true, false) => InvocationStart::Unfinished { is_own: begun_by == owner },
                })
            },
        )
        .optional()
        .map_err(StoreError::from_sql_error("find the command"))
}

fn begin_invocation(
    connection: &Connection,
    request: &InvocationRequest,
    owner: &str,
) -> Result<InvocationStart, StoreError> {
    if let Some(known) = find_invocation(connection, request, owner)? {
        return Ok(known);
    }
    let InvocationRequest { idempotency_key, digest, approval } = request;
    // The only other conflict is that of the approval.
    let inserted = connection
        .execute(
            "INSERT INTO invocation (idempotency_key, request_digest, approval, owner, begun_at)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![idempotency_key, digest, approval, owner, files::unix_millis()],
        )
        .map_err(StoreError::from_sql_error("record the command"))?;
    Ok(if inserted == 1 { InvocationStart::Begun } else { InvocationStart::ApprovalUsed })
}

/// Forgets what ended, or was begun and left, longer than a week ago, and what is too much. The last
/// ones stay whatever their age: a clock that is set forward must not have a command run twice.
fn forget_old(connection: &Connection) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("forget old commands");
    let oldest = files::unix_millis().saturating_sub(KEPT_MS);
    connection
        .execute(
            "DELETE FROM invocation WHERE coalesce(ended_at, begun_at) < ?1
             AND n <= (SELECT n FROM invocation ORDER BY n DESC LIMIT 1 OFFSET ?2)",
            params![oldest, MIN_KEPT_INVOCATIONS],
        )
        .map_err(fail)?;
    connection
        .execute(
            "DELETE FROM invocation
             WHERE n <= (SELECT n FROM invocation ORDER BY n DESC LIMIT 1 OFFSET ?1)",
            [MAX_KEPT_INVOCATIONS - 1],
        )
        .map_err(fail)?;
    let bytes: i64 = connection
        .query_row("SELECT coalesce(sum(result_bytes), 0) FROM invocation", [], |row| row.get(0))
        .map_err(fail)?;
    if bytes <= MAX_RESULT_BYTES {
        return Ok(());
    }
    connection
        .execute(
            "UPDATE invocation SET result = NULL, result_bytes = 0 WHERE n IN (
                 SELECT n FROM (
                     SELECT n, sum(result_bytes) OVER (ORDER BY n DESC) AS total FROM invocation
                 ) WHERE total > ?1)",
            [MAX_RESULT_BYTES],
        )
        .map(|_| ())
        .map_err(fail)
}

#[cfg(test)]
mod tests;
