//! The chat on a terminal: what is shown, steered and stopped.

use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use openclaw_tests::{Home, Terminal, Tmux, kill, soon};
use serde_json::Value;

use crate::fallbacks::{chain, server};
use crate::servers::{UNSANDBOXED, nobody, tiny};

/// A chat at its prompt.
pub(crate) async fn chat(home: &Home, args: &[&str]) -> Terminal {
    let mut terminal = home.terminal(&[&["chat"], args].concat());
    terminal.shows("/help lists the commands and keys").await;
    terminal.awaits("").await;
    terminal
}

/// Says something, and waits until it is answered and the prompt is back.
pub(crate) async fn exchange(terminal: &mut Terminal, message: &str, answer: &str) {
    terminal.types(&format!("{message}\r")).await;
    terminal.shows(answer).await;
    terminal.awaits("").await;
}

/// The messages of the last request for an answer.
pub(crate) fn last_messages(server: &MockVllm) -> Vec<Value> {
    let requests = server.requests();
    let mut chats = requests.iter().filter(|seen| seen.path.ends_with("/chat/completions"));
    chats.next_back().unwrap().json()["messages"].as_array().unwrap().clone()
}

fn said(server: &MockVllm) -> String {
    Value::Array(last_messages(server)).to_string()
}

#[tokio::test]
async fn an_answer_streams_as_markdown_and_the_turn_is_summed_up() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    let turn = Turn::pieces(["# A title\n\n", "Some **bold** te", "xt.\n\n* item\n"]);
    server.push(Reply::from(turn).gate(3, &gate));
    let mut terminal = chat(&home, &[]).await;
    let screen = terminal.screen();
    assert!(screen.contains("vllm/tiny · window 16.3k tokens (server)"), "{screen}");
    assert!(screen.contains("session agent:main:main\nnothing said so far"), "{screen}");
    terminal.types("hello\r").await;
    let screen = terminal.shows("Some bold te").await;
    assert!(screen.contains("› hello\n\nA title\n"), "{screen}");
    let screen = terminal.shows("answering, ").await;
    assert!(screen.contains("Ctrl-C stops"), "{screen}");
    gate.open();
    let screen = terminal.awaits("").await;
    assert!(screen.contains("Some bold text.\n"), "{screen}");
    assert!(!screen.contains("**") && !screen.contains("# A title"), "{screen}");
    let sum = screen.lines().find(|row| row.contains(" tokens in")).unwrap();
    assert!(sum.contains(" out · ") && sum.contains("context "), "{screen}");
    terminal.types("\u{4}").await;
    let (code, screen, is_as_before) = terminal.ended().await;
    assert!(screen.contains("session agent:main:main is kept"), "{screen}");
    assert_eq!((code, is_as_before), (Some(0), true));
}

