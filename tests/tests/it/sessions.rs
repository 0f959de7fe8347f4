//! `sessions`: what is kept, shown, taken out, taken in and deleted.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use openclaw_mock_vllm::{Call, Gate, MockVllm, Reply, Turn};
use openclaw_tests::{Home, soon};
use serde_json::{Value, json};

use crate::servers::tiny;

/// One turn with thoughts, a call and an answer, and a second one in another session.
async fn talked() -> (MockVllm, Home) {
    let (server, home) = tiny().await;
    let call = Call::new("write", json!({"path": "list.txt", "content": "milk"}).to_string());
    server.push(Turn::empty().then_reasoning("A list, so a file.").then_call(call));
    server.push(Turn::text("The list has milk."));
    let _ = home.run(&["agent", "-m", "Put milk\non the list"]).await.code(0);
    server.push(Turn::text("Sunny, I guess."));
    let args = ["agent", "--session", "agent:main:weather", "-m", "How is it outside?"];
    let _ = home.run(&args).await.code(0);
    (server, home)
}

async fn listed(home: &Home, args: &[&str]) -> Vec<Value> {
    let ended = home.run(&[&["sessions", "--json"], args].concat()).await.code(0);
    let value = ended.json();
    let sessions = value["sessions"].as_array().unwrap().clone();
    assert_eq!(value["count"], json!(sessions.len()));
    sessions
}

#[tokio::test]
async fn where_none_is_kept_it_is_said_and_nothing_is_made() {
    let home = Home::new();
    let ended = home.run(&["sessions"]).await.code(0).says(&["no sessions", "openclaw agent"]);
    assert_eq!(ended.stdout, "");
    let value = home.run(&["sessions", "list", "--json"]).await.code(0).json();
    assert_eq!((&value["count"], &value["sessions"]), (&json!(0), &json!([])));
    let path = value["path"].as_str().unwrap();
    assert!(path.ends_with(".openclaw/sessions/sessions.db"), "{path}");
    let _ = home.run(&["sessions", "show"]).await.code(2).says(&["hint:"]);
    let _ = home.run(&["sessions", "export", "abc"]).await.code(2).says(&["hint:"]);
    let _ = home.run(&["sessions", "delete", "abc", "--yes"]).await.code(2);
    assert!(!home.path().join(".openclaw/sessions").exists());
}

#[tokio::test]
async fn the_list_has_the_shape_that_programs_know_and_a_table_for_people() {
    let (_server, home) = talked().await;
    let sessions = listed(&home, &[]).await;
    let keys: Vec<&str> = sessions.iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["agent:main:weather", "agent:main:main"]);
    let main = &sessions[1];
    for (key, value) in [
        ("kind", json!("direct")),
        ("agentId", json!("main")),
        ("current", json!(true)),
        ("title", json!("Put milk")),
        ("state", json!("idle")),
        ("abortedLastRun", json!(false)),
        ("turns", json!(1)),
        ("totalTokensFresh", json!(true)),
        ("contextTokens", json!(16_384)),
        ("model", json!("tiny")),
        ("modelProvider", json!("vllm")),
    ] {
        assert_eq!(main[key], value, "{key} of {main}");
    }
    for key in ["updatedAt", "ageMs", "inputTokens", "outputTokens", "totalTokens"] {
        assert!(main[key].is_u64(), "{key} of {main}");
    }
    assert_eq!(main["sessionId"].as_str().unwrap().len(), 36);
    assert_eq!(listed(&home, &["--active", "5"]).await.len(), 2);
    assert_eq!(listed(&home, &["--agent", "other"]).await.len(), 0);
    let newest = listed(&home, &["--limit", "1"]).await;
    assert_eq!((newest.len(), &newest[0]["key"]), (1, &json!("agent:main:weather")));
    let ended = home.run(&["sessions", "--limit", "1"]).await.code(0).says(&["1 more,"]);
    assert_eq!(ended.stdout.lines().count(), 2);

    let ended = home.run(&["sessions", "list"]).await.code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("Key") && lines[0].ends_with("Begins with"), "{ended:#?}");
    let id = main["sessionId"].as_str().unwrap().get(..8).unwrap();
    for part in ["agent:main:main", id, "now", "vllm/tiny", "/16.3k (", "Put milk"] {
        assert!(lines[2].contains(part), "{part}: {ended:#?}");
    }
    assert!(!lines[2].contains("idle"), "{ended:#?}");
}

