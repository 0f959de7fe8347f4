//! Events in every order that servers send, and repeated deltas.

use openclaw_transport::wire::{ChatChunk, ResponseEvent, ResponseObject};
use serde_json::{Value, json};

use super::*;

fn parse_event(value: Value) -> ResponseEvent {
    serde_json::from_value(value).unwrap()
}

fn read_text(events: impl IntoIterator<Item = Value>) -> String {
    let mut reader = ResponsesReader::default();
    let chunks = events.into_iter().map(|value| match value.get("output") {
        Some(_) => reader
            .read_final_response(&serde_json::from_value::<ResponseObject>(value).unwrap(), "stop"),
        None => reader.read_event(parse_event(value)),
    });
    describe_chunks(chunks)
}

/// The chunks: text as it is, reasoning in `()`, a call as `[index id name arguments]`.
fn describe_chunks(chunks: impl IntoIterator<Item = ChatChunk>) -> String {
    let mut out = String::new();
    for choice in chunks.into_iter().flat_map(|chunk| chunk.choices) {
        let delta = choice.delta;
        out.extend(delta.content);
        out.extend(delta.refusal.map(|text| format!("!{text}")));
        out.extend(delta.reasoning.map(|text| format!("({text})")));
        for call in delta.tool_calls {
            let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
            let (id, name) = (part(call.id), part(call.function.name));
            let arguments = part(call.function.arguments);
            let index = call.index.unwrap();
            out.extend([format!("[{index} {id} {name} {arguments}]")]);
        }
    }
    out
}

fn delta_event(event_type: &str, index: u32, id: &str, delta: &str) -> Value {
    let kind = format!("response.{event_type}.delta");
    json!({"type": kind, "output_index": index, "item_id": id, "delta": delta})
}

fn done_event(event_type: &str, index: u32, id: &str, text: &str) -> Value {
    let kind = format!("response.{event_type}.done");
    json!({"type": kind, "output_index": index, "item_id": id, "text": text, "arguments": text})
}

fn item_event(what: &str, index: u32, item: &Value) -> Value {
    json!({"type": format!("response.output_item.{what}"), "output_index": index, "item": item})
}

fn message_item(id: &str, text: &str) -> Value {
    json!({"type": "message", "id": id, "content": [{"type": "output_text", "text": text}]})
}

fn call_item(id: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": id, "call_id": format!("call-{id}"), "name": "f",
        "arguments": arguments})
}

fn reasoning_item(id: &str, text: &str) -> Value {
    json!({"type": "reasoning", "id": id, "summary": [],
        "content": [{"type": "reasoning_text", "text": text}]})
}

#[test]
fn nothing_is_given_twice() {
    let all = [
        delta_event("output_text", 0, "m", "He"),
        delta_event("output_text", 0, "m", "llo"),
        done_event("output_text", 0, "m", "Hello"),
        item_event("done", 0, &message_item("m", "Hello")),
        json!({"output": [message_item("another id", "Hello")]}),
    ];
    assert_eq!(read_text(all.clone()), "Hello");
    // Whichever of the events a server leaves out.
    for from in 2..all.len() {
        assert_eq!(read_text(all[from..].to_vec()), "Hello");
    }
    for to in 2..all.len() {
        assert_eq!(read_text(all[..to].to_vec()), "Hello");
    }
}

#[test]
fn calls_are_distinguished_by_place_or_id() {
    let begun = |index, id| item_event("added", index, &call_item(id, ""));
    let arguments = "function_call_arguments";
    let expected = "[0 call-a f -][1 call-b f -][0 - - {}][1 - - []]";
    let by_both = [
        begun(0, "a"),
        begun(1, "b"),
        delta_event(arguments, 0, "a", "{}"),
        delta_event(arguments, 1, "b", "[]"),
    ];
    assert_eq!(read_text(by_both), expected);
    let by_id = [
        begun(0, "a"),
        begun(0, "b"),
        delta_event(arguments, 0, "a", "{}"),
        delta_event(arguments, 0, "b", "[]"),
    ];
    assert_eq!(read_text(by_id), expected);
    let by_place = [
        begun(0, "a"),
        begun(1, "b"),
        delta_event(arguments, 0, "", "{}"),
        delta_event(arguments, 1, "x", "[]"),
    ];
    assert_eq!(read_text(by_place), expected);
    let late = [delta_event(arguments, 0, "a", "{"), item_event("done", 0, &call_item("a", "{}"))];
    assert_eq!(read_text(late), "[0 - - {][0 call-a f }]");
    let whole = [
        json!({"output": [reasoning_item("t", "hm"), call_item("a", "{}"), call_item("b", "[]")]}),
    ];
    assert_eq!(read_text(whole), "(hm)[0 call-a f {}][1 call-b f []]");
}

#[test]
fn another_reading_of_what_was_given_is_not_given() {
    let arguments = "function_call_arguments";
    let all = [
        item_event("added", 0, &call_item("a", "")),
        delta_event(arguments, 0, "a", "{ \"a\": 1}"),
        done_event(arguments, 0, "a", "{\"a\":1}"),
        item_event("done", 0, &call_item("a", "{\"a\":1,\"b\":2}")),
    ];
    assert_eq!(read_text(all), "[0 call-a f -][0 - - { \"a\": 1}]");
}

#[test]
fn reasoning_comes_from_one_source() {
    let both = [
        delta_event("reasoning_text", 0, "t", "thought"),
        delta_event("reasoning_summary_text", 0, "t", "summary"),
    ];
    assert_eq!(read_text(both.clone()), "(thought)");
    assert_eq!(read_text(both.into_iter().rev()), "(summary)");
}

#[test]
fn places_are_parted_by_a_blank_line() {
    let texts = |first: &str, second: &str| {
        read_text([
            delta_event("output_text", 0, "a", first),
            delta_event("output_text", 2, "b", second),
        ])
    };
    assert_eq!(texts("one", "two"), "one\n\ntwo");
    assert_eq!(texts("one", "\ntwo"), "one\ntwo");
    assert_eq!(texts("one ", "two"), "one two");
    let summary = |at: u32, text: &str| {
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "t",
            "summary_index": at, "delta": text})
    };
    assert_eq!(read_text([summary(0, "a"), summary(0, "b"), summary(1, "c")]), "(a)(b)(\n\nc)");
}

#[test]
fn an_answer_is_settled_when_each_item_is_done() {
    let mut reader = ResponsesReader::default();
    assert!(!reader.is_complete());
    reader.read_event(parse_event(item_event("added", 0, &message_item("m", ""))));
    assert!(!reader.is_complete());
    reader.read_event(parse_event(item_event("done", 0, &message_item("m", "so"))));
    assert!(reader.is_complete());
    reader.read_event(parse_event(item_event("added", 1, &call_item("a", ""))));
    assert!(!reader.is_complete());
}

#[test]
fn a_refusal_is_one() {
    let all = [
        delta_event("refusal", 0, "m", "I "),
        json!({"type": "response.refusal.done", "output_index": 0, "item_id": "m",
            "refusal": "I won't."}),
        item_event(
            "done",
            0,
            &json!({"type": "message", "id": "m",
            "content": [{"type": "refusal", "refusal": "I won't."}]}),
        ),
    ];
    assert_eq!(read_text(all), "!I !won't.");
}
