//! How the calls of a message are answered.

use std::time::Duration;

use openclaw_agent_loop::{InvalidCallRecovery, ToolRefusalReason, TurnEvent};
use openclaw_core::{MessageRef, ToolCallId, ToolEffect, ToolName, ToolOutput};

use crate::actor::Act;
use crate::script::{Stage, makes, replies};
use crate::sent::written;

#[tokio::test]
async fn each_call_is_recorded_decided_and_recorded_again_before_it_runs_one_after_the_other() {
    let first = makes(&[("read", "{}"), ("list", r#"{"b":1,"a":2}"#)]);
    let list = Act::Output(ToolOutput::from_error("no such directory"));
    let mut play = Stage::new([first, replies("Done.")]).tool("list", list).build();
    play.turn("Go").await;
    assert_eq!(
        play.log(),
        [
            "journal user Go",
            "model",
            "journal assistant ",
            "plan call_0",
            "journal intent call_0",
            "decide call_0",
            "journal dispatched call_0",
            "run call_0",
            "journal result call_0 false",
            "plan call_1",
            "journal intent call_1",
            "decide call_1",
            "journal dispatched call_1",
            "run call_1",
            "journal result call_1 true",
            "model",
            "journal assistant Done.",
        ]
    );
    assert_eq!(
        written(&play.history),
        [
            "user: Go",
            r#"assistant:  [call_0 read {}] [call_1 list {"a":2,"b":1}]"#,
            "result call_0: read it",
            "result call_1: no such directory",
            "assistant: Done.",
        ]
    );
}

#[tokio::test]
async fn a_call_is_prepared_once_before_it_is_decided_and_what_was_approved_runs() {
    let first = makes(&[("prepares", "{}"), ("read", "{}")]);
    let mut play = Stage::new([first, replies("Done.")]).tool("prepares", Act::Prepares).build();
    let (_, events) = play.turn("Go").await;
    assert_eq!(
        play.log()[3..9],
        [
            "plan call_0",
            "journal intent call_0",
            "prepare call_0",
            "decide call_0",
            "journal dispatched call_0",
            "run call_0",
        ]
    );
    let prepared = ToolEffect::Read { path: "prepared".to_owned() };
    let shown = |event: &&TurnEvent| matches!(event, TurnEvent::ToolStarted { effect, .. } if *effect == prepared);
    assert_eq!(events.iter().filter(shown).count(), 1, "{events:?}");
    assert_eq!(written(&play.history)[2], "result call_0: read prepared");
    assert_eq!(play.log().iter().filter(|line| line.starts_with("prepare ")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_prepared_in_time_does_not_run_and_the_turn_goes_on() {
    let first = makes(&[("slow", "{}"), ("read", "{}")]);
    let mut stage = Stage::new([first, replies("Done.")]).tool("slow", Act::PreparesForEver);
    stage.limits.tool_timeout = Some(Duration::from_secs(7));
    let mut play = stage.build();
    let (report, events) = play.turn("Go").await;
    assert_eq!(report.duration, Duration::from_secs(7));
    assert_eq!(play.live(), 0, "what prepared it was dropped");
    let refused = |event: &TurnEvent| {
        let reason = ToolRefusalReason::NotPrepared;
        matches!(event, TurnEvent::ToolRefused { refusal, .. } if *refusal == reason)
    };
    assert!(events.iter().any(refused), "{events:?}");
    assert_eq!(
        written(&play.history)[2..4],
        [
            "result call_0: This call was not run: the tool clock of 7 s ran out before it was \
             known what the call would do",
            "result call_1: read it",
        ]
    );
    let log = play.log();
    assert!(!log.iter().any(|line| line == "decide call_0" || line == "run call_0"), "{log:?}");
}

#[tokio::test]
async fn a_call_that_may_not_run_is_answered_with_the_reason_and_its_siblings_run() {
    for (name, refusal, reason) in [
        (
            "reed",
            ToolRefusalReason::UnknownTool,
            "there is no tool `reed`; the tools are `read`, `strict`, `forbidden`",
        ),
        (
            "strict",
            ToolRefusalReason::InvalidArguments,
            "invalid arguments for `strict`: `path` is missing",
        ),
        ("forbidden", ToolRefusalReason::Denied, "the user said no"),
    ] {
        let mut play = Stage::new([makes(&[(name, "{}"), ("read", "{}")]), replies("Done.")])
            .tool("forbidden", Act::Hangs)
            .tool("strict", Act::RefusesArguments)
            .build();
        let (report, events) = play.turn("Go").await;
        assert_eq!(report.tool_calls, 2);
        let refused: Vec<_> =
            events.into_iter().filter(|e| matches!(e, TurnEvent::ToolRefused { .. })).collect();
        let (id, name) = (ToolCallId::from_number(0), ToolName::from_model(name));
        let reason = reason.to_owned();
        let answer = format!("result call_0: This call was not run: {reason}");
        // What an unknown or misused tool would have done is not known.
        let is_planned = refusal == ToolRefusalReason::Denied;
        let [TurnEvent::ToolRefused { effect, .. }] = &refused[..] else { panic!("{refused:?}") };
        assert_eq!(effect.is_some(), is_planned, "{refused:?}");
        let effect = effect.clone();
        assert_eq!(refused, [TurnEvent::ToolRefused { id, name, refusal, reason, effect }]);
        let log = play.log();
        assert!(!log.iter().any(|l| l == "run call_0" || l == "journal dispatched call_0"));
        assert!(log.iter().any(|l| l == "journal result call_0 true"));
        assert!(log.iter().any(|l| l == "run call_1"));
        assert_eq!(written(&play.history)[2..4], [answer, "result call_1: read it".to_owned()]);
    }
}

#[tokio::test]
async fn a_message_of_broken_calls_alone_is_answered_and_the_model_asked_again() {
    let mut play = Stage::new([makes(&[("read", "{\"path\": ")]), replies("Sorry.")]).build();
    let (report, events) = play.turn("Go").await;
    assert_eq!((report.model_calls, report.tool_calls), (2, 0));
    assert!(!play.ran());
    let name = ToolName::new("read").unwrap();
    let problem = "not valid JSON at line 1, column 9".to_owned();
    assert!(
        events.contains(&TurnEvent::ToolCallInvalid {
            name,
            problem: problem.clone(),
            recovery: InvalidCallRecovery::Retry
        }),
        "{events:?}"
    );
    let result = &written(&play.history)[2];
    assert!(result.contains(&problem) && result.contains("{\"path\": "), "{result}");
    assert!(written(&play.history)[1].ends_with("[call_0 read {}]"), "nothing broken is replayed");
}

#[tokio::test]
async fn the_error_of_an_unknown_tool_names_a_bounded_number_of_tools() {
    let mut stage = Stage::new([makes(&[("x", "{}")]), replies("Done.")]);
    stage.tools.clear();
    let mut play = stage.build();
    play.turn("Go").await;
    let result = written(&play.history)[2].clone();
    assert!(result.ends_with("there is no tool `x`, and no tools are offered"), "{result}");

    let mut stage = Stage::new([makes(&[("tool-z9", "{}")]), replies("Done.")]);
    let names = (b'a'..=b'z').map(|c| &*format!("tool-{}", char::from(c)).leak());
    stage.tools = names.map(|name| (name, Act::Hangs)).collect();
    let mut play = stage.build();
    play.turn("Go").await;
    let result = written(&play.history)[2].clone();
    assert!(result.contains("the tools are `tool-z`, `tool-a`, "), "{result}");
    assert!(result.ends_with("and 6 more"), "{result}");
}

#[tokio::test]
async fn requests_begin_with_the_same_system_tools_and_messages() {
    let answers = [
        makes(&[("read", "{}"), ("nope", "{}"), ("read", "[")]),
        makes(&[("zip", "{}")]),
        replies("One."),
        makes(&[("read", "{}")]),
        replies("Two."),
    ];
    let zip = Act::Output(ToolOutput::from_text("zipped"));
    let mut play = Stage::new(answers).tool("zip", zip).tool("append", Act::Hangs).build();
    play.turn("Go").await;
    play.turn("On").await;
    let sent = play.model.requests.lock().unwrap();
    let names: Vec<_> = sent[0].tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["append", "read", "zip"]);
    assert_eq!(sent.len(), 5);
    for (before, after) in sent.iter().zip(sent.iter().skip(1)) {
        assert_eq!(before.system_prompt.as_deref(), Some("Be brief."));
        assert_eq!((&before.system_prompt, &before.tools), (&after.system_prompt, &after.tools));
        assert_eq!(after.max_output_tokens, Some(100));
        let before: Vec<MessageRef<'_>> = before.history.messages().collect();
        let after: Vec<MessageRef<'_>> = after.history.messages().collect();
        assert!(after.len() > before.len());
        assert_eq!(before, after[..before.len()]);
    }
}
