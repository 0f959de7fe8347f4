//! Any sequence of steps leads to a legal list of messages.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::ToolName;

fn call(id: &str, name: &str) -> ToolCall {
    ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::from_model(name),
        arguments: ToolArguments::default(),
    }
}

fn says(text: &str, calls: Vec<EmittedToolCall>) -> AssistantMessage {
    AssistantMessage { text: text.to_owned(), reasoning: None, calls }
}

/// Panics unless a server would accept the messages.
fn assert_legal(history: &History) {
    let messages: Vec<_> = history.messages().collect();
    let mut seen = HashSet::new();
    let mut expected: Vec<ToolCallId> = Vec::new();
    let mut before: Option<&MessageRef<'_>> = None;
    for message in &messages {
        match message {
            MessageRef::User(_) => {
                assert!(expected.is_empty(), "a call without a result");
                assert!(!matches!(before, Some(MessageRef::User(_))), "two user messages");
            }
            MessageRef::Assistant { text, calls, .. } => {
                assert!(expected.is_empty(), "a call without a result");
                assert!(
                    matches!(before, Some(MessageRef::User(_) | MessageRef::ToolResult { .. })),
                    "an answer to nothing"
                );
                assert!(!text.trim().is_empty() || !calls.is_empty(), "an empty answer");
                expected = calls.iter().rev().map(|call| call.id.clone()).collect();
                for call in calls {
                    assert!(seen.insert(call.id.clone()), "id used twice: {}", call.id);
                    assert!(call.arguments.to_json().starts_with('{'));
                }
            }
            MessageRef::ToolResult { call, .. } => {
                assert_eq!(expected.pop().as_ref(), Some(&call.id), "a result out of place");
            }
        }
        before = Some(message);
    }
    assert!(expected.is_empty(), "a call without a result");
}

#[test]
fn an_open_call_is_sent_as_interrupted_and_can_still_be_answered() {
    let mut history = History::new();
    history.push_user_message("go");
    let ready = says("", vec![EmittedToolCall::Valid(call("a", "read"))]);
    let ready = history.push_assistant_message(ready).unwrap();
    assert_legal(&history);
    assert_eq!(history.open_calls().count(), 1);
    history.resolve_call(&ready[0].id, ToolOutput::from_text("text")).unwrap();
    assert_eq!(history.open_calls().count(), 0);
    let last = history.messages().last().unwrap();
    assert!(matches!(last, MessageRef::ToolResult { text: "text", .. }));
    assert_eq!(
        history.resolve_call(&ready[0].id, ToolOutput::from_text("again")),
        Err(HistoryError::CallNotOpen(ready[0].id.clone()))
    );
}

#[test]
fn what_was_sent_never_changes_once_the_conversation_went_on() {
    let mut history = History::new();
    history.push_user_message("go");
    let open = history
        .push_assistant_message(says("", vec![EmittedToolCall::Valid(call("a", "exec"))]))
        .unwrap();
    history.push_user_message("never mind");
    assert!(history.resolve_call(&open[0].id, ToolOutput::from_text("late")).is_err());
    assert_legal(&history);
}

#[test]
fn a_broken_call_is_answered_with_its_problem_and_never_returned() {
    let mut history = History::new();
    history.push_user_message("go");
    let broken = EmittedToolCall::Invalid(InvalidToolCall {
        id: ToolCallId::new("a").unwrap(),
        name: ToolName::from_model("read"),
        raw_arguments: "{\"path\": \"x".to_owned(),
        problem: "Its arguments are not valid JSON.".to_owned(),
    });
    let ready = vec![broken, EmittedToolCall::Valid(call("a", "read"))];
    let ready = history.push_assistant_message(says("", ready)).unwrap();
    assert_eq!(ready.len(), 1);
    assert_ne!(ready[0].id.as_str(), "a", "the repeated id was replaced");
    let results: Vec<_> = history
        .messages()
        .filter_map(|message| match message {
            MessageRef::ToolResult { text, .. } => Some(text.to_owned()),
            _ => None,
        })
        .collect();
    assert!(results[0].contains("not valid JSON") && results[0].contains("{\"path\": \"x"));
    assert_legal(&history);
}

