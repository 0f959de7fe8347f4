//! `agent --output-format stream-json`: a line of JSON for each thing that happens.

use openclaw_mock_vllm::{ErrorBody, Gate, MockVllm, Reply, Turn};
use openclaw_tests::{Ended, Home, soon};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::servers::{nobody, tiny};

const GUIDE: &str = include_str!("../../../docs/guide/programs.md");

fn args<'a>(message: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["agent", "-m", message, "--output-format", "stream-json"], more].concat()
}

/// The lines of a run: each is an object with a type, and the last and only the last a result
/// with the exit code.
#[track_caller]
fn lines(ended: &Ended) -> Vec<Value> {
    assert!(ended.stdout.ends_with('\n'), "{ended:#?}");
    let lines = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let types = types(&lines);
    let results = types.iter().filter(|kind| **kind == "result").count();
    assert_eq!((types.last(), results), (Some(&"result"), 1), "{types:?}");
    assert_eq!(lines.last().unwrap()["exitCode"], json!(ended.code), "{ended:#?}");
    lines
}

fn types(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

fn all<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

/// The answer, put together as the guide says.
fn answer(lines: &[Value]) -> String {
    let mut text = String::new();
    for line in lines {
        match line["type"].as_str().unwrap() {
            "text" => text.push_str(line["text"].as_str().unwrap()),
            "model_call_started" | "message_reset" => text.clear(),
            _ => {}
        }
    }
    text
}

/// The paths of all fields of an object, sorted.
fn fields(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        found.extend(fields(value).into_iter().map(|path| format!("{key}.{path}")));
        found.push(key.clone());
    }
    found.sort_unstable();
    found
}

#[tokio::test]
async fn a_turn_with_tools_is_distinguished_from_its_start_to_its_result() {
    let (_server, home) = tiny().await;
    let message = "write tea to a.txt then run cat a.txt";
    let lines = lines(&home.run(&args(message, &["--yes"])).await.code(0));
    let start = &lines[0];
    assert_eq!((&start["type"], &start["version"]), (&json!("start"), &json!(1)));
    let tools = [
        "edit",
        "exec",
        "list",
        "memory_get",
        "memory_search",
        "process",
        "read",
        "search",
        "sessions_history",
        "sessions_search",
        "sessions_spawn",
        "subagents",
        "write",
    ];
    assert_eq!(start["tools"], json!(tools));
    assert_eq!((&start["model"], &start["contextWindow"]), (&json!("tiny"), &json!(16_384)));
    assert_eq!(start["sessionKey"], json!("agent:main:main"));
    assert_eq!(start["workspace"], json!(home.workspace()));
    assert_eq!(all(&lines, "model_call_started").len(), 3);
    let finished = all(&lines, "model_call_finished");
    let numbers: Vec<_> = finished.iter().map(|line| &line["number"]).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for finished in finished {
        let usage = &finished["usage"];
        assert!(usage["input"].as_u64() > Some(0) && usage["cacheRead"].is_u64(), "{finished}");
        assert!(finished["durationMs"].is_u64() && finished["firstTokenMs"].is_u64());
    }
    let [first, second] = all(&lines, "tool_started").try_into().unwrap();
    assert_eq!(first["effect"], json!({"kind": "write", "path": "a.txt"}));
    assert_eq!(second["effect"]["command"], json!("cat a.txt"));
    assert_eq!(second["arguments"], json!({"command": "cat a.txt"}));
    let finished = all(&lines, "tool_finished");
    assert_eq!((&finished[0]["id"], &finished[1]["id"]), (&first["id"], &second["id"]));
    assert!(finished.iter().all(|line| line["isError"] == json!(false)), "{finished:?}");
    let [output] = all(&lines, "tool_output").try_into().unwrap();
    assert_eq!((&output["id"], &output["text"]), (&second["id"], &json!("tea")));

    let result = lines.last().unwrap();
    assert_eq!((&result["ok"], &result["meta"]["outcome"]), (&json!(true), &json!("reply")));
    assert_eq!(result["payloads"][0]["text"], json!(answer(&lines)));
    assert_eq!(result["meta"]["agentMeta"]["sessionId"], start["sessionId"]);
    let timings = &result["meta"]["timings"];
    assert_eq!(timings["modelCalls"].as_array().unwrap().len(), 3);
    assert_eq!(timings["tools"][1]["id"], second["id"]);
    assert!(timings["connectMs"].is_u64() && timings["totalMs"].is_u64());
    let mut object = home.run(&["agent", "--yes", "-m", message, "--json"]).await.code(0).json();
    object["type"] = json!("result");
    assert_eq!(fields(&object), fields(result), "--json has the same object");
}

