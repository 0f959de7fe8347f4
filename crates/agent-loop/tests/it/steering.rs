//! Messages that the user sends while a turn runs.

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use openclaw_agent_loop::{
    SteeringQueue, TurnErrorKind, TurnEvent, TurnOutcome, TurnReport, TurnRequest, events,
};
use openclaw_core::{AnswerOutcome, HistoryStep, ModelError, ModelErrorKind, ToolOutput};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::task::yield_now;

use crate::actor::Act;
use crate::script::{Answer, Play, Stage, calls, drain, makes, replies, says, thinks};
use crate::sent::{assert_legal, written};

/// Runs a turn and pushes `words`, one at each event that `is_moment` picks.
async fn steered(
    play: &mut Play,
    steering: &SteeringQueue,
    words: &[&str],
    is_moment: impl Fn(&TurnEvent) -> bool,
) -> (TurnReport, Vec<TurnEvent>) {
    let (sender, mut receiver) = events::event_channel();
    let request = TurnRequest::from_message("Go", sender).with_steering(steering);
    let turn = play.agent.run_request(&mut play.history, request, pending());
    let talk = async {
        let (mut seen, mut words) = (Vec::new(), words.iter());
        while let Some(event) = receiver.recv().await {
            if is_moment(&event) {
                words.by_ref().take(1).for_each(|word| steering.push_message(*word));
            }
            seen.push(event);
        }
        seen
    };
    tokio::join!(turn, talk)
}

