//! The events of a turn.

use std::time::Duration;

use openclaw_agent_loop::{TurnEvent, TurnOutcome, events};
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ServerActivity, TokenUsage, ToolCall, ToolCallId,
    ToolEffect, ToolName, ToolOutput,
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
    let Answer::Streams(mut items) = says(message, AnswerOutcome::ToolCalls) else { panic!() };
    let (state, waited, ahead) = (ServerActivity::Prefilling, Duration::from_secs(41), Some(2));
    items.insert(1, Ok(ChatEvent::Heartbeat));
    items.insert(
        2,
        Ok(ChatEvent::WaitingForServer {
            activity: state,
            idle_for: waited,
            other_requests: ahead,
        }),
    );
    items.insert(items.len() - 1, Ok(delta));
    let mut play = Stage::new([Answer::Streams(items), replies("Done.")])
        .tool("write", Act::Writes(vec!["a", "b"]))
        .build();
    let (_, seen) = play.turn("Go").await;

    let (id, name) = (ToolCallId::from_number(0), ToolName::new("write").unwrap());
    let arguments = openclaw_core::ToolArguments::default();
    let call = ToolCall { id: id.clone(), name: name.clone(), arguments };
    let finished = |number, outcome| TurnEvent::ModelCallFinished {
        number,
        usage: Some(TokenUsage { input_tokens: 10, output_tokens: 2, cached_tokens: Some(5) }),
        outcome,
        duration: Duration::ZERO,
        first_token_after: Some(Duration::ZERO),
    };
    let output = |text: &str| TurnEvent::ToolOutputDelta { id: id.clone(), text: text.to_owned() };
    let expected = [
        TurnEvent::ModelCallStarted { number: 1 },
        TurnEvent::RequestAccepted,
        TurnEvent::Heartbeat,
        TurnEvent::WaitingForServer { activity: state, idle_for: waited, other_requests: ahead },
        TurnEvent::ReasoningDelta("Hm.".to_owned()),
        TurnEvent::TextDelta("I ".to_owned()),
        TurnEvent::TextDelta("look.".to_owned()),
        TurnEvent::ToolCallDelta { index: 0, name: Some(read), arguments: "{".to_owned() },
        finished(1, AnswerOutcome::ToolCalls),
        TurnEvent::ToolStarted { call, effect: ToolEffect::Read { path: "{}".to_owned() } },
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
        TurnEvent::RequestAccepted,
        TurnEvent::TextDelta("Done.".to_owned()),
        finished(2, AnswerOutcome::Reply),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_model_that_does_not_stream_is_seen_all_the_same() {
    let whole =
        ChatEvent::Finished { message: text("Hi."), outcome: AnswerOutcome::Reply, usage: None };
    let mut play = Stage::new([Answer::Streams(vec![Ok(whole)])]).build();
    let (report, seen) = play.turn("Hi").await;
    assert_eq!(seen[1], TurnEvent::TextDelta("Hi.".to_owned()));
    assert!(report.first_token_after.is_some());
    assert_eq!((report.usage, report.last_usage), (TokenUsage::default(), None));
}

#[tokio::test]
async fn a_dropped_receiver_neither_fails_nor_holds_up_the_turn() {
    let long = || replies(&"word ".repeat(2_000));
    let mut play = Stage::new([long(), long()]).build();

    let (sender, receiver) = events::event_channel();
    drop(receiver);
    let report = play.agent.run_turn(&mut play.history, "Go", sender).await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));

    let (sender, mut receiver) = events::event_channel();
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
        (ToolOutput::from_error("no").with_summary("failed"), "failed"),
        (ToolOutput::from_error("no such file: a.txt\nThere are: b.txt"), "no such file: a.txt"),
        (ToolOutput::from_error(long), &"x".repeat(160)),
    ] {
        let first = says(calls("", &[("fail", "{}")]), AnswerOutcome::ToolCalls);
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
    let first = says(calls("", &[("write", "{}")]), AnswerOutcome::ToolCalls);
    let pieces = vec!["piece "; 1_000];
    let all = pieces.concat();
    let mut play = Stage::new([first, replies("Done.")]).tool("write", Act::Writes(pieces)).build();
    let (_, seen) = play.turn("Go").await;
    let output = seen.iter().filter_map(|event| match event {
        TurnEvent::ToolOutputDelta { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(output.collect::<String>(), all);
}

#[tokio::test]
async fn a_lost_server_and_what_became_void_are_seen_and_the_message_counts_once() {
    let Answer::Streams(mut items) =
        says(calls("Now.", &[("read", "{}")]), AnswerOutcome::ToolCalls)
    else {
        panic!()
    };
    let after = Duration::from_secs(30);
    let delta = ChatEvent::ToolCallDelta {
        index: 0,
        id: None,
        name: Some(ToolName::new("read").unwrap()),
        arguments: "{".to_owned(),
    };
    let lost = ChatEvent::ServerDisconnected { reason: "read it".to_owned(), max_wait: after };
    let (attempt, waited, limit) = (4, Duration::from_secs(2), Duration::from_mins(10));
    let reason = "take it".to_owned();
    let retrying =
        ChatEvent::Retrying { reason, attempt, delay: after, elapsed: waited, max_wait: limit };
    let how = "No usage is asked for from now on.".to_owned();
    let before = [
        ChatEvent::RequestAdapted { message: how.clone() },
        ChatEvent::TextDelta("No".to_owned()),
        delta,
        retrying,
        lost,
        ChatEvent::ServerReconnected { downtime: after },
        ChatEvent::AnswerReset,
    ];
    let _ = items.splice(1..1, before.map(Ok));
    let mut play = Stage::new([Answer::Streams(items), replies("Done.")]).build();
    let (report, seen) = play.turn("Go").await;
    assert_eq!((report.model_calls, report.tool_calls), (2, 1));
    assert!(seen.contains(&TurnEvent::RequestAdapted { message: how }));
    let place = seen.iter().position(|event| *event == TurnEvent::MessageReset).unwrap();
    let reason = "read it".to_owned();
    assert_eq!(
        seen[place - 3..=place + 1],
        [
            TurnEvent::Retrying {
                reason: "take it".to_owned(),
                attempt,
                delay: after,
                elapsed: waited,
                max_wait: limit
            },
            TurnEvent::ServerDisconnected { reason, max_wait: after },
            TurnEvent::ServerReconnected { downtime: after },
            TurnEvent::MessageReset,
            TurnEvent::TextDelta("Now.".to_owned()),
        ]
    );
    let ran = seen.iter().filter(|event| matches!(event, TurnEvent::ToolStarted { .. }));
    assert_eq!(ran.count(), 1);
}
