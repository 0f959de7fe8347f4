//! A reloaded session has the same history as the agent had.

use openclaw_core::{AssistantMessage, ConversationSummary, History, Journal as _, JournalEntry};
use openclaw_store::{LoadedSession, RequestPrefix, Store};
use proptest::prelude::*;

use crate::talk::{Talk, assert_legal, block_on, broken, calls, key, store, take};

#[derive(Debug, Clone)]
enum Op {
    Begin,
    User(String),
    Text(String),
    Calls(Vec<u8>),
    Broken(u8),
    Intend,
    Dispatch,
    Result(String),
    Compact(usize),
    End,
    UndoTurn,
    UndoCompaction,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => Just(Op::Begin),
        4 => "[a-z ]{0,8}".prop_map(Op::User),
        4 => "[a-z ]{0,8}".prop_map(Op::Text),
        5 => prop::collection::vec(0..4_u8, 1..4).prop_map(Op::Calls),
        1 => (0..4_u8).prop_map(Op::Broken),
        3 => Just(Op::Intend),
        3 => Just(Op::Dispatch),
        6 => "[a-z]{0,8}".prop_map(Op::Result),
        3 => (0..5_usize).prop_map(Op::Compact),
        3 => Just(Op::End),
        1 => Just(Op::UndoTurn),
        1 => Just(Op::UndoCompaction),
    ]
}

fn perform(talk: &mut Talk, op: Op) {
    match op {
        Op::Begin => talk.begin(),
        Op::User(text) => {
            talk.begin();
            talk.user(&text);
        }
        Op::Text(text) => drop(talk.assistant(&AssistantMessage::from_text(text))),
        Op::Calls(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| format!("call_{id}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            talk.assistant(&calls(&ids));
        }
        Op::Broken(id) => drop(talk.assistant(&broken(&format!("call_{id}")))),
        Op::Intend => talk.intend(),
        Op::Dispatch => talk.dispatch(),
        Op::Result(text) => talk.result(&text),
        Op::Compact(keep) => talk.compact(keep, "in short"),
        Op::End => talk.end(),
        Op::UndoTurn => drop(talk.undo_turn()),
        Op::UndoCompaction => drop(talk.undo_compaction()),
    }
}

/// Deletes all events but the first `count`, as if the process had ended after them.
fn cut(store: &Store, count: u64) {
    let connection = rusqlite::Connection::open(store.path()).unwrap();
    let count = i64::try_from(count).unwrap();
    connection.execute("DELETE FROM event WHERE seq > ?1", [count]).unwrap();
    connection.execute("UPDATE session SET last_seq = ?1", [count]).unwrap();
}

/// The history after the end of its process: open calls are answered as in the loaded session.
fn after_the_end(mut history: History, loaded: &LoadedSession) -> History {
    let open: Vec<_> = history.open_calls().cloned().collect();
    let told: Vec<_> = loaded.interrupted_calls.iter().map(|it| it.call.clone()).collect();
    assert_eq!(open, told);
    for call in open {
        let results = loaded.history.results_since_user_message();
        let result = results.filter(|(other, _)| other.id == call.id).last();
        let result = result.expect("an open call is answered").1.clone();
        assert!(result.text.contains("may have run") || result.text.contains("not run"));
        history.resolve_call(&call.id, result).unwrap();
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_log_cut_anywhere_reads_back_as_it_was(
        ops in prop::collection::vec(op(), 1..30),
        place: prop::sample::Index,
    ) {
        let (_folder, store) = store();
        let mut talk = Talk::new(take(&store));
        let mut states = vec![(0, History::new())];
        let mut undos = Vec::new();
        for op in ops {
            let is_undo = matches!(op, Op::UndoTurn | Op::UndoCompaction);
            perform(&mut talk, op);
            prop_assert_eq!(&block_on(talk.session.history()), &talk.history);
            let events = store.list_sessions().unwrap()[0].events;
            if is_undo {
                undos.push((states.last().unwrap().0, events));
            }
            states.push((events, talk.history.clone()));
        }
        drop(talk);
        let whole = take(&store);
        prop_assert_eq!(&whole.damage, &[]);
        let expected = after_the_end(states.last().unwrap().1.clone(), &whole);
        prop_assert_eq!(&whole.history, &expected);
        drop(whole);

        let last = states.last().unwrap().0;
        let count = place.index(usize::try_from(last).unwrap() + 1) as u64;
        // An undo and the retraction of later events that do not apply are written together.
        let undo = undos.iter().find(|(before, after)| *before < count && count < *after);
        let count = undo.map_or(count, |(_, after)| *after);
        cut(&store, count);
        let loaded = take(&store);
        prop_assert_eq!(&loaded.damage, &[]);
        assert_legal(&loaded.history);
        // Of several states with the same events, the agent's last one counts.
        if let Some((_, state)) = states.iter().rev().find(|(events, _)| *events == count) {
            prop_assert_eq!(&loaded.history, &after_the_end(state.clone(), &loaded));
        }
        let mut talk = Talk::new(loaded);
        talk.turn("the next");
        let history = talk.history.clone();
        drop(talk);
        prop_assert_eq!(take(&store).history, history);
    }
}

#[test]
fn what_was_interrupted_is_answered_once_and_told() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.begin();
    talk.user("Do three things.");
    talk.assistant(&calls(&["a", "b", "c"]));
    talk.intend();
    talk.dispatch();
    talk.result("done");
    talk.intend();
    talk.dispatch();
    drop(talk);
    let info = store.list_sessions().unwrap().remove(0);
    assert!(info.turn_open);
    assert_eq!(info.title.as_deref(), Some("Do three things."));

    let loaded = take(&store);
    let told: Vec<(&str, bool)> =
        loaded.interrupted_calls.iter().map(|it| (it.call.id.as_str(), it.may_have_run)).collect();
    assert_eq!(told, [("b", true), ("c", false)]);
    assert!(loaded.has_interrupted_turn);
    let results: Vec<String> = loaded
        .history
        .results_since_user_message()
        .map(|(_, output)| output.text.clone())
        .collect();
    assert!(results[1].contains("may have run") && results[2].contains("was not run"));
    let history = loaded.history.clone();
    drop(loaded);

    let again = take(&store);
    assert_eq!(
        (again.history, again.interrupted_calls, again.has_interrupted_turn),
        (history, vec![], true)
    );
    // A resumed turn ends like any other.
    let mut talk = Talk::new(take_again(&store, again.session));
    talk.assistant(&AssistantMessage::from_text("Two of them, it seems."));
    talk.end();
    assert!(!store.list_sessions().unwrap()[0].turn_open);
}

fn take_again(store: &Store, session: openclaw_store::Session) -> LoadedSession {
    drop(session);
    take(store)
}

#[test]
fn only_what_a_compaction_kept_is_read() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    for number in 0..50 {
        talk.turn(&format!("question {number}"));
    }
    talk.compact(3, "Fifty questions.");
    talk.turn("another");
    let history = talk.history.clone();
    drop(talk);
    let loaded = take(&store);
    assert_eq!(loaded.history, history);
    assert!(loaded.events_read < 25, "{}", loaded.events_read);
    assert_eq!(store.list_sessions().unwrap()[0].turns, 51);
}

