//! How an answer is put together and judged, for every way in which servers send one.
#![expect(clippy::needless_pass_by_value, reason = "`json!` values read best as arguments")]

use openclaw_core::EmittedCall;
use serde_json::{Value, json};

use super::*;

/// Feeds chunks, then `[DONE]` if asked.
fn assemble(chunks: &[Value], done: bool) -> Result<(AssistantMessage, Outcome), Incomplete> {
    let mut assembly = Assembly::new(Arc::new([]), false);
    for chunk in chunks {
        assembly.chunk(serde_json::from_value(chunk.clone()).unwrap());
    }
    if done {
        assembly.done();
    }
    match assembly.finish()?.pop() {
        Some(ChatEvent::Finished { message, outcome, .. }) => Ok((message, outcome)),
        other => panic!("not an end: {other:?}"),
    }
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn call(index: Value, id: Value, name: Value, arguments: Value) -> Value {
    delta(json!({"content": null, "tool_calls": [
        {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    ]}))
}

type Judged = Result<Outcome, Incomplete>;

#[test]
fn the_outcome_is_decided_from_content() {
    let text = || delta(json!({"content": "hello"}));
    let thought = || delta(json!({"reasoning": "hmm"}));
    let role = || delta(json!({"role": "assistant", "content": ""}));
    let ls = || call(json!(0), json!("a"), json!("run"), json!("{\"cmd\":\"ls\"}"));
    let half = || call(json!(0), json!("a"), json!("run"), json!("{\"cmd\": \"l"));
    let refusal = || delta(json!({"refusal": "no"}));
    let nothing = json!({"choices": []});
    let table: Vec<(&str, Vec<Value>, bool, Judged)> = vec![
        ("text, stop", vec![role(), text(), finish("stop")], true, Ok(Outcome::Reply)),
        ("text, stop, no end mark", vec![text(), finish("stop")], false, Ok(Outcome::Reply)),
        ("text, no reason, end mark", vec![text()], true, Ok(Outcome::Reply)),
        ("text, empty reason, end mark", vec![text(), finish("")], true, Ok(Outcome::Reply)),
        ("text, neither", vec![text()], false, Err(Incomplete::CutOff)),
        ("text, length", vec![text(), finish("length")], true, Ok(Outcome::Truncated)),
        ("text, repetition", vec![text(), finish("repetition")], true, Ok(Outcome::Truncated)),
        ("text, filtered", vec![text(), finish("content_filter")], true, Ok(Outcome::Refused)),
        ("text, says calls", vec![text(), finish("tool_calls")], true, Ok(Outcome::Reply)),
        ("refusal", vec![refusal(), finish("stop")], true, Ok(Outcome::Refused)),
        ("call, tool_calls", vec![ls(), finish("tool_calls")], true, Ok(Outcome::Calls)),
        ("call, stop (named)", vec![ls(), finish("stop")], true, Ok(Outcome::Calls)),
        ("call, length", vec![half(), finish("length")], true, Ok(Outcome::Calls)),
        ("call, neither", vec![half()], false, Err(Incomplete::CutOff)),
        ("text and call", vec![text(), ls(), finish("tool_calls")], true, Ok(Outcome::Calls)),
        ("thought only, stop", vec![thought(), finish("stop")], true, Ok(Outcome::ReasoningOnly)),
        (
            "thought only, length",
            vec![thought(), finish("length")],
            true,
            Ok(Outcome::ReasoningCut),
        ),
        ("thought, text", vec![thought(), text(), finish("stop")], true, Ok(Outcome::Reply)),
        ("nothing, stop", vec![role(), finish("stop")], true, Ok(Outcome::Empty)),
        ("nothing, length", vec![role(), finish("length")], true, Ok(Outcome::Truncated)),
        ("nothing, tool_calls", vec![role(), finish("tool_calls")], true, Ok(Outcome::Empty)),
        ("text, error", vec![text(), finish("error")], true, Err(Incomplete::GivenUp)),
        ("call, abort", vec![ls(), finish("abort")], true, Err(Incomplete::GivenUp)),
        ("only the end mark", vec![], true, Err(Incomplete::Nothing)),
        ("no choices, end mark", vec![nothing], true, Err(Incomplete::Nothing)),
        ("nothing at all", vec![], false, Err(Incomplete::CutOff)),
    ];
    for (name, chunks, done, expected) in table {
        let outcome = assemble(&chunks, done).map(|(_, outcome)| outcome);
        assert_eq!(outcome, expected, "{name}");
    }
}

fn calls(chunks: &[Value], reason: &str) -> Vec<(String, String, Result<String, String>)> {
    let mut chunks = chunks.to_vec();
    chunks.push(finish(reason));
    let (message, _) = assemble(&chunks, true).unwrap();
    let parts = message.calls.into_iter().map(|call| match call {
        EmittedCall::Ready(call) => {
            (call.id.to_string(), call.name.to_string(), Ok(call.arguments.to_json()))
        }
        EmittedCall::Broken(call) => (call.id.to_string(), call.name.to_string(), Err(call.raw)),
    });
    parts.collect()
}

#[test]
fn pieces_of_a_call_are_joined_however_they_are_numbered() {
    let null = || Value::Null;
    let two = [("a", "x"), ("b", "y")];
    let expected: Vec<_> = two
        .iter()
        .map(|(id, path)| {
            (id.to_string(), "read".to_owned(), Ok(format!("{{\"path\":\"{path}\"}}")))
        })
        .collect();
    let pieces = |index: [Value; 2], again: bool| -> Vec<Value> {
        let mut chunks = Vec::new();
        for ((id, path), index) in two.iter().zip(index) {
            let name = || if again { json!("read") } else { null() };
            let id_again = if again { json!(id) } else { null() };
            chunks.push(call(index.clone(), json!(id), json!("read"), null()));
            chunks.push(call(index.clone(), id_again.clone(), name(), json!("{\"path\":")));
            chunks.push(call(index, id_again, name(), json!(format!("\"{path}\"}}"))));
        }
        chunks
    };
    assert_eq!(calls(&pieces([json!(0), json!(1)], false), "tool_calls"), expected, "numbered");
    assert_eq!(calls(&pieces([json!(0), json!(0)], false), "tool_calls"), expected, "all at 0");
    assert_eq!(calls(&pieces([null(), null()], false), "tool_calls"), expected, "no index");
    assert_eq!(calls(&pieces([json!(0), json!(1)], true), "stop"), expected, "all repeated");
    assert_eq!(calls(&pieces([null(), null()], true), "stop"), expected, "repeated, no index");
}

#[test]
fn a_call_without_id_arguments_or_name_is_still_answerable() {
    let found = calls(&[call(json!(0), Value::Null, json!("now"), Value::Null)], "tool_calls");
    assert_eq!(found, [("call_0".to_owned(), "now".to_owned(), Ok("{}".to_owned()))]);
    let found = calls(&[call(json!(0), json!(""), json!(""), json!("{}"))], "tool_calls");
    assert_eq!(found, [("call_0".to_owned(), "unnamed".to_owned(), Ok("{}".to_owned()))]);
}

#[test]
fn a_call_cut_off_by_the_limit_is_broken_even_if_it_looks_whole() {
    let first = call(json!(0), json!("a"), json!("run"), json!("{}"));
    let second = call(json!(1), json!("b"), json!("run"), json!("{}"));
    let found = calls(&[first, second], "length");
    assert!(found[0].2.is_ok() && found[1].2.is_err());
}

#[test]
fn reasoning_is_kept_apart_under_the_name_it_came_in() {
    for field in ["reasoning", "reasoning_content"] {
        let chunks = [
            delta(json!({field: "let me "})),
            delta(json!({field: "see", "content": null})),
            delta(json!({"content": "done"})),
            finish("stop"),
        ];
        let (message, _) = assemble(&chunks, true).unwrap();
        assert_eq!(message.text, "done");
        assert_eq!(message.reasoning, Some(Reasoning { text: "let me see".to_owned(), field }));
    }
}

#[test]
fn the_last_usage_wins_and_other_choices_are_not_mixed_in() {
    let mut assembly = Assembly::new(Arc::new([]), false);
    let chunks = [
        json!({"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}],
               "usage": {"prompt_tokens": 5, "completion_tokens": 1}}),
        finish("stop"),
        json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2,
               "prompt_tokens_details": {"cached_tokens": 4}}}),
    ];
    for chunk in chunks {
        assembly.chunk(serde_json::from_value(chunk).unwrap());
    }
    let Some(ChatEvent::Finished { message, usage, .. }) = assembly.finish().unwrap().pop() else {
        panic!("not finished");
    };
    assert_eq!(message.text, "a");
    assert_eq!(usage, Some(Usage { input: 5, output: 2, cached: Some(4) }));
}

