//! `agent` and the session that its turns are kept in.

use openclaw_mock_vllm::{ErrorBody, Gate, MockVllm, Reply, Turn};
use openclaw_tests::{Home, Running, soon};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::servers::{UNSANDBOXED, tiny};

const SAY_ONE: [&str; 3] = ["agent", "-m", "reply exactly: one"];
const SAY_TWO: [&str; 3] = ["agent", "-m", "reply exactly: two"];

/// The messages of each request for an answer.
fn chats(server: &MockVllm) -> Vec<Value> {
    let seen = server.requests().into_iter();
    let chats = seen.filter(|seen| seen.path == "/v1/chat/completions");
    chats.map(|seen| seen.json()["messages"].clone()).collect()
}

/// What was said in the last request but the system prompt, as roles and texts, without what
/// stands at its end for it alone.
fn said(server: &MockVllm) -> Vec<(String, String)> {
    let last = chats(server).pop().unwrap();
    let of = |message: &Value| {
        let text = message["content"].as_str().unwrap_or_default();
        let text = text.split("\n\n[It is ").next().unwrap();
        (message["role"].as_str().unwrap().to_owned(), text.to_owned())
    };
    last.as_array().unwrap().iter().skip(1).map(of).collect()
}

fn texts(server: &MockVllm) -> Vec<String> {
    said(server).into_iter().map(|(_, text)| text).collect()
}

