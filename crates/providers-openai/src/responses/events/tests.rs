//! How answers end, from events to outcomes.

use std::sync::Arc;

use openclaw_core::{ChatEvent, EmittedToolCall};
use openclaw_provider::IncompleteAnswer;
use serde_json::json;

use super::*;
use crate::assembly::{AnswerAssembler, UnusableAnswer};

/// The result of a stream: the outcome, with `+` for a usable call and `-` for an invalid one; or
/// the error.
fn read_outcome(events: &[Value]) -> String {
    let mut reader = ResponsesReader::default();
    let mut assembly = AnswerAssembler::new(Arc::new([]), false, 100);
    for event in events {
        let data = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
        match read_response_event(&mut reader, &data) {
            Ok(StreamItem::Chunk(chunk)) => drop(assembly.add_chunk(chunk)),
            Ok(StreamItem::LastChunk(chunk)) => {
                assembly.add_chunk(chunk);
                break;
            }
            Ok(StreamItem::Accepted) => {}
            Ok(StreamItem::EndMarker) => assembly.record_end_marker(),
            Err(StreamFault::ServerError(said)) => {
                return format!("said: {}", said["error"]["message"]);
            }
            Err(StreamFault::AnswerFailed(how)) => return format!("ended: {how}"),
            Err(StreamFault::Malformed(_) | StreamFault::ErrorText(_)) => {
                return "garbled".to_owned();
            }
        }
    }
    match assembly.finish_answer() {
        Err(UnusableAnswer::Incomplete(IncompleteAnswer::NoContent)) => "nothing".to_owned(),
        Err(UnusableAnswer::Incomplete(IncompleteAnswer::Aborted)) => "given up".to_owned(),
        Err(UnusableAnswer::Incomplete(IncompleteAnswer::Disconnected)) => "cut off".to_owned(),
        Err(UnusableAnswer::UnreadableCall(call)) => call.to_string(),
        Ok(events) => match events.last() {
            Some(ChatEvent::Finished { message, outcome, .. }) => {
                let marks = message.calls.iter().map(|call| match call {
                    EmittedToolCall::Valid(_) => '+',
                    EmittedToolCall::Invalid(_) => '-',
                });
                format!("{outcome:?}{}", marks.collect::<String>())
            }
            other => format!("{other:?}"),
        },
    }
}

fn text_event(text: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "m", "delta": text})
}

fn reasoning_event(text: &str) -> Value {
    json!({"type": "response.reasoning_text.delta", "output_index": 0, "item_id": "t",
        "delta": text})
}

fn item_event(what: &str, item: &Value) -> Value {
    json!({"type": format!("response.output_item.{what}"), "output_index": 0, "item": item})
}

fn call_item(arguments: &str) -> Value {
    json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "f",
        "arguments": arguments})
}

/// A final event: its kind, the status in it, and why the answer is incomplete.
fn end_event(kind: &str, status: Option<&str>, reason: Option<&str>) -> Value {
    let details = reason.map(|reason| json!({"reason": reason}));
    json!({"type": format!("response.{kind}"), "response": {"status": status, "output": [],
        "incomplete_details": details}})
}

