//! Files that were cut or changed: they open or are set aside with a warning, and the loaded
//! history is legal.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use openclaw_store::{DamageKind, Store, StoreErrorKind, StoreWarning};

use crate::talk::{Talk, assert_legal, block_on, key, store, take};

/// The bytes of a closed store with a few turns.
fn bytes() -> Vec<u8> {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    for number in 0..6 {
        talk.turn(&format!("question {number} {}", "x".repeat(300)));
    }
    talk.compact(2, "Six questions.");
    let path = store.path().to_owned();
    drop((talk, store));
    fs::read(path).unwrap()
}

fn put(path: &Path, bytes: &[u8]) {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).open(path);
    file.unwrap().write_all(bytes).unwrap();
}

/// Opens a file that may be damaged and continues a session. Returns whether it was set aside.
fn goes_on(path: &Path, what: &str) -> bool {
    for _ in 0..2 {
        let store = Store::open(path).unwrap_or_else(|error| panic!("{what}: {error}"));
        let aside = matches!(store.opening_warnings(), [StoreWarning::SetAside { .. }]);
        if let [StoreWarning::SetAside { damaged_path: kept, .. }] = store.opening_warnings() {
            assert!(kept.exists(), "{what}");
        }
        let result = store.acquire_current(&key(), "main");
        let loaded = match result {
            Ok(loaded) => loaded,
            // Reported here, and set aside by the next open.
            Err(error) if error.kind() == StoreErrorKind::Damaged && !aside => {
                assert!(error.hint().is_some());
                continue;
            }
            Err(error) => panic!("{what}: {error}"),
        };
        assert_legal(&loaded.history);
        assert!(loaded.damage.is_empty() || loaded.backup.is_some_and(|backup| backup.exists()));
        drop(loaded.session);
        let mut talk = Talk::new(take(&store));
        talk.turn("Still there?");
        let history = block_on(talk.session.history());
        drop(talk);
        assert_eq!(take(&store).history, history, "{what}");
        return aside;
    }
    panic!("{what}: damaged twice")
}

#[test]
fn a_file_cut_anywhere_opens_or_is_set_aside() {
    let bytes = bytes();
    let mut aside = 0;
    for end in (0..bytes.len()).step_by(997).chain([1, 15, 16, 99, 100, 4095, 4096, 4097]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        put(&path, &bytes[..end]);
        aside += usize::from(goes_on(&path, &format!("cut at {end}")));
    }
    assert!(aside > 20, "{aside}");
}

#[test]
fn a_file_with_changed_bytes_opens_or_is_set_aside() {
    let bytes = bytes();
    for place in (0..bytes.len()).step_by(613) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let mut changed = bytes.clone();
        for byte in &mut changed[place..(place + 3).min(bytes.len())] {
            *byte ^= 0x55;
        }
        put(&path, &changed);
        goes_on(&path, &format!("changed at {place}"));
    }
}

#[test]
fn a_log_cut_in_the_middle_of_a_write_opens_with_what_was_committed() {
    let (folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let (path, one) = (store.path().to_owned(), talk.history.clone());
    talk.turn("two");
    let state = folder.path().join("state");
    let log = fs::read(state.join("sessions.db-wal")).unwrap();
    let whole = fs::read(&path).unwrap();
    drop((talk, store));
    for end in (0..=log.len()).rev().step_by(4001) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        put(&path, &whole);
        put(&folder.path().join("s.db-wal"), &log[..end]);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.opening_warnings(), [], "cut at {end}");
        let loaded = take(&store);
        assert_eq!(loaded.damage, []);
        assert_legal(&loaded.history);
        if loaded.events_read == 7 {
            assert_eq!(loaded.history, one);
        }
    }
}

#[test]
fn what_is_wrong_in_a_log_is_left_out_told_and_backed_up_once() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    for text in ["one", "two", "three", "four"] {
        talk.turn(text);
    }
    drop(talk);
    let connection = rusqlite::Connection::open(store.path()).unwrap();
    // A turn is seven events: user, assistant, intent, dispatched, result, assistant, turn.
    let damage = "
        UPDATE event SET json = replace(json, 'one', 'two') WHERE seq = 1;
        DELETE FROM event WHERE seq BETWEEN 8 AND 9;
        UPDATE event SET json = '{' WHERE seq = 19;";
    connection.execute_batch(damage).unwrap();
    let loaded = take(&store);
    let notes: Vec<_> =
        loaded.damage.iter().map(|note| (note.first_seq, note.last_seq, note.kind)).collect();
    assert!(notes.contains(&(1, 1, DamageKind::Checksum)), "{notes:?}");
    assert!(notes.contains(&(8, 9, DamageKind::Missing)), "{notes:?}");
    assert!(notes.contains(&(19, 19, DamageKind::Checksum)), "{notes:?}");
    assert!(notes.contains(&(2, 6, DamageKind::OutOfOrder)), "{notes:?}");
    assert!(loaded.damage[0].to_string().contains("left out"));
    assert!(loaded.backup.as_ref().is_some_and(|backup| backup.exists()));
    assert_legal(&loaded.history);
    let history = loaded.history.clone();
    drop(loaded);
    let again = take(&store);
    assert_eq!((again.history, again.damage, again.backup), (history, vec![], None));
}

#[test]
fn what_can_be_read_of_a_damaged_file_is_taken_over() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let history = talk.history.clone();
    for number in 0..40 {
        let key = format!("agent:main:{number}").parse().unwrap();
        Talk::new(store.acquire_current(&key, "main").unwrap()).turn(&"y".repeat(200));
    }
    let path = store.path().to_owned();
    drop((talk, store));
    // A page in the middle of the events.
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length / 4096 / 2 * 4096)).unwrap();
    file.write_all(&[0xEE; 4096]).unwrap();
    file.set_len(length - 4096).unwrap();
    drop(file);
    let store = Store::open(&path).unwrap();
    let [StoreWarning::SetAside { damaged_path: kept, sessions, events, is_incomplete: lost }] =
        store.opening_warnings()
    else {
        panic!("{:?}", store.opening_warnings())
    };
    assert!(kept.exists() && *lost);
    assert!(*sessions >= 30 && *events > 50, "{sessions} {events}");
    assert!(store.opening_warnings()[0].to_string().contains("was damaged"));
    assert_eq!(take(&store).history, history);
}

/// Every file of a folder with its bytes and its permissions.
fn files_in(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, bool)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let metadata = fs::metadata(&path).unwrap();
            #[cfg(unix)]
            let is_shared =
                std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0;
            #[cfg(not(unix))]
            let is_shared = metadata.permissions().readonly();
            (path.clone(), fs::read(&path).unwrap(), is_shared)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_file_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("notes.sqlite");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.execute_batch("CREATE TABLE note (text); INSERT INTO note VALUES ('x');").unwrap();
    drop(connection);
    let tagged = folder.path().join("tagged.sqlite");
    let connection = rusqlite::Connection::open(&tagged).unwrap();
    connection.execute_batch("PRAGMA application_id = 7; CREATE TABLE note (text);").unwrap();
    drop(connection);
    let text = folder.path().join("thesis.txt");
    put(&text, b"Chapter one.\n");
    let before = files_in(folder.path());
    for path in [&database, &tagged, &text] {
        let error = Store::open(path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignFile, "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(error.hint().is_some());
    }
    assert_eq!(files_in(folder.path()), before);
}

#[cfg(unix)]
#[test]
fn a_folder_in_place_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ForeignFile, "{error}");
}
