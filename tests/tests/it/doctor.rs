//! `doctor` and `models probe`: what they print, what they change, and how they end.

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_tests::{Ended, Home};
use serde_json::{Value, json};

use crate::servers::{nobody, website};

/// A home with a comment in its config, which has the server at `base_url` as provider `lab`.
fn home(base_url: &str, models: &str) -> Home {
    Home::new().config(&format!(
        "{{\n  // the lab\n  agents: {{ defaults: {{ model: \"lab/tiny\" }} }},\n  models: {{ \
         providers: {{ lab: {{ baseUrl: \"{base_url}\", models: [{models}] }} }} }},\n}}\n"
    ))
}

fn saved(home: &Home) -> String {
    std::fs::read_to_string(home.config_path()).unwrap()
}

/// A text without what differs from run to run: times, rates, ports, the home folder.
fn stable(text: &str, home: &Home) -> String {
    let text = text.replace(&*home.path().to_string_lossy(), "~");
    // What the kernel enforces differs between machines.
    let text = text.split_once("sandbox of commands\n").map_or(text.as_str(), |(text, _)| text);
    text.lines().map(|line| stable_line(line) + "\n").collect()
}

fn stable_line(line: &str) -> String {
    // How soon a mock answers decides what is seen of it.
    if line.contains(" cancel ") || line.ends_with(" s") && line.contains(" passed") {
        return line.chars().filter(|c| c.is_alphabetic()).take(4).collect::<String>() + " …";
    }
    let all = line.contains("prefix-cache");
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for at in 0..words.len() {
        let unit = words.get(at + 1).map(|unit| unit.trim_end_matches([',', ';', ')', '|']));
        if all || matches!(unit, Some("ms" | "s" | "tokens/s")) {
            words[at] = digits(&words[at]);
        }
        words[at] = without_port(&words[at]);
    }
    let text = words.join(" ");
    text.replace(", N tokens/s", "").replace(" N s", " N ms")
}

/// `HOST` for the address of a server on loopback.
fn without_port(text: &str) -> String {
    let Some((before, after)) = text.split_once("127.0.0.1:") else { return text.to_owned() };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}HOST{}", without_port(rest))
}

/// Each number as `N`.
fn digits(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('N') {
            out.push('N');
        }
    }
    out
}

/// The JSON of a run without what differs from run to run.
fn stable_json(ended: &Ended, home: &Home) -> Value {
    let mut value = ended.json();
    value["elapsedMs"].take();
    for check in value["checks"].as_array_mut().unwrap() {
        check["elapsedMs"].take();
        let evidence = check["evidence"].as_str().unwrap();
        check["evidence"] = json!(stable(evidence, home).trim_end());
    }
    let text = value.to_string().replace(&*home.path().to_string_lossy(), "~");
    let text = without_port(&text);
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_sound_server_passes_line_by_line() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let ended = home.run(&["doctor"]).await.code(0).hides(&["any-value"]);
    assert_eq!(ended.stderr, "");
    for level in ["  files: enforced by ", "  network: enforced by ", "  processes: enforced by "] {
        assert!(ended.stdout.contains(level), "{}", ended.stdout);
    }
    insta::assert_snapshot!(stable(&ended.stdout, &home));
}

#[tokio::test]
async fn the_flags_that_a_server_without_tools_needs_are_named() {
    let model = ModelSpec::new("tiny", 4096);
    let server = MockVllm::builder().model(model).auto_tool_choice(false).start().await.unwrap();
    let home = home(&server.base_url(), "{ id: \"tiny\", contextWindow: 131072 }");
    let only = ["doctor", "--only", "tools-auto", "--only", "window"];
    let ended = home.run(&only).await.code(1).says(&["`openclaw doctor --fix`"]);
    insta::assert_snapshot!(stable(&ended.stdout, &home));
    let ended = home.run(&[&only[..], &["--json"]].concat()).await.code(1);
    insta::assert_snapshot!("json", format!("{:#}\n", stable_json(&ended, &home)));
}

#[tokio::test]
async fn each_early_failure_has_its_exit_code_and_skips_the_rest() {
    let locked = MockVllm::builder().api_key("right").start().await.unwrap();
    let open = MockVllm::builder().model(ModelSpec::new("large", 4096)).start().await.unwrap();
    let (page, _serving) = website().await;
    for (name, url, code) in [
        ("dead", nobody(), 4),
        ("no_api", format!("{page}/ui"), 4),
        ("locked", locked.base_url(), 5),
        ("another_model", open.base_url(), 5),
    ] {
        let home = home(&url, "");
        let ended = home.run(&["doctor", "--only", "chat"]).await.code(code);
        insta::assert_snapshot!(name, stable(&ended.stdout, &home));
    }
}

