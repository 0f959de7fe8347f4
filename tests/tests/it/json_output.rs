//! What each command writes with `--json`, to the byte: names, order, null or absent.
//!
//! Values that differ from run to run are replaced by `"…"`.

use openclaw_mock_vllm::{ErrorBody, Reply, Turn};
use openclaw_tests::{Ended, Home};
use serde_json::{Value, json};

use crate::servers::{config, nobody, tiny};

/// The fields with a time, an age, a size that depends on the path of the home folder, or an id.
const VOLATILE_FIELDS: &[&str] = &[
    "ageSeconds",
    "at",
    "cacheRead",
    "cacheableTokens",
    "cachedTokens",
    "chars",
    "bytes",
    "contextTokens",
    "cooldownSeconds",
    "createdAt",
    "elapsedMs",
    "frameTokens",
    "input",
    "inputTokens",
    "key",
    "promptBytes",
    "promptTokens",
    "remainingSeconds",
    "requestId",
    "tokens",
    "tokensPerKilobyte",
    "total",
    "totalTokens",
    "until",
    "updatedAt",
    "evidence",
];

/// The JSON of a run with its volatile values replaced. The text is in the one form that there is:
/// fields in alphabetical order, indented.
#[track_caller]
fn object(ended: &Ended, home: &Home) -> String {
    let value: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:#?}"));
    assert_eq!(ended.stdout, format!("{value:#}\n"));
    let value = stable_value(value, home);
    format!("exit code {:?}\n{value:#}\n", ended.code.unwrap())
}

/// Like [`object`], of one object a line.
#[track_caller]
fn lines(ended: &Ended, home: &Home) -> String {
    let mut text = format!("exit code {:?}\n", ended.code.unwrap());
    for line in ended.stdout.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{ended:#?}"));
        assert_eq!(line, value.to_string());
        // How often the server shows that it is alive depends on the machine.
        if value["type"] == "heartbeat" {
            continue;
        }
        text = text + &stable_value(value, home).to_string() + "\n";
    }
    text
}

fn stable_value(value: Value, home: &Home) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_volatile = name.ends_with("Ms") || VOLATILE_FIELDS.contains(&&*name);
                let is_plain = value.is_number() || value.is_string();
                let stable = if is_volatile && is_plain && !is_known(&value) {
                    json!("…")
                } else {
                    stable_value(value, home)
                };
                (name, stable)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| stable_value(item, home)).collect(),
        Value::String(text) => stable_text(&text, home).into(),
        other => other,
    }
}

/// The key of a session or a model is as it is in every run.
fn is_known(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("agent:") || text.starts_with("vllm/"))
}

fn stable_text(text: &str, home: &Home) -> String {
    let text = text.replace(&*home.path().to_string_lossy(), "~");
    let words = text.split_inclusive([' ', '/', ':', ',', '`', '(', ')', '\n']);
    let words = words.map(|word| {
        let bare = word.trim_end_matches([' ', '/', ':', ',', '`', '(', ')', '\n']);
        let is_port = bare.len() >= 4 && bare.len() <= 5 && bare.parse::<u16>().is_ok();
        let is_id = bare.len() == 36 && bare.split('-').count() == 5
            || bare.len() > 24 && bare.starts_with("chatcmpl-")
            || bare.len() > 24 && bare.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
            || bare.starts_with("chatcmpl-tool-")
            || bare.starts_with("call_");
        if is_port || is_id { word.replacen(bare, "…", 1) } else { word.to_owned() }
    });
    words.collect()
}

fn refusal() -> ErrorBody {
    ErrorBody::Error { message: "no such thing".to_owned(), kind: "BadRequest".to_owned() }
}

#[tokio::test]
async fn agent() {
    let (server, home) = tiny().await;
    home.put("tea.txt", "green\n");
    let run = async |args: &[&str]| home.run(&[&["agent", "--yes"], args].concat()).await;
    let message = "read tea.txt";
    let ended = run(&["-m", message, "--json"]).await;
    insta::assert_snapshot!("agent_reply", object(&ended, &home));
    let stream = ["--output-format", "stream-json"];
    let ended = run(&[&["-m", message, "--no-session"], &stream[..]].concat()).await;
    insta::assert_snapshot!("agent_stream", lines(&ended, &home));
    insta::assert_snapshot!(
        "agent_new_session",
        object(&run(&["-m", "/new", "--json"]).await, &home)
    );
    let ended = run(&["--resume", "--json"]).await;
    insta::assert_snapshot!("agent_nothing_to_resume", object(&ended, &home));
    let ended = run(&["--resume", "--session", "nobody", "--json"]).await;
    insta::assert_snapshot!("agent_no_session_to_resume", object(&ended, &home));
    let ended = run(&["--session-id", "a/b", "-m", "hi", "--json"]).await;
    insta::assert_snapshot!("agent_invalid_session", object(&ended, &home));
    server.push(Turn::empty());
    server.push(Turn::empty());
    let ended = run(&[&["-m", "hi", "--session", "empty"], &stream[..]].concat()).await;
    insta::assert_snapshot!("agent_empty", lines(&ended, &home));
    server.push(Reply::status(400, refusal()));
    let ended = run(&["-m", "hi", "--session", "refused", "--json"]).await;
    insta::assert_snapshot!("agent_refused", object(&ended, &home));
    let ended = run(&["-m", "hi", "--model", "vllm/other", "--json"]).await;
    insta::assert_snapshot!("agent_unknown_model", object(&ended, &home));
    server.push(Turn::call("exec", r#"{"command":"true"}"#));
    let asked = ["agent", "-m", "hi", "--json", "--set", "tools.exec.ask=\"always\""];
    insta::assert_snapshot!("agent_needs_input", object(&home.run(&asked).await, &home));
}

#[tokio::test]
async fn agent_with_fallbacks() {
    let (server, _) = tiny().await;
    let (dead, live) = (nobody(), server.base_url());
    let home = Home::new().config(&format!(
        "{{ agents: {{ defaults: {{ model: {{ primary: 'a/x', fallbacks: ['vllm/tiny'] }} }} }},
           models: {{ providers: {{ a: {{ baseUrl: '{dead}', api: 'openai-completions', models: [{{ id: 'x', contextWindow: 9000 }}] }},
           vllm: {{ baseUrl: '{live}' }} }} }} }}"
    ));
    let ended = home.run(&["agent", "-m", "hi", "--output-format", "stream-json"]).await;
    insta::assert_snapshot!("agent_fallback", lines(&ended, &home));
    let ended = home.run(&["agent", "-m", "hi", "--model", "a/x", "--strict", "--json"]).await;
    insta::assert_snapshot!("agent_unreachable", object(&ended, &home));
    let ended = home.run(&["infer", "model", "run", "--prompt", "hi", "--json"]).await;
    insta::assert_snapshot!("infer_fallback", object(&ended, &home));
    let ended = home.run(&["models", "list", "--json"]).await;
    insta::assert_snapshot!("models_list_failing", object(&ended, &home));
    let ended = home.run(&["models", "status", "--json"]).await;
    insta::assert_snapshot!("models_status_failing", object(&ended, &home));
    let ended = home.run(&["models", "reset", "--json"]).await;
    insta::assert_snapshot!("models_reset", object(&ended, &home));
}

