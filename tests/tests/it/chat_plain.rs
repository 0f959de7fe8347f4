//! The chat without a terminal.

use openclaw_mock_vllm::{Gate, Reply, Turn};
use openclaw_tests::soon;
use tokio::process::Command;

use crate::chat::last_messages;
use crate::servers::{UNSANDBOXED, tiny};

#[tokio::test]
async fn each_line_is_a_message_and_answers_are_plain() {
    let (server, home) = tiny().await;
    server.push(Turn::text("**first** answer"));
    server.push(Turn::text("second answer"));
    let ended = home.run_with_input(&["chat"], "one\n\n/tools\ntwo\n").await.code(0);
    let tools = "edit\nexec\nlist\nmemory_get\nmemory_search\nprocess\nread\nsearch\nsessions_history\nsessions_search\nsessions_spawn\nsubagents\nwrite";
    assert_eq!(ended.stdout, format!("**first** answer\n{tools}\nsecond answer\n"));
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
    let home = home.config(UNSANDBOXED);
    server.push(Turn::call("exec", r#"{"command": "touch made.txt"}"#));
    server.push(Turn::text("as you wish"));
    let ended = home.run_with_input(&["chat"], "do it\ny\n").await;
    assert!(ended.stdout.contains("as you wish"), "{ended:#?}");
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn a_summary_that_does_not_come_is_stopped() {
    let (server, home) = tiny().await;
    let long = "words that take room ".repeat(300);
    let _ = home.run_with_input(&["chat"], &long).await.code(0);
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("never heard")).gate(0, &gate));
    let script = r#"printf '/compact\n' > lines; exec "$@" < lines"#;
    let mut chat = Command::from(home.shell(script, &["chat"])).kill_on_drop(true).spawn().unwrap();
    soon(gate.reached()).await;
    let id = chat.id().unwrap().to_string();
    let mut stop = Command::from(home.shell(r#"kill -INT "$2""#, &[&id]));
    assert!(stop.status().await.unwrap().success());
    assert_eq!(soon(chat.wait()).await.unwrap().code(), Some(130));
}

#[tokio::test]
async fn a_dumb_terminal_gets_plain_text() {
    let (server, home) = tiny().await;
    server.push(Turn::text("**an** answer"));
    let home = home.env("TERM", "dumb");
    let ended = home.run_on_terminal(&["chat"], "hello\n/quit\n").await.code(0);
    let shown = &ended.stdout;
    for text in ["vllm/tiny · window", "`/help`", "› ", "**an** answer"] {
        assert!(shown.contains(text), "{text}: {ended:#?}");
    }
    assert!(!shown.contains('\u{1b}'), "{ended:#?}");
}

#[tokio::test]
async fn it_is_said_how_things_stand_and_who_says_more() {
    let (_server, home) = tiny().await;
    let ended = home.run_with_input(&["chat"], "/status\n").await.code(0);
    for text in ["model      vllm/tiny", "session    agent:main:main · 0 messages", "workspace"] {
        assert!(ended.stdout.contains(text), "{text}: {ended:#?}");
    }
    assert_eq!(ended.stderr, "", "nobody is greeted who is not there");
    let ended = home.run_with_input(&["chat"], "/model\n/model 1\n").await.code(0);
    assert!(ended.stdout.starts_with("●  1 vllm/tiny · 16.3k"), "{ended:#?}");
    let _ = ended.says(&["`/model NUMBER`", "vllm/tiny goes on"]);
    let ended = home.run_with_input(&["chat"], "/trace\n").await.code(2);
    let _ = ended.says(&["`openclaw trace show`"]);
}

#[tokio::test]
async fn waiting_for_a_session_is_reported() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("one")).gate(0, &gate));
    let running = home.start(&["agent", "-m", "hi"]);
    soon(gate.reached()).await;
    let ended = home.run_with_input(&["chat", "--wait", "1s"], "two\n").await.code(9);
    let process = format!("which process {} uses", running.id());
    let _ = ended.says(&["waiting for the session, at most 1.0 s", &process, "`--wait 10m`"]);
    gate.open();
    assert_eq!(running.ended().await.code(0).stdout, "one\n");
}

#[tokio::test]
async fn sessions_are_listed_and_continued_line_by_line() {
    let (server, home) = tiny().await;
    let home = home.config("{ session: { resetTriggers: ['start over'] } }");
    let lines = "about apples\nstart over\nabout pears\n/sessions\n/sessions apples\nmore\n";
    let ended = home.run_with_input(&["chat"], lines).await.code(0);
    let rows: Vec<&str> = ended.stdout.lines().filter(|row| row.contains("now  about")).collect();
    assert!(rows.len() == 2 && rows[0].starts_with("●  1"), "{ended:#?}");
    assert!(rows[0].ends_with("about pears") && rows[1].ends_with("about apples"), "{ended:#?}");
    let messages = format!("{:?}", last_messages(&server));
    assert!(messages.contains("about apples") && messages.contains("more"), "{messages}");
    assert!(!messages.contains("about pears"), "{messages}");
    let _ = home.run_with_input(&["chat"], "/resume nosuch\n").await.code(2).says(&["nosuch"]);
}