#[test]
fn a_turn_that_was_summarised_as_a_whole_can_still_be_taken_up() {
    for (request, is_unfinished) in [(Some("Do it.".to_owned()), true), (None, false)] {
        let (_folder, store) = store();
        let mut talk = Talk::new(take(&store));
        talk.turn("before");
        talk.begin();
        talk.user("Do it.");
        let summary = ConversationSummary {
            text: "in short".to_owned(),
            current_request: request,
            ..ConversationSummary::default()
        };
        let entry = JournalEntry::Compacted { kept_steps: 0, summary: &summary };
        block_on(talk.session.append_entry(entry)).unwrap();
        drop(talk);
        assert_eq!(take(&store).has_interrupted_turn, is_unfinished);
    }
}

#[test]
fn a_turn_that_ended_without_an_answer_can_be_taken_up_and_ends_once_more() {
    for (outcome, expected) in [
        ("failed", true),
        ("timed_out", true),
        ("cancelled", true),
        ("needs_input", false),
        ("reply", false),
    ] {
        let (_folder, store) = store();
        let mut talk = Talk::new(take(&store));
        talk.turn("before");
        talk.begin();
        talk.user("Look.");
        talk.assistant(&calls(&["a"]));
        talk.end_as(outcome);
        // A compaction between the end and a reload does not change this.
        talk.compact(2, "in short");
        assert_eq!(block_on(talk.session.has_unanswered_turn()), expected, "{outcome}");
        let id = talk.session.id().clone();
        drop(talk);
        assert_eq!(store.can_resume(&id).unwrap(), expected, "{outcome}");
        let loaded = take(&store);
        assert_eq!((loaded.has_unanswered_turn, loaded.has_interrupted_turn), (expected, false));
        let mut talk = Talk::new(loaded);
        let history = block_on(talk.session.resume_turn()).unwrap();
        assert_eq!(history.as_ref(), expected.then_some(&talk.history), "{outcome}");
        talk.assistant(&AssistantMessage::from_text("Seen."));
        talk.end_as("failed");
        assert!(!block_on(talk.session.has_unanswered_turn()), "it is answered");
        assert!(block_on(talk.session.resume_turn()).unwrap().is_none());
        drop(talk);
        assert!(!take(&store).has_unanswered_turn && !store.can_resume(&id).unwrap());
    }
}

