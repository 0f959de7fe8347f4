//! Export and import of sessions, and import of original transcripts.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use openclaw_core::{HistoryStep, MessageRef};
use openclaw_store::{Store, StoreErrorKind, find_transcript_folders};
use proptest::prelude::*;

use crate::talk::{Talk, assert_legal, key, store, take};

fn put(path: &Path, bytes: &[u8]) {
    fs::File::create(path).unwrap().write_all(bytes).unwrap();
}

fn exported(store: &Store) -> Vec<u8> {
    let id = store.current_session(&key()).unwrap().unwrap().id;
    let mut out = Vec::new();
    store.export_session(&id, &mut out).unwrap();
    out
}

fn talked() -> (tempfile::TempDir, Store) {
    let (folder, store) = store();
    let mut talk = Talk::new(take(&store));
    talk.turn("one");
    talk.turn("two");
    talk.compact(2, "Two questions.");
    talk.turn("three");
    talk.undo_turn();
    talk.turn("four");
    drop(talk);
    (folder, store)
}

#[test]
fn an_exported_session_is_the_same_when_it_is_taken_in() {
    let (_folder, from) = talked();
    let text = exported(&from);
    let (folder, to) = store();
    let file = folder.path().join("session.jsonl");
    put(&file, &text);
    let imported = to.import_session(&file, None, "main").unwrap();
    assert_eq!((imported.bad_lines, imported.quarantine.as_ref()), (0, None));
    assert_eq!(exported_events(&exported(&to)), exported_events(&text));
    let (old, new) = (take(&from), to.acquire_matching(imported.id.as_str()).unwrap());
    assert_eq!((new.history, new.damage), (old.history, vec![]));
    assert_eq!(new.session.id(), old.session.id());
    // A second import gets a new id, and the key stays with the first.
    let again = to.import_session(&file, None, "main").unwrap();
    assert_ne!(again.id, imported.id);
    assert!(!to.find_session(again.id.as_str()).unwrap().is_current);
    // An explicit key overrides the file's key.
    let other = "agent:main:other".parse().unwrap();
    let third = to.import_session(&file, Some(&other), "main").unwrap();
    assert_eq!(to.current_session(&other).unwrap().unwrap().id, third.id);
    assert_eq!(fs::read(&file).unwrap(), text);
}