fn agent_meta(value: &Value, key: &str) -> String {
    value["meta"]["agentMeta"][key].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn two_runs_are_one_conversation_and_the_second_begins_with_the_bytes_of_the_first() {
    let (server, home) = tiny().await;
    let first = home.run(&[&SAY_ONE[..], &["--json"]].concat()).await.code(0).json();
    let second = home.run(&[&SAY_TWO[..], &["--json"]].concat()).await.code(0).json();
    assert_eq!(texts(&server), ["reply exactly: one", "one", "reply exactly: two"]);
    let bodies: Vec<String> = chats(&server).iter().map(Value::to_string).collect();
    let before = bodies[0].split(r"\n\n[It is ").next().unwrap().trim_end_matches(['"', '}', ']']);
    assert!(bodies[1].starts_with(before), "{bodies:#?}");
    let [id, key] = ["sessionId", "sessionKey"].map(|name| agent_meta(&first, name));
    assert_eq!((key.as_str(), id.len()), ("agent:main:main", 36));
    assert_eq!(agent_meta(&second, "sessionId"), id);
    let before = [&first, &second].map(|value| value["meta"]["session"]["messagesBefore"].clone());
    assert_eq!(before, [json!(0), json!(2)]);
    assert_eq!(second["meta"]["resumed"], json!(false));
    assert!(second["meta"]["agentMeta"]["contextTokens"].as_u64() > Some(0));
}

#[tokio::test]
async fn a_new_session_knows_nothing_of_the_one_before_which_stays() {
    let (server, home) = tiny().await;
    let first = home.run(&[&SAY_ONE[..], &["--json"]].concat()).await.code(0).json();
    let first = agent_meta(&first, "sessionId");
    let kept = format!("the conversation so far is kept as session {first}");
    let ended = home.run(&["agent", "-m", "/new reply exactly: new"]).await.code(0);
    assert_eq!(ended.says(&[&kept]).stdout, "new\n");
    assert_eq!(texts(&server), ["reply exactly: new"]);
    let _ = home.run(&[&SAY_TWO[..], &["--session-id", &first]].concat()).await.code(0);
    assert_eq!(texts(&server)[..2], ["reply exactly: one", "one"]);
    // What the list of sessions shows of an id is enough, unless it means another.
    let args = [&SAY_TWO[..], &["--session-id", &first[..8], "--json"]].concat();
    assert_eq!(agent_meta(&home.run(&args).await.code(0).json(), "sessionId"), first);
    let args = [&SAY_TWO[..], &["--session-id", "00000000", "--json"]].concat();
    assert_eq!(agent_meta(&home.run(&args).await.code(0).json(), "sessionId"), "00000000");
    // A new session alone needs no server.
    server.close_port();
    let ended = home.run(&["agent", "-m", "/reset", "--json"]).await.code(0).json();
    assert_eq!((&ended["ok"], &ended["payloads"]), (&json!(true), &json!([])));
    assert_eq!(ended["meta"]["outcome"], json!("new_session"));
    assert_eq!(agent_meta(&ended, "sessionId").len(), 36);
    let again = home.run(&["agent", "-m", "/new", "--json"]).await.code(0).json();
    assert_eq!(agent_meta(&again, "sessionId"), agent_meta(&ended, "sessionId"), "still empty");
    let _ = home.run(&["agent", "-m", "/new", "--no-session"]).await.code(2);
    let _ = home.run(&["agent", "-m", "/new", "--agent", "nobody"]).await.code(2);
}

#[tokio::test]
async fn sessions_are_distinguished_by_key_and_by_id() {
    let (server, home) = tiny().await;
    for (place, key) in [
        (["--session", "a"], "a"),
        (["--session", "b"], "b"),
        (["--session-id", "build-7"], "agent:main:main"),
    ] {
        let args = [&SAY_ONE[..], &place, &["--json"]].concat();
        let value = home.run(&args).await.code(0).json();
        assert_eq!(agent_meta(&value, "sessionKey"), key);
        assert_eq!(said(&server).len(), 1, "{args:?}");
    }
    let args = [&SAY_TWO[..], &["--session-id", "build-7", "--json"]].concat();
    assert_eq!(agent_meta(&home.run(&args).await.code(0).json(), "sessionId"), "build-7");
    assert_eq!(said(&server).len(), 3);
    for place in [["--session-id", "no/id"], ["--session", ""]] {
        let _ = home.run(&[&SAY_ONE[..], &place].concat()).await.code(2).says(&["expected"]);
    }
    let both = ["--session-id", "a", "--session", "b"];
    let _ = home.run(&[&SAY_ONE[..], &both].concat()).await.code(2);
}

#[tokio::test]
async fn a_turn_without_a_session_is_kept_nowhere() {
    let (server, home) = tiny().await;
    let args = [&SAY_ONE[..], &["--no-session", "--json"]].concat();
    let value = home.run(&args).await.code(0).json();
    assert_eq!(value["meta"]["agentMeta"]["sessionId"], json!(null));
    assert_eq!(value["meta"]["session"], json!(null));
    assert!(!home.path().join(".openclaw/sessions").exists());
    let _ = home.run(&SAY_TWO).await.code(0);
    assert_eq!(said(&server).len(), 1);
    let _ = home.run(&args).await.code(0);
    assert_eq!(said(&server).len(), 1);
}

/// Kills a run in the middle of the answer to `message`.
async fn killed(server: &MockVllm, home: &Home, message: &str) {
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["half ", "of it"])).gate(2, &gate));
    let running = home.start(&["agent", "-m", message]);
    soon(gate.reached()).await;
    running.kill().await;
}

#[tokio::test]
async fn a_turn_that_was_killed_is_finished_by_resuming_it() {
    let (server, home) = tiny().await;
    let _ = home.run(&SAY_ONE).await.code(0);
    killed(&server, &home, "reply exactly: two").await;
    let value = home.run(&["agent", "--resume", "--json"]).await.code(0).json();
    assert_eq!(value["payloads"][0]["text"], json!("two"));
    assert_eq!(value["meta"]["resumed"], json!(true));
    assert_eq!(value["meta"]["session"]["interruptedTurn"], json!(true));
    assert_eq!(texts(&server), ["reply exactly: one", "one", "reply exactly: two"]);
    // Once more there is nothing to finish, which needs no server.
    server.close_port();
    let ended = home.run(&["agent", "--resume"]).await.code(0);
    assert_eq!(ended.says(&["no turn was interrupted"]).stdout, "");
    let value = home.run(&["agent", "--resume", "--json"]).await.code(0).json();
    assert_eq!(value["meta"]["outcome"], json!("nothing_to_resume"));
    let _ = home.run(&["agent", "--resume", "--session", "other"]).await.code(0);
    let unknown = ["agent", "--resume", "--session-id", "none"];
    let _ = home.run(&unknown).await.code(2).says(&["find a session \"none\""]);
    let _ = home.run(&["agent", "--resume", "-m", "hi"]).await.code(2);
    let _ = home.run(&["agent"]).await.code(2).says(&["--message"]);
}

