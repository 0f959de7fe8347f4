//! The answers of a person to the question before a command, and how long each holds.

use openclaw_mock_vllm::Turn;
use openclaw_tests::{Ended, Home};
use serde_json::{Value, json};

use crate::servers::{UNSANDBOXED, tiny};

/// Commands run in the sandbox, and those on no list are asked about.
const ASKED_IN_SANDBOX: &str = "{tools: {exec: {security: 'allowlist'}}}";

/// Has the model run a command, and answers the question about it; without an answer there is no
/// terminal to ask on.
async fn run(home: &Home, command: &str, answer: Option<&str>) -> Ended {
    let message = format!("run {command}");
    let args = ["agent", "-m", message.as_str()];
    match answer {
        Some(answer) => home.answer_on_terminal(&args, answer).await.code(0),
        None => home.run(&args).await,
    }
}

/// What a terminal shows, without the ends of its rows.
fn on_one_line(ended: &Ended) -> String {
    ended.stdout.replace("\r\n", " ")
}

/// Whether a command runs without a question.
async fn runs_unasked(home: &Home, command: &str) -> bool {
    let workspace = home.workspace();
    let explain = ["exec-policy", "explain", command, "--json", "--workspace"];
    let args = [&explain[..], &[workspace.to_str().unwrap()]].concat();
    let answer = home.run(&args).await.code(0);
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    answer["decision"] == "allow"
}

#[tokio::test]
async fn yes_allows_one_run() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let _ = run(&home, "touch made.txt", Some("y\n")).await;
    assert_eq!(home.files(), ["made.txt"]);
    std::fs::remove_file(home.workspace().join("made.txt")).unwrap();
    let _ = run(&home, "touch made.txt", None).await;
    assert!(home.files().is_empty());
    assert!(!home.config_path().with_file_name("exec-approvals.json").exists());
    assert!(!home.config_path().with_file_name("exec-grants.json").exists());
}

#[tokio::test]
async fn always_allows_exactly_this_command_in_this_directory() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    std::fs::create_dir(home.workspace().join("sub")).unwrap();
    let run = |command: &str| ["agent", "-m", &format!("run {command}")].map(str::to_owned);
    let first = run("touch made.txt");
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    let ended = home.answer_on_terminal(&first, "a\n").await.code(0);
    assert!(on_one_line(&ended).contains("a: always exactly this here"), "{ended:#?}");
    std::fs::remove_file(home.workspace().join("made.txt")).unwrap();
    let _ = home.run(&first).await.code(0);
    assert_eq!(home.files(), ["made.txt", "sub"]);
    let other = run("touch other.txt");
    let other: Vec<&str> = other.iter().map(String::as_str).collect();
    let _ = home.run(&other).await.says(&["openclaw approvals allowlist add /usr/bin/touch"]);
    assert_eq!(home.files(), ["made.txt", "sub"]);
    assert!(!home.config_path().with_file_name("exec-approvals.json").exists());
    let listed = home.run(&["approvals", "list"]).await.code(0).stdout;
    assert_eq!(listed, "/usr/bin/touch (exactly one whole command, always)\n");
    let _ = home.run(&["approvals", "allowlist", "remove", "/usr/bin/touch"]).await.code(0);
    assert!(!runs_unasked(&home, "touch made.txt").await);
}

#[tokio::test]
async fn a_permission_is_for_no_part_of_its_command_and_for_no_other_script() {
    for answer in ["c\n", "a\n"] {
        let (_server, home) = tiny().await;
        let home = home.config(UNSANDBOXED);
        write(&home.workspace().join("evil"), "touch made.txt\n");
        let _ = run(&home, "echo true | sh", Some(answer)).await;
        assert!(runs_unasked(&home, "echo true | sh").await, "{answer}");
        for command in ["cat evil | sh", "sh", "echo true; sh", "echo true"] {
            assert!(!runs_unasked(&home, command).await, "{answer} {command}");
        }
        let _ = run(&home, "cat evil | sh", None).await;
        assert_eq!(home.files(), ["evil"], "{answer}");

        write(&home.workspace().join("b.sh"), "true\n");
        let ended = run(&home, "sh b.sh", Some(answer)).await;
        let is_shown = on_one_line(&ended).contains("| b.sh (sha256 ");
        assert!(is_shown, "{ended:#?}");
        assert!(runs_unasked(&home, "sh b.sh").await, "{answer}");
        let _ = run(&home, "sh b.sh", None).await.code(0);
        write(&home.workspace().join("b.sh"), "touch made.txt\n");
        assert!(!runs_unasked(&home, "sh b.sh").await, "{answer}");
        let _ = run(&home, "sh b.sh", None).await;
        assert_eq!(home.files(), ["b.sh", "evil"], "{answer}");
    }
}

