//! The truth table of answers: their content counts.

use openclaw_core::{AnswerOutcome, ChatEvent, EmittedToolCall, TokenUsage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{AnswerAssembler, FinishedAnswer, IncompleteAnswer};
use crate::thinking_cache::ThinkingBlock;

/// Assembles the events of a stream, up to its end.
fn assemble_answer(events: &[Value]) -> Result<(Vec<ChatEvent>, FinishedAnswer), IncompleteAnswer> {
    let mut assembly = AnswerAssembler::default();
    let mut pieces = Vec::new();
    for event in events {
        pieces.extend(assembly.apply_event(serde_json::from_value(event.clone()).unwrap()));
    }
    assembly.finish_answer().map(|finished| (pieces, finished))
}

/// The blocks of an answer with all the events around them.
fn answer_events(blocks: &[Vec<Value>], stop_reason: &Value) -> Vec<Value> {
    let start = json!({"type": "message_start", "message": {"usage": {"input_tokens": 3}}});
    let delta = json!({"stop_reason": stop_reason});
    let end = json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 2}});
    let mut events = vec![start];
    events.extend(blocks.concat());
    events.extend([end, json!({"type": "message_stop"})]);
    events
}

fn block_events(index: u32, start: &Value, deltas: &[Value]) -> Vec<Value> {
    let start = json!({"type": "content_block_start", "index": index, "content_block": start});
    let deltas = deltas
        .iter()
        .map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta}));
    let stop = json!({"type": "content_block_stop", "index": index});
    std::iter::once(start).chain(deltas).chain([stop]).collect()
}

fn text_events(index: u32, text: &str) -> Vec<Value> {
    let delta = json!({"type": "text_delta", "text": text});
    block_events(index, &json!({"type": "text", "text": ""}), &[delta])
}

fn thinking_events(index: u32, text: &str, signature: &str) -> Vec<Value> {
    let deltas = [
        json!({"type": "thinking_delta", "thinking": text}),
        json!({"type": "signature_delta", "signature": signature}),
    ];
    block_events(index, &json!({"type": "thinking", "thinking": ""}), &deltas)
}

fn redacted_events(index: u32) -> Vec<Value> {
    block_events(index, &json!({"type": "redacted_thinking", "data": "xx"}), &[])
}

fn call_events(index: u32, pieces: &[&str]) -> Vec<Value> {
    let start =
        json!({"type": "tool_use", "id": format!("toolu_{index}"), "name": "read", "input": {}});
    let delta = |piece: &&str| json!({"type": "input_json_delta", "partial_json": piece});
    block_events(index, &start, &pieces.iter().map(delta).collect::<Vec<_>>())
}

/// A call: its arguments, or the raw text of an invalid one.
type CallArguments = Result<String, String>;

fn call_arguments(events: &[ChatEvent]) -> Vec<CallArguments> {
    let Some(ChatEvent::Finished { message, .. }) = events.last() else { panic!("no end") };
    let arguments = message.calls.iter().map(|call| match call {
        EmittedToolCall::Valid(call) => Ok(call.arguments.to_json()),
        EmittedToolCall::Invalid(call) => Err(call.raw_arguments.clone()),
    });
    arguments.collect()
}

