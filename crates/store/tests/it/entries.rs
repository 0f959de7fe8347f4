//! Reading a session's log.

use std::fs;

use openclaw_core::ToolOutput;
use openclaw_store::{LogContent, LogEntry, Store};

use crate::talk::{Talk, key, store, take};

fn entries(store: &Store) -> Vec<LogEntry> {
    let id = store.current_session(&key()).unwrap().unwrap().id;
    let mut entries = Vec::new();
    store.read_entries(&id, &mut |entry| entries.push(entry)).unwrap();
    entries
}

#[test]
fn a_session_is_read_while_it_is_held_and_what_was_taken_back_is_marked() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    talk.compact(1, "A question.");
    talk.turn("two");
    talk.undo_turn();
    let entries = entries(&store);
    let is = |wanted: &str| {
        let found = entries
            .iter()
            .find(|entry| entry.content == LogContent::UserMessage(wanted.to_owned()));
        found.unwrap().is_active
    };
    assert!(is("one") && !is("two"));
    let summary = entries.iter().find_map(|entry| match &entry.content {
        LogContent::Compacted { kept_steps: keep, summary } => Some((*keep, summary.text.clone())),
        _ => None,
    });
    assert_eq!(summary, Some((1, "A question.".to_owned())));
    assert!(entries.iter().any(|entry| matches!(entry.content, LogContent::TurnEnd(_))));
    let results =
        |entry: &&LogEntry| matches!(entry.content, LogContent::CallResult(_, ToolOutput { .. }));
    let begun = |entry: &&LogEntry| matches!(entry.content, LogContent::CallDispatched(_));
    assert_eq!(entries.iter().filter(results).count(), entries.iter().filter(begun).count());
    assert!(entries.iter().all(|entry| entry.recorded_at > 0));
    assert!(entries.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert!(store.read_entries(&"other".parse().unwrap(), &mut |_| {}).is_err());
}

#[cfg(unix)]
#[test]
fn an_export_is_for_its_owner_alone_and_replaces_a_file_only_when_asked() {
    use std::os::unix::fs::PermissionsExt as _;

    let (folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let id = talk.session.id().clone();
    let path = folder.path().join("out.jsonl");
    let count = store.export_to_file(&id, &path, false).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count() as u64, count + 1);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    talk.turn("two");
    assert!(store.export_to_file(&id, &path, false).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert!(store.export_to_file(&"other".parse().unwrap(), &path, true).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert!(store.export_to_file(&id, &path, true).unwrap() > count);
    // Only the store's folder and the file: nothing else is left behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