#[tokio::test]
async fn a_permission_that_was_given_under_the_sandbox_ends_with_it() {
    for answer in ["c\n", "a\n"] {
        let (_server, home) = tiny().await;
        let home = home.config(ASKED_IN_SANDBOX);
        let command = "sh -c 'touch made.txt'";
        let _ = run(&home, command, Some(answer)).await;
        std::fs::remove_file(home.workspace().join("made.txt")).unwrap();
        assert!(runs_unasked(&home, command).await, "{answer}");
        let _ = run(&home, command, None).await.code(0);
        assert_eq!(home.files(), ["made.txt"], "{answer}");
        std::fs::remove_file(home.workspace().join("made.txt")).unwrap();
        let home = home.config("{tools: {exec: {security: 'allowlist', host: 'gateway'}}}");
        assert!(!runs_unasked(&home, command).await, "{answer}");
        let _ = run(&home, command, None).await;
        assert!(home.files().is_empty(), "{answer}");
        // Nor under a sandbox that allows more.
        let wider = "{tools: {exec: {security: 'allowlist', sandbox: {profile: 'workspace+net'}}}}";
        let home = home.config(wider);
        assert!(!runs_unasked(&home, command).await, "{answer}");
    }
}

#[tokio::test]
async fn a_command_is_allowed_here_until_a_time() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let ended = run(&home, "touch made.txt", Some("c 1h\n")).await;
    assert!(on_one_line(&ended).contains("c: exactly this here until "), "{ended:#?}");
    assert!(!on_one_line(&ended).contains("p: its programs"), "there is no sandbox: {ended:#?}");
    std::fs::remove_file(home.workspace().join("made.txt")).unwrap();
    let _ = run(&home, "touch made.txt", None).await.code(0);
    assert_eq!(home.files(), ["made.txt"]);
    assert!(!runs_unasked(&home, "touch other.txt").await);
    let listed = home.run(&["approvals", "list"]).await.code(0).stdout;
    assert!(listed.starts_with("/usr/bin/touch (exactly one whole command, until "), "{listed}");

    // A permission that ended is none.
    let file = home.config_path().with_file_name("exec-grants.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let end = text.split_once("\"expiresAtMs\": ").unwrap().1.split('\n').next().unwrap();
    assert!(runs_unasked(&home, "touch made.txt").await);
    write(&file, &text.replace(end, "1"));
    assert!(!runs_unasked(&home, "touch made.txt").await);
    // A file that is not understood grants nothing, and is kept.
    write(&file, &text.replace("\"version\": 1", "\"version\": 2"));
    assert!(!runs_unasked(&home, "touch made.txt").await);
    let _ = home.run(&["approvals", "list"]).await.code(0).says(&["version 2", "none of them"]);
    std::fs::remove_file(home.workspace().join("made.txt")).unwrap();
    let ended = run(&home, "touch made.txt", Some("c\n")).await;
    assert!(ended.stdout.contains("version 2") && home.files().is_empty(), "{ended:#?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("\"version\": 2"));
}

