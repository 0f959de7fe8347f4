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

#[tokio::test]
async fn another_session_of_the_folder_is_picked_by_its_number_or_by_what_it_begins_with() {
    let (server, home) = tiny().await;
    let mut terminal = chat(&home, &[]).await;
    terminal.types("/sessions\r").await;
    terminal.shows("there is no other session of this folder").await;
    for (message, answer) in [("about apples", "green ones"), ("about pears", "yellow ones")] {
        server.push(Turn::text(answer));
        exchange(&mut terminal, message, answer).await;
        terminal.types("/new\r").await;
        terminal.shows("a new session begins").await;
    }
    server.push(Turn::text("blue ones"));
    exchange(&mut terminal, "about plums", "blue ones").await;
    terminal.types("/sessions\r").await;
    let screen = terminal.shows("a number goes on with that session").await;
    let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}: {screen}"));
    assert!(place("●  1  ") < place(" 2  ") && place("about pears") < place(" 3  "), "{screen}");
    terminal.types("nothing like it\r").await;
    terminal.shows("no session of this folder has").await;
    terminal.types("3\r").await;
    terminal.shows("goes on · 2 messages").await;
    terminal.awaits("").await;
    server.push(Turn::text("red ones too"));
    exchange(&mut terminal, "others?", "red ones too").await;
    let messages = format!("{:?}", last_messages(&server));
    assert!(messages.contains("about apples") && !messages.contains("about plums"), "{messages}");
    terminal.types("/resume PEARS\r").await;
    terminal.shows("goes on · 2 messages\n\n› about pears").await;
    terminal.awaits("").await;
    server.push(Turn::text("of course"));
    exchange(&mut terminal, "and these?", "of course").await;
    let messages = format!("{:?}", last_messages(&server));
    assert!(messages.contains("about pears") && !messages.contains("about apples"), "{messages}");
    terminal.types("/sessions\r").await;
    terminal.shows("Enter leaves").await;
    terminal.types("\r").await;
    terminal.awaits("").await;
    terminal.types("/quit\r").await;
    let (code, _, is_as_before) = terminal.ended().await;
    assert_eq!((code, is_as_before), (Some(0), true));
}

#[tokio::test]
async fn a_trigger_of_the_config_begins_a_new_session() {
    let (server, home) = tiny().await;
    let home = home.config("{ session: { resetTriggers: ['start over'] } }");
    server.push(Turn::text("one answer"));
    server.push(Turn::text("another answer"));
    let mut terminal = chat(&home, &[]).await;
    exchange(&mut terminal, "one question", "one answer").await;
    exchange(&mut terminal, "Start over another question", "another answer").await;
    let messages = format!("{:?}", last_messages(&server));
    assert!(!messages.contains("one question"), "{messages}");
    assert!(messages.contains("another question") && !messages.contains("over"), "{messages}");
}

#[tokio::test]
async fn what_a_model_with_a_price_costs_is_shown() {
    let (server, home) = tiny().await;
    let url = server.base_url();
    let home = home.config(&format!(
        "{{ models: {{ providers: {{ vllm: {{ baseUrl: '{url}', models: [
           {{ id: 'tiny', cost: {{ input: 1000, output: 1000 }} }} ] }} }} }} }}"
    ));
    server.push(Turn::text("an answer"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("/status\r").await;
    terminal.shows("tokens     0 in, 0 out · $0.00").await;
    let screen = {
        exchange(&mut terminal, "a question", "an answer").await;
        terminal.screen()
    };
    assert!(screen.contains(" out · $"), "{screen}");
    terminal.types("/status\r").await;
    terminal.shows("k in, 4 out · $").await;
    let status = home.run(&["status"]).await.code(0).stdout;
    let sessions = status.lines().find(|row| row.starts_with("Sessions ")).unwrap();
    assert!(sessions.contains(" out, $"), "{status}");
}
