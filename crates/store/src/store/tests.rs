//! A process is killed at each step of each write: all that was acknowledged is there, nothing is
//! dispatched twice, and the next turn works.

mod full;
mod killed;
mod migrated;
mod script;

use openclaw_core::Journal as _;

use self::script::{Entry, block_on, key, perform, script};
use super::*;
use crate::TurnRecord;

/// What a session amounts to that has the first entries of the script.
fn expected(count: usize) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("s.db")).unwrap();
    let session = store.take_current(&key(), "main").unwrap().session;
    for entry in script().iter().take(count) {
        perform(&session, entry);
    }
    drop(session);
    store.take_current(&key(), "main").unwrap()
}

/// Checks what a killed process left, when at least `acknowledged` entries of the script were
/// acknowledged and the effects of these calls happened.
fn check(path: &Path, acknowledged: usize, effects: &[String], what: &str) {
    let store = Store::open(path).unwrap();
    assert_eq!(store.notices(), [], "{what}");
    let recorded = store.current(&key()).unwrap().map_or(0, |info| info.events);
    let recorded = usize::try_from(recorded).unwrap();
    let possible = acknowledged..=acknowledged + 1;
    assert!(possible.contains(&recorded), "{what}: {recorded} of {acknowledged}");

    let loaded = store.take_current(&key(), "main").unwrap();
    let whole = expected(recorded);
    assert_eq!(loaded.history, whole.history, "{what}");
    assert_eq!(loaded.prefix, whole.prefix, "{what}");
    assert_eq!(loaded.unfinished_turn, whole.unfinished_turn, "{what}");
    assert_eq!(loaded.notes, [], "{what}");
    assert_eq!(loaded.history.open_calls().count(), 0, "{what}");

    // Whatever happened is told as having happened or as possibly so.
    for (place, effect) in effects.iter().enumerate() {
        assert!(!effects[..place].contains(effect), "{what}: {effect} ran twice");
        let mut results = loaded.history.results_since_user();
        let told = results.find(|(call, _)| call.id.as_str() == effect);
        let unfinished = loaded.unfinished.iter().find(|it| it.call.id.as_str() == effect);
        let finished = told.is_some_and(|(_, output)| !output.is_error);
        let may_have_run = unfinished.is_some_and(|it| it.may_have_run);
        assert!(finished || may_have_run || told.is_none(), "{what}: {effect}");
    }

    next_turn_works(&loaded.session);
    let after = block_on(loaded.session.history());
    drop(loaded);
    let again = store.take_current(&key(), "main").unwrap();
    assert_eq!((again.history, again.unfinished), (after, Vec::new()), "{what}");
}

fn next_turn_works(session: &Session) {
    let history = block_on(async {
        session.begin_turn().await.unwrap();
        let next = openclaw_core::AssistantMessage::text("Here I am.");
        session.append(openclaw_core::JournalEntry::User("Still there?")).await.unwrap();
        session.append(openclaw_core::JournalEntry::Assistant(&next)).await.unwrap();
        let history = session.history().await;
        let turn = TurnRecord { outcome: "reply".to_owned(), ..TurnRecord::default() };
        session.end_turn(&history, &turn).await.unwrap();
        history
    });
    assert_eq!(block_on(session.history()), history);
}

#[test]
fn the_script_has_every_kind_of_entry() {
    let kinds = |entry: &Entry| std::mem::discriminant(entry);
    let script = script();
    let mut met: Vec<_> = script.iter().map(kinds).collect();
    met.dedup();
    assert!(met.len() >= 8);
    let whole = expected(script.len());
    assert!(!whole.unfinished_turn);
    assert_eq!(whole.unfinished, []);
}