#[tokio::test]
async fn models_and_infer() {
    let (server, home) = tiny().await;
    let infer = ["infer", "model", "run", "--prompt", "hi", "--json"];
    insta::assert_snapshot!("infer_reply", object(&home.run(&infer).await, &home));
    server.push(Turn::empty());
    insta::assert_snapshot!("infer_empty", object(&home.run(&infer).await, &home));
    server.push(Reply::status(400, refusal()));
    insta::assert_snapshot!("infer_refused", object(&home.run(&infer).await, &home));
    let ended = home.run(&["models", "list", "--json"]).await;
    insta::assert_snapshot!("models_list", object(&ended, &home));
    let ended = home.run(&["models", "probe", "--json"]).await;
    insta::assert_snapshot!("models_probe", object(&ended, &home));
    let ended = home.run(&["models", "status", "--json"]).await;
    insta::assert_snapshot!("models_status", object(&ended, &home));
    let ended = home.run(&["prompt", "explain", "--json"]).await;
    insta::assert_snapshot!("prompt_explain", object(&ended, &home));
}

#[tokio::test]
async fn sessions_and_traces() {
    let (_server, home) = tiny().await;
    home.put("tea.txt", "green\n");
    let _ = home.run(&["agent", "--trace", "-m", "read tea.txt"]).await.code(0);
    let ended = home.run(&["sessions", "list", "--json"]).await;
    insta::assert_snapshot!("sessions_list", object(&ended, &home));
    let ended = home.run(&["sessions", "show", "agent:main:main", "--json"]).await;
    insta::assert_snapshot!("sessions_show", object(&ended, &home));
    let file = home.path().join("export.jsonl").to_string_lossy().into_owned();
    let _ = home.run(&["sessions", "export", "agent:main:main", "--output", &file]).await.code(0);
    let ended = home.run(&["sessions", "import", &file, "--session", "copy", "--json"]).await;
    insta::assert_snapshot!("sessions_import", object(&ended, &home));
    let ended = home.run(&["sessions", "delete", "copy", "--yes", "--json"]).await;
    insta::assert_snapshot!("sessions_delete", object(&ended, &home));
    let ended = home.run(&["trace", "list", "--json"]).await;
    insta::assert_snapshot!("trace_list", object(&ended, &home));
}

#[tokio::test]
async fn config_commands() {
    let home = Home::new().config(&config("http://127.0.0.1:1/v1", ""));
    let run = async |args: &[&str]| object(&home.run(&[&["config"], args].concat()).await, &home);
    insta::assert_snapshot!("config_validate", run(&["validate", "--json", "--verbose"]).await);
    let key = "agents.defaults.timeoutSeconds";
    insta::assert_snapshot!("config_explain", run(&["explain", key, "--json"]).await);
    insta::assert_snapshot!("config_set", run(&["set", key, "9", "--json"]).await);
    insta::assert_snapshot!("config_dry_run", run(&["set", key, "8", "--dry-run", "--json"]).await);
    insta::assert_snapshot!("config_refused", run(&["set", key, "true", "--json"]).await);
    let home =
        Home::new().config("{ agents: { defaults: { timeoutSeconds: 'x', model: 3 } }, x: 1 }");
    let ended = home.run(&["config", "validate", "--json"]).await;
    insta::assert_snapshot!("config_validate_faults", object(&ended, &home));
    let home = Home::new().config("{ agents: ");
    let ended = home.run(&["config", "validate", "--json"]).await;
    insta::assert_snapshot!("config_validate_broken", object(&ended, &home));
    let ended = home.run(&["doctor", "--json"]).await;
    insta::assert_snapshot!("doctor_broken_config", object(&ended, &home));
}
