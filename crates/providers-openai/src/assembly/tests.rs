//! How answers are assembled and judged, for every way in which servers send them.
#![expect(clippy::needless_pass_by_value, reason = "`json!` values read best as arguments")]

use std::time::{Duration, Instant};

use openclaw_core::EmittedToolCall;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Feeds chunks, then `[DONE]` if asked.
fn assemble_chunks(
    chunks: &[Value],
    done: bool,
) -> Result<(AssistantMessage, AnswerOutcome), UnusableAnswer> {
    let mut assembly = AnswerAssembler::new(Arc::new([]), false, 100);
    for chunk in chunks {
        assembly.add_chunk(serde_json::from_value(chunk.clone()).unwrap());
    }
    if done {
        assembly.record_end_marker();
    }
    match assembly.finish_answer()?.pop() {
        Some(ChatEvent::Finished { message, outcome, .. }) => Ok((message, outcome)),
        other => panic!("not an end: {other:?}"),
    }
}

fn delta_chunk(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn finish_chunk(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn call_chunk(index: Value, id: Value, name: Value, arguments: Value) -> Value {
    delta_chunk(json!({"content": null, "tool_calls": [
        {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    ]}))
}

type AssemblyResult = Result<AnswerOutcome, UnusableAnswer>;

#[test]
fn the_outcome_is_decided_from_content() {
    use AnswerOutcome::{
        Empty, ReasoningOnly, ReasoningTruncated, Refused, Reply, ToolCalls, Truncated,
    };
    use IncompleteAnswer::{Aborted, Disconnected, NoContent};

    let text = || delta_chunk(json!({"content": "hello"}));
    let thought = || delta_chunk(json!({"reasoning": "hmm"}));
    let role = || delta_chunk(json!({"role": "assistant", "content": ""}));
    let ls = || call_chunk(json!(0), json!("a"), json!("run"), json!("{\"cmd\":\"ls\"}"));
    let half = || call_chunk(json!(0), json!("a"), json!("run"), json!("{\"cmd\": \"l"));
    let refusal = || delta_chunk(json!({"refusal": "no"}));
    let nothing = json!({"choices": []});
    let table: Vec<(&str, Vec<Value>, bool, AssemblyResult)> = vec![
        ("text, stop", vec![role(), text(), finish_chunk("stop")], true, Ok(Reply)),
        ("text, stop, no end mark", vec![text(), finish_chunk("stop")], false, Ok(Reply)),
        ("text, no reason, end mark", vec![text()], true, Ok(Reply)),
        ("text, empty reason, end mark", vec![text(), finish_chunk("")], true, Ok(Reply)),
        ("text, neither", vec![text()], false, Err(UnusableAnswer::Incomplete(Disconnected))),
        ("text, length", vec![text(), finish_chunk("length")], true, Ok(Truncated)),
        ("text, repetition", vec![text(), finish_chunk("repetition")], true, Ok(Truncated)),
        ("text, filtered", vec![text(), finish_chunk("content_filter")], true, Ok(Refused)),
        ("text, says calls", vec![text(), finish_chunk("tool_calls")], true, Ok(Reply)),
        ("refusal", vec![refusal(), finish_chunk("stop")], true, Ok(Refused)),
        ("call, tool_calls", vec![ls(), finish_chunk("tool_calls")], true, Ok(ToolCalls)),
        ("call, stop (named)", vec![ls(), finish_chunk("stop")], true, Ok(ToolCalls)),
        ("call, length", vec![half(), finish_chunk("length")], true, Ok(ToolCalls)),
        ("call, neither", vec![half()], false, Err(UnusableAnswer::Incomplete(Disconnected))),
        ("text and call", vec![text(), ls(), finish_chunk("tool_calls")], true, Ok(ToolCalls)),
        ("thought only, stop", vec![thought(), finish_chunk("stop")], true, Ok(ReasoningOnly)),
        (
            "thought only, length",
            vec![thought(), finish_chunk("length")],
            true,
            Ok(ReasoningTruncated),
        ),
        ("thought, text", vec![thought(), text(), finish_chunk("stop")], true, Ok(Reply)),
        ("nothing, stop", vec![role(), finish_chunk("stop")], true, Ok(Empty)),
        ("nothing, length", vec![role(), finish_chunk("length")], true, Ok(Truncated)),
        ("nothing, tool_calls", vec![role(), finish_chunk("tool_calls")], true, Ok(Empty)),
        (
            "text, error",
            vec![text(), finish_chunk("error")],
            true,
            Err(UnusableAnswer::Incomplete(Aborted)),
        ),
        (
            "call, abort",
            vec![ls(), finish_chunk("abort")],
            true,
            Err(UnusableAnswer::Incomplete(Aborted)),
        ),
        ("only the end mark", vec![], true, Err(UnusableAnswer::Incomplete(NoContent))),
        ("no choices, end mark", vec![nothing], true, Err(UnusableAnswer::Incomplete(NoContent))),
        ("nothing at all", vec![], false, Err(UnusableAnswer::Incomplete(Disconnected))),
    ];
    for (name, chunks, done, expected) in table {
        let outcome = assemble_chunks(&chunks, done).map(|(_, outcome)| outcome);
        assert_eq!(outcome, expected, "{name}");
    }
}

fn collect_calls(chunks: &[Value], reason: &str) -> Vec<(String, String, Result<String, String>)> {
    let mut chunks = chunks.to_vec();
    chunks.push(finish_chunk(reason));
    let (message, _) = assemble_chunks(&chunks, true).unwrap();
    let parts = message.calls.into_iter().map(|call| match call {
        EmittedToolCall::Valid(call) => {
            (call.id.to_string(), call.name.to_string(), Ok(call.arguments.to_json()))
        }
        EmittedToolCall::Invalid(call) => {
            (call.id.to_string(), call.name.to_string(), Err(call.raw_arguments))
        }
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
            chunks.push(call_chunk(index.clone(), json!(id), json!("read"), null()));
            chunks.push(call_chunk(index.clone(), id_again.clone(), name(), json!("{\"path\":")));
            chunks.push(call_chunk(index, id_again, name(), json!(format!("\"{path}\"}}"))));
        }
        chunks
    };
    assert_eq!(
        collect_calls(&pieces([json!(0), json!(1)], false), "tool_calls"),
        expected,
        "numbered"
    );
    assert_eq!(
        collect_calls(&pieces([json!(0), json!(0)], false), "tool_calls"),
        expected,
        "all at 0"
    );
    assert_eq!(collect_calls(&pieces([null(), null()], false), "tool_calls"), expected, "no index");
    assert_eq!(
        collect_calls(&pieces([json!(0), json!(1)], true), "stop"),
        expected,
        "all repeated"
    );
    assert_eq!(
        collect_calls(&pieces([null(), null()], true), "stop"),
        expected,
        "repeated, no index"
    );
}

#[test]
fn a_call_without_id_arguments_or_name_is_still_answerable() {
    let found = collect_calls(
        &[call_chunk(json!(0), Value::Null, json!("now"), Value::Null)],
        "tool_calls",
    );
    assert_eq!(found, [("call_0".to_owned(), "now".to_owned(), Ok("{}".to_owned()))]);
    let nameless = call_chunk(json!(0), json!(""), json!(""), json!("{\"a\":1}"));
    let found = collect_calls(&[nameless], "tool_calls");
    assert_eq!(found, [("call_0".to_owned(), "unnamed".to_owned(), Ok("{\"a\":1}".to_owned()))]);
    let phantom = call_chunk(json!(0), json!(""), json!(""), json!("{}"));
    assert_eq!(collect_calls(&[phantom], "tool_calls"), []);
}

#[test]
fn a_call_cut_off_by_the_limit_is_broken_even_if_it_looks_whole() {
    let first = call_chunk(json!(0), json!("a"), json!("run"), json!("{}"));
    let second = call_chunk(json!(1), json!("b"), json!("run"), json!("{}"));
    let found = collect_calls(&[first, second], "length");
    assert!(found[0].2.is_ok() && found[1].2.is_err());
}

#[test]
fn reasoning_is_kept_apart_under_the_name_it_came_in() {
    for field in ["reasoning", "reasoning_content"] {
        let chunks = [
            delta_chunk(json!({field: "let me "})),
            delta_chunk(json!({field: "see", "content": null})),
            delta_chunk(json!({"content": "done"})),
            finish_chunk("stop"),
        ];
        let (message, _) = assemble_chunks(&chunks, true).unwrap();
        assert_eq!(message.text, "done");
        assert_eq!(
            message.reasoning,
            Some(ReasoningContent { text: "let me see".to_owned(), field: field.into() })
        );
    }
}

#[test]
fn the_last_usage_wins_and_other_choices_are_not_mixed_in() {
    let mut assembly = AnswerAssembler::new(Arc::new([]), false, 100);
    let chunks = [
        json!({"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}],
               "usage": {"prompt_tokens": 5, "completion_tokens": 1}}),
        finish_chunk("stop"),
        json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2,
               "prompt_tokens_details": {"cached_tokens": 4}}}),
    ];
    for chunk in chunks {
        assembly.add_chunk(serde_json::from_value(chunk).unwrap());
    }
    let Some(ChatEvent::Finished { message, usage, .. }) = assembly.finish_answer().unwrap().pop()
    else {
        panic!("not finished");
    };
    assert_eq!(message.text, "a");
    assert_eq!(
        usage,
        Some(TokenUsage { input_tokens: 5, output_tokens: 2, cached_tokens: Some(4) })
    );
}

