//! Sessions are listed, found, reset and deleted.

use openclaw_core::AssistantMessage;
use openclaw_store::{SessionId, Store, StoreErrorKind, TurnRecord};

use crate::talk::{Talk, block_on, key, store, take};

#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, store) = store();
    Talk::new(take(&store)).turn("one");
    let mode = |path: &str| {
        let metadata = std::fs::metadata(folder.path().join("state").join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("."), 0o700);
    assert_eq!(mode("sessions.db-locks"), 0o700);
    for file in ["sessions.db", "sessions.db-wal", "sessions.db-lock"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    drop(store);
    assert!(!folder.path().join("state/sessions.db-wal").exists(), "it is closed when dropped");
}

#[test]
fn a_session_is_found_by_id_key_and_the_beginning_of_its_id() {
    let (_folder, store) = store();
    let id: SessionId = "abc-1".parse().unwrap();
    drop(store.acquire_or_create(&id, &key(), "main").unwrap());
    let other: SessionId = "abc-2".parse().unwrap();
    drop(store.acquire_or_create(&other, &key(), "main").unwrap());
    assert_eq!(store.find_session("agent:main:main").unwrap().id, id);
    assert_eq!(store.find_session("abc-2").unwrap().id, other);
    assert!(!store.find_session("abc-2").unwrap().is_current);
    let ambiguous = store.find_session("abc").unwrap_err();
    assert_eq!(ambiguous.kind(), StoreErrorKind::Ambiguous);
    assert!(ambiguous.to_string().contains("abc-1"), "{ambiguous}");
    for text in ["", "abd", "%", "abc-1x"] {
        assert_eq!(
            store.find_session(text).unwrap_err().kind(),
            StoreErrorKind::NotFound,
            "{text}"
        );
    }
    assert_eq!(store.acquire_matching("abc-1").unwrap().session.id(), &id);
}

#[test]
fn the_list_tells_what_was_used() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.begin();
    talk.user("\n  Hello there\nand more");
    talk.assistant(&AssistantMessage::from_text("Hi."));
    let usage =
        openclaw_core::TokenUsage { input_tokens: 100, output_tokens: 7, cached_tokens: Some(64) };
    let turn = TurnRecord {
        outcome: "reply".to_owned(),
        model: Some("vllm/tiny".to_owned()),
        usage,
        context_tokens: Some(107),
        ..TurnRecord::default()
    };
    block_on(talk.session.end_turn(&talk.history, &turn)).unwrap();
    block_on(talk.session.end_turn(&talk.history, &turn)).unwrap();
    let info = store.list_sessions().unwrap().remove(0);
    assert_eq!(info.title.as_deref(), Some("Hello there"));
    assert_eq!(info.model.as_deref(), Some("vllm/tiny"));
    assert_eq!((info.input_tokens, info.output_tokens, info.cached_tokens), (200, 14, 128));
    assert_eq!((info.turns, info.events, info.context_tokens), (2, 4, Some(107)));
    assert!(info.is_current && !info.turn_open && info.updated_at >= info.created_at);
}

#[test]
fn a_key_is_led_to_a_new_session_and_the_old_one_stays() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let (old, history) = (talk.session.id().clone(), talk.history.clone());
    let new = store.reset_session(&key(), "main").unwrap();
    assert_ne!(old, new);
    assert!(take(&store).history.is_empty());
    drop(talk);
    assert_eq!(store.acquire_matching(old.as_str()).unwrap().history, history);
    assert_eq!(store.find_session("agent:main:main").unwrap().id, new);
}

#[test]
fn one_user_at_a_time_and_a_deleted_session_is_gone() {
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let id = talk.session.id().clone();
    let error = store.acquire_matching(id.as_str()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    let process = std::process::id();
    let text = format!("use session {id} of `agent:main:main`, which process {process} uses");
    assert_eq!(error.to_string(), text);
    assert!(store.is_in_use(&id).unwrap());
    assert_eq!(store.delete_session(&id).unwrap_err().kind(), StoreErrorKind::InUse);
    drop(talk);
    assert!(!store.is_in_use(&id).unwrap());
    store.delete_session(&id).unwrap();
    assert_eq!(store.delete_session(&id).unwrap_err().kind(), StoreErrorKind::NotFound);
    assert_eq!(store.list_sessions().unwrap(), []);
    assert!(take(&store).history.is_empty());
}

#[test]
fn what_fits_nothing_is_not_recorded() {
    use std::error::Error as _;

    use openclaw_core::{Journal as _, JournalEntry, ToolCallId};
    let (_folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    let id = ToolCallId::new("call_9").unwrap();
    let error = block_on(talk.session.append_entry(JournalEntry::CallDispatched(&id))).unwrap_err();
    let session = format!("session {} of `agent:main:main`", talk.session.id());
    assert_eq!(error.to_string(), format!("write the journal of {session}"));
    let cause = error.source().unwrap().downcast_ref::<openclaw_store::StoreError>().unwrap();
    assert_eq!(cause.kind(), StoreErrorKind::OutOfOrder);
    let unfit = "record an entry that does not follow from the entries before it";
    assert_eq!(cause.to_string(), format!("{unfit} ({session})"));
    assert_eq!(store.list_sessions().unwrap()[0].events, 7);
    talk.turn("two");
}

#[test]
fn appends_of_many_sessions_are_written_together_and_all_are_there() {
    let (_folder, store) = store();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sessions: Vec<_> = (0..40)
        .map(|number| {
            let key = format!("agent:main:{number}").parse().unwrap();
            store.acquire_current(&key, "main").unwrap().session
        })
        .collect();
    runtime.block_on(async {
        use openclaw_core::{Journal as _, JournalEntry};
        let local = tokio::task::LocalSet::new();
        for session in sessions.clone() {
            local.spawn_local(async move {
                for number in 0..5 {
                    let text = format!("{number}");
                    session.append_entry(JournalEntry::UserMessage(&text)).await.unwrap();
                }
            });
        }
        local.await;
    });
    drop(sessions);
    let path = store.path().to_owned();
    drop(store);
    let store = Store::open(path).unwrap();
    assert!(store.list_sessions().unwrap().iter().all(|info| info.events == 5));
    assert_eq!(store.list_sessions().unwrap().len(), 40);
}

#[test]
fn a_call_that_nobody_waits_for_leaves_the_session_as_the_log_has_it() {
    use openclaw_core::{Journal as _, JournalEntry};
    let (_folder, store) = store();
    let session = take(&store).session;
    block_on(async {
        // Polled once, so that the write is queued, and dropped.
        let mut append = Box::pin(session.append_entry(JournalEntry::UserMessage("lost?")));
        let _ = futures_poll(&mut append).await;
        drop(append);
        session.append_entry(JournalEntry::UserMessage("kept")).await.unwrap();
    });
    let history = block_on(session.history());
    drop(session);
    assert_eq!(history.steps().count(), 2);
    assert_eq!(take(&store).history, history);
}

async fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| {
        let ready = std::pin::Pin::new(&mut *future).poll(context).is_ready();
        std::task::Poll::Ready(ready)
    })
    .await
}
