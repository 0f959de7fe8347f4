//! Every outcome of a turn, and the history it leaves behind.

use std::error::Error;

use openclaw_agent_loop::{
    DuplicateToolError, RepromptReason, ToolRefusalReason, TurnErrorKind, TurnEvent, TurnOutcome,
    TurnReport, TurnRequest, events,
};
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ModelError, ModelErrorKind, TokenUsage, ToolName,
    ToolOutput,
};

use crate::actor::Act;
use crate::script::{Answer, Stage, calls, makes, reasoning, replies, says, text, thinks};
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
    let first = says(calls("Let me look.", &[("read", "{}")]), AnswerOutcome::ToolCalls);
    let mut play = Stage::new([first, replies("It is fine.")]).build();
    let (report, _) = play.turn("Is it fine?").await;
    assert_eq!(reply(&report), ("It is fine.", false));
    assert_eq!(
        report.usage,
        TokenUsage { input_tokens: 20, output_tokens: 4, cached_tokens: Some(10) }
    );
    assert_eq!(
        report.last_usage,
        Some(TokenUsage { input_tokens: 10, output_tokens: 2, cached_tokens: Some(5) })
    );
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
    let mut play = Stage::new([says(text("Once upon a"), AnswerOutcome::Truncated)]).build();
    let (report, _) = play.turn("Tell").await;
    assert_eq!(reply(&report), ("Once upon a", true));
    assert_eq!(written(&play.history), ["user: Tell", "assistant: Once upon a"]);
}

#[tokio::test]
async fn nothing_said_is_never_a_reply_whatever_the_server_claims() {
    let thought = |said: &str| AssistantMessage { reasoning: Some(reasoning("Hm.")), ..text(said) };
    let blank_thought = AssistantMessage { reasoning: Some(reasoning(" ")), ..text("") };
    for (message, outcome, kind, asked) in [
        (text(""), AnswerOutcome::Empty, TurnErrorKind::Empty, 2),
        (text(" \n"), AnswerOutcome::Reply, TurnErrorKind::Empty, 2),
        (text(""), AnswerOutcome::Truncated, TurnErrorKind::OutputLimitReached, 1),
        (text(""), AnswerOutcome::ToolCalls, TurnErrorKind::Empty, 2),
        (blank_thought, AnswerOutcome::Reply, TurnErrorKind::Empty, 2),
        (thought(""), AnswerOutcome::ReasoningOnly, TurnErrorKind::ReasoningOnly, 2),
        (thought(" "), AnswerOutcome::Reply, TurnErrorKind::ReasoningOnly, 2),
        (thought(""), AnswerOutcome::ReasoningTruncated, TurnErrorKind::ReasoningTruncated, 1),
        (text(""), AnswerOutcome::Refused, TurnErrorKind::Refused, 1),
        (text("I must"), AnswerOutcome::Refused, TurnErrorKind::Refused, 1),
        (calls("", &[("read", "{}")]), AnswerOutcome::Refused, TurnErrorKind::Refused, 1),
    ] {
        let answer = || says(message.clone(), outcome);
        let mut play = Stage::new([answer(), answer()]).build();
        let (report, _) = play.turn("Hi").await;
        assert_eq!(failure(&report).0, kind, "{message:?} {outcome:?}");
        assert_eq!(report.usage.input_tokens, 10 * asked, "a failed answer cost tokens as well");
        assert!(!play.ran());
        assert_eq!(written(&play.history), ["user: Hi"]);
        assert_eq!(play.log()[0], "journal user Hi");
        assert!(play.log()[1..].iter().all(|line| line == "model"));
        assert_eq!(report.model_calls, asked);
    }
}

#[tokio::test]
async fn a_model_that_said_nothing_is_asked_once_more_and_one_that_only_thought_to_answer_now() {
    let empty = || says(text(""), AnswerOutcome::Empty);
    let mut play =
        Stage::new([empty(), thinks(AnswerOutcome::ReasoningOnly), replies("Here.")]).build();
    let (report, seen) = play.turn("Hi").await;
    assert_eq!(reply(&report), ("Here.", false));
    let why = [RepromptReason::Empty, RepromptReason::ReasoningOnly];
    for why in why {
        assert!(seen.contains(&TurnEvent::ModelReprompted { reason: why }), "{seen:?}");
    }
    let requests = play.requests();
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[1], requests[2]);
    assert!(play.tails()[2].as_ref().unwrap().contains("You have thought"));
    assert_eq!(written(&play.history), ["user: Hi", "assistant: Here."], "the nudge is not kept");

    // After a usable message the model may be called again for an empty one.
    let answers = [empty(), makes(&[("read", "{}")]), empty(), replies("Done.")];
    let (report, _) = Stage::new(answers).build().turn("Hi").await;
    assert_eq!(reply(&report), ("Done.", false));
}

