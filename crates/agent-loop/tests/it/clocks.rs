//! The timeouts of the turn and of a tool call.

use std::time::Duration;

use openclaw_agent_loop::{TOOL_GRACE, TimeLimit, TurnEvent, TurnOutcome, TurnReport};
use openclaw_core::{AnswerOutcome, ChatEvent, ToolOutput};
use tokio::time::Instant;

use crate::actor::Act;
use crate::script::{Answer, Stage, calls, makes, replies, says};
use crate::sent::{assert_legal, written};

const TURN: Duration = Duration::from_mins(1);

fn timed(mut stage: Stage) -> Stage {
    let source = "agents.defaults.timeoutSeconds".into();
    stage.limits.turn_timeout = Some(TimeLimit { duration: TURN, source });
    stage
}

#[track_caller]
fn assert_timed_out(report: &TurnReport) {
    let TurnOutcome::TimedOut { limit } = &report.outcome else { panic!("{report:?}") };
    assert_eq!(limit.to_string(), "60 s, from agents.defaults.timeoutSeconds");
    assert_eq!(report.duration, TURN);
}

#[tokio::test(start_paused = true)]
async fn the_turn_clock_ends_a_model_that_stalls() {
    let begun = vec![ChatEvent::RequestAccepted, ChatEvent::TextDelta("I thi".to_owned())];
    let mut play = timed(Stage::new([Answer::Stalls(begun), replies("Here.")])).build();
    let (report, _) = play.turn("Go").await;
    assert_timed_out(&report);
    assert_eq!(report.first_token_after, Some(Duration::ZERO));
    assert_eq!(written(&play.history), ["user: Go"], "nothing is half-said");

    let (report, _) = play.turn("Well?").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
}

#[tokio::test(start_paused = true)]
async fn the_turn_clock_ends_a_tool_and_tells_the_model_what_may_have_happened() {
    let first = makes(&[("read", "{}"), ("hang", "{}"), ("read", "{}")]);
    let mut play = timed(Stage::new([first, replies("Here.")])).tool("hang", Act::Hangs).build();
    let (report, seen) = play.turn("Go").await;
    assert_timed_out(&report);
    assert_eq!(play.live(), 0, "the tool was dropped");
    assert!(matches!(seen.last(), Some(TurnEvent::ToolStarted { .. })));
    assert_eq!(play.history.open_calls().count(), 0);
    let left = written(&play.history);
    assert_eq!(left[2], "result call_0: read it");
    assert!(left[3].starts_with("result call_1: This call was interrupted"), "{left:?}");
    assert!(left[3].contains("60 s, from agents.defaults.timeoutSeconds"), "{left:?}");
    assert!(left[4].starts_with("result call_2: This call was not run"), "{left:?}");

    play.turn("Well?").await;
    assert_eq!(play.requests()[1][..5], left, "what was answered stays as it is");
    assert_legal(&play.history);
}

#[tokio::test(start_paused = true)]
async fn the_turn_clock_runs_while_the_approver_thinks_and_the_call_is_then_known_not_to_have_run()
{
    let mut play =
        timed(Stage::new([makes(&[("undecided", "{}")])])).tool("undecided", Act::Hangs).build();
    let (report, _) = play.turn("Go").await;
    assert_timed_out(&report);
    assert!(written(&play.history)[2].starts_with("result call_0: This call was not run"));
}

#[tokio::test(start_paused = true)]
async fn the_turn_clock_says_nothing_of_a_call_that_an_earlier_turn_left_open() {
    let mut stage = timed(Stage::new([makes(&[("hang", "{}")])])).tool("hang", Act::Hangs);
    stage.journal_hangs_from = 4; // After the user, the assistant, the intent and the dispatch.
    let mut play = stage.build();
    let cancelled = tokio::time::timeout(TURN / 2, play.turn("Go")).await;
    assert!(cancelled.is_err());
    let left = written(&play.history);

    let (report, _) = play.turn("Well?").await;
    assert_timed_out(&report);
    assert_eq!(report.model_calls, 0);
    assert_eq!(written(&play.history), left);
    assert_eq!(play.history.open_calls().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tool_hears_of_its_clock_and_its_own_answer_counts() {
    let first = makes(&[("obedient", "{}")]);
    let mut stage = Stage::new([first, replies("Done.")]).tool("obedient", Act::EndsInTime);
    stage.limits.tool_timeout = Some(Duration::from_secs(7));
    let mut play = stage.build();
    let (report, _) = play.turn("Go").await;
    assert_eq!(report.duration, Duration::from_secs(7));
    assert_eq!(written(&play.history)[2], "result call_0: ended by itself");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_ignores_its_clock_is_dropped_and_the_turn_goes_on() {
    let first = says(calls("", &[("stubborn", "{}"), ("read", "{}")]), AnswerOutcome::ToolCalls);
    let mut stage = Stage::new([first, replies("Done.")]).tool("stubborn", Act::Hangs);
    stage.limits.tool_timeout = Some(Duration::from_secs(7));
    let mut play = stage.build();
    let (report, seen) = play.turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
    assert_eq!(report.duration, Duration::from_secs(7) + TOOL_GRACE);
    assert_eq!(play.live(), 0);
    let result = &written(&play.history)[2];
    assert!(result.contains("the tool clock of 7 s ran out"), "{result}");
    assert!(seen.iter().any(|event| matches!(
        event,
        TurnEvent::ToolFinished { is_error: true, summary: Some(s), .. }
            if s == "stopped by the tool clock of 7 s"
    )));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_ends_early_leaves_no_clock_behind() {
    let act = Act::Output(ToolOutput::from_text("ok"));
    let mut stage = timed(Stage::new([makes(&[("quick", "{}")]), replies("Done.")]));
    stage.limits.tool_timeout = Some(Duration::from_secs(7));
    let started = Instant::now();
    let (report, _) = stage.tool("quick", act).build().turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
    assert_eq!(started.elapsed(), Duration::ZERO);
}