#[test]
fn the_outcome_is_decided_from_the_content() {
    let completed = || end_event("completed", Some("completed"), None);
    let cut = || end_event("completed", Some("incomplete"), Some("max_output_tokens"));
    let filtered = || end_event("incomplete", Some("incomplete"), Some("content_filter"));
    let begun = || json!({"type": "response.created", "response": {"status": "in_progress"}});
    let done = |arguments| item_event("done", &call_item(arguments));
    let refusal = json!({"type": "response.refusal.delta", "item_id": "m", "delta": "no"});
    let failed = json!({"type": "response.failed", "response": {"status": "failed",
        "error": {"code": "server_error", "message": "boom"}}});
    let message = json!({"type": "message", "id": "m",
        "content": [{"type": "output_text", "text": "a"}]});
    let whole = json!({"object": "response", "status": "completed", "error": null,
        "output": [message]});
    let table: Vec<(&str, Vec<Value>)> = vec![
        ("Reply", vec![begun(), text_event("a"), completed()]),
        ("Reply", vec![text_event("a"), end_event("completed", None, None)]),
        ("Reply", vec![text_event("a"), json!({"type": "response.completed"})]),
        ("Truncated", vec![text_event("a"), cut()]),
        (
            "Truncated",
            vec![text_event("a"), end_event("incomplete", None, Some("max_output_tokens"))],
        ),
        ("Truncated", vec![text_event("a"), end_event("incomplete", Some("incomplete"), None)]),
        ("Refused", vec![text_event("a"), filtered()]),
        ("Refused", vec![filtered()]),
        ("Refused", vec![refusal, completed()]),
        ("ToolCalls+", vec![done("{}"), completed()]),
        ("ToolCalls+", vec![text_event("a"), done("{\"a\": 1}"), completed()]),
        ("ToolCalls-", vec![done("[]"), completed()]),
        ("ToolCalls-", vec![done("{}"), cut()]),
        ("ToolCalls-", vec![done("{\"a\": "), cut()]),
        ("ToolCalls-", vec![item_event("added", &call_item("")), cut()]),
        ("ReasoningOnly", vec![reasoning_event("a"), completed()]),
        ("ReasoningTruncated", vec![reasoning_event("a"), cut()]),
        ("Reply", vec![reasoning_event("a"), text_event("b"), completed()]),
        ("Empty", vec![begun(), completed()]),
        ("Truncated", vec![begun(), cut()]),
        ("Reply", vec![whole]),
        ("cut off", vec![]),
        ("cut off", vec![begun()]),
        ("cut off", vec![begun(), text_event("a")]),
        ("cut off", vec![done("{}")]),
        ("cut off", vec![begun(), json!("[DONE]")]),
        ("cut off", vec![text_event("a"), json!("[DONE]")]),
        ("Reply", vec![text_event("a"), item_event("done", &message), json!("[DONE]")]),
        ("ToolCalls+", vec![done("{}"), json!("[DONE]")]),
        ("said: \"boom\"", vec![text_event("a"), failed]),
        ("ended: failed", vec![text_event("a"), end_event("failed", None, None)]),
        (
            "ended: cancelled",
            vec![text_event("a"), end_event("completed", Some("cancelled"), None)],
        ),
        ("said: \"boom\"", vec![json!({"type": "error", "code": "x", "message": "boom"})]),
        ("said: \"boom\"", vec![json!({"type": "error", "error": {"message": "boom"}})]),
        ("said: \"boom\"", vec![text_event("a"), json!({"error": {"message": "boom"}})]),
        ("garbled", vec![json!("<html>")]),
        ("Reply", vec![json!({"type": "response.output_text.delta", "delta": 5}), completed()]),
        ("Reply", vec![json!({"type": "response.new", "delta": {}}), text_event("a"), completed()]),
    ];
    for (expected, events) in table {
        assert_eq!(read_outcome(&events), expected, "{events:?}");
    }
}

/// The text of an answer with these deltas, after which its text is whole.
fn read_text(deltas: &[&str], whole: &str) -> String {
    let mut reader = ResponsesReader::default();
    let mut text = String::new();
    let delta = |text: &&str| {
        format!(
            r#"{{"type":"response.output_text.delta","item_id":"a","output_index":0,"delta":"{text}"}}"#
        )
    };
    let mut events: Vec<String> = deltas.iter().map(delta).collect();
    events.push(format!(
        r#"{{"type":"response.output_text.done","item_id":"a","output_index":0,"text":"{whole}"}}"#
    ));
    events.push(format!(
        r#"{{"type":"response.content_part.done","item_id":"a","output_index":0,"content_index":0,"part":{{"type":"output_text","text":"{whole}"}}}}"#
    ));
    for event in events {
        match read_response_event(&mut reader, &event) {
            Ok(StreamItem::Chunk(chunk)) => {
                let deltas = chunk.choices.into_iter().filter_map(|choice| choice.delta.content);
                text.extend(deltas);
            }
            _ => panic!("{event}"),
        }
    }
    text
}

#[test]
fn halves_of_a_character_are_joined_or_replaced() {
    assert_eq!(read_text(&["a \\ud83d", "\\ude00 b"], "a \\ud83d\\ude00 b"), "a 😀 b");
    assert_eq!(read_text(&["a \\ud83d", " b"], "a \\ud83d b"), "a \u{fffd} b");
    assert_eq!(read_text(&["a \\ud83d"], "a \\ud83d"), "a \u{fffd}");
    assert_eq!(read_text(&["a \\ude00 b"], "a \\ude00 b"), "a \u{fffd} b");
}