#[tokio::test]
async fn a_program_is_allowed_in_this_workspace_under_the_sandbox_until_a_time() {
    let (_server, home) = tiny().await;
    let home = home.config(ASKED_IN_SANDBOX);
    let ended = run(&home, "sh -c 'touch made.txt'", Some("p 2d\n")).await;
    let offered = "p: its programs in this workspace, in the sandbox, until ";
    assert!(on_one_line(&ended).contains(offered), "{ended:#?}");
    assert_eq!(home.files(), ["made.txt"]);
    for (command, is_allowed) in [
        ("sh -c 'touch other.txt'", true),
        ("sh -c id && sh -c id", true),
        ("touch other.txt", false),
        ("sh -c id && touch other.txt", false),
        ("echo $(sh)", false),
    ] {
        assert_eq!(runs_unasked(&home, command).await, is_allowed, "{command}");
    }
    let elsewhere = ["exec-policy", "explain", "sh -c id", "--json", "--workspace", "/"];
    let answer: Value = serde_json::from_str(&home.run(&elsewhere).await.code(0).stdout).unwrap();
    assert_eq!(answer["decision"], "ask", "another workspace");
    let listed = home.run(&["approvals", "list", "--json"]).await.code(0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["grants"][0]["program"], "/usr/bin/sh");

    // Without the sandbox nothing holds what the program runs.
    let home = home.config("{tools: {exec: {security: 'allowlist', host: 'gateway'}}}");
    assert!(!runs_unasked(&home, "sh -c id").await);
    let home = home.config(ASKED_IN_SANDBOX);
    assert!(runs_unasked(&home, "sh -c id").await);
    let _ = home.run(&["approvals", "allowlist", "remove", "/usr/bin/sh"]).await.code(0);
    assert!(!runs_unasked(&home, "sh -c id").await);
    let listed = home.run(&["approvals", "list"]).await.code(0).stdout;
    assert!(listed.starts_with("no pattern: "), "{listed}");
}

#[tokio::test]
async fn an_answer_that_is_none_allows_nothing_and_is_asked_again() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let mut terminal = home.terminal(&["agent", "-m", "run touch made.txt"]);
    for (count, answer) in ["c forever\r", "p\r", "c 99999h\r", "n\r"].iter().enumerate() {
        let is_asked = |screen: &str| screen.matches("allow this command? [y/N]").count() > count;
        terminal.until("a question", is_asked).await;
        terminal.types(answer).await;
    }
    let (code, screen, _) = terminal.ended().await;
    assert_eq!(code, Some(0), "{screen}");
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn a_protected_file_is_written_only_after_its_diff_was_shown() {
    let (server, home) = tiny().await;
    let home = home.config("{}");
    let file = home.workspace().join(".envrc");
    write(&file, "export A=1\nexport B=2\n");
    let arguments = json!({"path": ".envrc", "content": "export A=1\nexport B=\u{202e}3\n"});
    for (answer, expected) in [("n\n", "B=2"), ("y\n", "B=\u{202e}3")] {
        server.push(Turn::call("write", arguments.to_string()));
        server.push(Turn::text("done"));
        let ended = home.answer_on_terminal(&["agent", "--yes", "-m", "hi"], answer).await.code(0);
        let (before, _) = ended.stdout.split_once("allow this call? [y/N]").unwrap();
        for row in [
            "diff:\r\n  | @@ -1,2 +1,2 @@\r\n  |  export A=1\r\n",
            "\u{1b}[31m  | -export B=2\u{1b}[",
            "\u{1b}[32m  | +export B=\\u{202e}3\u{1b}[",
            "\r\n1 lines added, 1 removed\r\n",
        ] {
            assert!(before.contains(row), "{row:?} is not in {before:?}");
        }
        assert!(std::fs::read_to_string(&file).unwrap().contains(expected), "{answer}");
    }
    // A program is given the change that nobody could be asked about.
    server.push(Turn::call("write", json!({"path": ".envrc", "content": ""}).to_string()));
    server.push(Turn::text("done"));
    let args = ["agent", "-m", "hi", "--output-format", "stream-json"];
    let events = home.run(&args).await.code(0).stdout;
    let refused = events.lines().find(|line| line.contains("\"tool_refused\"")).unwrap();
    let refused: Value = serde_json::from_str(refused).unwrap();
    assert_eq!(refused["effect"]["change"]["removedLines"], 2, "{refused}");
}

#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
fn write(file: &std::path::Path, text: &str) {
    std::fs::write(file, text).unwrap();
}
