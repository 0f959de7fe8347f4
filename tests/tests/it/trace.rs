//! `openclaw trace`: what was said is kept, shown, and said again, without a key.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::{Home, soon};
use serde_json::{Value, json};

use crate::servers::{nobody, tiny};

const KEY: &str = "sk-canary-1f2e3d-\"quoted\"";

fn folder(home: &Home) -> PathBuf {
    home.path().join(".openclaw/trace")
}

fn files(home: &Home) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder(home)) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files
}

async fn ask(home: &Home, prompt: &str) -> openclaw_tests::Ended {
    home.run(&["infer", "model", "run", "--prompt", prompt, "--trace"]).await
}

#[tokio::test]
async fn without_being_asked_nothing_is_kept_and_the_list_says_how_to_ask() {
    let (_server, home) = tiny().await;
    let _ = home.run(&["infer", "model", "run", "--prompt", "hi"]).await.code(0);
    assert!(!folder(&home).exists());
    let list = home.run(&["trace", "list"]).await.code(0);
    let list = list.says(&["no exchanges are kept", "--trace", "diagnostics.trace.enabled"]);
    assert_eq!(list.stdout, "");
    assert_eq!(home.run(&["trace", "list", "--json"]).await.code(0).json(), json!([]));
    let _ = home.run(&["trace", "show"]).await.code(1).says(&["no exchange yet", "--trace"]);
}

#[tokio::test]
async fn a_flag_a_variable_and_a_config_each_switch_it_on() {
    let config = "{ diagnostics: { trace: { enabled: true, keep: 3, dir: '~/mine' } } }";
    let (_server, home) = tiny().await;
    let home = home.config(config);
    for _ in 0..3 {
        let _ = home.run(&["agent", "-m", "reply exactly: hi"]).await.code(0);
    }
    let kept = std::fs::read_dir(home.path().join("mine")).unwrap().count();
    assert_eq!(kept, 3, "the oldest are removed");
    let list = home.run(&["trace", "list"]).await.code(0);
    assert!(list.stdout.contains("tiny") && list.stdout.lines().count() == 4, "{list:?}");

    let (_server, home) = tiny().await;
    let home = home.env("OPENCLAW_TRACE", "1");
    let _ = home.run(&["infer", "model", "run", "--prompt", "reply exactly: hi"]).await.code(0);
    assert!(!files(&home).is_empty());
    let mode = |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder(&home)), 0o700);
    assert!(files(&home).iter().all(|file| mode(file) == 0o600));
    let _ = home.run(&["trace", "clear"]).await.code(0).says(&["removed"]);
    assert!(files(&home).is_empty());
}

