//! Text of others cannot command the terminal, hide or reorder what is shown, wherever it comes from.

use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::{Ended, Home};
use serde_json::json;

use crate::servers::tiny;

/// Recolours by C1 and by ESC, reverses the order, hides, overwrites the line, and sets the title.
const POISON: &str =
    "p\u{9b}7mo\u{1b}[7mi\u{202e}s\u{200b}o\r\u{7f}n\u{85}\u{9d}0;x\u{7}\u{2066}\u{feff}";

/// Checks every byte that a terminal gets: besides line ends, colours and the erased status line
/// of the program itself there is no character that is not seen.
fn check(what: &str, ended: &Ended) {
    let own = ended.stdout.replace("\r\n", "\n").replace("\r\u{1b}[2K", "");
    let own = without_colours(&own);
    let is_unsafe = |c: char| {
        c != '\n' && c != '\t' && c.is_control()
            || matches!(c, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if let Some((place, c)) = own.char_indices().find(|(_, c)| is_unsafe(*c)) {
        let around: String = own[..place].chars().rev().take(60).collect();
        let around: String = around.chars().rev().collect();
        panic!("{what}: {c:?} comes after {around:?}");
    }
}

/// The text without the sequences for colours; the program never reverses them, as the poison does.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut own = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((code, rest))
                if code != "7" && code.bytes().all(|c| c.is_ascii_digit() || c == b';') =>
            {
                own.push_str(rest);
            }
            _ => own.extend(["\u{1b}[", part]),
        }
    }
    own
}

async fn on_terminal(home: &Home, args: &[&str]) -> Ended {
    home.run_on_terminal(args, "").await
}

#[tokio::test]
async fn text_of_a_model_and_of_tools() {
    let (server, home) = tiny().await;
    home.put(&format!("file {POISON}"), POISON);
    let script = format!("printf '%s' '{POISON}'");
    for verbose in [&[][..], &["--verbose"]] {
        let turn = Turn::text(POISON).then_reasoning(POISON);
        server.push(turn);
        let args = [&["agent", "-m", POISON][..], verbose].concat();
        check("an answer", &on_terminal(&home, &args).await);
        for (tool, arguments) in [
            ("exec", json!({ "command": script })),
            ("list", json!({"path": "."})),
            ("read", json!({ "path": format!("file {POISON}") })),
            ("write", json!({"path": "w.txt", "content": POISON})),
            ("search", json!({ "pattern": POISON })),
            (POISON, json!({ POISON: POISON })),
        ] {
            server.push(Turn::call(tool, arguments.to_string()));
            server.push(Turn::text("done"));
            let args = [&["agent", "-m", "hi"][..], verbose].concat();
            check(tool, &on_terminal(&home, &args).await);
        }
        server.push(Turn::text(POISON));
        let args = [&["infer", "model", "run", "--prompt", POISON][..], verbose].concat();
        check("infer", &on_terminal(&home, &args).await);
    }
    // What is kept is shown again.
    for args in [
        &["sessions", "list"][..],
        &["sessions", "list", "--json"],
        &["sessions", "show", "agent:main:main"],
        &["sessions", "show", "agent:main:main", "--json"],
        &["sessions", "export", "agent:main:main"],
        &["sessions", "undo", "--files"],
        &["trace", "list"],
        &["trace", "show"],
    ] {
        check(&args.join(" "), &on_terminal(&home, args).await);
    }
    server.push(Turn::text(POISON));
    let typed = format!("{}\n/diff\n/status\n/quit\n", POISON.replace(['\r', '\u{7f}'], ""));
    let ended = home.run_with_input(&["chat", "--plain"], &typed).await;
    assert!(!ended.stderr.contains("s\u{200b}o"), "{ended:#?}");
}

#[tokio::test]
async fn errors_and_names_of_a_server() {
    let model = format!("tiny{POISON}");
    let named = MockVllm::builder().model(ModelSpec::new(&model, 16_384)).start().await.unwrap();
    let home = Home::with_vllm(&named.base_url(), "any-value");
    for args in [
        &["models", "list"][..],
        &["models", "list", "--json"],
        &["models", "list", "--plain"],
        &["models", "status", "--verbose"],
        &["doctor"],
        &["doctor", "--json"],
        &["setup", "--yes", "--base-url", &named.base_url()],
        &["agent", "-m", "hi"],
        &["agent", "-m", "hi", "--verbose"],
    ] {
        check(&args.join(" "), &on_terminal(&home, args).await);
    }
    let (server, home) = tiny().await;
    for status in [400, 401, 404, 422, 500] {
        for args in [
            &["agent", "-m", "hi"][..],
            &["infer", "model", "run", "--prompt", "hi"],
            &["agent", "-m", "hi", "--json", "--verbose"],
        ] {
            for _ in 0..4 {
                let kind = format!("Kind{POISON}");
                let message = format!("no such model {POISON}");
                server.push(Reply::status(status, ErrorBody::Error { message, kind }));
            }
            check(&format!("{status} {}", args.join(" ")), &on_terminal(&home, args).await);
        }
    }
    let logged = home.env("OPENCLAW_LOG", "debug");
    server.push(Reply::from(Turn::text("x")).error_at(1, POISON));
    check("the log", &on_terminal(&logged, &["agent", "-m", "hi"]).await);
}

#[tokio::test]
async fn files_arguments_and_variables() {
    let (_server, home) = tiny().await;
    let home = home.env("OPENCLAW_NO_COLOR", POISON.replace('\0', ""));
    for config in [
        format!("{{ tools: {{ exec: {{ security: '{POISON}' }} }} }}"),
        format!("{{ '{POISON}': 1 }}"),
        format!("{{ agents: {{ list: [ {{ id: '{POISON}', name: '{POISON}' }} ] }} }}"),
        format!("{{ models: {{ providers: {{ '{POISON}': {{ baseUrl: 'x{POISON}' }} }} }} }}"),
        format!("{{ // {POISON}\n broken {POISON}"),
        format!("{{ agents: {{ defaults: {{ model: 'a/{POISON}' }} }} }}"),
        "{ models: { providers: { v: { baseUrl: '${POISONED}' } } } }".to_owned(),
    ] {
        let home = Home::new().env("POISONED", POISON.replace('\0', "")).config(&config);
        for args in [
            &["config", "validate"][..],
            &["config", "validate", "--json"],
            &["config", "get", "agents"],
            &["config", "explain", "models.providers"],
            &["config", "set", "agents.defaults.workspace", POISON],
            &["models", "list"],
            &["models", "status"],
            &["models", "aliases", "list"],
            &["agents", "list"],
            &["sandbox", "explain"],
            &["exec-policy", "show"],
            &["agent", "-m", "hi"],
            &["doctor"],
        ] {
            check(&format!("{config:?} {}", args.join(" ")), &on_terminal(&home, args).await);
        }
    }
    for args in [
        &["exec-policy", "explain", POISON][..],
        &["exec-policy", "explain", POISON, "--json"],
        &["approvals", "allowlist", "add", POISON],
        &["approvals", "list"],
        &["approvals", "get", "--json"],
        &["sessions", "show", POISON],
        &["sessions", "import", POISON],
        &["agent", "--session", POISON, "-m", "hi"],
        &["agent", "--model", POISON, "-m", "hi"],
        &["agent", "--set", POISON, "-m", "hi"],
    ] {
        check(&args.join(" "), &on_terminal(&home, args).await);
    }
}
