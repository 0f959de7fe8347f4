//! A process is killed at each stage of each write: every acknowledged entry survives, nothing is
//! dispatched twice, and the next turn works.

mod disk_full;
mod migration;
mod named_session;
mod process_kill;
mod script;

use openclaw_core::Journal as _;

use self::script::{ScriptEntry, block_on, perform_entry, script_entries, session_key};
use super::*;
use crate::TurnRecord;

/// The session that results from the first `count` entries of the script.
fn expected_session(count: usize) -> LoadedSession {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("s.db")).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    for entry in script_entries().iter().take(count) {
        perform_entry(&session, entry);
    }
    drop(session);
    store.acquire_current(&session_key(), "main").unwrap()
}

/// Checks the file of a killed process, given how many entries of the script were acknowledged and
/// which calls took effect.
fn check_recovery(path: &Path, acknowledged: usize, effects: &[String], label: &str) {
    let store = Store::open(path).unwrap();
    assert_eq!(store.opening_warnings(), [], "{label}");
    let recorded = store.current_session(&session_key()).unwrap().map_or(0, |info| info.events);
    let recorded = usize::try_from(recorded).unwrap();
    let possible = acknowledged..=acknowledged + 1;
    assert!(possible.contains(&recorded), "{label}: {recorded} of {acknowledged}");

    let loaded = store.acquire_current(&session_key(), "main").unwrap();
    let complete = expected_session(recorded);
    assert_eq!(loaded.history, complete.history, "{label}");
    assert_eq!(loaded.request_prefix, complete.request_prefix, "{label}");
    assert_eq!(loaded.has_interrupted_turn, complete.has_interrupted_turn, "{label}");
    assert_eq!(loaded.damage, [], "{label}");
    assert_eq!(loaded.history.open_calls().count(), 0, "{label}");

    // Each effect is reported as done or as possibly done.
    for (index, effect) in effects.iter().enumerate() {
        assert!(!effects[..index].contains(effect), "{label}: {effect} ran twice");
        let mut results = loaded.history.results_since_user_message();
        let result = results.find(|(call, _)| call.id.as_str() == effect);
        let interrupted = loaded.interrupted_calls.iter().find(|it| it.call.id.as_str() == effect);
        let finished = result.is_some_and(|(_, output)| !output.is_error);
        let may_have_run = interrupted.is_some_and(|it| it.may_have_run);
        assert!(finished || may_have_run || result.is_none(), "{label}: {effect}");
    }

    assert_next_turn_works(&loaded.session);
    let after = block_on(loaded.session.history());
    drop(loaded);
    let again = store.acquire_current(&session_key(), "main").unwrap();
    assert_eq!((again.history, again.interrupted_calls), (after, Vec::new()), "{label}");
}

fn assert_next_turn_works(session: &Session) {
    let history = block_on(async {
        session.begin_turn().await.unwrap();
        let next = openclaw_core::AssistantMessage::from_text("Here I am.");
        session
            .append_entry(openclaw_core::JournalEntry::UserMessage("Still there?"))
            .await
            .unwrap();
        session.append_entry(openclaw_core::JournalEntry::AssistantMessage(&next)).await.unwrap();
        let history = session.history().await;
        let turn = TurnRecord { outcome: "reply".to_owned(), ..TurnRecord::default() };
        session.end_turn(&history, &turn).await.unwrap();
        history
    });
    assert_eq!(block_on(session.history()), history);
}

#[test]
fn the_script_has_every_kind_of_entry() {
    let kinds = |entry: &ScriptEntry| std::mem::discriminant(entry);
    let script = script_entries();
    let mut met: Vec<_> = script.iter().map(kinds).collect();
    met.dedup();
    assert!(met.len() >= 8);
    let complete = expected_session(script.len());
    assert!(!complete.has_interrupted_turn);
    assert_eq!(complete.interrupted_calls, []);
}
