//! On a terminal: the answer as it comes, and the question before a command.

use openclaw_mock_vllm::Turn;
use serde_json::json;

use crate::fallbacks::{chain, server};
use crate::servers::{UNSANDBOXED, nobody, tiny};

#[tokio::test]
async fn an_answer_is_shown_once_and_cannot_command_the_terminal() {
    let (server, home) = tiny().await;
    for args in [&["agent", "-m", "hi"][..], &["infer", "model", "run", "--prompt", "hi"]] {
        server.push(Turn::pieces(["once ", "\u{1b}[2J", "upon"]));
        let ended = home.run_on_terminal(args, "").await.code(0);
        assert_eq!(ended.stdout.matches("once \\u{1b}[2Jupon").count(), 1, "{ended:#?}");
        assert!(!ended.stdout.contains("\u{1b}[2J"), "{ended:#?}");
    }
}

#[tokio::test]
async fn a_command_runs_only_when_it_is_allowed() {
    for (typed, quiet, expected) in
        [("y\n", false, true), ("y\n", true, true), ("n\n", false, false), ("\n", false, false)]
    {
        let (_server, home) = tiny().await;
        let home = home.config(UNSANDBOXED);
        let args = [&["agent", "-m", "run touch made.txt"][..], if quiet { &["-q"] } else { &[] }];
        let ended = home.answer_on_terminal(&args.concat(), typed).await.code(0);
        assert!(ended.stdout.contains("touch made.txt\r\n"), "{ended:#?}");
        assert!(ended.stdout.contains("allow this command? [y/N]"), "{ended:#?}");
        assert_eq!(home.files() == ["made.txt"], expected, "{ended:#?}");
    }
}

#[tokio::test]
async fn the_question_shows_what_would_hide() {
    let (server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let command = "rm -r x #\u{1b}[2K\r\u{202e}touch made.txt";
    let arguments = json!({"command": command, "directory": "a\u{202e}b"});
    std::fs::create_dir(home.workspace().join("a\u{202e}b")).unwrap();
    server.push(Turn::call("exec", arguments.to_string()));
    server.push(Turn::text("as you wish"));
    let ended = home.answer_on_terminal(&["agent", "-m", "hi"], "n\n").await.code(0);
    let question = "  | rm -r x #\\e[2K\\r\\u{202e}touch made.txt\r\n";
    assert!(ended.stdout.contains(question), "{ended:#?}");
    assert!(ended.stdout.contains("/a\\u{202e}b\r\n"), "{ended:#?}");
}

#[tokio::test]
async fn a_long_command_is_shown_completely_with_its_directory_and_the_reason() {
    let (server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let words: Vec<String> = (0..600).map(|number| format!("word{number}")).collect();
    let command = format!("rm {}", words.join(" "));
    server.push(Turn::call("exec", json!({"command": command}).to_string()));
    server.push(Turn::text("as you wish"));
    let ended = home.answer_on_terminal(&["agent", "-m", "hi"], "n\n").await.code(0);
    let (before, _) = ended.stdout.split_once("allow this command? [y/N]").unwrap();
    let rows: Vec<&str> = before.lines().collect();
    let row_text = |row: &&str| row.get(4..).unwrap_or_default().to_owned();
    let is_content = |row: &&&str| row.starts_with("  | ") || row.starts_with("  : ");
    let content: String = rows.iter().filter(is_content).map(row_text).collect();
    assert!(content.contains(&words.join(" ")), "{ended:#?}");
    assert!(rows.iter().filter(is_content).all(|row| row.len() <= 80), "{ended:#?}");
    let workspace = home.workspace().canonicalize().unwrap();
    assert!(content.contains(workspace.to_str().unwrap()), "{ended:#?}");
    assert!(before.contains("\r\nasked because "), "{ended:#?}");
}

#[tokio::test]
async fn what_was_typed_before_a_question_does_not_answer_it() {
    let run = "run touch made.txt";
    for (args, typed_ahead, answer) in [
        (&["agent", "-m", run][..], "y\n", "n\n"),
        (&["chat", "--plain"], &format!("{run}\ny\ny\n"), "n\n/quit\n"),
        (&["sessions", "delete", "agent:main:main"], "y\ny\n", "n\n"),
    ] {
        let (_server, home) = tiny().await;
        let home = home.config(UNSANDBOXED);
        let _ = home.run(&["agent", "-m", "hello"]).await.code(0);
        let ended = home.answer_after(args, typed_ahead, answer).await;
        assert!(home.files().is_empty(), "{ended:#?}");
        let listed = home.run(&["sessions", "list"]).await.code(0);
        assert!(listed.stdout.contains("agent:main:main"), "{ended:#?}");
    }
}

#[tokio::test]
async fn what_was_typed_before_does_not_consent_to_a_hosted_server() {
    let (down, good) = (nobody(), server().await);
    // Kept for documents: nothing may ever be sent there.
    let home = chain(&[&down, "http://192.0.2.1:8000/v1", &good.base_url()]);
    let args = ["infer", "model", "run", "--prompt", "hi", "--set", "models.egress=ask"];
    let ended = home.answer_after(&args, "y\n", "n\n").await.code(0);
    assert!(ended.stdout.contains("; using c/m"), "{ended:#?}");
}

#[tokio::test]
async fn the_model_reads_why_a_command_was_refused() {
    let (server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    server.push(Turn::call("exec", r#"{"command": "touch made.txt"}"#));
    server.push(Turn::text("as you wish"));
    let args = ["agent", "-m", "hi"];
    let _ = home.answer_on_terminal(&args, "n use the other file\n").await.code(0);
    let sent = server.requests().last().unwrap().json().to_string();
    assert!(sent.contains("the user did not allow this command: use the other file"), "{sent}");
    assert!(home.files().is_empty());
}