#[tokio::test]
async fn what_is_typed_while_a_turn_runs_is_said_to_it() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    server.push(Turn::text("in French then: trois"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("count\r").await;
    terminal.shows("one").await;
    terminal.types("in French, please\r").await;
    terminal.shows("› in French, please  (waits for the model to be asked again)").await;
    gate.open();
    let screen = terminal.awaits("").await;
    let after = "one two\n\n› in French, please\n\nin French then: trois";
    assert!(screen.contains(after), "{screen}");
    assert!(said(&server).contains("in French, please"));
}

#[tokio::test]
async fn ctrl_c_stops_the_turn_and_then_the_chat() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    server.push(Turn::text("here again"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("count\r").await;
    terminal.shows("one").await;
    terminal.types("not sent").await;
    terminal.types("\u{3}").await;
    let screen = terminal.awaits("not sent").await;
    assert!(screen.contains("one\n\nstopped"), "{screen}");
    soon(server.requests().last().unwrap().until_aborted()).await;
    terminal.types("\u{3}").await;
    terminal.awaits("").await;
    exchange(&mut terminal, "hello", "here again").await;
    terminal.types("\u{3}").await;
    terminal.shows("Ctrl-C again to quit").await;
    terminal.types("\u{3}").await;
    let (code, _, is_as_before) = terminal.ended().await;
    assert_eq!((code, is_as_before), (Some(0), true));
}

#[tokio::test]
async fn a_command_is_asked_about_on_the_same_screen() {
    for (answer, expected) in [("y", true), ("n", false), ("", false)] {
        let (server, home) = tiny().await;
        let home = home.config(UNSANDBOXED);
        server.push(Turn::call("exec", r#"{"command": "touch made.txt"}"#));
        server.push(Turn::text("as you wish"));
        let mut terminal = chat(&home, &[]).await;
        terminal.types("do it\r").await;
        let screen = terminal.shows("allow this command? [y/N]").await;
        assert!(screen.contains("  | touch made.txt\n"), "{screen}");
        assert!(screen.contains("asked because `touch` is not on the allowlist"), "{screen}");
        terminal.types("what\r").await;
        terminal.shows("one of these, and Enter: y: once").await;
        terminal.types(&format!("{answer}\r")).await;
        let screen = terminal.shows("as you wish").await;
        let told = if expected { "– yes" } else { "– no" };
        assert!(screen.contains(&format!("? allow this command? {told}")), "{screen}");
        assert_eq!(screen.contains("✓ exec touch made.txt"), expected, "{screen}");
        assert_eq!(home.files() == ["made.txt"], expected);
    }
}

#[tokio::test]
async fn a_command_longer_than_the_screen_is_shown_completely() {
    let (server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let words: Vec<String> = (0..600).map(|number| format!("word{number}")).collect();
    let command = format!("rm {}", words.join(" "));
    server.push(Turn::call("exec", serde_json::json!({"command": command}).to_string()));
    server.push(Turn::text("as you wish"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("do it\r").await;
    terminal.shows("allow this command? [y/N]").await;
    let all = terminal.all_rows();
    let rows = all.lines().filter(|row| row.starts_with("  | ") || row.starts_with("  : "));
    let content: String = rows.map(|row| row[4..].replace(' ', "")).collect();
    assert!(content.contains(&words.concat()), "{all}");
    terminal.types("n too many\r").await;
    terminal.shows("? allow this command? – no: too many").await;
    terminal.shows("as you wish").await;
    assert!(said(&server).contains("the user did not allow this command: too many"));
}

#[tokio::test]
async fn a_hosted_fallback_is_asked_about_on_the_same_screen() {
    let (down, good) = (nobody(), server().await);
    // Kept for documents: nothing may ever be sent there.
    let home = chain(&[&down, "http://192.0.2.1:8000/v1", &good.base_url()]);
    good.push(Turn::text("from here"));
    let mut terminal = home.terminal(&["chat", "--set", "models.egress=ask"]);
    terminal.shows("send the conversation to 192.0.2.1 (`b/m`)? [y/N]").await;
    terminal.types("n\r").await;
    let screen = terminal.shows("/help lists the commands and keys").await;
    assert!(screen.contains("openclaw 0.1.0 · c/m · "), "{screen}");
    terminal.awaits("").await;
    terminal.types("hello\r").await;
    terminal.shows("from here").await;
}

#[tokio::test]
async fn thoughts_are_dim_and_collapse() {
    let server = MockVllm::builder().reasoning_parser(true).start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let turn = || Turn::empty().then_reasoning("Let me see.\nIt is two.").then_text("Two.");
    for (key, args, shown) in [
        ("a", &[][..], "› 1+1?\n\nthought for "),
        ("b", &["--reasoning", "full"], "› 1+1?\n\nLet me see.\nIt is two.\n\nTwo."),
        ("c", &["--reasoning", "off"], "› 1+1?\n\nTwo."),
    ] {
        server.push(turn());
        let mut terminal = chat(&home, &[args, &["--session", key]].concat()).await;
        terminal.types("1+1?\r").await;
        terminal.shows("Two.").await;
        let screen = terminal.awaits("").await;
        assert!(screen.contains(shown), "{screen}");
    }
}

#[tokio::test]
async fn another_size_redraws_the_live_rows_alone() {
    let (server, home) = tiny().await;
    server.push(Turn::text("All these words are to be seen on a narrow screen too."));
    let mut terminal = chat(&home, &[]).await;
    exchange(&mut terminal, "hello", " tokens in").await;
    terminal.resize(40, 20).await;
    terminal.types("narrow").await;
    let screen = terminal.awaits("narrow").await;
    assert_eq!(screen.matches("All these words").count(), 1, "{screen}");
    terminal.resize(120, 40).await;
    terminal.types(" and wide").await;
    let screen = terminal.awaits("narrow and wide").await;
    assert_eq!(screen.matches("All these words").count(), 1, "{screen}");
}

#[tokio::test]
async fn a_failed_turn_is_reported_and_the_chat_goes_on() {
    let (server, home) = tiny().await;
    server.push(Reply::html());
    server.push(Turn::text("better now"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("hello\r").await;
    let screen = terminal.shows("error: failed to").await;
    assert!(screen.contains("› hello"), "{screen}");
    terminal.awaits("").await;
    terminal.types("again\r").await;
    terminal.shows("better now").await;
}

#[tokio::test]
async fn a_failed_turn_is_tried_again_with_enter() {
    let (server, home) = tiny().await;
    server.push(Reply::html());
    server.push(Turn::text("better now"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("hello\r").await;
    terminal.shows("Enter takes the last turn up again").await;
    terminal.awaits("").await;
    terminal.types("\r").await;
    let screen = terminal.shows("better now").await;
    assert_eq!(said(&server).matches("hello").count(), 1, "{screen}");
    terminal.awaits("").await;
    terminal.types("/resume\r").await;
    terminal.shows("no turn was interrupted").await;
}

#[tokio::test]
async fn a_killed_chat_offers_the_turn_that_it_left() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("never seen")).gate(1, &gate));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("the question\r").await;
    soon(gate.reached()).await;
    kill(&terminal.id()).await;
    let _ = terminal.ended().await;
    server.push(Turn::text("the answer"));
    let mut terminal = chat(&home, &[]).await;
    let screen = terminal.shows("Enter takes the interrupted turn up").await;
    assert!(screen.contains("1 message so far"), "{screen}");
    assert!(screen.contains("› the question"), "{screen}");
    terminal.types("\r").await;
    let screen = terminal.shows("the answer").await;
    assert!(!screen.contains("never seen"), "{screen}");
    terminal.awaits("").await;
    assert_eq!(said(&server).matches("the question").count(), 1);
}

#[tokio::test]
async fn being_told_to_end_gives_the_terminal_back() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("count\r").await;
    terminal.shows("one").await;
    terminal.terminate().await;
    let (code, _, is_as_before) = terminal.ended().await;
    assert_eq!((code, is_as_before), (Some(130), true));
    soon(server.requests().last().unwrap().until_aborted()).await;
}

#[tokio::test]
async fn it_is_at_home_in_tmux() {
    let (server, home) = tiny().await;
    let Some(tmux) = Tmux::start(&home, &["chat"]) else {
        eprintln!("tmux is not installed: the chat was not tried in it");
        return;
    };
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["# Hello\n\n", "from **tm", "ux**"])).gate(3, &gate));
    tmux.shows("/help lists the commands and keys").await;
    tmux.run(&["send-keys", "say hello", "Enter"]);
    let screen = tmux.shows("from **tm").await;
    assert!(screen.contains("Hello\n\nfrom"), "{screen}");
    tmux.shows("answering, ").await;
    // Another size while it streams: the terminal breaks the rows anew by itself as well.
    tmux.run(&["resize-window", "-x", "50", "-y", "20"]);
    gate.open();
    let screen = tmux.shows(" tokens in").await;
    assert_eq!(screen.matches("Hello\n").count(), 1, "{screen}");
    assert!(screen.contains("from tmux\n"), "{screen}");
    tmux.run(&["send-keys", "Up"]);
    tmux.shows("\n› say hello\n").await;
    tmux.run(&["send-keys", "C-c", "/quit", "Enter"]);
    tmux.shows("session agent:main:main is kept").await;
}

#[tokio::test]
async fn resizes_leave_no_copies_in_the_scrollback() {
    let (server, home) = tiny().await;
    let Some(tmux) = Tmux::start(&home, &["chat"]) else {
        eprintln!("tmux is not installed: the chat was not resized");
        return;
    };
    server.push(Turn::text(
        "# Hello\n\nA paragraph that is long enough to be broken into rows when the \
                            window becomes narrow, and put together when it becomes wide again.",
    ));
    tmux.shows("/help lists the commands and keys").await;
    tmux.run(&["send-keys", "say it", "Enter"]);
    tmux.shows("wide again.").await;
    tmux.run(&["send-keys", "typed:"]);
    tmux.shows("› typed:").await;
    for (step, letter) in ('a'..='u').enumerate() {
        let columns = (50 + (step * 17) % 60).to_string();
        let rows = (12 + (step * 5) % 20).to_string();
        tmux.run(&["resize-window", "-x", &columns, "-y", &rows]);
        tmux.run(&["send-keys", &letter.to_string()]);
        let typed: String = ('a'..=letter).collect();
        tmux.shows(&format!("› typed:{typed}")).await;
    }
    let history = tmux.history();
    for text in ["› typed:", "Hello\n", "A paragraph", "/help lists the commands"] {
        assert_eq!(history.matches(text).count(), 1, "{text:?}:\n{history}");
    }
}