#[test]
fn the_last_index_there_is_has_no_next() {
    let last = call_chunk(json!(u32::MAX), json!("a"), json!("run"), json!("{}"));
    let next = call_chunk(Value::Null, json!("b"), json!("run"), json!("{}"));
    let found = collect_calls(&[last, next], "tool_calls");
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
        let mut chunks: Vec<_> = pieces.into_iter().map(delta_chunk).collect();
        chunks.extend([delta_chunk(json!({"content": "Yes."})), finish_chunk("stop")]);
        let (message, _) = assemble_chunks(&chunks, true).unwrap();
        assert_eq!(message.text, "Yes.");
        assert_eq!(message.reasoning.unwrap().text, expected);
    }
}

#[test]
fn a_number_is_an_id_too() {
    let first = || call_chunk(json!(0), json!(7), json!("run"), json!("{\"cmd\":"));
    let more = || call_chunk(json!(0), json!(7), Value::Null, json!("\"ls\"}"));
    let next = || call_chunk(json!(1), json!(8), json!("run"), json!("{}"));
    let (message, _) =
        assemble_chunks(&[first(), more(), next(), finish_chunk("tool_calls")], true).unwrap();
    let calls = message.calls.iter().map(|call| match call {
        EmittedToolCall::Valid(call) => (call.id.to_string(), call.arguments.to_json()),
        EmittedToolCall::Invalid(call) => panic!("{call:?}"),
    });
    let ids: Vec<_> = calls.collect();
    let expected = [("7", "{\"cmd\":\"ls\"}"), ("8", "{}")];
    assert_eq!(ids, expected.map(|(id, arguments)| (id.to_owned(), arguments.to_owned())));
}

