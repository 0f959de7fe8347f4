//! How an answer ends, from the events to the outcome.

use std::sync::Arc;

use openclaw_core::{ChatEvent, EmittedCall};
use serde_json::json;

use super::*;
use crate::assembly::{Assembly, Incomplete};

/// What a stream of events comes to: the outcome, with `+` for a ready call and `-` for a broken
/// one; or how it fails.
fn end_of(events: &[Value]) -> String {
    let mut reader = Reader::default();
    let mut assembly = Assembly::new(Arc::new([]), false);
    for event in events {
        let data = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
        match read(&mut reader, &data) {
            Ok(Meaning::Piece(chunk)) => drop(assembly.chunk(chunk)),
            Ok(Meaning::Last(chunk)) => {
                assembly.chunk(chunk);
                break;
            }
            Ok(Meaning::Begun) => {}
            Ok(Meaning::Done) => assembly.done(),
            Err(Fault::Said(said)) => return format!("said: {}", said["error"]["message"]),
            Err(Fault::Ended(how)) => return format!("ended: {how}"),
            Err(Fault::Garbled(_)) => return "garbled".to_owned(),
        }
    }
    match assembly.finish() {
        Err(Incomplete::Nothing) => "nothing".to_owned(),
        Err(Incomplete::GivenUp) => "given up".to_owned(),
        Err(Incomplete::CutOff) => "cut off".to_owned(),
        Ok(events) => match events.last() {
            Some(ChatEvent::Finished { message, outcome, .. }) => {
                let marks = message.calls.iter().map(|call| match call {
                    EmittedCall::Ready(_) => '+',
                    EmittedCall::Broken(_) => '-',
                });
                format!("{outcome:?}{}", marks.collect::<String>())
            }
            other => format!("{other:?}"),
        },
    }
}

fn text(text: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "m", "delta": text})
}

fn thought(text: &str) -> Value {
    json!({"type": "response.reasoning_text.delta", "output_index": 0, "item_id": "t",
        "delta": text})
}

fn item(what: &str, item: &Value) -> Value {
    json!({"type": format!("response.output_item.{what}"), "output_index": 0, "item": item})
}

fn call(arguments: &str) -> Value {
    json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "f",
        "arguments": arguments})
}

/// The end of an answer: the kind of the event, the status in it, and why it is incomplete.
fn end(kind: &str, status: Option<&str>, reason: Option<&str>) -> Value {
    let details = reason.map(|reason| json!({"reason": reason}));
    json!({"type": format!("response.{kind}"), "response": {"status": status, "output": [],
        "incomplete_details": details}})
}

#[test]
fn the_outcome_is_decided_from_the_content() {
    let completed = || end("completed", Some("completed"), None);
    let cut = || end("completed", Some("incomplete"), Some("max_output_tokens"));
    let filtered = || end("incomplete", Some("incomplete"), Some("content_filter"));
    let begun = || json!({"type": "response.created", "response": {"status": "in_progress"}});
    let done = |arguments| item("done", &call(arguments));
    let refusal = json!({"type": "response.refusal.delta", "item_id": "m", "delta": "no"});
    let failed = json!({"type": "response.failed", "response": {"status": "failed",
        "error": {"code": "server_error", "message": "boom"}}});
    let message = json!({"type": "message", "id": "m",
        "content": [{"type": "output_text", "text": "a"}]});
    let whole = json!({"object": "response", "status": "completed", "error": null,
        "output": [message]});
    let table: Vec<(&str, Vec<Value>)> = vec![
        ("Reply", vec![begun(), text("a"), completed()]),
        ("Reply", vec![text("a"), end("completed", None, None)]),
        ("Reply", vec![text("a"), json!({"type": "response.completed"})]),
        ("Truncated", vec![text("a"), cut()]),
        ("Truncated", vec![text("a"), end("incomplete", None, Some("max_output_tokens"))]),
        ("Truncated", vec![text("a"), end("incomplete", Some("incomplete"), None)]),
        ("Refused", vec![text("a"), filtered()]),
        ("Refused", vec![filtered()]),
        ("Refused", vec![refusal, completed()]),
        ("Calls+", vec![done("{}"), completed()]),
        ("Calls+", vec![text("a"), done("{\"a\": 1}"), completed()]),
        ("Calls-", vec![done("[]"), completed()]),
        ("Calls-", vec![done("{}"), cut()]),
        ("Calls-", vec![done("{\"a\": "), cut()]),
        ("Calls-", vec![item("added", &call("")), cut()]),
        ("ReasoningOnly", vec![thought("a"), completed()]),
        ("ReasoningCut", vec![thought("a"), cut()]),
        ("Reply", vec![thought("a"), text("b"), completed()]),
        ("Empty", vec![begun(), completed()]),
        ("Truncated", vec![begun(), cut()]),
        ("Reply", vec![whole]),
        ("cut off", vec![]),
        ("cut off", vec![begun()]),
        ("cut off", vec![begun(), text("a")]),
        ("cut off", vec![done("{}")]),
        ("cut off", vec![begun(), json!("[DONE]")]),
        ("cut off", vec![text("a"), json!("[DONE]")]),
        ("Reply", vec![text("a"), item("done", &message), json!("[DONE]")]),
        ("Calls+", vec![done("{}"), json!("[DONE]")]),
        ("said: \"boom\"", vec![text("a"), failed]),
        ("ended: failed", vec![text("a"), end("failed", None, None)]),
        ("ended: cancelled", vec![text("a"), end("completed", Some("cancelled"), None)]),
        ("said: \"boom\"", vec![json!({"type": "error", "code": "x", "message": "boom"})]),
        ("said: \"boom\"", vec![json!({"type": "error", "error": {"message": "boom"}})]),
        ("said: \"boom\"", vec![text("a"), json!({"error": {"message": "boom"}})]),
        ("garbled", vec![json!("<html>")]),
        ("garbled", vec![json!({"type": "response.output_text.delta", "delta": 5})]),
        ("Reply", vec![json!({"type": "response.new", "delta": {}}), text("a"), completed()]),
    ];
    for (expected, events) in table {
        assert_eq!(end_of(&events), expected, "{events:?}");
    }
}