#[tokio::test]
async fn lines_come_as_things_happen() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    let mut running = home.start(&args("hi", &[]));
    soon(gate.reached()).await;
    let mut seen = Vec::new();
    while seen.last().is_none_or(|line: &Value| line["type"] != "text") {
        seen.push(serde_json::from_str(&running.line().await).unwrap());
    }
    assert_eq!(types(&seen)[..2], ["start", "model_call_started"]);
    assert_eq!(answer(&seen), "one ");
    gate.open();
    seen.extend(lines(&running.ended().await.code(0)));
    assert_eq!(answer(&seen), "one two");
}

#[tokio::test]
async fn the_pieces_since_the_last_restart_are_the_answer() {
    let call = || Turn::call("read", json!({"path": "."}).to_string());
    let written = "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \".\"}}</tool_call>";
    let scripts: [(&str, Vec<Turn>); 5] = [
        ("odd pieces", vec![Turn::pieces(["\n", " a\u{2028}\"b\" ", "\\ 👩\u{200d}🔬 ", "\n"])]),
        ("thoughts", vec![Turn::empty().then_reasoning("hm").then_text("so")]),
        ("in passing", vec![call().then_text("looking"), Turn::text("done")]),
        ("nothing at first", vec![Turn::empty(), Turn::text("sorry")]),
        ("a call as text", vec![Turn::text(written), Turn::text("done")]),
    ];
    for (name, turns) in scripts {
        let (server, home) = tiny().await;
        for turn in turns {
            server.push(turn);
        }
        let lines = lines(&home.run(&args("hi", &[])).await.code(0));
        let text = &lines.last().unwrap()["payloads"][0]["text"];
        assert_eq!(json!(answer(&lines)), *text, "{name}: {lines:#?}");
    }
}

#[tokio::test]
async fn a_server_that_is_lost_and_comes_back_is_reported() {
    let (server, home) = tiny().await;
    let home = home
        .config("{ models: { providers: { vllm: { onServerLoss: { wait: '1m', poll: 0 } } } } }");
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "never"])).gate(2, &gate));
    server.push(Turn::text("two"));
    let running = home.start(&args("hi", &[]));
    soon(gate.reached()).await;
    server.kill();
    server.restart().await.unwrap();
    let lines = lines(&running.ended().await.code(0));
    let [lost] = all(&lines, "server_disconnected").try_into().unwrap();
    assert!(lost["message"].as_str().unwrap().starts_with("failed to "), "{lost}");
    let [back] = all(&lines, "server_reconnected").try_into().unwrap();
    assert!(back["downtimeMs"].is_u64());
    assert_eq!(answer(&lines), "one two");
    assert_eq!(lines.last().unwrap()["payloads"][0]["text"], json!("one two"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_result_too() {
    let home = Home::with_vllm(&nobody(), "any-value");
    let lines = lines(&home.run(&args("hi", &[])).await.code(4).says(&["failed to"]));
    assert_eq!(types(&lines), ["result"]);
    assert_eq!((&lines[0]["ok"], &lines[0]["error"]["kind"]), (&json!(false), &json!("connect")));
}

#[tokio::test]
async fn a_turn_that_fails_is_reported_with_its_error() {
    let (server, home) = tiny().await;
    server.push(Reply::status(400, ErrorBody::Text("no".to_owned())));
    let lines = lines(&home.run(&args("hi", &[])).await.code(5));
    assert_eq!(types(&lines)[..2], ["start", "model_call_started"]);
    let result = lines.last().unwrap();
    assert_eq!((&result["meta"]["outcome"], &result["payloads"]), (&json!("failed"), &json!([])));
    assert_eq!(result["error"]["status"], json!(400));
}

#[tokio::test]
async fn a_model_that_is_skipped_is_reported() {
    let (good, _) = tiny().await;
    let home = Home::new().config(&format!(
        "{{ models: {{ providers: {{
              down: {{ baseUrl: '{}' }}, good: {{ baseUrl: '{}' }} }} }},
           agents: {{ defaults: {{ model: {{
              primary: 'down/tiny', fallbacks: ['good/tiny'] }} }} }} }}",
        nobody(),
        good.base_url()
    ));
    let lines = lines(&home.run(&args("reply exactly: here", &[])).await.code(0));
    let passed = all(&lines, "model_skipped");
    assert_eq!((&passed[0]["provider"], &passed[0]["result"]), (&json!("down"), &json!("connect")));
    assert_eq!(passed[0]["next"], json!("good/tiny"));
    assert_eq!(lines.last().unwrap()["meta"]["executionTrace"]["fallbackUsed"], json!(true));
}

