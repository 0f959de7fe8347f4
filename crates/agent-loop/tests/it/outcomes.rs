//! Every way a turn ends, and what it leaves behind.

use std::error::Error;

use openclaw_agent_loop::{DuplicateTool, TurnErrorKind, TurnOutcome, TurnReport};
use openclaw_core::{
    AssistantMessage, ChatEvent, ModelError, ModelErrorKind, Outcome, ToolName, Usage,
};

use crate::script::{Act, Answer, Stage, calls, makes, reasoning, replies, says, text};
use crate::sent::{assert_legal, written};

#[track_caller]
fn reply(report: &TurnReport) -> (&str, bool) {
    match &report.outcome {
        TurnOutcome::Reply { text, truncated } => (text, *truncated),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn failure(report: &TurnReport) -> (TurnErrorKind, String) {
    match &report.outcome {
        TurnOutcome::Failed(error) => (error.kind(), error.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reply_is_the_last_message_and_what_it_took_is_summed() {
    let first = says(calls("Let me look.", &[("read", "{}")]), Outcome::Calls);
    let mut play = Stage::new([first, replies("It is fine.")]).build();
    let (report, _) = play.turn("Is it fine?").await;
    assert_eq!(reply(&report), ("It is fine.", false));
    assert_eq!(report.usage, Usage { input: 20, output: 4, cached: Some(10) });
    assert_eq!(report.last_usage, Some(Usage { input: 10, output: 2, cached: Some(5) }));
    assert_eq!((report.model_calls, report.tool_calls), (2, 1));
    assert_eq!(
        written(&play.history),
        [
            "user: Is it fine?",
            "assistant: Let me look. [call_0 read {}]",
            "result call_0: read it",
            "assistant: It is fine.",
        ]
    );
}

#[tokio::test]
async fn a_truncated_reply_says_so_and_is_kept() {
    let mut play = Stage::new([says(text("Once upon a"), Outcome::Truncated)]).build();
    let (report, _) = play.turn("Tell").await;
    assert_eq!(reply(&report), ("Once upon a", true));
    assert_eq!(written(&play.history), ["user: Tell", "assistant: Once upon a"]);
}

#[tokio::test]
async fn nothing_said_is_never_a_reply_whatever_the_server_claims() {
    let thought = |said: &str| AssistantMessage { reasoning: Some(reasoning("Hm.")), ..text(said) };
    let blank_thought = AssistantMessage { reasoning: Some(reasoning(" ")), ..text("") };
    for (message, outcome, kind) in [
        (text(""), Outcome::Empty, TurnErrorKind::Empty),
        (text(" \n"), Outcome::Reply, TurnErrorKind::Empty),
        (text(""), Outcome::Truncated, TurnErrorKind::Empty),
        (text(""), Outcome::Calls, TurnErrorKind::Empty),
        (blank_thought, Outcome::Reply, TurnErrorKind::Empty),
        (thought(""), Outcome::ReasoningOnly, TurnErrorKind::ReasoningOnly),
        (thought(" "), Outcome::Reply, TurnErrorKind::ReasoningOnly),
        (text(""), Outcome::Refused, TurnErrorKind::Refused),
        (text("I must"), Outcome::Refused, TurnErrorKind::Refused),
        (calls("", &[("read", "{}")]), Outcome::Refused, TurnErrorKind::Refused),
    ] {
        let mut play = Stage::new([says(message.clone(), outcome)]).build();
        let (report, _) = play.turn("Hi").await;
        assert_eq!(failure(&report).0, kind, "{message:?} {outcome:?}");
        assert_eq!(report.usage.input, 10, "a failed answer cost tokens as well");
        assert!(!play.ran());
        assert_eq!(written(&play.history), ["user: Hi"]);
        assert_eq!(play.log(), ["journal user Hi", "model"]);
    }
}

#[tokio::test]
async fn a_failed_model_call_fails_the_turn_with_its_error() {
    let error = || ModelError::new(ModelErrorKind::Overloaded, "reach the model").with_hint("wait");
    let begun = || Ok(ChatEvent::TextDelta("I thi".to_owned()));
    for answer in [Answer::Fails(error()), Answer::Streams(vec![begun(), Err(error())])] {
        let mut play = Stage::new([answer, replies("Now.")]).build();
        let (report, _) = play.turn("Hi").await;
        let TurnOutcome::Failed(failed) = &report.outcome else { panic!("{report:?}") };
        assert_eq!(failed.kind(), TurnErrorKind::Model(ModelErrorKind::Overloaded));
        assert_eq!(failed.to_string(), "get an answer from the model");
        assert_eq!(failed.source().unwrap().to_string(), "reach the model");
        assert_eq!(failed.model_error().unwrap().hints(), ["wait"]);
        assert_eq!(report.model_calls, 1);
        assert_eq!(written(&play.history), ["user: Hi"], "nothing is half-said");

        let (report, _) = play.turn("Again").await;
        assert_eq!(reply(&report).0, "Now.");
        assert_eq!(written(&play.history), ["user: Hi\n\nAgain", "assistant: Now."]);
    }
}

#[tokio::test]
async fn a_stream_that_ends_without_a_whole_message_is_a_failure() {
    for items in [vec![], vec![Ok(ChatEvent::TextDelta("All of it.".to_owned()))]] {
        let mut play = Stage::new([Answer::Streams(items)]).build();
        let (report, _) = play.turn("Hi").await;
        assert_eq!(failure(&report).0, TurnErrorKind::Model(ModelErrorKind::Interrupted));
        assert_eq!(written(&play.history), ["user: Hi"]);
    }
}

#[tokio::test]
async fn a_model_that_never_stops_calling_is_stopped_by_each_limit() {
    let endless = || (0..9).map(|_| makes(&[("read", "{}"), ("read", "{}")]));
    let mut stage = Stage::new(endless());
    stage.limits.model_calls = 3;
    let mut play = stage.build();
    let (report, _) = play.turn("Go").await;
    let text = "finish the turn within its limit of 3 model calls";
    assert_eq!(failure(&report), (TurnErrorKind::ModelCallLimit, text.to_owned()));
    assert_eq!((report.model_calls, report.tool_calls), (3, 6));
    assert_legal(&play.history);

    let mut stage = Stage::new(endless());
    stage.limits.tool_calls = 3;
    let mut play = stage.build();
    let (report, _) = play.turn("Go").await;
    let text = "finish the turn within its limit of 3 tool calls";
    assert_eq!(failure(&report), (TurnErrorKind::ToolCallLimit, text.to_owned()));
    assert_eq!(report.model_calls, 2);
    let ran = play.log().iter().filter(|line| line.starts_with("run ")).count();
    assert_eq!(ran, 3, "the calls within the limit ran");
    let last = written(&play.history).pop().unwrap();
    assert!(last.ends_with("not run: a turn may have 3 tool calls, and it had them"), "{last}");
}

#[tokio::test]
async fn the_last_allowed_call_may_still_be_followed_by_a_reply() {
    let mut stage = Stage::new([makes(&[("read", "{}")]), replies("Done.")]);
    stage.limits.tool_calls = 1;
    stage.limits.model_calls = 2;
    let (report, _) = stage.build().turn("Go").await;
    assert_eq!(reply(&report).0, "Done.");
}

#[tokio::test]
async fn a_turn_that_cannot_be_recorded_ends_before_anything_depends_on_it() {
    // user, assistant, intent, dispatched, result, assistant
    for fails_from in 0..6 {
        let mut stage = Stage::new([makes(&[("read", "{}")]), replies("Done.")]);
        stage.journal_fails_from = fails_from;
        let mut play = stage.build();
        let (report, _) = play.turn("Go").await;
        assert_eq!(failure(&report), (TurnErrorKind::Journal, "record the turn".to_owned()));
        assert_eq!(play.ran(), fails_from > 3, "runs only once its dispatch is recorded");
        assert_eq!(play.history.is_empty(), fails_from == 0);
        let open = play.history.open_calls().count();
        assert_eq!(open, usize::from((2..=4).contains(&fails_from)), "{fails_from}");
        assert_legal(&play.history);
    }
}

#[tokio::test]
async fn two_tools_of_one_name_are_refused() {
    let mut stage = Stage::new([]).tool("a", Act::Hangs).tool("b", Act::Hangs);
    stage.tools.push(("a", Act::Hangs));
    let error: DuplicateTool = stage.try_build().err().unwrap();
    assert_eq!(error, DuplicateTool { name: ToolName::new("a").unwrap() });
    assert_eq!(error.to_string(), "offer two tools named `a`");
}
