//! Events in every order that servers send them in, and pieces that come more than once.

use openclaw_transport::wire::{ChatChunk, Response, ResponseEvent};
use serde_json::{Value, json};

use super::*;

fn event(value: Value) -> ResponseEvent {
    serde_json::from_value(value).unwrap()
}

fn text(events: impl IntoIterator<Item = Value>) -> String {
    let mut reader = Reader::default();
    let chunks = events.into_iter().map(|value| match value.get("output") {
        Some(_) => reader.end(&serde_json::from_value::<Response>(value).unwrap(), "stop"),
        None => reader.event(event(value)),
    });
    shown(chunks)
}

/// The pieces: text as it is, reasoning in `()`, a call as `[index id name arguments]`.
fn shown(chunks: impl IntoIterator<Item = ChatChunk>) -> String {
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

fn delta(what: &str, index: u32, id: &str, delta: &str) -> Value {
    let kind = format!("response.{what}.delta");
    json!({"type": kind, "output_index": index, "item_id": id, "delta": delta})
}

fn done(what: &str, index: u32, id: &str, text: &str) -> Value {
    let kind = format!("response.{what}.done");
    json!({"type": kind, "output_index": index, "item_id": id, "text": text, "arguments": text})
}

fn item(what: &str, index: u32, item: &Value) -> Value {
    json!({"type": format!("response.output_item.{what}"), "output_index": index, "item": item})
}

fn message(id: &str, text: &str) -> Value {
    json!({"type": "message", "id": id, "content": [{"type": "output_text", "text": text}]})
}

fn call(id: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": id, "call_id": format!("call-{id}"), "name": "f",
        "arguments": arguments})
}

fn thought(id: &str, text: &str) -> Value {
    json!({"type": "reasoning", "id": id, "summary": [],
        "content": [{"type": "reasoning_text", "text": text}]})
}

#[test]
fn nothing_is_given_twice() {
    let all = [
        delta("output_text", 0, "m", "He"),
        delta("output_text", 0, "m", "llo"),
        done("output_text", 0, "m", "Hello"),
        item("done", 0, &message("m", "Hello")),
        json!({"output": [message("another id", "Hello")]}),
    ];
    assert_eq!(text(all.clone()), "Hello");
    // Whatever part of it a server leaves out.
    for from in 2..all.len() {
        assert_eq!(text(all[from..].to_vec()), "Hello");
    }
    for to in 2..all.len() {
        assert_eq!(text(all[..to].to_vec()), "Hello");
    }
}

#[test]
fn calls_are_told_apart_by_place_or_id() {
    let begun = |index, id| item("added", index, &call(id, ""));
    let arguments = "function_call_arguments";
    let expected = "[0 call-a f -][1 call-b f -][0 - - {}][1 - - []]";
    let by_both = [
        begun(0, "a"),
        begun(1, "b"),
        delta(arguments, 0, "a", "{}"),
        delta(arguments, 1, "b", "[]"),
    ];
    assert_eq!(text(by_both), expected);
    let by_id = [
        begun(0, "a"),
        begun(0, "b"),
        delta(arguments, 0, "a", "{}"),
        delta(arguments, 0, "b", "[]"),
    ];
    assert_eq!(text(by_id), expected);
    let by_place = [
        begun(0, "a"),
        begun(1, "b"),
        delta(arguments, 0, "", "{}"),
        delta(arguments, 1, "x", "[]"),
    ];
    assert_eq!(text(by_place), expected);
    let late = [delta(arguments, 0, "a", "{"), item("done", 0, &call("a", "{}"))];
    assert_eq!(text(late), "[0 - - {][0 call-a f }]");
    let whole = [json!({"output": [thought("t", "hm"), call("a", "{}"), call("b", "[]")]})];
    assert_eq!(text(whole), "(hm)[0 call-a f {}][1 call-b f []]");
}

#[test]
fn another_reading_of_what_was_given_is_not_given() {
    let arguments = "function_call_arguments";
    let all = [
        item("added", 0, &call("a", "")),
        delta(arguments, 0, "a", "{ \"a\": 1}"),
        done(arguments, 0, "a", "{\"a\":1}"),
        item("done", 0, &call("a", "{\"a\":1,\"b\":2}")),
    ];
    assert_eq!(text(all), "[0 call-a f -][0 - - { \"a\": 1}]");
}

#[test]
fn reasoning_comes_from_one_source() {
    let both = [
        delta("reasoning_text", 0, "t", "thought"),
        delta("reasoning_summary_text", 0, "t", "summary"),
    ];
    assert_eq!(text(both.clone()), "(thought)");
    assert_eq!(text(both.into_iter().rev()), "(summary)");
}

#[test]
fn places_are_parted_by_a_blank_line() {
    let texts = |first: &str, second: &str| {
        text([delta("output_text", 0, "a", first), delta("output_text", 2, "b", second)])
    };
    assert_eq!(texts("one", "two"), "one\n\ntwo");
    assert_eq!(texts("one", "\ntwo"), "one\ntwo");
    assert_eq!(texts("one ", "two"), "one two");
    let summary = |at: u32, text: &str| {
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "t",
            "summary_index": at, "delta": text})
    };
    assert_eq!(text([summary(0, "a"), summary(0, "b"), summary(1, "c")]), "(a)(b)(\n\nc)");
}

#[test]
fn an_answer_is_settled_when_each_item_is_done() {
    let mut reader = Reader::default();
    assert!(!reader.is_settled());
    reader.event(event(item("added", 0, &message("m", ""))));
    assert!(!reader.is_settled());
    reader.event(event(item("done", 0, &message("m", "so"))));
    assert!(reader.is_settled());
    reader.event(event(item("added", 1, &call("a", ""))));
    assert!(!reader.is_settled());
}

#[test]
fn a_refusal_is_one() {
    let all = [
        delta("refusal", 0, "m", "I "),
        json!({"type": "response.refusal.done", "output_index": 0, "item_id": "m",
            "refusal": "I won't."}),
        item(
            "done",
            0,
            &json!({"type": "message", "id": "m",
            "content": [{"type": "refusal", "refusal": "I won't."}]}),
        ),
    ];
    assert_eq!(text(all), "!I !won't.");
}
