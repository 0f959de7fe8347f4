//! A full or failing disk: only durable entries are acknowledged, and nothing is lost.

use std::error::Error as _;

use openclaw_core::{Journal as _, JournalEntry};

use super::*;
use crate::error::StoreFault;

fn append_message(session: &Session, text: &str) -> Result<(), StoreErrorKind> {
    block_on(session.append_entry(JournalEntry::UserMessage(text))).map_err(|error| {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<StoreError>());
        cause.expect("an error of the store").kind()
    })
}

fn count_steps(session: &Session) -> usize {
    block_on(session.history()).steps().count()
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    append_message(&session, "before").unwrap();
    let limit = |pages: &str| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        let set = move |connection: &rusqlite::Connection| {
            connection
                .query_row(&pragma, [], |_| Ok(()))
                .map_err(StoreError::from_sql_error("limit"))
        };
        store.0.writer.write(set).unwrap();
    };
    limit("12");
    assert_eq!(append_message(&session, &"x".repeat(100_000)), Err(StoreErrorKind::DiskFull));
    assert_eq!(count_steps(&session), 1);
    limit("100000");
    append_message(&session, &"x".repeat(100_000)).unwrap();
    drop((session, store));
    let store = Store::open(&path).unwrap();
    assert_eq!(count_steps(&store.acquire_current(&session_key(), "main").unwrap().session), 2);
}

#[test]
fn after_an_error_of_the_disk_nothing_is_acknowledged_until_the_file_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    append_message(&session, "before").unwrap();
    let failed = store.0.writer.write(|_| -> Result<(), StoreError> {
        let fault = StoreFault::Sql { action: "write to the session", kind: StoreErrorKind::Disk };
        Err(StoreError::new(fault))
    });
    assert!(failed.is_err());
    assert_eq!(append_message(&session, "after"), Err(StoreErrorKind::Disk));
    assert_eq!(append_message(&session, "after"), Err(StoreErrorKind::Disk));
    assert_eq!(count_steps(&session), 1);
    drop((session, store));
    let store = Store::open(&path).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    append_message(&session, "after").unwrap();
    assert_eq!(count_steps(&session), 2);
}
