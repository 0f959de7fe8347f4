//! What is seen of a turn.

use std::time::Duration;

use openclaw_agent_loop::{TurnEvent, TurnOutcome, events};
use openclaw_core::{
    AssistantMessage, ChatEvent, Effect, Outcome, ToolCall, ToolCallId, ToolName, ToolOutput,
    Usage, Waiting,
};

use crate::actor::Act;
use crate::script::{Answer, Stage, calls, reasoning, replies, says, text};

#[tokio::test(start_paused = true)]
async fn events_come_in_the_order_of_what_happens() {
    let read = ToolName::new("read").unwrap();
    let message = AssistantMessage {
        reasoning: Some(reasoning("Hm.")),
        ..calls("I look.", &[("write", "{}")])
    };
    let delta = ChatEvent::ToolCallDelta {
        index: 0,
        id: None,
        name: Some(read.clone()),
        arguments: "{".to_owned(),
    };
    let Answer::Streams(mut items) = says(message, Outcome::Calls) else { panic!() };
    let (state, waited, ahead) = (Waiting::Prefilling, Duration::from_secs(41), Some(2));
    items.insert(1, Ok(ChatEvent::Heartbeat));
    items.insert(2, Ok(ChatEvent::Waiting { state, waited, ahead }));
    items.insert(items.len() - 1, Ok(delta));
    let mut play = Stage::new([Answer::Streams(items), replies("Done.")])
        .tool("write", Act::Writes(vec!["a", "b"]))
        .build();
    let (_, seen) = play.turn("Go").await;

    let (id, name) = (ToolCallId::numbered(0), ToolName::new("write").unwrap());
    let arguments = openclaw_core::Arguments::default();
    let call = ToolCall { id: id.clone(), name: name.clone(), arguments };
    let finished = |number, outcome| TurnEvent::ModelCallFinished {
        number,
        usage: Some(Usage { input: 10, output: 2, cached: Some(5) }),
        outcome,
        duration: Duration::ZERO,
        first_token_after: Some(Duration::ZERO),
    };
    let output = |text: &str| TurnEvent::ToolOutput { id: id.clone(), text: text.to_owned() };
    let expected = [
        TurnEvent::ModelCallStarted { number: 1 },
        TurnEvent::Accepted,
        TurnEvent::Heartbeat,
        TurnEvent::Waiting { state, waited, ahead },
        TurnEvent::Reasoning("Hm.".to_owned()),
        TurnEvent::Text("I ".to_owned()),
        TurnEvent::Text("look.".to_owned()),
        TurnEvent::CallWriting { index: 0, name: Some(read), arguments: "{".to_owned() },
        finished(1, Outcome::Calls),
        TurnEvent::ToolStarted { call, effect: Effect::Read { path: "{}".to_owned() } },
        output("a"),
        output("b"),
        TurnEvent::ToolFinished {
            id: id.clone(),
            name,
            is_error: false,
            summary: Some("a summary".to_owned()),
            duration: Duration::ZERO,
        },
        TurnEvent::ModelCallStarted { number: 2 },
        TurnEvent::Accepted,
        TurnEvent::Text("Done.".to_owned()),
        finished(2, Outcome::Reply),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_model_that_does_not_stream_is_seen_all_the_same() {
    let whole = ChatEvent::Finished { message: text("Hi."), outcome: Outcome::Reply, usage: None };
    let mut play = Stage::new([Answer::Streams(vec![Ok(whole)])]).build();
    let (report, seen) = play.turn("Hi").await;
    assert_eq!(seen[1], TurnEvent::Text("Hi.".to_owned()));
    assert!(report.first_token_after.is_some());
    assert_eq!((report.usage, report.last_usage), (Usage::default(), None));
}

#[tokio::test]
async fn a_dropped_receiver_neither_fails_nor_holds_up_the_turn() {
    let long = || replies(&"word ".repeat(2_000));
    let mut play = Stage::new([long(), long()]).build();

    let (sender, receiver) = events::channel();
    drop(receiver);
    let report = play.agent.run_turn(&mut play.history, "Go", sender).await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));

    let (sender, mut receiver) = events::channel();
    let leaves = async {
        receiver.recv().await;
        drop(receiver);
    };
    let (report, ()) = tokio::join!(play.agent.run_turn(&mut play.history, "Go", sender), leaves);
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
}

