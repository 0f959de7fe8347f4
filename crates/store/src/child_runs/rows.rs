//! The rows of sub-agents.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{ChildRun, ChildRunRequest, ChildRunStatus};
use crate::{SessionId, StoreError, files};

/// The most ended runs of one session that are kept.
const MAX_KEPT_RUNS: u32 = if cfg!(test) { 10 } else { 500 };

pub(super) const CREATE_TABLE_SQL: &str = "
    CREATE TABLE IF NOT EXISTS child_run (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        -- The session that asked for it, by its id.
        parent TEXT NOT NULL,
        parent_key TEXT NOT NULL,
        parent_agent TEXT NOT NULL,
        child_key TEXT NOT NULL,
        -- The session that it runs in; NULL until it begins.
        child TEXT,
        agent TEXT NOT NULL,
        label TEXT,
        task TEXT NOT NULL,
        depth INTEGER NOT NULL,
        state TEXT NOT NULL,
        -- Unix time in milliseconds.
        created_at INTEGER NOT NULL,
        started_at INTEGER,
        ended_at INTEGER,
        result TEXT,
        input_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0,
        -- Whether the session that asked for it knows its end.
        told INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS child_run_parent ON child_run (parent);
    CREATE INDEX IF NOT EXISTS child_run_child ON child_run (child_key);";

pub(super) const SELECT_SQL: &str = "SELECT id, parent, parent_key, parent_agent, child_key, child, agent, \
    label, task, depth, state, created_at, started_at, ended_at, result, input_tokens, \
    output_tokens FROM child_run";

/// Sums up a tree. A session that was deleted counts with what its run had.
pub(super) const CHILD_USAGE_SQL: &str = "
    WITH RECURSIVE tree (id, child, state, input_tokens, output_tokens) AS (
        SELECT id, child, state, input_tokens, output_tokens FROM child_run WHERE parent = ?1
        UNION
        SELECT below.id, below.child, below.state, below.input_tokens, below.output_tokens
        FROM child_run AS below JOIN tree ON below.parent = tree.child
    )
    SELECT count(*), coalesce(sum(tree.state IN ('queued', 'running')), 0),
           coalesce(sum(max(tree.input_tokens, coalesce(session.input_tokens, 0))), 0),
           coalesce(sum(max(tree.output_tokens, coalesce(session.output_tokens, 0))), 0)
    FROM tree LEFT JOIN session ON session.id = tree.child";

pub(super) fn has_table(connection: &Connection) -> Result<bool, StoreError> {
    let select = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'child_run')";
    let found = connection.query_row(select, [], |row| row.get(0));
    found.map_err(StoreError::from_sql_error("read the sub-agents"))
}

pub(super) fn insert_run(
    connection: &Connection,
    id: &SessionId,
    request: &ChildRunRequest,
) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM child_run WHERE parent = ?1 AND told = 1
         AND child NOT IN (SELECT id FROM session)
         AND n NOT IN (SELECT n FROM child_run WHERE parent = ?1 ORDER BY n DESC LIMIT ?2)",
        params![request.parent.as_str(), MAX_KEPT_RUNS],
    )?;
    connection.execute(
        "INSERT INTO child_run (id, parent, parent_key, parent_agent, child_key, agent, label,
                                task, depth, state, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'queued', ?10)",
        params![
            id.as_str(),
            request.parent.as_str(),
            request.parent_key.as_str(),
            request.parent_agent,
            format!("agent:{}:subagent:{id}", request.agent),
            request.agent,
            request.label,
            request.task,
            request.depth,
            files::unix_millis()
        ],
    )?;
    Ok(())
}

pub(super) fn find_run(
    connection: &Connection,
    condition: &'static str,
    value: &str,
) -> Result<Option<ChildRun>, StoreError> {
    connection
        .query_row(&format!("{SELECT_SQL} WHERE {condition}"), [value], run_from_row)
        .optional()
        .map_err(StoreError::from_sql_error("find the sub-agent"))
}

pub(super) fn run_from_row(row: &Row<'_>) -> rusqlite::Result<ChildRun> {
    let count = |column| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::unsigned_abs));
    Ok(ChildRun {
        id: row.get(0)?,
        parent: row.get(1)?,
        parent_key: row.get(2)?,
        parent_agent: row.get(3)?,
        child_key: row.get(4)?,
        child: row.get(5)?,
        agent: row.get(6)?,
        label: row.get(7)?,
        task: row.get(8)?,
        depth: row.get(9)?,
        status: ChildRunStatus::from_text(&row.get::<_, String>(10)?),
        created_at: count(11)?.unwrap_or_default(),
        started_at: count(12)?,
        ended_at: count(13)?,
        result: row.get(14)?,
        input_tokens: count(15)?.unwrap_or_default(),
        output_tokens: count(16)?.unwrap_or_default(),
    })
}