#[test]
fn empty_and_unasked_messages_are_refused() {
    let mut history = History::new();
    assert_eq!(
        history.push_assistant_message(says("hi", vec![])),
        Err(HistoryError::NothingToAnswer)
    );
    history.push_user_message("go");
    assert_eq!(
        history.push_assistant_message(says(" \n", vec![])),
        Err(HistoryError::EmptyMessage)
    );
    history.push_assistant_message(says("hi", vec![])).unwrap();
    assert_eq!(
        history.push_assistant_message(says("hi", vec![])),
        Err(HistoryError::NothingToAnswer)
    );
}

#[derive(Debug, Clone)]
enum Step {
    User(String),
    Assistant(String, Vec<EmittedToolCall>),
    Resolve(usize),
    Compact(usize, ConversationSummary),
}

fn step() -> impl Strategy<Value = Step> {
    let id = prop_oneof!["[ab]", "\\PC{1,8}"];
    let call = (id, ".{0,10}", any::<bool>()).prop_filter_map("blank id", |(id, name, ready)| {
        let id = ToolCallId::new(&id)?;
        let name = ToolName::from_model(&name);
        Some(if ready {
            EmittedToolCall::Valid(ToolCall { id, name, arguments: ToolArguments::default() })
        } else {
            let (raw, problem) = (String::new(), String::new());
            EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem })
        })
    });
    prop_oneof![
        ".{0,4}".prop_map(Step::User),
        (".{0,4}", prop::collection::vec(call, 0..4))
            .prop_map(|(text, calls)| Step::Assistant(text, calls)),
        (0..4usize).prop_map(Step::Resolve),
        (0..6usize, ".{0,4}", prop::collection::vec(".{0,4}", 0..3), prop::option::of(".{0,4}"))
            .prop_map(|(keep, text, ledger, request)| {
                Step::Compact(keep, ConversationSummary { text, ledger, current_request: request })
            }),
    ]
}

proptest! {
    #[test]
    fn any_sequence_of_steps_leaves_a_legal_history(steps in prop::collection::vec(step(), 0..24)) {
        let mut history = History::new();
        for step in steps {
            let sent: Vec<String> = history.messages().map(|m| format!("{m:?}")).collect();
            let open = history.open_calls().count();
            let mut compacted = false;
            match step {
                Step::User(text) => history.push_user_message(&text),
                Step::Assistant(text, calls) => drop(history.push_assistant_message(says(&text, calls))),
                Step::Resolve(n) => {
                    let id = history.open_calls().nth(n).map(|call| call.id.clone());
                    if let Some(id) = id {
                        history.resolve_call(&id, ToolOutput::from_text("done")).unwrap();
                    }
                }
                Step::Compact(keep, summary) => {
                    let (before, count) = (history.clone(), history.steps().len());
                    compacted = history.apply_summary(keep, summary.clone()).is_ok();
                    prop_assert_eq!(compacted, keep < count);
                    prop_assert_eq!(history.steps().len(), if compacted { keep + 1 } else { count });
                    let kept = history.steps().skip(usize::from(compacted));
                    prop_assert!(kept.eq(before.steps().skip(count.saturating_sub(keep))));
                    prop_assert!(!compacted || history.leading_summary() == Some(&summary));
                }
            }
            assert_legal(&history);
            // With nothing open and no user text at the end, what was sent stays a prefix.
            let now: Vec<String> = history.messages().map(|m| format!("{m:?}")).collect();
            let closed = open == 0 && !sent.last().is_some_and(|last| last.starts_with("User"));
            prop_assert!(compacted || !closed || now.starts_with(&sent));
        }
    }
}