#[test]
fn the_content_decides_how_an_answer_ended() {
    let hi = || text_events(0, "hi");
    let whole_call = || call_events(1, &["{\"a\"", ":1}"]);
    let half_call = || call_events(1, &["{\"a\""]);
    let thought = || thinking_events(0, "hm", "s");
    let unknown = || block_events(0, &json!({"type": "server_tool_use", "input": {}}), &[]);
    let table: Vec<(Vec<Vec<Value>>, Value, AnswerOutcome)> = vec![
        (vec![hi()], json!("end_turn"), AnswerOutcome::Reply),
        (vec![hi()], json!("stop_sequence"), AnswerOutcome::Reply),
        (vec![hi()], json!("tool_use"), AnswerOutcome::Reply),
        (vec![hi()], json!("something_new"), AnswerOutcome::Reply),
        (vec![hi()], Value::Null, AnswerOutcome::Reply),
        (vec![hi()], json!("max_tokens"), AnswerOutcome::Truncated),
        (vec![hi()], json!("model_context_window_exceeded"), AnswerOutcome::Truncated),
        (vec![hi()], json!("pause_turn"), AnswerOutcome::Truncated),
        (vec![hi()], json!("refusal"), AnswerOutcome::Refused),
        (vec![], json!("refusal"), AnswerOutcome::Refused),
        (vec![], json!("end_turn"), AnswerOutcome::Empty),
        (vec![text_events(0, "")], json!("end_turn"), AnswerOutcome::Empty),
        (vec![text_events(0, " \n")], json!("end_turn"), AnswerOutcome::Empty),
        (vec![unknown()], json!("pause_turn"), AnswerOutcome::Empty),
        (vec![], json!("max_tokens"), AnswerOutcome::Truncated),
        (vec![thought()], json!("end_turn"), AnswerOutcome::ReasoningOnly),
        (vec![redacted_events(0)], json!("end_turn"), AnswerOutcome::ReasoningOnly),
        (vec![thought()], json!("max_tokens"), AnswerOutcome::ReasoningTruncated),
        (vec![thought(), text_events(1, "hi")], json!("end_turn"), AnswerOutcome::Reply),
        (vec![hi(), whole_call()], json!("tool_use"), AnswerOutcome::ToolCalls),
        (vec![hi(), whole_call()], json!("end_turn"), AnswerOutcome::ToolCalls),
        (vec![hi(), half_call()], json!("max_tokens"), AnswerOutcome::ToolCalls),
        (vec![thought(), whole_call()], json!("tool_use"), AnswerOutcome::ToolCalls),
        (vec![hi(), whole_call()], json!("refusal"), AnswerOutcome::ToolCalls),
    ];
    for (blocks, reason, expected) in table {
        let (_, finished) = assemble_answer(&answer_events(&blocks, &reason)).unwrap();
        let Some(ChatEvent::Finished { outcome, message, usage }) = finished.events.last() else {
            panic!("no end");
        };
        assert_eq!(*outcome, expected, "{reason}: {blocks:?}");
        assert_eq!(
            *usage,
            Some(TokenUsage { input_tokens: 3, output_tokens: 2, cached_tokens: None })
        );
        let reasoning = message.reasoning.as_ref().map(|it| (it.text.as_str(), it.field.as_ref()));
        let has = blocks.first().is_some_and(|block| *block == thought());
        assert_eq!(reasoning, has.then_some(("hm", "thinking")));
    }
}

#[test]
fn a_call_that_may_be_cut_is_never_ready() {
    let two = || vec![call_events(0, &["{}"]), call_events(1, &["{\"a\":", "1}"])];
    let (one, other) = (Ok("{}".to_owned()), Ok("{\"a\":1}".to_owned()));
    let raw = Err("{\"a\":1}".to_owned());
    let table: Vec<(Vec<Vec<Value>>, Value, Vec<CallArguments>)> = vec![
        (two(), json!("tool_use"), vec![one.clone(), other.clone()]),
        (two(), json!("max_tokens"), vec![one.clone(), raw.clone()]),
        // The truncated part is the text after it.
        (
            [two(), vec![text_events(2, "so")]].concat(),
            json!("max_tokens"),
            vec![one.clone(), other.clone()],
        ),
        (two(), json!("refusal"), vec![Err("{}".to_owned()), raw]),
        (two(), json!("stop_sequence"), vec![one.clone(), other.clone()]),
        (vec![call_events(0, &[])], json!("tool_use"), vec![one]),
        (vec![call_events(0, &[])], json!("max_tokens"), vec![Err(String::new())]),
        (vec![call_events(0, &[])], json!("stop_sequence"), vec![Err(String::new())]),
        (vec![call_events(0, &[])], Value::Null, vec![Err(String::new())]),
        (vec![call_events(0, &["{\"a\""])], json!("tool_use"), vec![Err("{\"a\"".to_owned())]),
        (vec![call_events(0, &["[1]"])], json!("tool_use"), vec![Err("[1]".to_owned())]),
    ];
    for (blocks, reason, expected) in table {
        let (_, finished) = assemble_answer(&answer_events(&blocks, &reason)).unwrap();
        assert_eq!(call_arguments(&finished.events), expected, "{reason}: {blocks:?}");
    }
}

#[test]
fn a_stream_that_breaks_off_is_no_answer() {
    let events =
        answer_events(&[text_events(0, "hi"), call_events(1, &["{}"])], &json!("tool_use"));
    let whole = events.len() - 2;
    for end in 0..events.len() {
        let read = assemble_answer(&events[..=end]);
        // The stop reason is the last event that matters.
        assert_eq!(read.is_ok(), end >= whole, "after {end}");
        if let Err(incomplete) = read {
            assert_eq!(incomplete, IncompleteAnswer::Disconnected);
        }
    }
    assert_eq!(
        assemble_answer(&[json!({"type": "message_stop"})]).unwrap_err(),
        IncompleteAnswer::NoContent
    );
}

#[test]
fn arguments_that_come_whole_are_shown_as_a_piece() {
    let start = json!({"type": "tool_use", "id": "a", "name": "read", "input": {"b": 1}});
    let (pieces, finished) =
        assemble_answer(&answer_events(&[block_events(0, &start, &[])], &json!("tool_use")))
            .unwrap();
    assert_eq!(call_arguments(&finished.events), [Ok("{\"b\":1}".to_owned())]);
    let piece = |event: &ChatEvent| match event {
        ChatEvent::ToolCallDelta { arguments, .. } => arguments.clone(),
        _ => String::new(),
    };
    assert_eq!(pieces.iter().map(piece).collect::<String>(), "{\"b\":1}");
}

