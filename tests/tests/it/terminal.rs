//! On a terminal: the answer as it comes, and the question before a command.

use openclaw_mock_vllm::Turn;
use serde_json::json;

use crate::servers::tiny;

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
        let args = [&["agent", "-m", "run touch made.txt"][..], if quiet { &["-q"] } else { &[] }];
        let ended = home.run_on_terminal(&args.concat(), typed).await.code(0);
        assert!(ended.stdout.contains("run: touch made.txt"), "{ended:#?}");
        assert!(ended.stdout.contains("allow this command? [y/N]"), "{ended:#?}");
        assert_eq!(home.files() == ["made.txt"], expected, "{ended:#?}");
    }
}

#[tokio::test]
async fn the_question_shows_what_would_hide() {
    let (server, home) = tiny().await;
    let command = "rm -r x #\u{1b}[2K\r\u{202e}touch made.txt";
    let arguments = json!({"command": command, "directory": "a\u{1b}[2Kb"});
    std::fs::create_dir(home.workspace().join("a\u{1b}[2Kb")).unwrap();
    server.push(Turn::call("exec", arguments.to_string()));
    server.push(Turn::text("as you wish"));
    let ended = home.run_on_terminal(&["agent", "-m", "hi"], "n\n").await.code(0);
    let question = "run in a\\u{1b}[2Kb: rm -r x #\\u{1b}[2K\\u{d}\\u{202e}touch made.txt";
    assert!(ended.stdout.contains(question), "{ended:#?}");
}