#[tokio::test]
async fn a_newcomer_is_led_and_set_up_by_fix() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = Home::new().env("VLLM_BASE_URL", server.base_url());
    let ended = home.run(&["doctor"]).await.code(3).says(&["--fix"]);
    insta::assert_snapshot!(stable(&ended.stdout, &home));
    let _ = home.run(&["doctor", "--fix"]).await.code(3).says(&["nothing is changed", "--yes"]);
    assert!(!home.config_path().exists());
    let ended = home.run(&["doctor", "--fix", "--yes"]).await.code(3).says(&["is changed"]);
    assert!(ended.stdout.contains('+'), "{ended:#?}");
    let _ = home.run(&["doctor", "--only", "chat"]).await.code(0);
}

#[tokio::test]
async fn fix_shows_the_change_and_asks_and_keeps_comments() {
    for (typed, is_changed) in [("y\n", true), ("n\n", false)] {
        let server = MockVllm::builder().start().await.unwrap();
        let home = home(&server.base_url(), "{ id: \"tiny\", contextWindow: 131072 }");
        let before = saved(&home);
        let args = ["doctor", "--only", "window", "--fix"];
        let ended = home.answer_on_terminal(&args, typed).await.code(1);
        assert!(ended.stdout.contains("contextWindow: 4096"), "{ended:#?}");
        assert!(ended.stdout.contains("change the config file so? [y/N]"), "{ended:#?}");
        let after = before.replace("131072", "4096");
        assert_eq!(saved(&home), if is_changed { after } else { before });
    }
}

#[tokio::test]
async fn a_fix_in_json_is_made_only_with_yes() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = home(&server.base_url(), "{ id: \"tiny\", contextWindow: 131072 }");
    let args = ["doctor", "--only", "window", "--fix", "--json"];
    let fix = home.run(&args).await.code(1).json()["fix"].take();
    assert_eq!(fix["applied"], json!(false));
    assert!(fix["diff"].as_str().unwrap().contains("contextWindow: 4096"), "{fix}");
    let value = home.run(&[&args[..], &["--yes"]].concat()).await.code(1).json();
    assert_eq!(value["fix"]["applied"], json!(true));
    let path = "models.providers.lab.models[0].contextWindow";
    assert_eq!(value["edits"], json!([{ "path": path, "value": 4096 }]));
    let _ = home.run(&["doctor", "--only", "window"]).await.code(0);
}

#[tokio::test]
async fn a_broken_config_is_a_failed_check() {
    let home = Home::new().config("{ agents: ");
    let ended = home.run(&["doctor", "--json"]).await.code(3);
    let value = ended.json();
    assert_eq!(value["ok"], json!(false));
    assert_eq!(value["checks"][0]["id"], json!("config"));
    assert_eq!(value["checks"][0]["status"], json!("fail"));
    let ended = home.run(&["doctor"]).await.code(3);
    assert!(ended.stdout.starts_with("fail    config"), "{ended:#?}");
}

#[tokio::test]
async fn what_a_model_says_cannot_command_the_terminal() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("a\u{1b}[2Jb\u{202e}c"));
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let ended = home.run(&["doctor", "--only", "chat"]).await.code(0);
    assert!(ended.stdout.contains("\"a\\u{1b}[2Jb\\u{202e}c\""), "{ended:#?}");
}

#[tokio::test]
async fn a_probe_remembers_what_the_server_lacks_until_it_is_otherwise() {
    let server = MockVllm::builder().auto_tool_choice(false).root_routes(false).start().await;
    let server = server.unwrap();
    let home = home(&server.base_url(), "");
    let ended = home.run(&["models", "probe", "lab/tiny"]).await.code(0);
    for lack in ["auto-tool-choice", "named-tool-choice", "tool-choice", "tokenize"] {
        assert!(ended.stdout.contains(&format!("{lack} (now)")), "{ended:#?}");
    }
    let port = server.port();
    server.stop().await;
    let better = MockVllm::builder().port(port).start().await.unwrap();
    let learnt = home.run(&["models", "probe", "--json"]).await.code(0).json()["learned"].take();
    assert_eq!(learnt["unsupported"], json!([]), "{learnt:#}");
    assert_eq!(learnt["version"], json!("0.32.0"));
    drop(better);
    let ended = home.run(&["models", "probe", "lab/tiny"]).await.code(4);
    assert!(ended.stdout.contains("fail    reachable"), "{ended:#?}");
}

#[tokio::test]
async fn names_that_there_are_not_are_usage() {
    let home = Home::new();
    let _ = home.run(&["doctor", "--only", "everything"]).await.code(2);
    // Without `--fix` nothing is asked anyway, as scripts of the original call it.
    for flag in ["--yes", "--force"] {
        let _ = home.run(&["doctor", "--only", "config", flag]).await.code(0);
    }
}