#[test]
fn counts_are_added_up_and_replaced_by_later_ones() {
    let start = json!({"type": "message_start", "message": {"usage": {
        "input_tokens": 10, "cache_read_input_tokens": 700, "cache_creation_input_tokens": 90,
        "output_tokens": 1,
    }}});
    let end = |usage: Value| json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage});
    let usage = |events: [Value; 2]| {
        let (_, finished) = assemble_answer(&events).unwrap();
        match finished.events.last() {
            Some(ChatEvent::Finished { usage, .. }) => *usage,
            other => panic!("{other:?}"),
        }
    };
    let expected =
        Some(TokenUsage { input_tokens: 800, output_tokens: 9, cached_tokens: Some(700) });
    assert_eq!(usage([start.clone(), end(json!({"output_tokens": 9}))]), expected);
    // vLLM reports cached tokens only at the end.
    let early = json!({"type": "message_start", "message": {"usage": {"input_tokens": 800}}});
    let late = json!({"input_tokens": 100, "cache_read_input_tokens": 700, "output_tokens": 9});
    assert_eq!(usage([early, end(late)]), expected);
    assert_eq!(usage([json!({"type": "ping"}), end(Value::Null)]), None);
}

#[test]
fn thoughts_are_kept_only_as_they_came() {
    let kept_thinking = |blocks: &[Vec<Value>], reason: &str| {
        assemble_answer(&answer_events(blocks, &json!(reason))).unwrap().1.thinking_blocks
    };
    let whole_call = || call_events(9, &["{}"]);
    let thought =
        ThinkingBlock::Thinking { thinking: "hm".to_owned(), signature: "sig".to_owned() };
    let hidden = ThinkingBlock::RedactedThinking { data: "xx".to_owned() };
    let both = [thinking_events(0, "hm", "sig"), redacted_events(1), whole_call()];
    assert_eq!(kept_thinking(&both, "tool_use"), Some(vec![thought, hidden]));
    assert_eq!(
        kept_thinking(&[thinking_events(0, "hm", ""), whole_call()], "tool_use"),
        None,
        "without a signature"
    );
    assert_eq!(
        kept_thinking(&[whole_call(), thinking_events(1, "hm", "sig")], "tool_use"),
        None,
        "behind a call"
    );
    assert_eq!(kept_thinking(&both, "max_tokens"), None, "with a broken call");
    assert_eq!(kept_thinking(&both[..2], "end_turn"), None, "without a call");
}

#[test]
fn blocks_of_text_are_apart() {
    let blocks = [
        text_events(0, "one"),
        call_events(1, &["{}"]),
        text_events(2, "two"),
        text_events(3, " three"),
    ];
    let (pieces, finished) = assemble_answer(&answer_events(&blocks, &json!("end_turn"))).unwrap();
    let Some(ChatEvent::Finished { message, .. }) = finished.events.last() else { panic!() };
    assert_eq!(message.text, "one\n\ntwo three");
    let streamed_text: String = pieces
        .iter()
        .filter_map(|event| match event {
            ChatEvent::TextDelta(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(streamed_text, message.text);
}

proptest! {
    /// Events in any order and shape cause no panic, and the answer is consistent.
    #[test]
    fn any_events_make_a_consistent_answer(
        picks in proptest::collection::vec((0_usize..12, 0_u32..3), 0..14),
        reason in proptest::option::of("(end_turn|tool_use|max_tokens|refusal|pause_turn)"),
    ) {
        let mut events = Vec::new();
        for (kind, index) in picks {
            events.extend(match kind {
                0 => text_events(index, "a"),
                1 => call_events(index, &["{", "}"]),
                2 => thinking_events(index, "b", "c"),
                3 => redacted_events(index),
                4 => call_events(index, &["{}"])[1..].to_vec(),
                5 => text_events(index, "d")[1..2].to_vec(),
                6 => thinking_events(index, "e", "f")[2..].to_vec(),
                7 => vec![json!({"type": "content_block_stop", "index": u32::MAX})],
                8 => vec![json!({"type": "content_block_start"})],
                9 => vec![json!({"type": "content_block_delta", "delta": {"text": "g"}})],
                10 => block_events(u32::MAX, &json!({"type": "tool_use", "input": "x"}), &[])[..1].to_vec(),
                _ => vec![json!({"type": "ping"})],
            });
        }
        let is_whole = reason.is_some();
        events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason}}));
        match assemble_answer(&events) {
            Err(_) => prop_assert!(!is_whole),
            Ok((_, finished)) => {
                let Some(ChatEvent::Finished { message, outcome, .. }) = finished.events.last()
                else { panic!("no end") };
                prop_assert_eq!(*outcome == AnswerOutcome::ToolCalls, !message.calls.is_empty());
            }
        }
    }
}