#[test]
fn a_long_broken_call_is_repeated_in_part() {
    let mut history = History::new();
    history.push_user_message("go");
    let broken = EmittedToolCall::Invalid(InvalidToolCall {
        id: ToolCallId::new("a").unwrap(),
        name: ToolName::from_model("write"),
        raw_arguments: "é".repeat(3_000),
        problem: "It was cut off.".to_owned(),
    });
    history.push_assistant_message(says("", vec![broken])).unwrap();
    let (_, output) = history.results_since_user_message().next().unwrap();
    assert!(output.text.ends_with("é [… 4000 bytes more]"), "{}", output.text);
}

#[test]
fn results_are_those_since_the_user_last_spoke() {
    let mut history = History::new();
    for said in ["one", "two"] {
        history.push_user_message(said);
        let calls =
            vec![EmittedToolCall::Valid(call("a", "read")), EmittedToolCall::Valid(call("b", "x"))];
        let calls = history.push_assistant_message(says("", calls)).unwrap();
        history.resolve_call(&calls[0].id, ToolOutput::from_text(said)).unwrap();
    }
    let results: Vec<_> = history
        .results_since_user_message()
        .map(|(call, output)| (call.name.as_str(), &*output.text))
        .collect();
    assert_eq!(results, [("read", "two")]);
}

#[test]
fn a_summary_is_said_by_the_user_before_what_is_kept() {
    let mut history = History::new();
    history.push_user_message("first");
    let calls = vec![EmittedToolCall::Valid(call("a", "read"))];
    let calls = history.push_assistant_message(says("", calls)).unwrap();
    history.resolve_call(&calls[0].id, ToolOutput::from_text("text")).unwrap();
    let summary = ConversationSummary {
        text: "It went well.\n".to_owned(),
        ledger: vec!["wrote a.txt".to_owned(), "ran `ls`: exit code 0".to_owned()],
        current_request: Some("first".to_owned()),
    };
    history.apply_summary(1, summary).unwrap();
    assert_legal(&history);
    let Some(MessageRef::User(text)) = history.messages().next() else { panic!() };
    assert_eq!(
        text,
        "[The conversation before this no longer fits and stands here in short.]\n\nSummary:\n\
         It went well.\n\nOn record:\n- wrote a.txt\n- ran `ls`: exit code 0\n\nThe request that \
         you are working on, word for word:\nfirst"
    );
    assert_eq!(
        history.apply_summary(2, ConversationSummary::default()),
        Err(HistoryError::NothingToReplace)
    );
    history.push_user_message("second");
    history.apply_summary(1, ConversationSummary::default()).unwrap();
    history.push_user_message("third");
    let messages: Vec<_> = history.messages().collect();
    assert_eq!(messages.len(), 1, "one user message: {messages:?}");
}

#[test]
fn a_prepared_message_is_added_with_the_ids_that_it_was_given() {
    let mut history = History::new();
    let call = || ToolCall {
        id: ToolCallId::from_number(7),
        name: ToolName::from_model("read"),
        arguments: ToolArguments::default(),
    };
    let refused = history.prepare_assistant_message(AssistantMessage::from_call(call()));
    assert_eq!(refused, Err(HistoryError::NothingToAnswer));
    history.push_user_message("Go");
    let twice = vec![EmittedToolCall::Valid(call()), EmittedToolCall::Valid(call())];
    let message = AssistantMessage { calls: twice, ..AssistantMessage::default() };
    for _ in 0..2 {
        let prepared = history.prepare_assistant_message(message.clone()).unwrap();
        let ids: Vec<ToolCallId> = prepared.calls.iter().map(|call| call.id().clone()).collect();
        let calls = history.push_assistant_message(prepared).unwrap();
        assert_eq!(calls.iter().map(|call| call.id.clone()).collect::<Vec<_>>(), ids);
        assert_ne!(ids[0], ids[1]);
    }
    assert_eq!(history.call_ids.len(), 4);
}