#[tokio::test]
async fn a_turn_that_failed_is_tried_again_and_said_once() {
    let (server, home) = tiny().await;
    let refused = ErrorBody::Text("Not like this".to_owned());
    server.push(Reply::status(400, refused));
    let ended = home.run(&SAY_ONE).await.code(5);
    assert!(!ended.stderr.contains("--resume"), "the same would be refused: {}", ended.stderr);
    server.push(Reply::from(Turn::pieces(["half ", "of it"])).silent_at(2));
    let brief = ["agent", "--resume", "--timeout", "1", "--json"];
    let ended = home.run(&brief).await.code(124);
    let ended = ended.says(&["hint: `openclaw agent --resume` tries again"]);
    assert_eq!(ended.json()["meta"]["outcome"], json!("timed_out"));
    let ended = home.run(&["agent", "--resume"]).await.code(0);
    assert_eq!(ended.stdout, "one\n");
    assert_eq!(texts(&server), ["reply exactly: one"]);
    let _ = home.run(&["agent", "--resume"]).await.code(0).says(&["no turn was interrupted"]);
}

#[tokio::test]
async fn a_message_after_an_interrupted_turn_is_answered_and_the_turn_is_reported() {
    let (server, home) = tiny().await;
    killed(&server, &home, "reply exactly: one").await;
    let _ = home.run(&SAY_TWO).await.code(0).says(&["interrupted", "--resume"]);
    assert_eq!(texts(&server), ["reply exactly: one\n\nreply exactly: two"]);
    let ended = home.run(&["agent", "--resume"]).await.code(0);
    let _ = ended.says(&["no turn was interrupted"]);
}

