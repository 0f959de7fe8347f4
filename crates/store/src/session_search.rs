//! Full-text search in what was said in sessions. The index is brought up to date when it is
//! searched, so that recording an entry costs nothing more.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use crate::event::{LogEvent, decode_event};
use crate::log::{self, RetractedRanges, StoredEvent};
use crate::search_terms::{index_text, query_expressions, snippet};
use crate::{SessionId, Store, StoreError};

/// Without the texts themselves, which are in the log.
const CREATE_TABLES_SQL: &str = "
    CREATE TABLE IF NOT EXISTS session_search (
        session INTEGER PRIMARY KEY REFERENCES session (n) ON DELETE CASCADE,
        -- The last event that is in the index.
        seq INTEGER NOT NULL
    ) STRICT;
    CREATE VIRTUAL TABLE IF NOT EXISTS session_words USING fts5 (
        words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
    );";

/// The most events that one write adds to the index, so that turns need not wait for long.
const BATCH_EVENTS: u32 = if cfg!(test) { 3 } else { 500 };

/// The most bytes of one message that are searched.
const MAX_INDEXED_BYTES: usize = 64 << 10;

/// The most bytes of a snippet.
const MAX_SNIPPET_BYTES: usize = 300;

/// The most sessions of one search.
const MAX_SESSIONS: usize = 5000;

/// A search in what was said in sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionQuery {
    /// Words.
    pub text: String,
    /// The sessions that may be read.
    pub sessions: Vec<SessionId>,
    /// The most hits.
    pub limit: usize,
}

/// A message that has words of a query.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionHit {
    /// The session's id.
    pub session_id: String,
    /// The session's key.
    pub key: String,
    /// The number of the message in the session's log.
    pub seq: u64,
    /// When it was recorded, in milliseconds of Unix time.
    pub recorded_at: u64,
    /// `user` or `assistant`.
    pub role: &'static str,
    /// The part of it around the words.
    pub snippet: String,
    /// How well it fits; greater is better.
    pub score: f64,
}

impl Store {
    /// Searches what users and models said, the best hits first. Blocks the thread.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn search_sessions(&self, query: &SessionQuery) -> Result<Vec<SessionHit>, StoreError> {
        let expressions = query_expressions(&query.text);
        if expressions.is_empty() || query.sessions.is_empty() {
            return Ok(Vec::new());
        }
        while self.0.writer.write(index_batch)? {}
        self.0.readers.read(|connection| {
            let rows = session_rows(connection, &query.sessions)?;
            // All words first, then any of them.
            for operator in [" ", " OR "] {
                let hits = find_hits(connection, &expressions.join(operator), &rows, query)?;
                if !hits.is_empty() {
                    return Ok(hits);
                }
            }
            Ok(Vec::new())
        })
    }
}

/// Adds events that are not in the index yet; returns whether there may be more.
fn index_batch(connection: &Connection) -> Result<bool, StoreError> {
    let fail = StoreError::from_sql_error("index the sessions");
    connection.execute_batch(CREATE_TABLES_SQL).map_err(fail)?;
    let mut select = connection
        .prepare(
            "SELECT event.seq, event.kind, event.at, event.crc, event.json, event.n, event.session
             FROM session LEFT JOIN session_search ON session_search.session = session.n
             JOIN event ON event.session = session.n
                  AND event.seq > coalesce(session_search.seq, 0)
             WHERE session.last_seq > coalesce(session_search.seq, 0)
             ORDER BY session.n, event.seq LIMIT ?1",
        )
        .map_err(fail)?;
    let mut rows = select.query([BATCH_EVENTS]).map_err(fail)?;
    let mut insert = connection
        .prepare("INSERT INTO session_words (rowid, words) VALUES (?1, ?2)")
        .map_err(fail)?;
    let (mut last, mut count) = (HashMap::new(), 0);
    while let Some(row) = rows.next().map_err(fail)? {
        count += 1;
        let (n, session): (i64, i64) = (row.get(5).map_err(fail)?, row.get(6).map_err(fail)?);
        last.insert(session, row.get::<_, i64>(0).map_err(fail)?);
        if let Some((_, text)) = spoken_text(row).map_err(fail)? {
            let end = text.floor_char_boundary(MAX_INDEXED_BYTES);
            let words = index_text(text.get(..end).unwrap_or_default());
            insert.execute(params![n, words]).map_err(fail)?;
        }
    }
    for (session, seq) in last {
        let replace = "INSERT OR REPLACE INTO session_search (session, seq) VALUES (?1, ?2)";
        connection.execute(replace, [session, seq]).map_err(fail)?;
    }
    Ok(count == BATCH_EVENTS)
}

/// Removes the words of a session that is about to be deleted, for good.
pub(crate) fn remove_words(connection: &Connection, id: &SessionId) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("remove the session from the index");
    let has_table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'session_words')";
    if !connection.query_row(has_table, [], |row| row.get::<_, bool>(0)).map_err(fail)? {
        return Ok(());
    }
    let removed = connection
        .execute(
            "DELETE FROM session_words WHERE rowid IN
             (SELECT event.n FROM event JOIN session ON session.n = event.session
              WHERE session.id = ?1 AND event.kind IN ('user', 'assistant'))",
            [id.as_str()],
        )
        .map_err(fail)?;
    if removed > 0 {
        // Deleted words stay in the segments until these are written anew.
        let optimize = "INSERT INTO session_words (session_words) VALUES ('optimize')";
        connection.execute(optimize, []).map_err(fail)?;
    }
    Ok(())
}