#[tokio::test]
async fn a_tool_that_fails_is_shown_as_failed_with_the_reason() {
    let long = format!("\n {}\nmore", "x".repeat(1000));
    for (output, shown) in [
        (ToolOutput::error("no").with_summary("failed"), "failed"),
        (ToolOutput::error("no such file: a.txt\nThere are: b.txt"), "no such file: a.txt"),
        (ToolOutput::error(long), &"x".repeat(160)),
    ] {
        let first = says(calls("", &[("fail", "{}")]), Outcome::Calls);
        let stage = Stage::new([first, replies("Done.")]).tool("fail", Act::Output(output));
        let (_, seen) = stage.build().turn("Go").await;
        assert!(seen.iter().any(|event| matches!(
            event,
            TurnEvent::ToolFinished { is_error: true, summary: Some(s), .. } if s == shown
        )));
    }
}

#[tokio::test]
async fn all_that_a_tool_writes_is_seen_however_fast_it_writes() {
    let first = says(calls("", &[("write", "{}")]), Outcome::Calls);
    let pieces = vec!["piece "; 1_000];
    let all = pieces.concat();
    let mut play = Stage::new([first, replies("Done.")]).tool("write", Act::Writes(pieces)).build();
    let (_, seen) = play.turn("Go").await;
    let output = seen.iter().filter_map(|event| match event {
        TurnEvent::ToolOutput { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(output.collect::<String>(), all);
}

#[tokio::test]
async fn a_lost_server_and_what_became_void_are_seen_and_the_message_counts_once() {
    let Answer::Streams(mut items) = says(calls("Now.", &[("read", "{}")]), Outcome::Calls) else {
        panic!()
    };
    let after = Duration::from_secs(30);
    let delta = ChatEvent::ToolCallDelta {
        index: 0,
        id: None,
        name: Some(ToolName::new("read").unwrap()),
        arguments: "{".to_owned(),
    };
    let lost = ChatEvent::ServerLost { reason: "read it".to_owned(), limit: after };
    let (attempt, waited, limit) = (4, Duration::from_secs(2), Duration::from_mins(10));
    let reason = "take it".to_owned();
    let retrying = ChatEvent::Retrying { reason, attempt, after, waited, limit };
    let how = "No usage is asked for from now on.".to_owned();
    let before = [
        ChatEvent::Adapted { how: how.clone() },
        ChatEvent::TextDelta("No".to_owned()),
        delta,
        retrying,
        lost,
        ChatEvent::ServerBack { after },
        ChatEvent::Restarted,
    ];
    let _ = items.splice(1..1, before.map(Ok));
    let mut play = Stage::new([Answer::Streams(items), replies("Done.")]).build();
    let (report, seen) = play.turn("Go").await;
    assert_eq!((report.model_calls, report.tool_calls), (2, 1));
    assert!(seen.contains(&TurnEvent::Adapted { how }));
    let place = seen.iter().position(|event| *event == TurnEvent::Restarted).unwrap();
    let reason = "read it".to_owned();
    assert_eq!(
        seen[place - 3..=place + 1],
        [
            TurnEvent::Retrying { reason: "take it".to_owned(), attempt, after, waited, limit },
            TurnEvent::ServerLost { reason, limit: after },
            TurnEvent::ServerBack { after },
            TurnEvent::Restarted,
            TurnEvent::Text("Now.".to_owned()),
        ]
    );
    let ran = seen.iter().filter(|event| matches!(event, TurnEvent::ToolStarted { .. }));
    assert_eq!(ran.count(), 1);
}
