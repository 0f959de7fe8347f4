//! Events in, rows out.

use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, CommandReview, FileChange, ServerActivity, ToolArguments, ToolCall, ToolCallId,
    ToolEffect, ToolName,
};

use super::live_rows::clip_start;
use super::*;
use openclaw_terminal::OutputVerbosity;

fn new_view(reasoning: ReasoningDisplay) -> TurnView {
    let printer = OutputPrinter::new(OutputVerbosity::Normal, true);
    let render_options = RenderOptions { printer, reasoning, columns: 60 };
    let model =
        ShownModel { reference: "vllm/tiny".to_owned(), window: 4096, ..ShownModel::default() };
    TurnView::new(render_options, model)
}

/// What is final after some events, and the last live rows.
fn render_events(reasoning: ReasoningDisplay, events: &[TurnEvent]) -> (Vec<String>, Vec<String>) {
    let (mut view, mut scrollback) = (new_view(reasoning), ScrollbackBuffer::default());
    for event in events {
        view.show_event(event, &mut scrollback);
    }
    let live = view.live_rows(20);
    view.finish_turn(&mut scrollback);
    (scrollback.take_rows(), live)
}

fn text_event(text: &str) -> TurnEvent {
    TurnEvent::TextDelta(text.to_owned())
}

fn reasoning_event(text: &str) -> TurnEvent {
    TurnEvent::ReasoningDelta(text.to_owned())
}

fn exec_call(id: &str) -> ToolCall {
    ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("exec").unwrap(),
        arguments: ToolArguments::default(),
    }
}

fn tool_started_event(id: &str, command: &str) -> TurnEvent {
    let effect = ToolEffect::Exec {
        command: command.to_owned(),
        directory: ".".to_owned(),
        node: None,
        review: CommandReview::Unreviewed,
    };
    TurnEvent::ToolStarted { call: exec_call(id), effect }
}

fn tool_finished_event(id: &str, summary: &str) -> TurnEvent {
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
    let events =
        [TurnEvent::ModelCallStarted { number: 1 }, text_event("One.\n\n"), text_event("Two")];
    let (rows, live) = render_events(ReasoningDisplay::Short, &events);
    assert_eq!(rows, ["One.", "", "Two"]);
    let two = live.iter().position(|row| row == "Two").unwrap();
    assert!(live.len() > two + 1 && live.last().unwrap().contains("answering"), "{live:?}");
}

#[test]
fn a_tool_takes_one_row_with_its_time_and_its_result() {
    let events =
        [text_event("Look:"), tool_started_event("1", "ls"), tool_finished_event("1", "3 lines")];
    let (rows, _) = render_events(ReasoningDisplay::Short, &events);
    assert_eq!(rows, ["Look:", "", "✓ exec ls · 3 lines (12 ms)"]);
    let (rows, live) = render_events(
        ReasoningDisplay::Short,
        &[tool_started_event("1", "ls"), tool_started_event("2", "pwd")],
    );
    assert!(live[0].starts_with("● exec ls") && live[1].starts_with("● exec pwd"), "{live:?}");
    assert!(live.last().unwrap().contains("running"));
    assert_eq!(rows, ["✗ exec ls · stopped", "✗ exec pwd · stopped"]);
}

#[test]
fn a_change_of_a_file_is_shown_as_a_diff_of_bounded_length() {
    let change = |diff: String, is_truncated| TurnEvent::FileChanged {
        id: ToolCallId::new("1").unwrap(),
        change: FileChange {
            path: "a".to_owned(),
            diff,
            added_lines: 40,
            removed_lines: 1,
            is_truncated,
        },
    };
    let short = change("@@ -1 +1 @@\n-old\n+new \u{1b}[2J\n".to_owned(), false);
    let (rows, _) = render_events(ReasoningDisplay::Short, &[short]);
    assert_eq!(rows[..2], ["    @@ -1 +1 @@", "    -old"]);
    assert!(rows[2].starts_with("    +new ") && !rows[2].contains('\u{1b}'), "{rows:?}");
    assert_eq!(rows.len(), 3);
    for (lines, is_truncated) in [(40, false), (2, true)] {
        let long = change("+line\n".repeat(lines), is_truncated);
        let (rows, _) = render_events(ReasoningDisplay::Short, &[long]);
        assert!(rows.len() <= 25, "{rows:?}");
        assert_eq!(rows.last().unwrap(), "    … 40 lines added and 1 removed in all");
    }
}