fn exported_events(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn changed_lines_are_put_apart() {
    let (_folder, from) = talked();
    let text = String::from_utf8(exported(&from)).unwrap();
    let text = text.replacen("it is so", "it is not so", 1);
    let text = format!("{text}{{\"seq\":900\nnot json\n");
    let (folder, to) = store();
    let file = folder.path().join("session.jsonl");
    put(&file, text.as_bytes());
    let imported = to.import_session(&file, None, "main").unwrap();
    assert_eq!(imported.bad_lines, 3);
    let bad = fs::read_to_string(imported.quarantine.unwrap()).unwrap();
    assert_eq!(bad.lines().count(), 3);
    assert!(bad.contains("the checksum is wrong") && bad.contains("not json"), "{bad}");
    assert_legal(&to.acquire_matching(imported.id.as_str()).unwrap().history);
}

/// A transcript with an abandoned branch, reasoning, calls, a compaction and a cut line.
const TRANSCRIPT: &str = r#"{"type":"session","version":3,"id":"b7300bff-a214-4c11-97ae-eab26883c67a","timestamp":"2026-04-08T01:03:43.107Z","cwd":"/home/me"}
{"type":"model_change","id":"m","parentId":null,"provider":"vllm","modelId":"org/tiny"}
{"type":"message","id":"u0","parentId":"m","message":{"role":"user","content":"An older one","timestamp":1775610000000}}
{"type":"message","id":"a0","parentId":"u0","message":{"role":"assistant","content":[{"type":"text","text":"Old."}],"provider":"vllm","model":"org/tiny","usage":{"input":10,"output":2,"cacheRead":4,"cacheWrite":0}}}
{"type":"message","id":"u1","parentId":"a0","message":{"role":"user","content":[{"type":"text","text":"Read it"},{"type":"image","data":"AA==","mimeType":"image/png"}]}}
{"type":"message","id":"x1","parentId":"u1","message":{"role":"assistant","content":[{"type":"text","text":"A branch that was left"}]}}
{"type":"message","id":"a1","parentId":"u1","message":{"role":"assistant","content":[{"type":"thinking","thinking":"I should read."},{"type":"toolCall","id":"call_1","name":"read","arguments":{"path":"a.txt"}},{"type":"toolCall","id":"call_1","name":"read","arguments":"{\"path\":"}]}}
{"type":"message","id":"r1","parentId":"a1","message":{"role":"toolResult","toolCallId":"call_1","toolName":"read","content":[{"type":"text","text":"It says hello."}],"isError":false}}
{"type":"compaction","id":"c","parentId":"r1","summary":"An older one was answered.","firstKeptEntryId":"u1","tokensBefore":900}
{"type":"message","id":"a2","parentId":"c","message":{"role":"assistant","content":[{"type":"text","text":"Hello."}]}}
{"type":"message","id":"a3","parentId":"a2","message":{"role":"assistant","content":[{"type":"text","text":"And welcome."}]}}
{"type":"custom","id":"k","parentId":"a3","customType":"model-snapshot","data":{}}
{"type":"message","id":"u2","parentId":"k","message":{"role":"us
"#;

#[test]
fn a_transcript_of_the_original_is_taken_in() {
    let (folder, store) = store();
    let file = folder.path().join("b7300bff.jsonl");
    put(&file, TRANSCRIPT.as_bytes());
    let imported = store.import_session(&file, None, "main").unwrap();
    assert_eq!(imported.id.as_str(), "b7300bff-a214-4c11-97ae-eab26883c67a");
    assert_eq!(imported.bad_lines, 1);
    let info = store.find_session(imported.id.as_str()).unwrap();
    assert_eq!(info.model.as_deref(), Some("vllm/org/tiny"));
    assert_eq!((info.input_tokens, info.output_tokens, info.turn_open), (14, 2, false));
    assert!(info.is_current);
    let loaded = take(&store);
    assert_eq!(loaded.damage, []);
    assert_legal(&loaded.history);
    let steps: Vec<HistoryStep<'_>> = loaded.history.steps().collect();
    let [
        HistoryStep::Summary(summary),
        HistoryStep::User(user),
        HistoryStep::Assistant { calls, .. },
        last,
    ] = &steps[..]
    else {
        panic!("{steps:#?}")
    };
    assert_eq!(summary.text, "An older one was answered.");
    assert_eq!(*user, "Read it\n[image, not taken over]");
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].1.unwrap().text, "It says hello.");
    assert!(calls[1].1.unwrap().text.contains("was not run"));
    let HistoryStep::Assistant { text, .. } = last else { panic!("{last:?}") };
    assert_eq!(*text, "Hello.\n\nAnd welcome.");
    let thought = loaded.history.messages().find_map(|message| match message {
        MessageRef::Assistant { reasoning, .. } => reasoning.map(|it| it.text.clone()),
        _ => None,
    });
    assert_eq!(thought.as_deref(), Some("I should read."));
    Talk::new(loaded).turn("The next");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let (folder, store) = store();
    for (name, text) in [("a", ""), ("b", "hello\n"), ("c", "{\"model\":1}\n"), ("d", "[1]\n")] {
        let file = folder.path().join(name);
        put(&file, text.as_bytes());
        let error = store.import_session(&file, None, "main").unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Invalid, "{error}");
    }
    assert_eq!(store.list_sessions().unwrap(), []);
    let missing = store.import_session(&folder.path().join("none"), None, "main").unwrap_err();
    assert_eq!(missing.kind(), StoreErrorKind::Disk);
}

