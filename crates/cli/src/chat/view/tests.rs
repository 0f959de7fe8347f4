//! Events in, rows out.

use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    Arguments, ChatRequest, ChatStream, Effect, Liveness, ModelError, ModelInfo, Outcome,
    TokenCount, ToolCall, ToolName, Usage, Waiting,
};

use super::*;
use crate::printer::Verbosity;

#[derive(Debug)]
struct Silent;

#[async_trait]
impl ChatModel for Silent {
    fn info(&self) -> ModelInfo {
        ModelInfo::new("vllm/tiny".parse().unwrap(), 4096)
    }

    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, ModelError> {
        unreachable!("nothing is asked here")
    }

    async fn count_tokens(&self, _: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Exact(1))
    }

    async fn liveness(&self) -> Liveness {
        Liveness::Unreachable
    }
}

fn view(reasoning: Reasoning) -> TurnView {
    let printer = Printer::new(Verbosity::Normal, true);
    let manner = Manner { printer, reasoning, columns: 60 };
    TurnView::new(manner, Arc::new(Silent), Attempts::default())
}

/// What is final after some events, and the last live rows.
fn shown(reasoning: Reasoning, events: &[TurnEvent]) -> (Vec<String>, Vec<String>) {
    let (mut view, mut out) = (view(reasoning), Transcript::default());
    for event in events {
        view.event(event, &mut out);
    }
    let live = view.live(20);
    view.finish(&mut out);
    (out.take(), live)
}

fn text(text: &str) -> TurnEvent {
    TurnEvent::Text(text.to_owned())
}

fn thought(text: &str) -> TurnEvent {
    TurnEvent::Reasoning(text.to_owned())
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("exec").unwrap(),
        arguments: Arguments::default(),
    }
}

fn started(id: &str, command: &str) -> TurnEvent {
    let effect = Effect::Exec { command: command.to_owned(), directory: ".".to_owned() };
    TurnEvent::ToolStarted { call: call(id), effect }
}

fn finished(id: &str, summary: &str) -> TurnEvent {
    TurnEvent::ToolFinished {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("exec").unwrap(),
        is_error: false,
        summary: Some(summary.to_owned()),
        duration: Duration::from_millis(12),
    }
}

#[test]
fn an_answer_is_final_block_by_block_and_its_end_is_live() {
    let events = [TurnEvent::ModelCallStarted { number: 1 }, text("One.\n\n"), text("Two")];
    let (rows, live) = shown(Reasoning::Short, &events);
    assert_eq!(rows, ["One.", "", "Two"]);
    let two = live.iter().position(|row| row == "Two").unwrap();
    assert!(live.len() > two + 1 && live.last().unwrap().contains("answering"), "{live:?}");
}

#[test]
fn a_tool_takes_one_row_with_its_time_and_its_result() {
    let events = [text("Look:"), started("1", "ls"), finished("1", "3 lines")];
    let (rows, _) = shown(Reasoning::Short, &events);
    assert_eq!(rows, ["Look:", "", "✓ exec ls · 3 lines (12 ms)"]);
    let (rows, live) = shown(Reasoning::Short, &[started("1", "ls"), started("2", "pwd")]);
    assert!(live[0].starts_with("● exec ls") && live[1].starts_with("● exec pwd"), "{live:?}");
    assert!(live.last().unwrap().contains("running"));
    assert_eq!(rows, ["✗ exec ls · stopped", "✗ exec pwd · stopped"]);
}

#[test]
fn thoughts_are_shown_as_is_wanted() {
    let events = [thought("First I\n"), thought("look."), text("Yes.")];
    let (rows, _) = shown(Reasoning::Short, &events);
    assert!(rows[0].starts_with("thought for "), "{rows:?}");
    assert_eq!(rows[1..], ["", "Yes."]);
    assert_eq!(shown(Reasoning::Full, &events).0, ["First I", "look.", "", "Yes."]);
    assert_eq!(shown(Reasoning::Off, &events).0, ["Yes."]);
    let (_, live) = shown(Reasoning::Short, &events[..2]);
    assert_eq!(live[0].trim(), "look.");
    assert!(live.last().unwrap().contains("thinking"), "{live:?}");
    let (_, live) = shown(Reasoning::Off, &events[..2]);
    assert_eq!(live.len(), 1);
}