#[tokio::test]
async fn a_command_that_may_have_run_is_reported_to_user_and_model_and_not_repeated() {
    let (server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let (up, gate) = (home.fifo("up").await, home.fifo("gate").await);
    let mut started = pipe::OpenOptions::new().open_receiver(&up).unwrap();
    let held = pipe::OpenOptions::new().read_write(true).open_sender(&gate).unwrap();
    let command = format!(
        "echo ran >> ran.txt; echo up > '{}'; read line < '{}'",
        up.display(),
        gate.display()
    );
    server.push(Turn::call("exec", json!({"command": command}).to_string()));
    let running = home.start(&["agent", "--yes", "-m", "go"]);
    let mut word = [0; 3];
    soon(started.read_exact(&mut word)).await.unwrap();
    running.kill().await;
    held.try_write(b"go\n").unwrap();
    server.push(Turn::text("as you see"));
    let ended = home.run(&["agent", "--resume", "--json"]).await.code(0);
    let ended = ended.says(&["`exec` was interrupted and may have run", "ran.txt"]);
    let value = ended.json();
    let calls = &value["meta"]["session"]["unfinishedCalls"];
    assert_eq!((&calls[0]["name"], &calls[0]["mayHaveRun"]), (&json!("exec"), &json!(true)));
    assert_eq!(calls[0]["arguments"]["command"], json!(command));
    let said = said(&server);
    let (role, text) = said.last().unwrap();
    assert_eq!(role, "tool");
    assert!(text.contains("may have run"), "{text}");
    assert_eq!(home.get("ran.txt"), "ran\n");
    drop(held);
}

/// A process that answers "one two" in the main session, as soon as the gate is open.
async fn busy(server: &MockVllm, home: &Home) -> (Running, Gate) {
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    let running = home.start(&["agent", "-m", "hi"]);
    soon(gate.reached()).await;
    (running, gate)
}

#[tokio::test]
async fn a_session_that_another_process_uses_is_not_touched() {
    let (server, home) = tiny().await;
    let (running, gate) = busy(&server, &home).await;
    let requests = server.requests().len();
    let process = format!("which process {} uses", running.id());
    for args in [&SAY_ONE[..], &["agent", "--resume"]] {
        let ended = home.run(&[args, &["--json"]].concat()).await.code(9);
        let value = ended.says(&[&process, "hint:", "`--session KEY`"]).json();
        assert_eq!(value["error"]["kind"], json!("session_in_use"));
        assert_eq!((&value["ok"], &value["exitCode"]), (&json!(false), &json!(9)));
    }
    assert_eq!(server.requests().len(), requests, "nothing was sent");
    let _ = home.run(&[&SAY_ONE[..], &["--session", "other"]].concat()).await.code(0);
    let _ = home.run(&["agent", "-m", "/new reply exactly: new"]).await.code(0);
    gate.open();
    assert_eq!(running.ended().await.code(0).stdout, "one two\n");
}

#[tokio::test]
async fn wait_covers_a_session_that_another_process_uses() {
    let (server, home) = tiny().await;
    let (running, gate) = busy(&server, &home).await;
    let requests = server.requests().len();
    let brief = [&SAY_ONE[..], &["--wait", "1s", "--json"]].concat();
    let ended = home.run(&brief).await.code(9);
    let _ = ended.says(&["waiting for the session, at most 1.0 s", "`--wait 10m`"]);
    assert_eq!(server.requests().len(), requests, "nothing was sent");
    let mut patient = home.start(&[&SAY_ONE[..], &["--wait", "5m"]].concat());
    patient.until_says("waiting for the session, at most").await;
    gate.open();
    assert_eq!(running.ended().await.code(0).stdout, "one two\n");
    assert_eq!(patient.ended().await.code(0).stdout, "one\n");
    assert_eq!(texts(&server), ["hi", "one two", "reply exactly: one"]);
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_a_failure_with_its_cause() {
    let (server, home) = tiny().await;
    let home = home.config("{}");
    std::fs::File::create(home.path().join(".openclaw/sessions")).unwrap();
    let ended = home.run(&[&SAY_ONE[..], &["--json"]].concat()).await.code(1);
    let value = ended.says(&["error: failed to", ".openclaw/sessions", "cause:"]).json();
    assert_eq!(value["error"]["kind"], json!("store"));
    assert_eq!(chats(&server).len(), 0);
    let _ = home.run(&[&SAY_ONE[..], &["--no-session"]].concat()).await.code(0);
}

#[tokio::test]
async fn a_session_goes_on_with_its_own_agent() {
    let (server, home) = tiny().await;
    let config = r#"{ agents: { entries: { reader: { tools: { deny: ["exec"] } } } } }"#;
    let home = home.config(config);
    let tools = || {
        let mut seen = server.requests().into_iter();
        let last = seen.rfind(|seen| seen.path == "/v1/chat/completions").unwrap();
        let json = last.json();
        let name = |tool: &Value| tool["function"]["name"].as_str().unwrap().to_owned();
        json["tools"].as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    let first = home.run(&[&SAY_ONE[..], &["--agent", "reader", "--json"]].concat()).await;
    let id = agent_meta(&first.code(0).json(), "sessionId");
    for place in [["--session-id", &id], ["--session", "agent:reader:main"]] {
        let _ = home.run(&[&SAY_TWO[..], &place].concat()).await.code(0);
        assert!(!tools().contains(&"exec".to_owned()), "{place:?}: {:?}", tools());
    }
    let new = ["agent", "-m", "/new reply exactly: three", "--session", "agent:reader:main"];
    let _ = home.run(&new).await.code(0);
    assert!(!tools().contains(&"exec".to_owned()));
    let taken = ["--session-id", &id, "--agent", "main"];
    let taken = home.run(&[&SAY_TWO[..], &taken].concat()).await.code(0);
    assert!(taken.stderr.contains("belongs to the agent `reader`"), "{}", taken.stderr);
    assert!(tools().contains(&"exec".to_owned()));
}

#[tokio::test]
async fn where_nothing_can_be_kept_there_is_a_way_without() {
    let (_server, home) = tiny().await;
    let home = home.env("OPENCLAW_STATE_DIR", "state");
    let mut no_folder = home.shell("mkdir state && echo text > state/sessions", &[]);
    assert!(no_folder.status().unwrap().success());
    let _ = home.run(&SAY_ONE).await.code(1).says(&["failed to", "hint: ", "--no-session"]);
    let ended = home.run(&[&SAY_ONE[..], &["--no-session"]].concat()).await.code(0);
    assert_eq!(ended.stdout, "one\n");
}