fn reply(report: &TurnReport) -> &str {
    match &report.outcome {
        TurnOutcome::Reply { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

fn said_in(play: &Play) -> Vec<String> {
    let user = play.history.steps().filter_map(|step| match step {
        HistoryStep::User(text) => Some(text.to_owned()),
        _ => None,
    });
    user.collect()
}

#[tokio::test]
async fn what_is_said_while_tools_run_comes_after_their_results_and_before_the_next_call() {
    let two = makes(&[("read", r#"{"path":"a"}"#), ("read", r#"{"path":"b"}"#)]);
    let mut play = Stage::new([two, replies("Both.")]).build();
    let steering = SteeringQueue::default();
    let is_start = |event: &TurnEvent| matches!(event, TurnEvent::ToolStarted { .. });
    let (report, seen) = steered(&mut play, &steering, &["Only b.", "In short."], is_start).await;
    assert_eq!(reply(&report), "Both.");
    let requests = play.requests();
    let results = ["result call_0: read it", "result call_1: read it"];
    assert_eq!(requests[1][2..4], results, "no tool was ended");
    assert_eq!(requests[1][4..], ["user: Only b.\n\nIn short."]);
    assert!(requests[1].starts_with(&requests[0]), "what was sent stays as it was");
    assert_eq!(play.tails(), [Some("[0]".to_owned()), Some("[1]".to_owned())]);
    assert_eq!(said_in(&play), ["Go", "Only b.", "In short."]);
    assert!(steering.is_empty());

    let log = play.log();
    let at = |line: &str| log.iter().position(|other| other == line).unwrap();
    assert!(at("journal result call_1 false") < at("journal user Only b."), "{log:?}");
    assert!(at("journal user In short.") < log.iter().rposition(|line| line == "model").unwrap());
    let shown = seen.iter().filter_map(|event| match event {
        TurnEvent::SteeringApplied { text } => Some(text.as_str()),
        TurnEvent::ModelCallStarted { number: 2 } => Some("asked"),
        TurnEvent::ToolFinished { .. } => Some("ran"),
        _ => None,
    });
    let shown: Vec<&str> = shown.collect();
    assert_eq!(shown, ["ran", "ran", "Only b.", "In short.", "asked"]);
}

#[tokio::test]
async fn a_reply_is_kept_and_the_turn_goes_on_with_what_was_said_during_it() {
    let mut play = Stage::new([replies("Done so far."), replies("All done.")]).build();
    let steering = SteeringQueue::default();
    let is_text = |event: &TurnEvent| matches!(event, TurnEvent::TextDelta(_));
    let (report, seen) = steered(&mut play, &steering, &["And the rest?"], is_text).await;
    assert_eq!((reply(&report), report.model_calls), ("All done.", 2));
    let lines =
        ["user: Go", "assistant: Done so far.", "user: And the rest?", "assistant: All done."];
    assert_eq!(written(&play.history), lines);
    assert!(seen.contains(&TurnEvent::SteeringApplied { text: "And the rest?".to_owned() }));
}

#[tokio::test]
async fn a_reply_stands_when_the_model_cannot_be_asked_again() {
    let mut stage = Stage::new([replies("Done.")]);
    stage.limits.max_model_calls = 1;
    let mut play = stage.build();
    let steering = SteeringQueue::default();
    let is_text = |event: &TurnEvent| matches!(event, TurnEvent::TextDelta(_));
    let (report, _) = steered(&mut play, &steering, &["More!", "  "], is_text).await;
    assert_eq!(reply(&report), "Done.");
    assert_eq!(steering.take_pending(), ["More!"]);
    assert!(steering.take_pending().is_empty() && steering.is_empty());
}

#[tokio::test]
async fn what_was_said_before_the_first_model_call_is_in_it() {
    let mut play = Stage::new([replies("Hello.")]).build();
    let steering = SteeringQueue::default();
    steering.clone().push_message("Be kind.");
    let (report, _) = steered(&mut play, &steering, &[], |_| false).await;
    assert_eq!(reply(&report), "Hello.");
    assert_eq!(play.requests()[0], ["user: Go\n\nBe kind."]);
}

#[tokio::test]
async fn what_a_failed_turn_did_not_hear_is_unheard() {
    let error = ModelError::new(ModelErrorKind::Overloaded, "answer");
    let mut play = Stage::new([makes(&[("read", "{}")]), Answer::Fails(error)]).build();
    let steering = SteeringQueue::default();
    let second = |event: &TurnEvent| {
        matches!(event, TurnEvent::ToolStarted { .. } | TurnEvent::ModelCallStarted { number: 2 })
    };
    let (report, _) = steered(&mut play, &steering, &["One.", "Two."], second).await;
    assert!(matches!(report.outcome, TurnOutcome::Failed(_)), "{report:?}");
    assert_eq!(said_in(&play), ["Go", "One."]);
    assert_eq!(steering.take_pending(), ["Two."]);
}

#[tokio::test]
async fn a_steering_message_that_cannot_be_recorded_is_not_applied() {
    let mut stage = Stage::new([replies("Never.")]);
    stage.journal_fails_from = 1;
    let mut play = stage.build();
    let steering = SteeringQueue::default();
    steering.push_message("One.");
    steering.push_message("Two.");
    let (report, _) = steered(&mut play, &steering, &[], |_| false).await;
    let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind(), TurnErrorKind::Journal);
    assert_eq!(said_in(&play), ["Go"]);
    assert_eq!(steering.take_pending(), ["One.", "Two."]);
}

#[tokio::test]
async fn repetitions_count_anew_from_what_was_said() {
    let same = || makes(&[("read", "{}")]);
    let answers = [same(), same(), same(), same(), same(), replies("Done.")];
    let mut play = Stage::new(answers).build();
    let steering = SteeringQueue::default();
    let third = |event: &TurnEvent| matches!(event, TurnEvent::ModelCallStarted { number: 3 });
    let (report, seen) = steered(&mut play, &steering, &["Once more."], third).await;
    assert_eq!(reply(&report), "Done.");
    assert!(!seen.iter().any(|event| matches!(event, TurnEvent::ToolRefused { .. })), "{seen:?}");
}

#[tokio::test]
async fn a_turn_that_is_taken_up_can_be_steered_and_cancelled() {
    let mut play = Stage::new([replies("Here."), Answer::Stalls(Vec::new())]).build();
    let steering = SteeringQueue::default();
    play.history.push_user_message("Go");
    steering.push_message("Still there?");
    let (sender, receiver) = events::event_channel();
    let request = TurnRequest::from_interrupted(None, sender).with_steering(&steering);
    let turn = play.agent.run_request(&mut play.history, request, pending());
    let (report, _) = tokio::join!(turn, drain(receiver));
    assert_eq!(reply(&report), "Here.");
    assert_eq!(written(&play.history)[0], "user: Go\n\nStill there?");

    play.history.push_user_message("Again");
    let (sender, mut receiver) = events::event_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let request = TurnRequest::from_interrupted(None, sender);
    let turn = play.agent.run_request(&mut play.history, request, async { drop(stopped.await) });
    let watch = async {
        receiver.recv().await;
        stop.send(()).unwrap();
    };
    let (report, ()) = tokio::join!(turn, watch);
    assert!(matches!(report.outcome, TurnOutcome::Cancelled), "{report:?}");
}

/// How a turn is interrupted at one of its await points.
#[derive(Debug, Clone)]
enum Cut {
    Never,
    Dropped(usize),
    Cancelled(usize),
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(()).prop_map(|()| makes(&[("read", "{}"), ("show", "{}")])),
        2 => Just(()).prop_map(|()| says(calls("Hm.", &[("show", "{"), ("asks", "{}")]), AnswerOutcome::ToolCalls)),
        2 => Just(()).prop_map(|()| replies("Yes.")),
        1 => Just(()).prop_map(|()| thinks(AnswerOutcome::ReasoningOnly)),
        1 => Just(()).prop_map(|()| {
            Answer::Fails(ModelError::new(ModelErrorKind::Interrupted, "answer"))
        }),
    ]
}

/// Polls a turn, pushes each word at its poll and interrupts the turn at its own.
async fn play_out(play: &mut Play, steering: &SteeringQueue, says: &[(usize, String)], cut: &Cut) {
    let (sender, receiver) = events::event_channel();
    let request = TurnRequest::from_message("Go", sender).with_steering(steering);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    let cancelled = async {
        if stopped.await.is_err() {
            pending::<()>().await;
        }
    };
    let mut turn = pin!(play.agent.run_request(&mut play.history, request, cancelled));
    let mut shown = pin!(drain(receiver));
    let mut context = Context::from_waker(Waker::noop());
    for poll in 0.. {
        // Words for polls after the end of the turn are not pushed.
        says.iter().filter(|(at, _)| *at == poll).for_each(|(_, word)| steering.push_message(word));
        match cut {
            Cut::Dropped(at) if *at == poll => return,
            Cut::Cancelled(at) if *at == poll => stop.take().unwrap().send(()).unwrap(),
            _ => {}
        }
        let ended = turn.as_mut().poll(&mut context);
        if matches!(ended, Poll::Ready(_)) {
            return;
        }
        let _ = shown.as_mut().poll(&mut context);
        yield_now().await;
    }
}

proptest! {
    #[test]
    fn each_steering_message_is_applied_once_or_stays_pending(
        answers in vec(any_answer(), 1..8),
        moments in vec(0usize..80, 0..6),
        cut in prop_oneof![
            Just(Cut::Never),
            (0usize..80).prop_map(Cut::Dropped),
            (0usize..80).prop_map(Cut::Cancelled),
        ],
        model_calls in 1u32..8,
        journal_fails_from in prop_oneof![2 => Just(usize::MAX), 1 => 0usize..20],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let model_calls = model_calls.min(u32::try_from(answers.len()).unwrap());
        let mut stage = Stage::new(answers)
            .tool("show", Act::Writes(vec!["a", "b"]))
            .tool("asks", Act::Output(ToolOutput::from_text("never")));
        stage.limits.max_model_calls = model_calls;
        stage.journal_fails_from = journal_fails_from;
        let mut play = stage.build();
        let steering = SteeringQueue::default();
        let says: Vec<_> =
            moments.iter().enumerate().map(|(n, at)| (*at, format!("word {n}"))).collect();
        runtime.block_on(play_out(&mut play, &steering, &says, &cut));

        assert_legal(&play.history);
        for request in play.model.requests.lock().unwrap().iter() {
            assert_legal(&request.history);
        }
        let mut words: Vec<String> = said_in(&play).into_iter().filter(|word| word != "Go").collect();
        let heard = words.len();
        words.extend(steering.take_pending());
        let recorded = play.log().iter().filter(|line| line.starts_with("journal user word")).count();
        prop_assert!(recorded == heard || recorded == heard + 1, "{recorded} {heard}");
        prop_assert!(recorded == heard || matches!(cut, Cut::Dropped(_)));
        let unique: std::collections::BTreeSet<_> = words.iter().collect();
        prop_assert_eq!(unique.len(), words.len(), "{:?}", words);
        let mut order: Vec<_> = says.clone();
        order.sort_by_key(|(at, _)| *at);
        let order: Vec<String> = order.into_iter().map(|(_, word)| word).take(words.len()).collect();
        prop_assert_eq!(&words, &order, "in the order in which they were said, none lost");

        // The next turn's request is legal.
        play.forget_answers();
        play.answer(replies("Back."));
        let before = play.model.requests.lock().unwrap().len();
        if journal_fails_from == usize::MAX {
            let (report, _) = runtime.block_on(play.turn("And now?"));
            prop_assert_eq!(reply(&report), "Back.");
            assert_legal(&play.model.requests.lock().unwrap()[before].history);
        }
        assert_legal(&play.history);
    }
}