#[tokio::test]
async fn a_conversation_reads_well() {
    let (server, home) = talked().await;
    server.push(Turn::call("read", "{\"path\": \"none\\u001b[2J\\u202e.txt\"}"));
    server.push(Turn::text("It is \u{1b}[31mnot there.\u{7}"));
    let _ = home.run(&["agent", "-m", "And what else?"]).await.code(0);
    let shown = home.run(&["sessions", "show"]).await.code(0).stdout;
    let (head, rest) = shown.split_once("\n\n[").unwrap();
    assert!(head.contains("agent:main:main") && head.contains("2 turns"), "{shown}");
    assert!(rest.contains("UTC]\n> Put milk\n> on the list\n\n● write list.txt ✓ "), "{shown}");
    assert!(rest.contains("The list has milk.\n"), "{shown}");
    assert!(rest.contains("> And what else?\n\n● read none\\u{1b}[2J\\u{202e}.txt ✗ "), "{shown}");
    assert!(rest.contains("It is \\u{1b}[31mnot there.\\u{7}\n"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']) && !shown.contains("so a file"));

    let verbose = home.run(&["sessions", "show", "agent:main:main", "--verbose"]).await.code(0);
    assert!(verbose.stdout.contains("  ~ A list, so a file.\n"), "{verbose:#?}");
    let last = home.run(&["sessions", "show", "--last", "1"]).await.code(0).stdout;
    assert!(last.contains("> And what else?") && !last.contains("milk"), "{last}");
    assert!(last.contains("left out"), "{last}");

    let id = listed(&home, &[]).await[1]["sessionId"].as_str().unwrap().to_owned();
    let value = home.run(&["sessions", "show", &id, "--json"]).await.code(0).json();
    assert_eq!(value["session"]["sessionId"], json!(id));
    let entries = value["entries"].as_array().unwrap();
    let kinds: Vec<&str> = entries.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user", "assistant", "turnEnd"]);
    assert_eq!(entries[0]["text"], json!("How is it outside?"));
    assert_eq!(entries[2]["outcome"], json!("reply"));
    let ended = home.run(&["sessions", "show", "nothing-like-it"]).await.code(2);
    let _ = ended.says(&["nothing-like-it", "`openclaw sessions` lists"]);
}

#[tokio::test]
async fn a_session_moves_to_another_home_and_goes_on_there() {
    let (server, home) = talked().await;
    let text = home.run(&["sessions", "export"]).await.code(0).stdout;
    let file = home.workspace().join("kept.jsonl");
    let path = file.to_str().unwrap();
    let _ = home.run(&["sessions", "export", "--output", path]).await.code(0).says(&["kept.jsonl"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    home.put("kept.jsonl", "precious");
    let ended = home.run(&["sessions", "export", "--output", path]).await.code(1);
    let _ = ended.says(&["kept.jsonl", "`--force`"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    let _ = home.run(&["sessions", "export", "-o", path, "--force"]).await.code(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    let other = Home::with_vllm(&server.base_url(), "any-value");
    let args = ["sessions", "import", path, "--json"];
    let value = other.run(&args).await.code(0).says(&["took in"]).json();
    assert_eq!((&value["key"], &value["current"]), (&json!("agent:main:main"), &json!(true)));
    assert_eq!((&value["badLines"], &value["title"]), (&json!(0), &json!("Put milk")));
    server.push(Turn::text("Milk."));
    let _ = other.run(&["agent", "-m", "What is on it?"]).await.code(0);
    let sent = server.requests().last().unwrap().json()["messages"].to_string();
    assert!(sent.contains("Put milk") && sent.contains("The list has milk."), "{sent}");
    // A second time it is another session, and the key stays with the first.
    let again = other.run(&["sessions", "import", path]).await.code(0);
    let again = again.says(&["--session-id", "points to another session"]);
    let sessions = listed(&other, &[]).await;
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().any(|it| json!(again.stdout.trim()) == it["sessionId"]));
    let _ = other.run(&["sessions", "import", path, "--session", "agent:main:old"]).await.code(0);
    let _ = other.run(&["sessions", "show", "agent:main:old"]).await.code(0);
}

/// Two turns as the original writes them, of which the second was cut off in the middle of a line.
const TRANSCRIPT: &str = r#"{"type":"session","version":3,"id":"b7300bff-a214-4c11-97ae-eab26883c67a","timestamp":"2026-04-08T01:03:43.107Z","cwd":"/home/me"}
{"type":"message","id":"u1","parentId":null,"message":{"role":"user","content":"Read a.txt","timestamp":1775610223107}}
{"type":"message","id":"a1","parentId":"u1","message":{"role":"assistant","content":[{"type":"thinking","thinking":"Read it."},{"type":"toolCall","id":"call_1","name":"read","arguments":{"path":"a.txt"}}]}}
{"type":"message","id":"r1","parentId":"a1","message":{"role":"toolResult","toolCallId":"call_1","toolName":"read","content":[{"type":"text","text":"hello"}],"isError":false}}
{"type":"message","id":"a2","parentId":"r1","message":{"role":"assistant","content":[{"type":"text","text":"It says hello."}]}}
{"type":"message","id":"u2","parentId":"a2","message":{"role":"us
"#;

#[tokio::test]
async fn a_transcript_of_the_original_is_taken_in_with_what_was_wrong() {
    let (server, home) = tiny().await;
    home.put("b7300bff.jsonl", TRANSCRIPT);
    let file = home.workspace().join("b7300bff.jsonl");
    let path = file.to_str().unwrap();
    let ended = home.run(&["sessions", "import", path]).await.code(0);
    let ended = ended.says(&["1 lines could not be read", "line 6: not a JSON object"]);
    assert_eq!(ended.stdout, "b7300bff-a214-4c11-97ae-eab26883c67a\n");
    let shown = home.run(&["sessions", "show", "b7300"]).await.code(0).stdout;
    assert!(shown.contains("● read a.txt ✓ hello\nIt says hello.\n"), "{shown}");
    server.push(Turn::text("It did."));
    let _ = home.run(&["agent", "-m", "Sure?"]).await.code(0);
    let sent = server.requests().last().unwrap().json()["messages"].to_string();
    assert!(sent.contains("It says hello."), "{sent}");
    home.put("b7300bff.jsonl", "neither\n");
    let _ = home.run(&["sessions", "import", path]).await.code(2).says(&["transcript"]);
}

#[tokio::test]
async fn deleting_asks_and_is_for_good() {
    let (_server, home) = talked().await;
    let args = ["sessions", "delete", "agent:main:weather"];
    let _ = home.run(&args).await.code(2).says(&["terminal", "`--yes`"]);
    let ended = home.answer_on_terminal(&args, "n\n").await;
    assert!(ended.stdout.contains("How is it outside?"), "{ended:#?}");
    assert!(ended.stdout.contains("nothing was deleted"), "{ended:#?}");
    assert_eq!(listed(&home, &[]).await.len(), 2);
    let ended = home.answer_on_terminal(&args, "y\n").await.code(0);
    assert!(ended.stdout.contains("deleted"), "{ended:#?}");
    let sessions = listed(&home, &[]).await;
    assert_eq!(sessions.len(), 1);
    let id = sessions[0]["sessionId"].as_str().unwrap();
    // One that there is not keeps the others from being deleted.
    let _ = home.run(&["sessions", "delete", id, "nobody", "--yes"]).await.code(2);
    assert_eq!(listed(&home, &[]).await.len(), 1);
    let ended = home.run(&["sessions", "delete", id, id, "--yes", "--json"]).await.code(0);
    assert_eq!(ended.json(), json!({"deleted": [id], "failed": []}));
    assert_eq!(listed(&home, &[]).await.len(), 0);
}

#[tokio::test]
async fn a_session_in_use_is_shown_and_not_deleted() {
    let (server, home) = talked().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("late")).gate(0, &gate));
    let running = home.start(&["agent", "-m", "Are you there?"]);
    soon(gate.reached()).await;
    assert_eq!(listed(&home, &[]).await[0]["state"], json!("running"));
    let shown = home.run(&["sessions", "show"]).await.code(0).stdout;
    assert!(shown.contains("> Are you there?") && shown.contains("the turn is running"), "{shown}");
    let ended = home.run(&["sessions", "delete", "agent:main:main", "--yes"]).await.code(9);
    let _ = ended.says(&["which process", "hint:"]);
    running.kill().await;
    let main = listed(&home, &[]).await.remove(0);
    assert_eq!((&main["state"], &main["abortedLastRun"]), (&json!("interrupted"), &json!(true)));
    let ended = home.run(&["sessions"]).await.code(0).says(&["--resume"]);
    assert!(ended.stdout.contains("interrupted"), "{ended:#?}");
    let _ = home.run(&["sessions", "delete", "agent:main:main", "--yes"]).await.code(0);
    assert_eq!(listed(&home, &[]).await.len(), 1);
}