/// What a user or a model says in an event.
fn spoken_text(row: &Row<'_>) -> rusqlite::Result<Option<(&'static str, String)>> {
    let Some(stored) = StoredEvent::from_row(row)?.filter(|stored| stored.is_intact) else {
        return Ok(None);
    };
    if !matches!(stored.kind, "user" | "assistant") {
        return Ok(None);
    }
    Ok(match decode_event(stored.kind, stored.json) {
        Ok(Some(LogEvent::UserMessage(text))) => Some(("user", text)),
        Ok(Some(LogEvent::AssistantMessage(message))) if !message.text.is_empty() => {
            Some(("assistant", message.text))
        }
        _ => None,
    })
}

/// The row ids of the sessions, as a list of numbers for SQL.
fn session_rows(connection: &Connection, ids: &[SessionId]) -> Result<String, StoreError> {
    let fail = StoreError::from_sql_error("find the sessions");
    let mut select = connection.prepare("SELECT n FROM session WHERE id = ?1").map_err(fail)?;
    let mut rows = Vec::new();
    for id in ids.iter().take(MAX_SESSIONS) {
        let found = select.query_map([id.as_str()], |row| row.get::<_, i64>(0)).map_err(fail)?;
        for row in found {
            rows.push(row.map_err(fail)?.to_string());
        }
    }
    Ok(rows.join(", "))
}

fn find_hits(
    connection: &Connection,
    expression: &str,
    rows: &str,
    query: &SessionQuery,
) -> Result<Vec<SessionHit>, StoreError> {
    let fail = StoreError::from_sql_error("search the sessions");
    let mut select = connection
        .prepare(&format!(
            "SELECT event.seq, event.kind, event.at, event.crc, event.json, event.session,
                    session.id, session.key, session_words.rank
             FROM session_words JOIN event ON event.n = session_words.rowid
             JOIN session ON session.n = event.session
             WHERE session_words MATCH ?1 AND event.session IN ({rows})
             ORDER BY session_words.rank"
        ))
        .map_err(fail)?;
    let mut found = select.query([expression]).map_err(fail)?;
    let mut retracted: HashMap<i64, RetractedRanges> = HashMap::new();
    let mut hits = Vec::new();
    while let Some(row) = found.next().map_err(fail)? {
        let session: i64 = row.get(5).map_err(fail)?;
        let Some((role, text)) = spoken_text(row).map_err(fail)? else { continue };
        let seq = row.get::<_, i64>(0).map_err(fail)?.unsigned_abs();
        if let std::collections::hash_map::Entry::Vacant(unread) = retracted.entry(session) {
            unread.insert(log::retracted_ranges(connection, session)?);
        }
        if retracted.get(&session).is_some_and(|ranges| ranges.contains_seq(seq)) {
            continue;
        }
        hits.push(SessionHit {
            session_id: row.get(6).map_err(fail)?,
            key: row.get(7).map_err(fail)?,
            seq,
            recorded_at: row.get::<_, i64>(2).map_err(fail)?.unsigned_abs(),
            role,
            snippet: snippet(&text, &query.text, MAX_SNIPPET_BYTES).to_owned(),
            // FTS5 ranks the best lowest.
            score: -row.get::<_, f64>(8).map_err(fail)?,
        });
        if hits.len() >= query.limit {
            break;
        }
    }
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use openclaw_core::{Journal as _, JournalEntry};

    use super::*;

    async fn say(store: &Store, key: &str, texts: &[&str]) -> SessionId {
        let session = store.acquire_current(&key.parse().unwrap(), "main").unwrap().session;
        for text in texts {
            session.append_entry(JournalEntry::UserMessage(text)).await.unwrap();
        }
        session.id().clone()
    }

    fn search(store: &Store, text: &str, sessions: &[&SessionId]) -> Vec<String> {
        let sessions = sessions.iter().map(|id| (*id).clone()).collect();
        let query = SessionQuery { text: text.to_owned(), sessions, limit: 5 };
        let hits = store.search_sessions(&query).unwrap();
        hits.into_iter().map(|hit| hit.snippet).collect()
    }

    #[tokio::test]
    async fn what_was_said_is_found_in_the_given_sessions_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("s.db")).unwrap();
        let texts = ["the red lamp", "我的密码在这里", "a", "b", "c", "the Green lamp"];
        let one = say(&store, "agent:main:main", &texts).await;
        let other = say(&store, "agent:main:other", &["a lamp of others"]).await;
        assert_eq!(search(&store, "green LAMP", &[&one]), ["the Green lamp"]);
        assert_eq!(search(&store, "密码", &[&one, &other]), ["我的密码在这里"]);
        assert_eq!(search(&store, "others", &[&one]), Vec::<String>::new());
        assert_eq!(search(&store, "others nowhere", &[&other]), ["a lamp of others"]);
        assert_eq!(search(&store, "\" OR *", &[&one]), Vec::<String>::new());
        let later = say(&store, "agent:main:main", &["a blue door"]).await;
        assert_eq!(search(&store, "door", &[&later]), ["a blue door"]);
    }

    #[tokio::test]
    async fn what_was_undone_or_deleted_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("s.db")).unwrap();
        let key = "agent:main:main";
        let id = say(&store, key, &["keep the anchor", "forget the zebra"]).await;
        assert_eq!(search(&store, "zebra", &[&id]).len(), 1);
        let loaded = store.acquire_current(&key.parse().unwrap(), "main").unwrap();
        assert!(loaded.session.undo_turn().await.unwrap().is_some());
        assert_eq!(search(&store, "zebra", &[&id]), Vec::<String>::new());
        drop(loaded);
        store.delete_session(&id).unwrap();
        // The words of the next session get the numbers of those that are gone.
        let next = say(&store, key, &["another ship", "another port"]).await;
        assert_eq!(search(&store, "anchor", &[&next]), Vec::<String>::new());
        assert_eq!(search(&store, "port", &[&next]), ["another port"]);
    }
}