/// A piece of a call, of the kinds that servers send: any part may be absent or empty.
fn any_call_piece() -> impl Strategy<Value = Value> {
    let text = |options: &'static [&'static str]| prop_oneof![1 => Just(Value::Null), 4 => prop::sample::select(options).prop_map(Value::from)];
    let index = prop_oneof![1 => Just(Value::Null), 6 => (0_u32..3).prop_map(Value::from)];
    let ids = text(&["", "a", "b", "c"]);
    let names = text(&["", " ", "run", "ru", "n", "functions.run"]);
    let arguments = text(&["", "{}", "{", "}", "{\"cmd\": \"", "ls\"}", "{\"cmd\": \"ls\"}"]);
    (index, ids, names, arguments).prop_map(|(index, id, name, arguments)| {
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    })
}

/// The names that events give to calls, by index, in order.
fn named_calls(events: &[ChatEvent]) -> Vec<(u32, String)> {
    let named = events.iter().filter_map(|event| match event {
        ChatEvent::ToolCallDelta { index, name: Some(name), .. } => {
            Some((*index, name.to_string()))
        }
        _ => None,
    });
    named.collect()
}

proptest! {
    #[test]
    fn no_call_is_opened_without_a_name_and_each_is_named_once(
        pieces in prop::collection::vec(any_call_piece(), 0..12),
        reason in prop::sample::select(&["stop", "tool_calls", "length"][..]),
    ) {
        let mut assembly = AnswerAssembler::new(Arc::new([]), false, 100);
        let mut events = Vec::new();
        for piece in &pieces {
            let chunk = delta_chunk(json!({"tool_calls": [piece]}));
            events.extend(assembly.add_chunk(serde_json::from_value(chunk).unwrap()));
        }
        let has_name = pieces.iter().any(|piece| {
            piece["function"]["name"].as_str().is_some_and(|name| !name.trim().is_empty())
        });
        let before_end = named_calls(&events);
        prop_assert!(has_name || before_end.is_empty(), "{:?}", before_end);
        events.extend(assembly.add_chunk(serde_json::from_value(finish_chunk(reason)).unwrap()));
        let end = assembly.finish_answer().unwrap();
        let Some(ChatEvent::Finished { message, .. }) = end.last() else { panic!("{end:?}") };
        let calls = message.calls.clone();
        events.extend(end);
        let named = named_calls(&events);
        let mut indices: Vec<u32> = named.iter().map(|(index, _)| *index).collect();
        indices.sort_unstable();
        indices.dedup();
        prop_assert_eq!(indices.len(), named.len(), "each is named once: {:?}", &named);
        prop_assert_eq!(calls.len(), named.len(), "each call has its event: {:?}", &calls);
        for call in calls {
            // Arguments that nobody named stay answerable, as a call of a tool that there is not.
            if let EmittedToolCall::Valid(call) = call {
                prop_assert!(has_name || call.name.as_str() == "unnamed", "{}", call.name);
            }
        }
    }

    #[test]
    fn a_call_is_the_same_wherever_its_arguments_are_split(
        value in "[a-zé\"\\\\{}\n ]{0,12}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        is_named_each_time: bool,
    ) {
        let arguments = json!({"cmd": value, "n": {"a": [1]}}).to_string();
        let mut ends: Vec<usize> = cuts
            .iter()
            .map(|cut| arguments.floor_char_boundary(cut.index(arguments.len() + 1)))
            .chain([arguments.len()])
            .collect();
        ends.sort_unstable();
        ends.dedup();
        let mut chunks = Vec::new();
        let mut start = 0;
        for end in ends {
            let name = if start == 0 || is_named_each_time { json!("run") } else { Value::Null };
            let piece = json!(&arguments[start..end]);
            chunks.push(call_chunk(json!(0), json!("a"), name, piece));
            start = end;
        }
        let whole = call_chunk(json!(0), json!("a"), json!("run"), json!(arguments));
        prop_assert_eq!(collect_calls(&chunks, "tool_calls"), collect_calls(&[whole], "tool_calls"));
    }
}