#[test]
fn what_begins_anew_is_void() {
    let events = [text("One.\n\nTw"), TurnEvent::Restarted, text("Other.")];
    assert_eq!(shown(Reasoning::Short, &events).0, ["One.", "", VOID, "", "Other."]);
    // Where nothing of it stays there is nothing to be told.
    let events = [text("Tw"), TurnEvent::Restarted, text("Other.")];
    assert_eq!(shown(Reasoning::Short, &events).0, ["Other."]);
}

#[test]
fn the_status_tells_what_is_waited_for_and_how_full_the_window_is() {
    let waiting = TurnEvent::Waiting {
        state: Waiting::Queued,
        waited: Duration::from_secs(12),
        ahead: Some(2),
    };
    let (_, live) = shown(Reasoning::Short, &[waiting]);
    let status = live.last().unwrap();
    assert!(status.contains("queued by the server, 12 s · 2 ahead"), "{status}");
    let usage = Usage { input: 2000, output: 48, cached: Some(1024) };
    let done = TurnEvent::ModelCallFinished {
        number: 1,
        usage: Some(usage),
        outcome: Outcome::Reply,
        duration: Duration::from_secs(2),
        first_token_after: Some(Duration::from_secs(1)),
    };
    let mut view = view(Reasoning::Short);
    view.set_manner(Manner { columns: 200, ..view.manner });
    view.event(&done, &mut Transcript::default());
    let status = view.status();
    assert!(status.contains("vllm/tiny · context 2.0k of 4.0k (50 %), 1.0k cached"), "{status}");
    assert_eq!(view.generating(), Duration::from_secs(1));
}

#[test]
fn a_server_that_is_waited_for_has_a_limit() {
    let (waited, limit) = (Duration::from_secs(12), Duration::from_mins(10));
    let after = Duration::from_secs(8);
    let reason = || "take it: busy.".to_owned();
    let busy = |waited| TurnEvent::Retrying { reason: reason(), attempt: 7, after, waited, limit };
    let lost = TurnEvent::ServerLost { reason: reason(), limit };
    for (event, expected) in [
        (busy(waited), "waiting for the busy server, 12 s of at most 10 min"),
        (lost, "waiting for the lost server, 0 s of at most 10 min"),
    ] {
        let (_, live) = shown(Reasoning::Short, &[event]);
        let status = live.last().unwrap();
        assert!(status.contains(expected), "{status}");
    }
    let (told, _) = shown(Reasoning::Short, &[busy(Duration::ZERO), busy(waited)]);
    let told = told.join("\n");
    let line = "failed to take it: busy; asking again in 8.0 s, for 10 min at most";
    assert_eq!(told.matches("failed to").count(), 1, "{told}");
    assert!(told.contains(line), "{told}");
}

#[test]
fn nothing_commands_the_terminal() {
    let events = [
        text("a\x1b[2Jb"),
        thought("t\x1b[2J\n"),
        started("1", "rm \x1b[2J"),
        finished("1", "x\x1b[2J"),
        TurnEvent::Steered { text: "s\x1b[2J".to_owned() },
        TurnEvent::Adapted { how: "h\x1b[2J".to_owned() },
    ];
    for reasoning in Reasoning::ALL {
        let (rows, live) = shown(reasoning, &events);
        let all = [rows, live].concat().concat();
        assert!(!all.contains("\x1b[2J"), "{all:?}");
    }
}

#[test]
fn a_line_that_is_too_long_shows_its_end() {
    assert_eq!(tail("abcdef", 6), "abcdef");
    assert_eq!(tail("abcdef", 3), "…def");
    assert_eq!(tail("中中中", 3), "…中");
}
