//! The chat's commands and keys.

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_tests::Home;

use crate::chat::{chat, exchange, last_messages};
use crate::servers::tiny;

#[tokio::test]
async fn commands_tell_how_things_stand() {
    let (_server, home) = tiny().await;
    let mut terminal = chat(&home, &[]).await;
    terminal.types("/status\r").await;
    let screen = terminal.shows("workspace  ").await;
    for row in ["model      vllm/tiny", "window     16384 tokens (server)", "session    agent:main"]
    {
        assert!(screen.contains(row), "{row}: {screen}");
    }
    terminal.types("/tools\r").await;
    terminal.shows("Runs a shell command").await;
    terminal.shows("write    Creates or replaces").await;
    terminal.types("/stauts\r").await;
    terminal.shows("did you mean `/status`?").await;
    terminal.types("/help\r").await;
    terminal.shows("/undo ").await;
    terminal.types("/trace\r").await;
    terminal.shows("nothing is kept of what is said to the server").await;
    terminal.types("/compact\r").await;
    terminal.shows("nothing was summarised").await;
    terminal.types("/resume\r").await;
    terminal.shows("no turn was interrupted").await;
    terminal.types("/reasoning full\r").await;
    terminal.shows("reasoning is shown: full").await;
    terminal.types("/quit\r").await;
    let (code, _, is_as_before) = terminal.ended().await;
    assert_eq!((code, is_as_before), (Some(0), true));
}

#[tokio::test]
async fn a_turn_is_taken_back_and_can_be_said_otherwise() {
    let (server, home) = tiny().await;
    for text in ["first answer", "second answer", "third answer"] {
        server.push(Turn::text(text));
    }
    let mut terminal = chat(&home, &[]).await;
    exchange(&mut terminal, "first question", "first answer").await;
    exchange(&mut terminal, "second question", "second answer").await;
    terminal.types("/undo\r").await;
    terminal.shows("undone: “second question”").await;
    terminal.awaits("second question").await;
    terminal.types(", better\r").await;
    terminal.shows("third answer").await;
    let messages = format!("{:?}", last_messages(&server));
    assert!(messages.contains("first answer") && !messages.contains("second answer"), "{messages}");
    assert!(messages.contains("second question, better"), "{messages}");
}

#[tokio::test]
async fn a_new_session_begins_empty_and_the_one_before_is_kept() {
    let (server, home) = tiny().await;
    server.push(Turn::text("first answer"));
    server.push(Turn::text("second answer"));
    let mut terminal = chat(&home, &[]).await;
    exchange(&mut terminal, "first question", "first answer").await;
    terminal.types("/new second question\r").await;
    let screen = terminal.shows("second answer").await;
    let messages = format!("{:?}", last_messages(&server));
    assert!(!messages.contains("first"), "{messages}");
    let before = screen.split("is kept as ").nth(1).unwrap();
    let before: String = before.chars().take_while(|c| !c.is_whitespace()).collect();
    terminal.awaits("").await;
    terminal.types("\u{4}").await;
    let _ = terminal.ended().await;
    let terminal = chat(&home, &["--session-id", &before]).await;
    let screen = terminal.screen();
    assert!(screen.contains("› first question\n\nfirst answer"), "{screen}");
}

#[tokio::test]
async fn another_model_goes_on_with_the_conversation() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("one", 16_384))
        .model(ModelSpec::new("two", 8192))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    server.push(Turn::text("answer of one"));
    server.push(Turn::text("answer of two"));
    let mut terminal = chat(&home, &["--model", "vllm/one"]).await;
    exchange(&mut terminal, "hello", "answer of one").await;
    terminal.types("/model\r").await;
    let screen = terminal.shows("`/model NUMBER`").await;
    assert!(screen.contains("●  1 vllm/one · 16.3k"), "{screen}");
    terminal.types("/model 2\r").await;
    terminal.shows("switched to vllm/two · window 8.1k tokens (server)").await;
    terminal.types("and you?\r").await;
    let screen = terminal.shows("answer of two").await;
    assert!(screen.contains("vllm/two"), "{screen}");
    let request = server.requests().last().unwrap().json();
    assert_eq!(request["model"], "two");
    assert!(request["messages"].to_string().contains("answer of one"));
    terminal.awaits("").await;
    terminal.types("/model nobody/there\r").await;
    terminal.shows("error: failed to").await;
    terminal.types("/mod\tvllm/o\t").await;
    terminal.awaits("/model vllm/one").await;
}

#[tokio::test]
async fn what_was_entered_is_found_again_in_the_next_chat_too() {
    let (server, home) = tiny().await;
    server.push(Turn::text("first answer"));
    server.push(Turn::text("second answer"));
    let mut terminal = chat(&home, &[]).await;
    exchange(&mut terminal, "first question", "first answer").await;
    exchange(&mut terminal, " not to be kept", "second answer").await;
    terminal.types("\u{1b}[A").await;
    terminal.awaits("first question").await;
    terminal.types("\u{3}\u{4}").await;
    let _ = terminal.ended().await;
    let mut terminal = chat(&home, &[]).await;
    terminal.types("\u{12}que").await;
    terminal.shows("search: que → first question").await;
    terminal.types("\u{5}s").await;
    terminal.awaits("first questions").await;
    let kept = home.path().join(".openclaw/sessions/chat-history");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "first question\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&kept.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn several_lines_are_one_message() {
    let (server, home) = tiny().await;
    server.push(Turn::text("thank you"));
    server.push(Turn::text("again"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("\u{1b}[200~one\r\n\ttwo\r\n\r\nfour\u{1b}[201~").await;
    terminal.shows("› one\n      two\n\n  four").await;
    terminal.types("\r").await;
    terminal.shows("thank you").await;
    let last = || last_messages(&server).last().unwrap()["content"].to_string();
    assert!(last().contains(r"one\n\ttwo\n\nfour"), "{}", last());
    terminal.awaits("").await;
    terminal.types("a\u{1b}\rb\\\rc\r").await;
    terminal.shows("again").await;
    assert!(last().contains(r"a\nb\nc"), "{}", last());
    terminal.awaits("").await;
    terminal.types("//quit is what I say\r").await;
    terminal.shows("› /quit is what I say").await;
}

#[tokio::test]
async fn wide_characters_are_edited_as_they_are_seen() {
    let (_server, home) = tiny().await;
    let mut terminal = chat(&home, &[]).await;
    terminal.types("中文字\u{1b}[D\u{7f}x").await;
    terminal.awaits("中x字").await;
    terminal.types("\u{1}\u{b}\u{19}\u{19}").await;
    terminal.awaits("中x字中x字").await;
}
