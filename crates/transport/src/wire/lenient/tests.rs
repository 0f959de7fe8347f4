//! Chunks with odd fields.

use serde_json::{Value, json};

use crate::wire::{ChatChunk, ChatDelta, ChatToolCallDelta, FunctionCallDelta, ModelList};

fn delta(value: &Value) -> ChatDelta {
    let chunk = json!({"choices": [{"index": 0, "delta": value}]});
    let chunk: ChatChunk = serde_json::from_str(&chunk.to_string()).unwrap();
    chunk.choices.into_iter().next().unwrap().delta
}

fn call(name: Option<&str>, arguments: Option<&str>) -> ChatToolCallDelta {
    let function = FunctionCallDelta {
        name: name.map(str::to_owned),
        arguments: arguments.map(str::to_owned),
    };
    ChatToolCallDelta { index: Some(0), id: None, function }
}

#[test]
fn content_and_reasoning_are_read_from_texts_and_parts() {
    let thought = json!([{"type": "text", "text": "hm"}]);
    let table = [
        (json!({"content": "a"}), ("a", "", "")),
        (json!({"content": ["a", {"type": "text", "text": "b"}, null, 1]}), ("ab", "", "")),
        (json!({"content": {"type": "output_text", "text": "a"}}), ("a", "", "")),
        (json!({"content": {"text": {"value": "a"}}}), ("a", "", "")),
        (json!({"content": [{"type": "thinking", "thinking": thought}]}), ("", "hm", "")),
        (json!({"content": [{"type": "reasoning", "summary": "hm"}, "a"]}), ("a", "hm", "")),
        (json!({"content": [{"type": "refusal", "refusal": "no"}]}), ("", "", "no")),
        (json!({"content": 4}), ("4", "", "")),
        (json!({"content": true, "refusal": {}}), ("", "", "")),
        (json!({"reasoning_content": {"text": "hm"}, "content": null}), ("", "hm", "")),
        (
            json!({"reasoning_content": ["h", {"type": "thinking", "thinking": "m"}]}),
            ("", "mh", ""),
        ),
        (json!({"reasoning_content": false, "content": "a"}), ("a", "", "")),
        (json!([{"content": "a"}]), ("a", "", "")),
    ];
    for (value, expected) in table {
        let delta = delta(&value);
        let texts = [delta.content, delta.reasoning_content, delta.refusal];
        let [text, reasoning, refusal] = texts.map(Option::unwrap_or_default);
        assert_eq!((text.as_str(), reasoning.as_str(), refusal.as_str()), expected, "{value}");
    }
}

#[test]
fn calls_are_read_from_every_container() {
    let whole = || vec![call(Some("read"), Some(r#"{"path":"a"}"#))];
    let table = [
        (
            json!([{"index": "0", "function": {"name": "read", "arguments": {"path": "a"}}}]),
            whole(),
        ),
        (
            json!({"index": 0.0, "function": {"name": "read", "arguments": r#"{"path":"a"}"#}}),
            whole(),
        ),
        (json!([null, {"index": 0, "name": "read", "arguments": {"path": "a"}}, "x"]), whole()),
        (json!([{"index": 0, "id": {}, "function": null}]), vec![call(None, None)]),
        (
            json!([{"index": 0, "function": {"name": 7, "arguments": [1]}}]),
            vec![call(Some("7"), Some("[1]"))],
        ),
        (
            json!([{"index": -1, "function": "read"}]),
            vec![ChatToolCallDelta { index: None, ..call(Some("read"), None) }],
        ),
        (json!("none"), vec![]),
        (json!(null), vec![]),
    ];
    for (value, expected) in table {
        assert_eq!(delta(&json!({"tool_calls": value})).tool_calls, expected, "{value}");
    }
    let legacy = delta(&json!({"function_call": {"name": "read", "arguments": {"path": "a"}}}));
    assert_eq!(legacy.tool_calls, whole());
}

#[test]
fn odd_choices_and_counts_fail_no_chunk() {
    let table = [
        (json!({"choices": {"index": "0", "delta": {"content": "a"}}}), (Some("a"), None, false)),
        (
            json!({"choices": [null, {"delta": {"content": "a"}, "finish_reason": 0}]}),
            (Some("a"), Some("0"), false),
        ),
        (json!({"choices": [{"text": "a", "finish_reason": ""}]}), (Some("a"), None, false)),
        (
            json!({"choices": [{"delta": null, "message": {"content": "a"}, "finish_reason": true}]}),
            (Some("a"), Some("true"), true),
        ),
        (
            json!({"choices": [{"delta": {"content": ""}, "message": {"content": "a"}, "finish_reason": false}]}),
            (Some("a"), None, true),
        ),
        (json!({"choices": [{"delta": "a"}]}), (Some("a"), None, false)),
        (json!({"choices": ["a"]}), (Some("a"), None, false)),
        (json!({"choices": {"0": {"delta": {"content": "a"}}}}), (Some("a"), None, false)),
        (json!({"choices": "[{\"delta\": {\"content\": \"a\"}}]"}), (Some("a"), None, false)),
        (
            json!({"choices": [{"message": "a", "finishReason": {"type": "STOP"}}]}),
            (Some("a"), Some("STOP"), true),
        ),
        (
            json!({"choices": [{"delta": {"content": "a", "finish_reason": "stop"}}]}),
            (Some("a"), Some("stop"), false),
        ),
        (
            json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "None", "stop_reason": ["end_turn"]}]}),
            (Some("a"), Some("end_turn"), false),
        ),
    ];
    for (value, expected) in table {
        let chunk: ChatChunk = serde_json::from_str(&value.to_string()).unwrap();
        let choice = chunk.choices.first().unwrap();
        let found = (
            choice.delta.content.as_deref(),
            choice.finish_reason.as_deref(),
            choice.is_whole_message,
        );
        assert_eq!(found, expected, "{value}");
    }
    for (usage, expected) in [
        (json!({"prompt_tokens": 12.0, "completion_tokens": "5"}), Some((12, 5))),
        (json!({"prompt_tokens": " 7.0 ", "completion_tokens": -5}), Some((7, 0))),
        (json!({"prompt_tokens": 1e30, "completion_tokens": 1.5}), Some((0, 0))),
        (
            json!({"prompt_tokens": [1], "completion_tokens": {"a": 1}, "total_tokens": false}),
            Some((0, 0)),
        ),
        (json!("n/a"), None),
        (json!(7), None),
        (json!([]), None),
    ] {
        let chunk: ChatChunk = serde_json::from_value(json!({"usage": usage})).unwrap();
        let counts = chunk.usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens));
        assert_eq!(counts, expected, "{usage}");
    }
}

#[test]
fn a_list_of_models_is_read_in_any_container() {
    let card = json!({"id": "m", "max_model_len": "x", "owned_by": {}});
    for (list, expected) in [
        (json!({"data": [card]}), vec!["m"]),
        (json!({"models": [card, {"id": null}, {}]}), vec!["m"]),
        (json!([card, "n", null, 4]), vec!["m", "n"]),
        (json!({"data": {"id": 7}}), vec!["7"]),
        (json!({"data": "m"}), vec![]),
        (json!({"data": null}), vec![]),
        (json!(null), vec![]),
        (json!("m"), vec![]),
    ] {
        let models: ModelList = serde_json::from_value(list.clone()).unwrap();
        let ids: Vec<&str> = models.data.iter().map(|card| card.id.as_str()).collect();
        assert_eq!(ids, expected, "{list}");
    }
}
