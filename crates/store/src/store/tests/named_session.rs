//! Errors of a session name it.

use openclaw_core::{Journal as _, JournalEntry};

use super::*;

#[test]
fn a_session_that_was_changed_without_its_lease_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    let name = format!("session {} of `{}`", session.id(), session.key());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE session SET last_seq = 99", []).unwrap();
    let error = block_on(session.begin_turn()).map(|_| ());
    assert_eq!(error.map_err(|error| error.kind()), Ok(()), "nothing had to be recorded");
    let error = block_on(session.append_entry(JournalEntry::UserMessage("Hi"))).unwrap_err();
    assert_eq!(error.to_string(), format!("write the journal of {name}"));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    let expected = "write to a session that was changed or deleted meanwhile";
    assert_eq!(cause, format!("{expected} ({name})"));
}

#[test]
fn a_session_whose_table_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    let name = format!("session {} of `{}`", session.id(), session.key());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("ALTER TABLE event RENAME TO other").unwrap();
    let error = block_on(session.undo_turn()).unwrap_err();
    assert_eq!(error.to_string(), format!("read the session ({name})"));
}
