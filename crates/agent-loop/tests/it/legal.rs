//! Each request is legal, whatever a model emits.

use openclaw_agent_loop::{TurnErrorKind, TurnOutcome};
use openclaw_core::{
    AnswerOutcome, AssistantMessage, EmittedToolCall, InvalidToolCall, MessageRef, ToolArguments,
    ToolCallId, ToolName,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::actor::Act;
use crate::script::{Stage, emitted, reasoning, says};
use crate::sent::assert_legal;

fn any_call() -> impl Strategy<Value = EmittedToolCall> {
    let id = prop_oneof!["", " ", "call_[0-3]", ".*"];
    let name = prop_oneof!["", "read", "Read", "forbidden", "strict", "unknown", ".*"];
    let raw = prop_oneof!["", "null", r"\{\}", r#"\{"path": "[a-z]{0,3}"\}"#, r#"\{"a": "#, ".*"];
    (id, name, raw, any::<bool>(), 0usize..4).prop_map(|(id, name, raw, cut, number)| {
        let id = ToolCallId::new(&id).unwrap_or_else(|| ToolCallId::from_number(number));
        let name = ToolName::from_model(&name);
        if cut {
            let problem = "it was cut off".to_owned();
            return EmittedToolCall::Invalid(InvalidToolCall {
                id,
                name,
                raw_arguments: raw,
                problem,
            });
        }
        emitted(id, name, &raw)
    })
}

fn any_answer() -> impl Strategy<Value = (AssistantMessage, AnswerOutcome)> {
    let outcome = prop_oneof![
        4 => Just(AnswerOutcome::Reply),
        8 => Just(AnswerOutcome::ToolCalls),
        1 => Just(AnswerOutcome::Truncated),
        1 => Just(AnswerOutcome::ReasoningOnly),
        1 => Just(AnswerOutcome::ReasoningTruncated),
        1 => Just(AnswerOutcome::Empty),
        1 => Just(AnswerOutcome::Refused),
    ];
    let text = prop_oneof!["", " ", "[a-z ]{1,8}", ".*"];
    let thought = proptest::option::of(prop_oneof!["", ".*"]);
    let calls = prop_oneof![1 => Just(Vec::new()), 4 => vec(any_call(), 1..5)];
    (text, thought, calls, outcome).prop_map(|(text, thought, calls, outcome)| {
        (AssistantMessage { text, reasoning: thought.as_deref().map(reasoning), calls }, outcome)
    })
}

proptest! {
    #[test]
    fn any_answers_make_legal_requests_and_one_outcome(
        turns in vec(vec(any_answer(), 6), 1..3),
        tool_calls in 0u32..10,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut stage = Stage::new([])
            .tool("forbidden", Act::Hangs)
            .tool("strict", Act::RefusesArguments);
        stage.limits.max_model_calls = 6;
        stage.limits.max_tool_calls = tool_calls;
        let mut play = stage.build();
        for answers in turns {
            play.forget_answers();
            let before = play.model.requests.lock().unwrap().len();
            for (message, outcome) in answers {
                play.answer(says(message, outcome));
            }
            let (report, _) = runtime.block_on(play.turn("Go on."));

            let mut last = Vec::new();
            let requests = play.model.requests.lock().unwrap();
            prop_assert_eq!(requests.len() - before, report.model_calls as usize);
            for request in &requests[before..] {
                assert_legal(&request.history);
                let messages: Vec<MessageRef<'_>> = request.history.messages().collect();
                for message in &messages {
                    let MessageRef::Assistant { calls, .. } = message else { continue };
                    for call in calls {
                        let json = call.arguments.to_json();
                        prop_assert_eq!(ToolArguments::parse_json(&json), Ok(call.arguments.clone()));
                    }
                }
                let messages: Vec<String> =
                    messages.iter().map(|message| format!("{message:?}")).collect();
                prop_assert!(messages.starts_with(&last), "a request begins with the one before");
                last = messages;
            }
            assert_legal(&play.history);
            prop_assert_eq!(play.history.open_calls().count(), 0);
            match report.outcome {
                TurnOutcome::Reply { text, .. } => prop_assert!(!text.trim().is_empty()),
                TurnOutcome::Failed(error) => prop_assert!(matches!(
                    error.kind(),
                    TurnErrorKind::Empty
                        | TurnErrorKind::ReasoningOnly
                        | TurnErrorKind::ReasoningTruncated
                        | TurnErrorKind::OutputLimitReached
                        | TurnErrorKind::InvalidCalls
                        | TurnErrorKind::RepeatedCalls
                        | TurnErrorKind::Refused
                        | TurnErrorKind::ModelCallLimit
                        | TurnErrorKind::ToolCallLimit
                )),
                other => prop_assert!(false, "there is no clock and no question: {other:?}"),
            }
        }
    }
}
