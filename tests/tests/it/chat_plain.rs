//! The chat without a terminal.

use openclaw_mock_vllm::{Reply, Turn};

use crate::chat::last_messages;
use crate::servers::tiny;

#[tokio::test]
async fn each_line_is_a_message_and_answers_are_plain() {
    let (server, home) = tiny().await;
    server.push(Turn::text("**first** answer"));
    server.push(Turn::text("second answer"));
    let ended = home.run_with_input(&["chat"], "one\n\n/tools\ntwo\n").await.code(0);
    assert_eq!(ended.stdout, "**first** answer\nedit\nexec\nread\nwrite\nsecond answer\n");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:#?}");
    let messages = format!("{:?}", last_messages(&server));
    assert!(messages.contains("one") && messages.contains("first"), "{messages}");
    // It is the same session the next time.
    server.push(Turn::text("third answer"));
    let ended = home.run_with_input(&["chat", "--plain"], "three").await.code(0);
    assert_eq!(ended.stdout, "third answer\n");
    assert!(format!("{:?}", last_messages(&server)).contains("second answer"));
}

#[tokio::test]
async fn the_end_is_that_of_the_last_turn() {
    let (server, home) = tiny().await;
    server.push(Reply::html());
    let ended = home.run_with_input(&["chat"], "one\n").await.says(&["error: failed to"]);
    assert_ne!(ended.code, Some(0));
    server.push(Reply::html());
    server.push(Turn::text("better"));
    let ended = home.run_with_input(&["chat"], "one\ntwo\n").await.code(0);
    assert_eq!(ended.stdout, "better\n");
    let _ = home.run_with_input(&["chat"], "/stats\n").await.code(2).says(&["`/status`"]);
    let _ = home.run_with_input(&["chat", "--session", ""], "x\n").await.code(2);
}

#[tokio::test]
async fn nobody_is_asked_who_is_not_there() {
    let (server, home) = tiny().await;
    server.push(Turn::call("exec", r#"{"command": "touch made.txt"}"#));
    server.push(Turn::text("as you wish"));
    let ended = home.run_with_input(&["chat"], "do it\ny\n").await;
    assert!(ended.stdout.contains("as you wish"), "{ended:#?}");
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn a_dumb_terminal_gets_plain_text() {
    let (server, home) = tiny().await;
    server.push(Turn::text("**an** answer"));
    let home = home.env("TERM", "dumb");
    let ended = home.run_on_terminal(&["chat"], "hello\n/quit\n").await.code(0);
    assert!(ended.stdout.contains("**an** answer"), "{ended:#?}");
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:#?}");
}
