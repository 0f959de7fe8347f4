//! Recovery from invalid calls.

use std::error::Error;

use openclaw_agent_loop::InvalidCallRecovery::{Abort, ForceToolChoice, Retry};
use openclaw_agent_loop::{InvalidCallRecovery, TurnErrorKind, TurnEvent, TurnOutcome, TurnReport};
use openclaw_core::{AnswerOutcome, ChatEvent, ToolChoice, ToolName};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::actor::Act;
use crate::script::{Answer, Play, Stage, calls, makes, replies, says};
use crate::sent::{assert_legal, written};

const BROKEN: &str = "{\"path\": \"a";

fn choices(play: &Play) -> Vec<ToolChoice> {
    play.model.requests.lock().unwrap().iter().map(|r| r.tool_choice.clone()).collect()
}

fn steps(seen: &[TurnEvent]) -> Vec<InvalidCallRecovery> {
    let step = |event: &TurnEvent| match event {
        TurnEvent::ToolCallInvalid { recovery: step, .. } => Some(*step),
        _ => None,
    };
    seen.iter().filter_map(step).collect()
}

fn named(name: &str) -> ToolChoice {
    ToolChoice::Named(ToolName::new(name).unwrap())
}

fn is_reply(report: &TurnReport) -> bool {
    matches!(report.outcome, TurnOutcome::Reply { .. })
}

#[tokio::test]
async fn a_repaired_call_is_reported_and_runs() {
    let Answer::Streams(mut items) = makes(&[("read", "{}")]) else { panic!() };
    let how = vec!["hermes", "trailing comma"];
    items.insert(1, Ok(ChatEvent::ToolCallRepaired { index: 0, repairs: how.clone() }));
    let mut play = Stage::new([Answer::Streams(items), replies("Done.")]).build();
    let (report, seen) = play.turn("Go").await;
    assert!(is_reply(&report) && play.ran());
    let repairs = how.into_iter().map(Into::into).collect();
    assert!(seen.contains(&TurnEvent::ToolCallRepaired { index: 0, repairs }));
}

#[tokio::test]
async fn a_first_broken_call_is_answered_with_what_is_wrong_and_what_is_expected() {
    let mut play =
        Stage::new([makes(&[("read", BROKEN), ("raed", "[")]), replies("Sorry.")]).build();
    let (report, seen) = play.turn("Go").await;
    assert!(is_reply(&report));
    assert_eq!(steps(&seen), [Retry; 2]);
    assert_eq!(choices(&play), [ToolChoice::Auto, ToolChoice::Auto]);
    let left = written(&play.history);
    for part in ["not run", "not valid JSON", "`read` takes one JSON object", BROKEN] {
        assert!(left[2].contains(part), "{left:?}");
    }
    assert!(left[3].contains("there is no tool `raed`; the tools are `read`"), "{left:?}");
}

#[tokio::test]
async fn the_second_broken_call_of_a_tool_is_forced_and_a_good_one_leads_back_to_the_start() {
    let bad = || makes(&[("read", BROKEN)]);
    let answers = [bad(), bad(), makes(&[("read", "{}")]), bad(), replies("Done.")];
    let mut play = Stage::new(answers).build();
    let (report, seen) = play.turn("Go").await;
    assert!(is_reply(&report));
    assert_eq!(steps(&seen), [Retry, ForceToolChoice, Retry]);
    let auto = || ToolChoice::Auto;
    assert_eq!(choices(&play), [auto(), auto(), named("read"), auto(), auto()]);
}

#[tokio::test]
async fn a_call_that_is_broken_even_then_ends_the_turn_after_its_siblings_ran() {
    let bad = |n: usize| {
        let good = format!("{{\"n\": {n}}}");
        says(calls("", &[("read", BROKEN), ("show", &good)]), AnswerOutcome::ToolCalls)
    };
    let show = Act::Writes(vec!["a"]);
    let mut play = Stage::new((0..3).map(bad)).tool("show", show).build();
    let (report, seen) = play.turn("Go").await;
    let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind(), TurnErrorKind::InvalidCalls);
    let text = error.to_string();
    assert!(text.starts_with("get a usable call of `read`: the model broke it 3 times"), "{text}");
    assert!(error.source().is_none());
    assert!(error.detail_lines()[0].contains("not valid JSON"), "{:?}", error.detail_lines());
    assert!(error.detail_lines()[1].ends_with(BROKEN), "{:?}", error.detail_lines());
    assert!(error.hints()[0].contains("--tool-call-parser"));
    assert_eq!(steps(&seen), [Retry, ForceToolChoice, Abort]);
    let ran = play.log().iter().filter(|line| line.starts_with("run ")).count();
    assert_eq!(ran, 3, "the good calls beside it ran");
    assert_legal(&play.history);
    assert_eq!(play.history.open_calls().count(), 0);
}

#[tokio::test]
async fn another_call_of_the_same_message_that_is_good_keeps_a_tool_from_climbing() {
    let mixed = |n: usize| makes(&[("read", BROKEN), ("read", &format!("{{\"n\": {n}}}"))]);
    let mut play = Stage::new((0..6).map(mixed).chain([replies("Done.")])).build();
    let (report, seen) = play.turn("Go").await;
    assert!(is_reply(&report), "{report:?}");
    assert_eq!(steps(&seen), [Retry; 6]);
}

proptest! {
    #[test]
    fn the_ladder_ends_whatever_is_broken(
        messages in vec(vec(prop_oneof!["read", "show", "[a-z]{1,5}"], 1..4), 40),
        good in vec(any::<bool>(), 40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut stage = Stage::new([]).tool("show", Act::Writes(vec![]));
        stage.limits.max_model_calls = 41;
        stage.limits.max_tool_calls = 1_000;
        let mut play = stage.build();
        // Some calls of `read` are valid; all other calls are invalid.
        let mut since_good = [0; 3];
        let mut longest = 0;
        for (at, (names, good)) in messages.iter().zip(&good).enumerate() {
            let well = format!("{{\"at\": {at}}}");
            let made: Vec<(&str, &str)> = names.iter().map(|name| {
                (name.as_str(), if *good && name == "read" { well.as_str() } else { BROKEN })
            }).collect();
            play.answer(makes(&made));
            let place = |name: &String| match name.as_str() { "read" => 0, "show" => 1, _ => 2 };
            for (at, broken) in since_good.iter_mut().enumerate() {
                let made = names.iter().filter(|name| place(name) == at).count();
                if made > 0 {
                    *broken = if *good && at == 0 { 0 } else { *broken + 1 };
                }
            }
            if longest == 0 && since_good.iter().any(|broken| *broken >= 3) {
                longest = at + 1;
            }
        }
        play.answer(replies("Done."));
        let (report, seen) = runtime.block_on(play.turn("Go"));
        assert_legal(&play.history);
        if longest == 0 {
            prop_assert!(is_reply(&report), "{report:?}");
        } else {
            prop_assert_eq!(report.model_calls as usize, longest);
            let failed = matches!(&report.outcome, TurnOutcome::Failed(error)
                if error.kind() == TurnErrorKind::InvalidCalls);
            prop_assert!(failed, "{report:?}");
            prop_assert!(steps(&seen).contains(&Abort));
        }
    }
}
