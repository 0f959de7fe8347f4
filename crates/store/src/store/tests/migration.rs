//! Files with other schema versions.

use super::*;
use crate::schema;

const NEXT_MIGRATIONS: &[Migration] =
    &[|transaction| transaction.execute_batch("ALTER TABLE session ADD COLUMN mood TEXT")];
const FAULTY_MIGRATIONS: &[Migration] = &[|transaction| {
    transaction.execute_batch("ALTER TABLE session ADD COLUMN mood TEXT; DROP TABLE nothing")
}];

fn set_versions(path: &Path, schema: i64, min_reader: i64) {
    let connection = schema::open_connection(path).unwrap();
    let set = "UPDATE meta SET schema = ?1, min_reader = ?2";
    connection.execute(set, [schema, min_reader]).unwrap();
}

/// Creates a store that holds the script's entries.
fn create_store(path: &Path) -> openclaw_core::History {
    let store = Store::open(path).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    for entry in script_entries() {
        perform_entry(&session, &entry);
    }
    block_on(session.history())
}

#[test]
fn a_newer_file_is_refused_unless_it_says_that_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(Store::open(&path).unwrap());
    set_versions(&path, 9, 1);
    drop(Store::open(&path).unwrap());
    set_versions(&path, 9, 9);
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooNew);
    assert!(error.to_string().contains("a newer version wrote"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn an_older_file_is_backed_up_and_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let history = create_store(&path);
    let store =
        Store::open_with_failpoints(&path, NEXT_MIGRATIONS, FailPointHook::default()).unwrap();
    let [StoreWarning::Migrated { backup }] = store.opening_warnings() else {
        panic!("{:?}", store.opening_warnings())
    };
    assert!(store.opening_warnings()[0].to_string().contains("brought up to date"));
    assert_eq!(store.acquire_current(&session_key(), "main").unwrap().history, history);

    let copy = schema::open_connection(backup).unwrap();
    assert!(schema::passes_integrity_check(&copy));
    let number = |sql| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(*) FROM event").unsigned_abs(), script_entries().len() as u64);
    assert_eq!(number("SELECT schema FROM meta"), 1);
    drop(store);
    // A version that can still read the newer schema does so.
    assert_eq!(Store::open(&path).unwrap().list_sessions().unwrap().len(), 1);
}

#[test]
fn a_file_that_others_use_is_not_changed_under_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let older = Store::open(&path).unwrap();
    let error =
        Store::open_with_failpoints(&path, NEXT_MIGRATIONS, FailPointHook::default()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Outdated);
    drop(older);
    assert!(Store::open_with_failpoints(&path, NEXT_MIGRATIONS, FailPointHook::default()).is_ok());
}

#[test]
fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let history = create_store(&path);
    let error = Store::open_with_failpoints(&path, FAULTY_MIGRATIONS, FailPointHook::default())
        .unwrap_err();
    assert!(error.to_string().contains("up to date"), "{error}");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.acquire_current(&session_key(), "main").unwrap().history, history);
}