/// A valid or almost valid line of a transcript.
fn line() -> impl Strategy<Value = String> {
    let id = || "[a-d]";
    let content = prop_oneof![
        Just(r#""text""#.to_owned()),
        Just("[]".to_owned()),
        Just(r#"[{"type":"text","text":"t"}]"#.to_owned()),
        (id(), id()).prop_map(|(a, b)| format!(
            r#"[{{"type":"toolCall","id":"{a}","name":"read","arguments":{{}}}},{{"type":"toolCall","id":"{b}","name":"é","arguments":7}}]"#
        )),
        Just(r#"[{"type":"thinking","thinking":"hm"},{"type":7}]"#.to_owned()),
    ];
    let role = prop::sample::select(vec!["user", "assistant", "toolResult", "system", "custom"]);
    prop_oneof![
        8 => (id(), id(), role, content, id()).prop_map(|(id, parent, role, content, call)| format!(
            r#"{{"type":"message","id":"{id}","parentId":"{parent}","message":{{"role":"{role}","toolCallId":"{call}","content":{content}}}}}"#
        )),
        1 => (id(), id()).prop_map(|(id, kept)| format!(
            r#"{{"type":"compaction","id":"{id}","summary":"s","firstKeptEntryId":"{kept}"}}"#
        )),
        1 => any::<String>().prop_map(|text| text.replace('\n', " ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_transcript_holds_the_history_is_legal(
        lines in prop::collection::vec(line(), 0..30),
        cut: prop::sample::Index,
    ) {
        let (folder, store) = store();
        let file = folder.path().join("t.jsonl");
        let text = format!("{{\"type\":\"session\",\"id\":\"s\"}}\n{}", lines.join("\n"));
        let bytes = text.as_bytes();
        put(&file, &bytes[..30.max(cut.index(bytes.len() + 1)).min(bytes.len())]);
        let imported = store.import_session(&file, None, "main").unwrap();
        let loaded = store.acquire_matching(imported.id.as_str()).unwrap();
        prop_assert_eq!(&loaded.damage, &[]);
        prop_assert_eq!(&loaded.interrupted_calls, &[]);
        assert_legal(&loaded.history);
        let mut talk = Talk::new(loaded);
        talk.turn("The next");
        assert_legal(&talk.history);
    }
}

fn transcript(id: &str, time: &str, text: &str) -> String {
    format!(
        "{{\"type\":\"session\",\"version\":3,\"id\":\"{id}\",\"timestamp\":\"{time}\"}}\n\
         {{\"type\":\"message\",\"id\":\"a\",\"parentId\":null,\"timestamp\":\"{time}\",\
         \"message\":{{\"role\":\"user\",\"content\":\"{text}\"}}}}\n\
         {{\"type\":\"message\",\"id\":\"b\",\"parentId\":\"a\",\"timestamp\":\"{time}\",\
         \"message\":{{\"role\":\"assistant\",\"content\":[{{\"type\":\"text\",\"text\":\"Yes.\"}}]}}}}\n"
    )
}

#[test]
fn a_folder_of_transcripts_is_imported_once_with_its_keys_times_and_titles() {
    let (folder, store) = store();
    let state = folder.path().join("openclaw");
    let sessions = state.join("agents/coder/sessions");
    fs::create_dir_all(&sessions).unwrap();
    let ids = [
        "11111111-1111-4111-8111-111111111111",
        "22222222-2222-4222-8222-222222222222",
        "33333333-3333-4333-8333-333333333333",
    ];
    for (id, text) in ids.iter().zip(["first", "second", "orphan"]) {
        put(
            &sessions.join(format!("{id}.jsonl")),
            transcript(id, "2026-01-05T10:20:30.000Z", text).as_bytes(),
        );
    }
    put(&sessions.join("broken.jsonl"), b"no transcript\n");
    let index = serde_json::json!({
        "agent:coder:main": {"sessionId": ids[0], "updatedAt": 5, "sessionFile": format!("/elsewhere/{}.jsonl", ids[0])},
        "telegram:direct:7": {"sessionId": ids[1], "updatedAt": 9, "label": "Shopping"},
    });
    put(&sessions.join("sessions.json"), index.to_string().as_bytes());
    let folders = find_transcript_folders(&state);
    assert_eq!(
        (folders.len(), folders[0].agent.as_deref(), folders[0].files.len()),
        (1, Some("coder"), 4)
    );
    let imports = store.import_folder(&folders[0], None);
    assert_eq!(imports.iter().filter(|import| matches!(import.result, Ok(Some(_)))).count(), 3);
    assert_eq!(imports.iter().filter(|import| import.result.is_err()).count(), 1);
    let of = |id: &str| store.find_session(id).unwrap();
    assert_eq!((of(ids[0]).key.as_str(), of(ids[0]).is_current), ("agent:coder:main", true));
    assert_eq!(of(ids[0]).title.as_deref(), Some("first"));
    assert_eq!(of(ids[1]).key.as_str(), "agent:coder:telegram:direct:7");
    assert_eq!(of(ids[1]).title.as_deref(), Some("Shopping"));
    assert_eq!((of(ids[2]).key.as_str(), of(ids[2]).is_current), ("agent:coder:main", false));
    assert_eq!(
        (of(ids[2]).created_at, of(ids[2]).updated_at),
        (1_767_608_430_000, 1_767_608_430_000)
    );
    for place in [sessions.clone(), sessions.join(".."), state.join("agents")] {
        for found in find_transcript_folders(&place) {
            let again = store.import_folder(&found, None);
            assert!(!again.iter().any(|import| matches!(import.result, Ok(Some(_)))), "{place:?}");
        }
    }
    assert_eq!(store.list_sessions().unwrap().len(), 3);
}