#[test]
fn the_last_index_there_is_has_no_next() {
    let last = call(json!(u32::MAX), json!("a"), json!("run"), json!("{}"));
    let next = call(Value::Null, json!("b"), json!("run"), json!("{}"));
    let found = calls(&[last, next], "tool_calls");
    assert_eq!(found.iter().map(|call| call.0.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn reasoning_in_blocks_is_reasoning_once() {
    let blocks = |text: &str| {
        json!([{"type": "reasoning.text", "text": text, "signature": "s"},
               {"type": "reasoning.encrypted", "data": "x"}])
    };
    let summary = json!([{"type": "reasoning.summary", "summary": "So."}, 1, {"text": null}]);
    for (pieces, expected) in [
        (
            vec![
                json!({"reasoning_details": blocks("Hm. ")}),
                json!({"reasoning_details": summary}),
            ],
            "Hm. So.",
        ),
        (vec![json!({"reasoning": "Hm.", "reasoning_details": blocks("Hm.")})], "Hm."),
        (vec![json!({"reasoning": "Hm.", "reasoning_details": {"odd": true}})], "Hm."),
    ] {
        let mut chunks: Vec<_> = pieces.into_iter().map(delta).collect();
        chunks.extend([delta(json!({"content": "Yes."})), finish("stop")]);
        let (message, _) = assemble(&chunks, true).unwrap();
        assert_eq!(message.text, "Yes.");
        assert_eq!(message.reasoning.unwrap().text, expected);
    }
}

#[test]
fn a_number_is_an_id_too() {
    let first = || call(json!(0), json!(7), json!("run"), json!("{\"cmd\":"));
    let more = || call(json!(0), json!(7), Value::Null, json!("\"ls\"}"));
    let next = || call(json!(1), json!(8), json!("run"), json!("{}"));
    let (message, _) = assemble(&[first(), more(), next(), finish("tool_calls")], true).unwrap();
    let calls = message.calls.iter().map(|call| match call {
        EmittedCall::Ready(call) => (call.id.to_string(), call.arguments.to_json()),
        EmittedCall::Broken(call) => panic!("{call:?}"),
    });
    let ids: Vec<_> = calls.collect();
    let expected = [("7", "{\"cmd\":\"ls\"}"), ("8", "{}")];
    assert_eq!(ids, expected.map(|(id, arguments)| (id.to_owned(), arguments.to_owned())));
}
