//! What keeps a command from starting: restrictions of the config that would not hold.

use openclaw_mock_vllm::MockVllm;
use openclaw_tests::Home;

use crate::servers::{UNSANDBOXED, tiny};

const COMMAND: [&str; 4] = ["agent", "--yes", "-m", "run touch made.txt"];

/// Runs a command that the model wants, with `--yes`, under a config.
async fn run_command(text: &str) -> (MockVllm, Home, openclaw_tests::Ended) {
    let (server, home) = tiny().await;
    let home = home.config(text);
    let ended = home.run(&COMMAND).await;
    (server, home, ended)
}

fn has_chats(server: &MockVllm) -> bool {
    server.requests().iter().any(|seen| seen.path == "/v1/chat/completions")
}

#[tokio::test]
async fn a_restriction_that_would_not_hold_stops_agent_and_chat_before_anything_is_sent() {
    for (text, key) in [
        ("{\n tools: { exec: { mode: 'deny' } } }", "tools.exec.mode"),
        (
            "{\n agents: { defaults: { sandbox: { mode: 'all', workspaceAccess: 'none' } } } }",
            "sandbox.workspaceAccess",
        ),
        (
            "{\n agents: { list: [{ id: 'main', sandbox: { mode: 'all' } }] },
            tools: { exec: { host: 'gateway' } } }",
            "sandbox.mode",
        ),
        (
            "{\n tools: { exec: { sandbox: { profile: 'read-only' }, host: 'gateway' } } }",
            "tools.exec.sandbox.profile",
        ),
        (
            "{\n agents: { defaults: { sandbox: { mode: 'off' } } },
            tools: { exec: { sandbox: { profile: 'workspace' } } } }",
            "agents.defaults.sandbox.mode",
        ),
        (
            "{\n agents: { defaults: { sandbox: { workspaceAccess: 'ro' } } },
            tools: { exec: { host: 'gateway' } } }",
            "agents.defaults.sandbox.workspaceAccess",
        ),
        ("{\n tools: { byProvider: { vllm: { deny: ['exec'] } } } }", "byProvider.vllm.deny"),
        ("{\n tools: { exec: { security: 'DENY' } } }", "tools.exec.security"),
        ("{\n tools: { exec: { secruity: 'deny' } } }", "tools.exec.secruity"),
        ("{\n tools: { deny: 'exec' } }", "tools.deny"),
        ("{\n tools: { deny: ['exce'] } }", "tools.deny[0]"),
        ("{\n tols: { deny: ['exec'] } }", "tols"),
    ] {
        let (server, home, ended) = run_command(text).await;
        let ended = ended.code(3).says(&[key, "openclaw.json:2:", "would not hold"]);
        assert_eq!(ended.stderr.matches("openclaw.json:2:").count(), 1, "{ended:#?}");
        assert!(ended.stdout.is_empty() && home.files().is_empty() && !has_chats(&server));
        let _ = home.run(&["chat"]).await.code(3).says(&[key]);
        let _ = home.run(&["infer", "model", "run", "--prompt", "hello"]).await.code(0);
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
async fn a_broken_config_file_stops_an_agent_and_a_broken_approvals_file_every_command() {
    let (server, home) = tiny().await;
    let home = home.config("{ tools: { deny: ['exec'] } }");
    let _ = home.run(&["models", "status"]).await.code(0);
    let home = home.config("{ tools: { deny: ['exec'] ");
    let _ = home.run(&COMMAND).await.code(3).says(&["the file is broken"]);
    let home = home.config("{}");
    let file = home.config_path().with_file_name("exec-approvals.json");
    assert!(!has_chats(&server));
    for text in
        ["", "{}", "{\"version\":2}", "{\"version\":1,\"defaults\":{\"security\":\"none\"}}"]
    {
        std::fs::write(&file, text).unwrap();
        let _ = home.run(&COMMAND).await;
        assert!(home.files().is_empty(), "{text}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    assert!(has_chats(&server));
}

#[tokio::test]
async fn a_value_for_one_run_that_cannot_be_used_is_a_wrong_command_line() {
    let (server, home) = tiny().await;
    for set in ["tools.exec.security=DENY", "tools.alow=[]", "tools.exec.host=moon"] {
        let args = [&["--set", set][..], &COMMAND].concat();
        let _ = home.run(&args).await.code(2).says(&["`--set`"]);
    }
    let home = home.env("OPENCLAW_TIMEOUT_SECONDS", "soon");
    let _ = home.run(&COMMAND).await.code(2).says(&["OPENCLAW_TIMEOUT_SECONDS"]);
    assert!(home.files().is_empty() && !has_chats(&server));
}

#[tokio::test]
async fn yes_answers_questions_and_widens_nothing() {
    for text in [
        "{ tools: { exec: { security: 'deny' } } }",
        "{ tools: { exec: { security: 'deny', ask: 'off' } } }",
        "{ tools: { deny: ['exec'] } }",
        "{ tools: { deny: ['BASH'] } }",
        "{ tools: { deny: ['group:runtime'] } }",
        "{ tools: { allow: ['read'] } }",
        "{ tools: { profile: 'messaging', alsoAllow: ['read'] } }",
        "{ agents: { list: [{ id: 'main', tools: { deny: ['exec'] } }] } }",
        "{ agents: { entries: { main: { tools: { allow: ['group:fs'] } } } } }",
        "{ agents: { entries: { main: { tools: { exec: { security: 'deny' } } } } } }",
        "{ tools: { exec: { security: 'full', ask: 'off' } }, \
           agents: { list: [{ id: 'Main', tools: { exec: { security: 'deny' } } }] } }",
    ] {
        let (_server, home, _ended) = run_command(text).await;
        assert!(home.files().is_empty(), "{text}");
    }
    // The agent's own values make `tools.exec` stricter, never wider.
    for (exec, own, ran) in [
        ("{ security: 'deny' }", "{ security: 'full', ask: 'off' }", false),
        ("{ security: 'full', ask: 'off' }", "{ security: 'allowlist' }", false),
        ("{ security: 'full', ask: 'off' }", "{ ask: 'always' }", false),
        ("{ security: 'full', ask: 'off' }", "{ security: 'full' }", true),
    ] {
        let (_server, home) = tiny().await;
        let home = home.config(&format!(
            "{{ tools: {{ exec: {exec} }}, \
             agents: {{ entries: {{ main: {{ tools: {{ exec: {own} }} }} }} }} }}"
        ));
        let _ = home.run(&["agent", "-m", "run touch made.txt"]).await;
        assert_eq!(home.files() == ["made.txt"], ran, "{exec} {own}");
    }
    let also = "{ tools: { profile: 'messaging', alsoAllow: ['exec'] } }";
    let (_server, home, ended) = run_command(also).await;
    let _ = ended.code(0);
    assert_eq!(home.files(), ["made.txt"]);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
async fn a_command_on_the_allowlist_of_the_approvals_file_runs_without_a_question() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let file = home.config_path().with_file_name("exec-approvals.json");
    let command = ["agent", "-m", "run touch made.txt"];
    for (pattern, files) in [("/usr/bin/other", &[][..]), ("touch", &["made.txt"])] {
        let text = format!(
            "{{\"version\":1,\"agents\":{{\"main\":{{\"allowlist\":[{{\"pattern\":\"{pattern}\"}}]}}}}}}"
        );
        std::fs::write(&file, text).unwrap();
        let _ = home.run(&command).await;
        assert_eq!(home.files(), files, "{pattern}");
    }
    // The file only makes the config stricter.
    let denied = home.config("{ tools: { exec: { security: 'deny' } } }");
    let ended = denied.run(&["agent", "-m", "run touch more.txt"]).await;
    assert_eq!(denied.files(), ["made.txt"], "{}", ended.stderr);
}