#[test]
fn reasoning_is_shown_as_configured() {
    let events = [reasoning_event("First I\n"), reasoning_event("look."), text_event("Yes.")];
    let (rows, _) = render_events(ReasoningDisplay::Short, &events);
    assert!(rows[0].starts_with("thought for "), "{rows:?}");
    assert_eq!(rows[1..], ["", "Yes."]);
    assert_eq!(render_events(ReasoningDisplay::Full, &events).0, ["First I", "look.", "", "Yes."]);
    assert_eq!(render_events(ReasoningDisplay::Off, &events).0, ["Yes."]);
    let (_, live) = render_events(ReasoningDisplay::Short, &events[..2]);
    assert_eq!(live[0].trim(), "look.");
    assert!(live.last().unwrap().contains("thinking"), "{live:?}");
    let (_, live) = render_events(ReasoningDisplay::Off, &events[..2]);
    assert_eq!(live.len(), 1);
}

#[test]
fn a_reset_message_is_discarded() {
    let events = [text_event("One.\n\nTw"), TurnEvent::MessageReset, text_event("Other.")];
    assert_eq!(
        render_events(ReasoningDisplay::Short, &events).0,
        ["One.", "", ANSWER_RESET_NOTICE, "", "Other."]
    );
    // Where nothing of it stays there is nothing to be told.
    let events = [text_event("Tw"), TurnEvent::MessageReset, text_event("Other.")];
    assert_eq!(render_events(ReasoningDisplay::Short, &events).0, ["Other."]);
}

#[test]
fn the_status_tells_what_is_waited_for_and_how_full_the_window_is() {
    let waiting = TurnEvent::WaitingForServer {
        activity: ServerActivity::Queued,
        idle_for: Duration::from_secs(12),
        other_requests: Some(2),
    };
    let (_, live) = render_events(ReasoningDisplay::Short, &[waiting]);
    let status = live.last().unwrap();
    assert!(status.contains("queued by the server, 12 s · 2 ahead"), "{status}");
    let token_usage =
        TokenUsage { input_tokens: 2000, output_tokens: 48, cached_tokens: Some(1024) };
    let call_finished = TurnEvent::ModelCallFinished {
        number: 1,
        usage: Some(token_usage),
        outcome: AnswerOutcome::Reply,
        duration: Duration::from_secs(2),
        first_token_after: Some(Duration::from_secs(1)),
    };
    let mut view = new_view(ReasoningDisplay::Short);
    view.set_render_options(RenderOptions { columns: 200, ..view.render_options.clone() });
    view.show_event(&call_finished, &mut ScrollbackBuffer::default());
    let status = view.status_row();
    assert!(status.contains("vllm/tiny · context 2.0k of 4.0k (50 %), 1.0k cached"), "{status}");
    assert_eq!(view.generation_time(), Duration::from_secs(1));
}

#[test]
fn a_server_that_is_waited_for_has_a_limit() {
    let (elapsed, limit) = (Duration::from_secs(12), Duration::from_mins(10));
    let delay = Duration::from_secs(8);
    let reason = || "take it: busy.".to_owned();
    let busy = |waited| TurnEvent::Retrying {
        reason: reason(),
        attempt: 7,
        delay,
        elapsed: waited,
        max_wait: limit,
    };
    let lost = TurnEvent::ServerDisconnected { reason: reason(), max_wait: limit };
    for (event, expected) in [
        (busy(elapsed), "waiting for the busy server, 12 s of at most 10 min"),
        (lost, "waiting for the lost server, 0 s of at most 10 min"),
    ] {
        let (_, live) = render_events(ReasoningDisplay::Short, &[event]);
        let status = live.last().unwrap();
        assert!(status.contains(expected), "{status}");
    }
    let (printed_rows, _) =
        render_events(ReasoningDisplay::Short, &[busy(Duration::ZERO), busy(elapsed)]);
    let printed_text = printed_rows.join("\n");
    let line = "failed to take it: busy; asking again in 8.0 s, for 10 min at most";
    assert_eq!(printed_text.matches("failed to").count(), 1, "{printed_text}");
    assert!(printed_text.contains(line), "{printed_text}");
}

#[test]
fn no_escape_sequence_reaches_the_terminal() {
    let events = [
        text_event("a\x1b[2Jb"),
        reasoning_event("t\x1b[2J\n"),
        tool_started_event("1", "rm \x1b[2J"),
        tool_finished_event("1", "x\x1b[2J"),
        TurnEvent::SteeringApplied { text: "s\x1b[2J".to_owned() },
        TurnEvent::RequestAdapted { message: "h\x1b[2J".to_owned() },
    ];
    for reasoning in ReasoningDisplay::ALL {
        let (rows, live) = render_events(reasoning, &events);
        let all = [rows, live].concat().concat();
        assert!(!all.contains("\x1b[2J"), "{all:?}");
    }
}

#[test]
fn a_line_that_is_too_long_shows_its_end() {
    assert_eq!(clip_start("abcdef", 6), "abcdef");
    assert_eq!(clip_start("abcdef", 3), "…def");
    assert_eq!(clip_start("中中中", 3), "…中");
}