#[tokio::test]
async fn an_exchange_is_listed_and_shown() {
    let (_server, home) = tiny().await;
    let ended = ask(&home, "reply exactly: smoke").await.code(0);
    assert_eq!(ended.stdout, "smoke\n");
    let list = home.run(&["trace", "list", "--json"]).await.code(0).json();
    let exchange = list.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&exchange["model"], &exchange["status"]),
        (&json!("tiny"), &json!(200)),
        "{exchange}"
    );
    assert_eq!((&exchange["outcome"], &exchange["attempt"]), (&json!("ok"), &json!(1)));
    for number in ["promptBytes", "answerBytes", "promptTokens", "firstTokenMs", "totalMs"] {
        assert!(exchange[number].as_f64().unwrap() > 0.0, "{number}: {exchange}");
    }
    let shown = home.run(&["trace", "show"]).await.code(0).stdout;
    for text in [
        "POST http://127.0.0.1",
        "/v1/chat/completions",
        "authorization: Bearer [secret]   (from VLLM_API_KEY)",
        "model: \"tiny\"",
        "[user] reply exactly: smoke",
        "status 200 after",
        "[answer] smoke",
        "[finish] stop",
        "first token",
        "tokens in",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let events = home.run(&["trace", "show", "last", "--events"]).await.code(0).stdout;
    assert!(events.contains(" ms") && events.contains("  [DONE]"), "{events}");
    let number = exchange["id"].to_string();
    let whole = home.run(&["trace", "show", &number, "--json"]).await.code(0).json();
    assert_eq!(whole["number"], exchange["id"]);
    assert_eq!(whole["events"].as_array().unwrap().last().unwrap()["data"], "[DONE]");
    let sent: Value =
        serde_json::from_str(whole["request"]["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(sent["messages"][0]["content"], "reply exactly: smoke");
    let _ = home.run(&["trace", "show", "9999"]).await.code(1).says(&["no exchange 9999"]);
    let _ = home.run(&["trace", "show", "first"]).await.code(2).says(&["expected a number"]);
}

#[tokio::test]
async fn a_killed_program_leaves_what_had_arrived() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two ", "never"])).gate(3, &gate));
    let running = home.start(&["infer", "model", "run", "--prompt", "hi", "--trace", "--json"]);
    soon(gate.reached()).await;
    let arrived = || {
        let text = files(&home).last().and_then(|file| std::fs::read_to_string(file).ok());
        text.is_some_and(|text| text.contains("two "))
    };
    soon(async {
        while !arrived() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    running.kill().await;
    gate.open();
    let shown = home.run(&["trace", "show"]).await.code(0).stdout;
    for text in ["cut short", "[answer] one two", "the program was killed"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let curl = home.run(&["trace", "curl"]).await.code(0).stdout;
    assert!(curl.contains("--data-binary @-"), "{curl}");
}

#[tokio::test]
async fn a_failure_names_the_exchange_and_a_clean_run_says_nothing() {
    let (server, home) = tiny().await;
    server.push(Reply::from(Turn::pieces(["one"])).engine_dies_at(1));
    let home = home.config("{ models: { providers: { vllm: { onServerLoss: { wait: 0 } } } } }");
    let ended = ask(&home, "hi").await.code(1);
    let last = home.run(&["trace", "list", "--json"]).await.json();
    let chat = last.as_array().unwrap().iter().rev().find(|it| !it["model"].is_null()).unwrap();
    let hint = format!("hint: `openclaw trace show {}` shows all that was said.", chat["id"]);
    assert!(ended.stderr.trim_end().ends_with(&hint), "{hint}: {ended:?}");
    let shown = home.run(&["trace", "show"]).await.code(0).stdout;
    assert!(shown.contains("[error] EngineCore encountered an issue"), "{shown}");
}

#[tokio::test]
async fn a_curl_command_names_the_key_by_its_variable() {
    let server = MockVllm::builder()
        .api_key(KEY)
        .model(ModelSpec::new("tiny", 16_384))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), KEY);
    let _ = ask(&home, "reply exactly: it's $HOME `x` \\ done").await.code(0);
    let command = home.run(&["trace", "curl"]).await.code(0).stdout;
    assert!(command.starts_with("# Set before: VLLM_API_KEY\ncurl -sS -N 'http://"), "{command}");
    assert!(command.contains("authorization: Bearer ${VLLM_API_KEY}"), "{command}");
    assert!(command.contains("reply exactly: it's $HOME `x`"), "{command}");
    assert!(!command.contains("canary"), "{command}");
}

#[tokio::test]
async fn a_replay_tells_what_another_server_makes_of_it() {
    let (_server, home) = tiny().await;
    let other = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let _ = ask(&home, "reply exactly: same").await.code(0);
    let ended = home.run(&["trace", "replay", "--against", &other.base_url()]).await.code(0);
    assert!(ended.stdout.contains("The answers are the same."), "{ended:?}");
    other.push(Turn::text("sane"));
    let args = ["trace", "replay", "last", "--against", &other.base_url()];
    let ended = home.run(&args).await.code(0);
    assert!(ended.stdout.contains("differ from character 3 on:\n- me\n+ ne"), "{ended:?}");
    let value = home.run(&[&args[..], &["--json"]].concat()).await.code(0).json();
    assert_eq!((&value["sameAnswer"], &value["replay"]["status"]), (&json!(true), &json!(200)));
    let down = home.run(&["trace", "replay", "--against", &nobody()]).await.code(1);
    assert!(down.stdout.contains("replay: failed to connect to"), "{down:?}");
    let args = ["trace", "replay", "--against", "http://h", "--key-env", "NOT_SET"];
    let _ = home.run(&args).await.code(2).says(&["NOT_SET"]);
}

#[tokio::test]
async fn no_key_is_in_any_file_or_output() {
    let server = MockVllm::builder()
        .api_key(KEY)
        .model(ModelSpec::new("tiny", 16_384))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), KEY);
    let echo = format!("reply exactly: the key {KEY} and {KEY}");
    // The answer comes in several pieces, so that it holds the key only when it is put together.
    let _ = ask(&home, &echo).await.code(0);
    server.push(Turn::pieces(["the key sk-can", "ary-1f2e3d-\"quo", "ted\" it is"]));
    let _ = ask(&home, "hi").await.code(0);
    let wrong = Home::with_vllm(&server.base_url(), "sk-canary-wrong-key");
    let _ = ask(&wrong, "hi").await.code(5);
    for (home, secret) in [(&home, "canary-1f2e3d"), (&wrong, "canary-wrong")] {
        assert!(!files(home).is_empty());
        for file in files(home) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains(secret), "{text}");
        }
        let shows: [&[&str]; 6] = [
            &["show"],
            &["show", "--full"],
            &["show", "--events"],
            &["show", "--json"],
            &["curl"],
            &["list"],
        ];
        for args in shows {
            let args = [&["trace"], args].concat();
            let _ = home.run(&args).await.hides(&[secret]);
        }
    }
}
