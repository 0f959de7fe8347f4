//! Calls that may run in parallel.

use std::sync::atomic::Ordering;

use openclaw_agent_loop::{TurnEvent, TurnOutcome};

use crate::actor::{Act, Gate};
use crate::script::{Stage, makes, replies};
use crate::sent::{assert_legal, written};

#[tokio::test]
async fn calls_that_may_run_together_do_and_their_results_keep_their_order() {
    let (a, b) = (("look", r#"{"a":1}"#), ("look", r#"{"b":2}"#));
    let first = makes(&[("read", "{}"), a, b, ("look", r#"{"c":3}"#), ("read", r#"{"d":4}"#)]);
    let gate = Gate::new(3);
    let mut play =
        Stage::new([first, replies("Done.")]).tool("look", Act::Shared(gate.clone())).build();
    let (report, seen) = play.turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
    assert_eq!(gate.most.load(Ordering::SeqCst), 3);
    let results: Vec<_> = written(&play.history)[2..7].to_vec();
    let expected = [
        "result call_0: read it",
        "result call_1: passed with {\"a\":1}",
        "result call_2: passed with {\"b\":2}",
        "result call_3: passed with {\"c\":3}",
        "result call_4: read it",
    ];
    assert_eq!(results, expected);
    let finished: Vec<String> = seen
        .iter()
        .filter_map(|event| match event {
            TurnEvent::ToolFinished { id, .. } => Some(id.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(finished, ["call_0", "call_1", "call_2", "call_3", "call_4"]);
    let log = play.log();
    let at = |line: &str| log.iter().position(|l| l == line).unwrap();
    for n in 0..5 {
        let steps =
            ["plan", "journal intent", "decide", "journal dispatched", "run", "journal result"];
        let places: Vec<usize> = steps
            .iter()
            .map(|step| {
                log.iter().position(|l| l.starts_with(&format!("{step} call_{n}"))).unwrap()
            })
            .collect();
        assert!(places.is_sorted(), "{n}: {log:?}");
    }
    assert!(at("journal result call_0 false") < at("plan call_1"), "{log:?}");
    assert!(at("journal dispatched call_3") < at("journal result call_1 false"), "{log:?}");
    assert!(at("journal result call_3 false") < at("journal intent call_4"), "{log:?}");
    assert_legal(&play.history);
}

#[tokio::test]
async fn no_more_run_together_than_may() {
    let made: Vec<String> = (0..8).map(|n| format!("{{\"n\":{n}}}")).collect();
    let made: Vec<(&str, &str)> = made.iter().map(|json| ("look", json.as_str())).collect();
    let gate = Gate::new(2);
    let mut stage =
        Stage::new([makes(&made), replies("Done.")]).tool("look", Act::Shared(gate.clone()));
    stage.limits.max_parallel_tools = 2;
    let mut play = stage.build();
    let (report, _) = play.turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
    assert_eq!(gate.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_call_among_them_keeps_its_place() {
    let first = makes(&[("look", r#"{"a":1}"#), ("forbidden", "{}"), ("look", r#"{"b":2}"#)]);
    let (one, other) = (Gate::new(2), Gate::new(2));
    let mut play = Stage::new([first, replies("Done.")])
        .tool("look", Act::Shared(one))
        .tool("forbidden", Act::Shared(other))
        .build();
    play.turn("Go").await;
    let left = written(&play.history);
    assert!(left[3].ends_with("the user said no"), "{left:?}");
    assert_eq!(left[4], "result call_2: passed with {\"b\":2}");
}

#[tokio::test]
async fn a_call_is_planned_once_and_after_all_that_could_change_something() {
    let first =
        makes(&[("change", "{}"), ("look", "{}"), ("change", r#"{"b":2}"#), ("read", "{}")]);
    let mut play = Stage::new([first, replies("Done.")])
        .tool("look", Act::Shared(Gate::new(1)))
        .tool("change", Act::Changes)
        .build();
    play.turn("Go").await;
    let log = play.log();
    let planned: Vec<&String> = log.iter().filter(|line| line.starts_with("plan ")).collect();
    // The calls of the message, in order.
    assert_eq!(planned, ["plan call_0", "plan call_1", "plan call_2", "plan call_3"]);
    let at = |line: &str| log.iter().position(|l| l == line).unwrap();
    assert!(at("journal result call_0 false") < at("plan call_1"), "{log:?}");
    assert!(at("journal result call_2 false") < at("plan call_3"), "{log:?}");
}