#[test]
fn the_time_of_assembly_grows_with_the_deltas_alone() {
    let time = |count: u32| {
        let chunks: Vec<ChatChunk> = (0..count)
            .flat_map(|at| {
                let id = json!(format!("call_{at}"));
                let first = call_chunk(json!(at), id, json!("run"), json!("{\"cmd\": "));
                [first, call_chunk(json!(at), Value::Null, Value::Null, json!("\"ls\"}"))]
            })
            .map(|chunk| serde_json::from_value(chunk).unwrap())
            .collect();
        let mut assembly = AnswerAssembler::new(Arc::new([]), false, usize::MAX);
        let begun = Instant::now();
        for chunk in chunks {
            assembly.add_chunk(chunk);
        }
        assembly.stop_at_call_limit();
        let Some(ChatEvent::Finished { message, .. }) = assembly.finish_answer().unwrap().pop()
        else {
            panic!("no end")
        };
        assert_eq!(message.calls.len(), usize::try_from(count).unwrap());
        begun.elapsed()
    };
    let shortest = |count| (0..3).map(|_| time(count)).min().unwrap();
    let (short, long) = (shortest(1_000), shortest(8_000));
    // Eight times as many: a quadratic assembly takes 64 times as long.
    assert!(long < short.max(Duration::from_millis(5)) * 32, "{short:?}, then {long:?}");
}