#[tokio::test]
async fn a_turn_that_is_stopped_ends_with_its_result() {
    for is_interrupt in [true, false] {
        let (server, home) = tiny().await;
        let gate = Gate::new();
        server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
        let running = home.start(&args("hi", &[]));
        soon(gate.reached()).await;
        if is_interrupt {
            running.interrupt().await;
        } else {
            running.terminate().await;
        }
        let lines = lines(&running.ended().await.code(130));
        let result = lines.last().unwrap();
        assert_eq!(result["meta"]["outcome"], json!("cancelled"));
        assert_eq!((&result["meta"]["aborted"], &result["ok"]), (&json!(true), &json!(false)));
        soon(server.requests().last().unwrap().until_aborted()).await;
        // The session knows that it ended.
        let ended = home.run(&["agent", "-m", "reply exactly: again"]).await.code(0);
        assert_eq!(ended.stderr, "");
    }
}

#[tokio::test]
async fn who_is_stopped_before_there_is_a_model_ends_with_a_result() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let home = Home::with_vllm(&url, "any-value");
    let running = home.start(&args("hi", &[]));
    let _connection = soon(listener.accept()).await.unwrap();
    running.interrupt().await;
    let lines = lines(&running.ended().await.code(130));
    assert_eq!(types(&lines), ["result"]);
    assert_eq!(lines[0]["meta"]["outcome"], json!("cancelled"));
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_the_turn_and_the_session_knows() {
    let (server, home) = tiny().await;
    let (gate, never) = (Gate::new(), Gate::new());
    let pieces = Turn::pieces(["one ", "two ", "three"]);
    server.push(Reply::from(pieces).gate(2, &gate).gate(3, &never));
    let mut running = home.start(&args("hi", &[]));
    soon(gate.reached()).await;
    running.close_stdout();
    gate.open();
    let ended = running.ended().await.code(0);
    assert!(!ended.stderr.contains("error"), "{ended:#?}");
    soon(server.requests().last().unwrap().until_aborted()).await;
    let ended = home.run(&["agent", "-m", "reply exactly: again"]).await.code(0);
    assert_eq!(ended.stderr, "");
}

/// The words of each command line of the guide, up to a pipe or a comment.
fn examples() -> Vec<Vec<String>> {
    let text = GUIDE.replace("\\\n", " ");
    let lines = text.lines().filter(|line| line.starts_with("openclaw "));
    let words = |line: &str| {
        let line = line.split(" | ").next().unwrap().split(" # ").next().unwrap();
        let parts = line.split('"').enumerate().flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        parts.skip(1).collect()
    };
    lines.map(words).collect()
}

#[tokio::test]
async fn the_examples_of_the_guide_do_what_it_says() {
    let (_server, home) = tiny().await;
    let mut ran = Vec::new();
    for example in examples() {
        let words: Vec<&str> = example.iter().map(String::as_str).collect();
        ran.push(home.run(&words).await.code(0));
    }
    let [text, object, stream, filtered] = ran.try_into().unwrap();
    assert_eq!(text.stdout, "hello\n");
    assert_eq!(object.json()["payloads"][0]["text"], json!("hello"));
    assert_eq!(answer(&lines(&stream)), "hello");
    let lines = lines(&filtered);
    let shown = types(&lines).into_iter().filter(|kind| ["tool_started", "result"].contains(kind));
    let shown: Vec<_> = shown.map(|kind| format!("# {kind}")).collect();
    assert!(GUIDE.contains(&shown.join("\n")), "{shown:?}");
}

/// The fields that the guide has in the row of a table.
fn row(name: &str) -> Vec<&'static str> {
    let start = format!("| `{name}` | ");
    let row = GUIDE.lines().find_map(|line| line.strip_prefix(start.as_str())).unwrap();
    row.split(" | ").next().unwrap().split('`').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn the_first_line_and_the_object_have_what_the_guide_describes() {
    let (_server, home) = tiny().await;
    let lines = lines(&home.run(&args("run echo hi", &["--yes"])).await.code(0));
    let mut described = row("start");
    described.push("type");
    described.sort_unstable();
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, described);
    let result = lines.last().unwrap();
    for top in ["ok", "exitCode", "payloads", "error"] {
        assert!(result.get(top).is_some() && GUIDE.contains(&format!("\n| `{top}` | ")), "{top}");
    }
    for plain in ["outcome", "resumed", "stopReason"] {
        let _ = row(&format!("meta.{plain}"));
        assert!(result["meta"].get(plain).is_some(), "{plain}");
    }
    for part in ["agentMeta", "session", "timings", "executionTrace"] {
        let found = fields(&result["meta"][part]);
        for field in row(&format!("meta.{part}")) {
            let is_inner = part == "timings" && field == "durationMs";
            assert!(is_inner || found.iter().any(|found| found == field), "{part}: {field}");
        }
    }
    assert!(result["meta"]["timings"]["tools"][0]["durationMs"].is_u64());
}

#[tokio::test]
async fn one_format_is_asked_for_at_a_time() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let _ = home.run(&args("hi", &["--json"])).await.code(2);
    let _ = home.run(&["agent", "-m", "hi", "--output-format", "yaml"]).await.code(2);
    assert!(server.requests().is_empty());
}