#[test]
fn a_turn_that_was_dropped_is_taken_up_with_its_calls_answered() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.begin();
    talk.user("Look.");
    talk.assistant(&calls(&["a"]));
    talk.intend();
    talk.dispatch();
    let history = block_on(talk.session.resume_turn()).unwrap().unwrap();
    let results: Vec<_> =
        history.results_since_user_message().map(|(_, output)| &output.text).collect();
    assert!(results.len() == 1 && results[0].contains("may have run"), "{results:?}");
    drop(talk);
    assert_eq!(take(&store).history, history);
}

#[test]
fn a_compaction_and_a_turn_are_undone_and_the_log_stays() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    assert!(!talk.undo_turn() && !talk.undo_compaction());
    talk.turn("one");
    let one = talk.history.clone();
    talk.turn("two");
    let two = talk.history.clone();
    talk.compact(1, "Two questions.");
    let events = store.list_sessions().unwrap()[0].events;
    assert!(talk.undo_compaction());
    assert_eq!(talk.history, two);
    assert!(!talk.undo_compaction());
    assert!(talk.undo_turn());
    assert_eq!(talk.history, one);
    assert_eq!(store.list_sessions().unwrap()[0].events, events + 2);
    talk.turn("three");
    let three = talk.history.clone();
    drop(talk);
    let mut talk = Talk::new(take(&store));
    assert_eq!(talk.history, three);
    assert!(talk.undo_turn());
    assert_eq!(talk.history, one);
    assert!(talk.undo_turn() && !talk.undo_turn());
    assert!(talk.history.is_empty());
}

#[test]
fn what_fits_nothing_after_an_undo_counts_no_more() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let one = talk.history.clone();
    talk.compact(0, "One question.");
    // It answers the summary only.
    talk.assistant(&AssistantMessage::from_text("As I said."));
    assert!(talk.undo_compaction());
    assert_eq!(talk.history, one);
    talk.turn("two");
    let two = talk.history.clone();
    drop(talk);
    let loaded = take(&store);
    assert_eq!((loaded.history, loaded.damage), (two, vec![]));
}

#[test]
fn a_call_that_has_another_id_after_an_undo_is_run_like_any_other() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.begin();
    talk.user("Look twice.");
    talk.assistant(&calls(&["call_0"]));
    talk.end();
    talk.compact(0, "One look.");
    // The id is free until the replaced steps are restored.
    talk.assistant(&calls(&["call_0"]));
    assert!(talk.undo_compaction());
    let open: Vec<_> = talk.history.open_calls().map(|call| call.id.to_string()).collect();
    assert!(open.len() == 1 && open != ["call_0"], "{open:?}");
    talk.intend();
    talk.dispatch();
    talk.result("seen twice");
    let history = talk.history.clone();
    drop(talk);
    let loaded = take(&store);
    assert_eq!(
        (loaded.history, loaded.interrupted_calls, loaded.damage),
        (history, vec![], vec![])
    );
}

#[test]
fn the_beginning_of_requests_reads_back_byte_for_byte() {
    let (_folder, store) = store();
    let parameters = serde_json::json!({ "type": "object", "maximum": 0.1, "b": [1, "x"] });
    let tool = openclaw_core::ToolSpec::new("read", "Reads.", parameters).unwrap();
    let prefix = RequestPrefix { system_prompt: Some("You help.".into()), tools: [tool].into() };
    let loaded = take(&store);
    assert_eq!(loaded.request_prefix, None);
    block_on(loaded.session.set_request_prefix(&prefix)).unwrap();
    block_on(loaded.session.set_request_prefix(&prefix)).unwrap();
    drop(loaded);
    assert_eq!(store.current_session(&key()).unwrap().unwrap().events, 1);
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    talk.compact(0, "One.");
    drop(talk);
    let again = take(&store).request_prefix.unwrap();
    assert_eq!(*again, prefix);
    assert_eq!(again.tools[0].parameters.to_string(), prefix.tools[0].parameters.to_string());
}