#[tokio::test]
async fn no_second_chance_goes_beyond_the_limit_of_model_calls() {
    let mut stage = Stage::new([says(text(""), AnswerOutcome::Empty)]);
    stage.limits.max_model_calls = 1;
    let (report, _) = stage.build().turn("Hi").await;
    assert_eq!((failure(&report).0, report.model_calls), (TurnErrorKind::Empty, 1));
}

#[tokio::test]
async fn an_agent_is_silent_only_on_purpose_and_only_where_it_may_be() {
    let mut stage = Stage::new([replies(" NO_REPLY\n"), replies("NO_REPLY, or not")]);
    stage.silent = Some("NO_REPLY");
    let mut play = stage.build();
    let (report, _) = play.turn("Hi").await;
    assert!(matches!(report.outcome, TurnOutcome::NoReply), "{report:?}");
    let (report, _) = play.turn("Hi").await;
    assert_eq!(reply(&report).0, "NO_REPLY, or not");

    let (report, _) = Stage::new([replies("NO_REPLY")]).build().turn("Hi").await;
    assert_eq!(reply(&report).0, "NO_REPLY");
}

#[tokio::test]
async fn a_call_that_needs_a_person_ends_the_turn_with_the_question() {
    let first = makes(&[("read", "{}"), ("asks", "{}"), ("read", r#"{"a":1}"#)]);
    let asks = Act::Output(ToolOutput::from_text("never"));
    let mut play = Stage::new([first, replies("Thank you.")]).tool("asks", asks).build();
    let (report, seen) = play.turn("Go").await;
    let TurnOutcome::NeedsInput { question } = &report.outcome else { panic!("{report:?}") };
    assert_eq!(question, "May it?");
    let refused = |event: &&TurnEvent| {
        matches!(event, TurnEvent::ToolRefused { refusal: ToolRefusalReason::NeedsInput, .. })
    };
    assert_eq!(seen.iter().filter(refused).count(), 2);
    let left = written(&play.history);
    assert_eq!(left[2], "result call_0: read it", "what came before was done");
    assert!(left[3].ends_with("the user has to answer first: May it?"), "{left:?}");
    assert!(left[4].contains("not run: a call before it"), "{left:?}");

    let (report, _) = play.turn("Yes.").await;
    assert_eq!(reply(&report).0, "Thank you.");
    assert_legal(&play.history);
}

#[tokio::test]
async fn a_turn_that_is_cancelled_says_so_and_answers_what_is_open() {
    let first = makes(&[("hang", "{}"), ("read", "{}")]);
    let mut play = Stage::new([first, replies("Here.")]).tool("hang", Act::Hangs).build();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (sender, mut receiver) = events::event_channel();
    let cancelled = async { drop(stopped.await) };
    let request = TurnRequest::from_message("Go", sender);
    let turn = play.agent.run_request(&mut play.history, request, cancelled);
    let watch = async {
        while let Some(event) = receiver.recv().await {
            if matches!(event, TurnEvent::ToolStarted { .. }) {
                break;
            }
        }
        stop.send(()).unwrap();
    };
    let (report, ()) = tokio::join!(turn, watch);
    assert!(matches!(report.outcome, TurnOutcome::Cancelled), "{report:?}");
    assert_eq!(play.live(), 0);
    let left = written(&play.history);
    assert!(left[2].contains("interrupted because the turn was cancelled"), "{left:?}");
    assert!(left[3].contains("not run: the turn was cancelled"), "{left:?}");
    let (report, _) = play.turn("Well?").await;
    assert_eq!(reply(&report).0, "Here.");
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
    let endless = || {
        (0..9).map(|n| {
            makes(&[("read", &format!("{{\"n\": {n}}}")), ("read", &format!("{{\"m\": {n}}}"))])
        })
    };
    let mut stage = Stage::new(endless());
    stage.limits.max_model_calls = 3;
    let mut play = stage.build();
    let (report, _) = play.turn("Go").await;
    let text = "finish the turn within its limit of 3 model calls";
    assert_eq!(failure(&report), (TurnErrorKind::ModelCallLimit, text.to_owned()));
    assert_eq!((report.model_calls, report.tool_calls), (3, 6));
    assert_legal(&play.history);

    let mut stage = Stage::new(endless());
    stage.limits.max_tool_calls = 3;
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
    stage.limits.max_tool_calls = 1;
    stage.limits.max_model_calls = 2;
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
        assert_eq!(
            failure(&report),
            (TurnErrorKind::Journal, "record the turn in the journal of a test".to_owned())
        );
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
    let error: DuplicateToolError = stage.try_build().err().unwrap();
    assert_eq!(error, DuplicateToolError { name: ToolName::new("a").unwrap() });
    assert_eq!(error.to_string(), "offer two tools named `a`");
}
