//! Repeated calls with the same result.

use std::pin::pin;
use std::task::{Context, Waker};

use openclaw_agent_loop::{
    CallRepeatTracker, ToolRefusalReason, TurnErrorKind, TurnEvent, TurnOutcome, TurnReport, events,
};
use openclaw_core::ToolOutput;
use tokio::task::yield_now;

use crate::actor::Act;
use crate::script::{Answer, Play, Stage, makes, replies};
use crate::sent::{assert_legal, written};

const NOTE: &str = "[This is the same call with the same result";

fn same(times: usize) -> Vec<Answer> {
    (0..times).map(|_| makes(&[("read", r#"{"path": "a", "limit": 1}"#)])).collect()
}

fn stage(answers: Vec<Answer>) -> Stage {
    let mut stage = Stage::new(answers);
    stage.limits.max_model_calls = 30;
    stage.limits.max_tool_calls = 30;
    stage
}

fn runs(play: &Play) -> usize {
    play.log().iter().filter(|line| line.starts_with("run ")).count()
}

fn notes(play: &Play) -> usize {
    written(&play.history).iter().filter(|line| line.contains(NOTE)).count()
}

#[track_caller]
fn assert_stopped(report: &TurnReport) {
    let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind(), TurnErrorKind::RepeatedCalls);
    assert!(error.to_string().contains("`read`"), "{error}");
    assert!(
        error.detail_lines()[0].contains(r#"{"limit":1,"path":"a"}"#),
        "{:?}",
        error.detail_lines()
    );
}

#[tokio::test]
async fn the_third_is_noted_the_fifth_not_run_and_the_sixth_ends_the_turn() {
    let mut play = stage(same(20)).build();
    let (report, seen) = play.turn("Go").await;
    assert_stopped(&report);
    assert_eq!((report.model_calls, runs(&play), notes(&play)), (6, 4, 2));
    let left = written(&play.history);
    assert!(left[6].contains("for the third time") && left[8].contains("for the fourth time"));
    assert!(left[10].contains("not run: `read` was called with these arguments 4 times"));
    let repeated = seen.iter().filter_map(|event| match event {
        TurnEvent::ToolCallRepeated { times, .. } => Some(*times),
        TurnEvent::ToolRefused { refusal: ToolRefusalReason::Repeated, .. } => Some(0),
        _ => None,
    });
    assert_eq!(repeated.collect::<Vec<_>>(), [3, 4, 0, 0]);
    assert_legal(&play.history);
}

#[tokio::test]
async fn a_model_that_heeds_the_reason_goes_on() {
    let answers = same(5).into_iter().chain([makes(&[("read", "{}")]), replies("Done.")]);
    let (report, _) = stage(answers.collect()).build().turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
}

#[tokio::test]
async fn the_order_of_keys_makes_no_other_call() {
    let other = makes(&[("read", r#"{"limit": 1, "path": "a"}"#)]);
    let answers = same(2).into_iter().chain([other, replies("Done.")]);
    let mut play = stage(answers.collect()).build();
    play.turn("Go").await;
    assert_eq!(notes(&play), 1);
}

#[tokio::test]
async fn polling_with_different_results_is_no_repetition() {
    let poll = || makes(&[("count", "{}")]);
    let answers = (0..15).map(|_| poll()).chain([replies("Done.")]);
    let mut play = stage(answers.collect()).tool("count", Act::Counts).build();
    let (report, _) = play.turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    assert_eq!((runs(&play), notes(&play)), (15, 0));
}

#[tokio::test]
async fn a_change_in_between_makes_the_same_call_worth_another_look() {
    let change = |n: usize| makes(&[("change", &format!("{{\"n\": {n}}}"))]);
    let answers = same(8).into_iter().enumerate().flat_map(|(n, same)| [same, change(n)]);
    let answers = answers.chain([replies("Done.")]).collect();
    let mut play = stage(answers).tool("change", Act::Changes).build();
    let (report, _) = play.turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    assert_eq!(notes(&play), 0);

    // The same change made again does not reset the count.
    let answers = same(8).into_iter().flat_map(|same| [same, change(0)]).collect();
    let mut play = stage(answers).tool("change", Act::Changes).build();
    let (report, _) = play.turn("Go").await;
    let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind(), TurnErrorKind::RepeatedCalls);
}

#[tokio::test]
async fn calls_of_one_message_count_one_by_one_and_so_do_refused_ones() {
    let five = makes(&[("forbidden", "{}"); 5]);
    let never = Act::Output(ToolOutput::from_text("never"));
    let mut play = stage(vec![five, replies("Done.")]).tool("forbidden", never).build();
    let (report, _) = play.turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    let decided = play.log().iter().filter(|line| line.starts_with("decide")).count();
    assert_eq!(decided, 4, "nobody is asked a fifth time");
}

#[tokio::test]
async fn what_the_user_says_begins_the_count_anew() {
    let answers = same(4).into_iter().chain([replies("One.")]);
    let answers = answers.chain(same(4)).chain([replies("Two.")]).collect();
    let mut play = stage(answers).build();
    play.turn("Go").await;
    let (report, _) = play.turn("Again").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    assert_eq!(runs(&play), 8);
}

/// Runs a turn until the third call has its result, and drops it there.
async fn interrupted() -> Play {
    let mut play = stage(same(20)).build();
    let (sender, _receiver) = events::event_channel();
    {
        let mut turn = pin!(play.agent.run_turn(&mut play.history, "Go", sender));
        let mut context = Context::from_waker(Waker::noop());
        let results = || play.log.lock().unwrap().iter().filter(|l| l.contains("result")).count();
        while results() < 3 {
            assert!(turn.as_mut().poll(&mut context).is_pending());
            yield_now().await;
        }
        assert!(turn.as_mut().poll(&mut context).is_pending());
    }
    play
}

#[tokio::test]
async fn the_count_survives_the_end_of_the_process() {
    let mut play = interrupted().await;
    play.forget_answers();
    for answer in same(20) {
        play.answer(answer);
    }
    let before = runs(&play);
    let (report, _) = play.resume(None).await;
    assert_stopped(&report);
    assert!(runs(&play) <= 4 && before >= 3, "{before} {}", runs(&play));
    assert_legal(&play.history);
}

#[tokio::test]
async fn the_count_survives_a_history_that_was_summed_up() {
    let mut play = stage(same(3).into_iter().chain([replies("So far.")]).collect()).build();
    let (report, _) = play.turn("Go").await;
    let kept: Vec<_> = report.call_repeats.entries().collect();
    assert_eq!((kept.len(), kept[0].times), (1, 3));

    // The history is replaced; the saved counts remain.
    let mut play = stage(same(20)).build();
    play.history.push_user_message("A summary of what was done.");
    let (report, _) = play.resume(Some(CallRepeatTracker::from_entries(kept))).await;
    assert_stopped(&report);
    assert_eq!(runs(&play), 1);
}

#[tokio::test]
async fn nothing_is_resumed_where_nothing_waits_for_the_model() {
    let mut play = stage(vec![replies("Done.")]).build();
    for _ in 0..2 {
        let (report, _) = play.resume(None).await;
        let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
        assert_eq!((error.kind(), report.model_calls), (TurnErrorKind::History, 0));
        if play.history.is_empty() {
            play.turn("Go").await;
        }
    }
}
