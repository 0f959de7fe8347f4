//! Requests as they are written, answers as servers write them.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;

fn request(messages: Vec<ChatMessage<'_>>) -> ChatCompletionRequest<'_> {
    ChatCompletionRequest {
        model: "tiny".into(),
        stream: true,
        stream_options: Some(StreamOptions { include_usage: true }),
        max_tokens: Some(64),
        max_completion_tokens: None,
        tools: None,
        tool_choice: None,
        store: None,
        prompt_cache_key: None,
        messages,
    }
}

fn user(text: &str) -> ChatMessage<'_> {
    ChatMessage::User { content: text.into() }
}

#[test]
fn a_request_leaves_out_what_is_absent() {
    let mut request = request(vec![user("hi")]);
    request.stream_options = None;
    request.max_tokens = None;
    request.tools = Some(Vec::new());
    assert_eq!(
        serde_json::to_string(&request).unwrap(),
        r#"{"model":"tiny","stream":true,"messages":[{"role":"user","content":"hi"}]}"#
    );
}

#[test]
fn a_request_has_its_fields_in_a_fixed_order() {
    let schema = json!({"type": "object"});
    let call = ChatToolCall {
        id: "c1".into(),
        kind: CallKind::Function,
        function: FunctionCall { name: "run".into(), arguments: r#"{"a":1}"#.into() },
    };
    let assistant = |reasoning: Option<&'static str>, calls| ChatMessage::Assistant {
        content: None,
        reasoning: reasoning.map(Cow::from),
        reasoning_content: None,
        tool_calls: calls,
    };
    let mut request = request(vec![
        ChatMessage::System { content: "be".into() },
        user("go"),
        assistant(Some("hm"), vec![call]),
        ChatMessage::Tool { tool_call_id: "c1".into(), name: None, content: "ok".into() },
        assistant(None, Vec::new()),
    ]);
    request.tools = Some(vec![ChatTool {
        kind: CallKind::Function,
        function: FunctionSpec {
            name: "run".into(),
            description: Some("runs".into()),
            parameters: Some(Cow::Borrowed(&schema)),
            strict: None,
        },
    }]);
    request.tool_choice = Some(ChatToolChoice::Function("run".into()));
    let expected = concat!(
        r#"{"model":"tiny","stream":true,"stream_options":{"include_usage":true},"max_tokens":64,"#,
        r#""tools":[{"type":"function","function":{"name":"run","description":"runs","parameters":{"type":"object"}}}],"#,
        r#""tool_choice":{"type":"function","function":{"name":"run"}},"messages":["#,
        r#"{"role":"system","content":"be"},{"role":"user","content":"go"},"#,
        r#"{"role":"assistant","reasoning":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"run","arguments":"{\"a\":1}"}}]},"#,
        r#"{"role":"tool","tool_call_id":"c1","content":"ok"},{"role":"assistant"}]}"#,
    );
    assert_eq!(serde_json::to_string(&request).unwrap(), expected);
    for (choice, text) in [
        (ChatToolChoice::Auto, "auto"),
        (ChatToolChoice::None, "none"),
        (ChatToolChoice::Required, "required"),
    ] {
        assert_eq!(serde_json::to_value(&choice).unwrap(), text);
    }
}

#[test]
fn a_request_begins_with_the_bytes_of_the_one_before() {
    let before = serde_json::to_string(&request(vec![user("a"), user("b")])).unwrap();
    let after = serde_json::to_string(&request(vec![user("a"), user("b"), user("c")])).unwrap();
    assert!(after.starts_with(before.strip_suffix("]}").unwrap()));
}

/// The data events of a recording, without its end mark.
fn chunks(recording: &str) -> Vec<ChatChunk> {
    let events = recording.lines().filter_map(|line| line.strip_prefix("data: "));
    events
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn joined(chunks: &[ChatChunk], part: impl Fn(&ChatDelta) -> Option<String>) -> String {
    chunks
        .iter()
        .flat_map(|chunk| &chunk.choices)
        .filter_map(|choice| part(&choice.delta))
        .collect()
}

#[test]
fn a_recorded_text_is_read_with_its_usage() {
    let chunks = chunks(include_str!("../../tests/fixtures/text.sse"));
    assert_eq!(
        joined(&chunks, |delta| delta.content.clone()),
        " authorsSE copyright Foundationict called"
    );
    let (usage, pieces) = chunks.split_last().unwrap();
    assert!(usage.choices.is_empty());
    let usage = usage.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (29, 6, 35));
    assert_eq!(usage.prompt_tokens_details.unwrap().cached_tokens, Some(0));
    let last = pieces.last().unwrap().choices.first().unwrap();
    assert_eq!(last.finish_reason.as_deref(), Some("length"));
}

#[test]
fn recorded_calls_are_read_piece_by_piece() {
    let chunks = chunks(include_str!("../../tests/fixtures/tool-calls.sse"));
    let deltas = || chunks.iter().flat_map(|c| &c.choices).flat_map(|c| &c.delta.tool_calls);
    for index in [0, 1] {
        let pieces: Vec<_> = deltas().filter(|delta| delta.index == Some(index)).collect();
        let (first, rest) = pieces.split_first().unwrap();
        assert!(first.id.as_deref().unwrap().starts_with("chatcmpl-tool-"));
        assert!(first.function.name.is_some() && first.function.arguments.is_none());
        assert!(rest.iter().all(|delta| delta.id.is_none() && delta.function.name.is_none()));
        let text: String = rest.iter().filter_map(|d| d.function.arguments.clone()).collect();
        assert!(serde_json::from_str::<Value>(&text).unwrap().is_object(), "{text}");
    }
}

#[test]
fn recorded_reasoning_and_errors_are_read() {
    let reasoning = chunks(include_str!("../../tests/fixtures/reasoning.sse"));
    assert!(!joined(&reasoning, |delta| delta.reasoning.clone()).is_empty());
    let killed = chunks(include_str!("../../tests/fixtures/engine-killed.sse"));
    let error = killed.last().unwrap().error.as_ref().unwrap();
    assert_eq!(error.get("code"), Some(&json!(500)));
}

#[test]
fn an_answer_that_was_not_streamed_is_read_as_one_piece() {
    let whole: ChatChunk =
        serde_json::from_str(include_str!("../../tests/fixtures/whole.json")).unwrap();
    let choice = whole.choices.first().unwrap();
    assert!(choice.delta.content.as_deref().unwrap().ends_with("example prin"));
    assert_eq!(choice.finish_reason.as_deref(), Some("length"));
    assert_eq!(whole.usage.unwrap().total_tokens, 41);
}

#[test]
fn null_is_the_same_as_absent_everywhere() {
    let call = json!({"index": null, "id": null, "function": null});
    let table = [
        (json!({}), ChatChunk::default()),
        (
            json!({"id": null, "model": null, "choices": null, "usage": null, "error": null}),
            ChatChunk::default(),
        ),
        (
            json!({"choices": [{"index": null, "delta": null, "finish_reason": null}, {}]}),
            ChatChunk { choices: vec![ChunkChoice::default(); 2], ..ChatChunk::default() },
        ),
        (
            json!({"choices": [{"delta": {"content": null, "reasoning": null, "reasoning_content": null, "refusal": null, "tool_calls": null}}]}),
            ChatChunk { choices: vec![ChunkChoice::default()], ..ChatChunk::default() },
        ),
        (
            json!({"usage": {"prompt_tokens": null, "completion_tokens": null, "total_tokens": null, "prompt_tokens_details": null}}),
            ChatChunk { usage: Some(ChatUsage::default()), ..ChatChunk::default() },
        ),
    ];
    for (text, chunk) in table {
        assert_eq!(serde_json::from_value::<ChatChunk>(text).unwrap(), chunk);
    }
    assert_eq!(
        serde_json::from_value::<ChatToolCallDelta>(call).unwrap(),
        ChatToolCallDelta::default()
    );
    assert_eq!(serde_json::from_str::<ModelList>(r#"{"data":null}"#).unwrap().data, []);
}

#[test]
fn a_recorded_model_list_is_read() {
    let list: ModelList =
        serde_json::from_str(include_str!("../../tests/fixtures/models.json")).unwrap();
    let [card] = &list.data[..] else { panic!("not one model") };
    assert_eq!((card.id.as_str(), card.max_model_len), ("tiny", Some(4096)));
    assert_eq!((card.owned_by.as_deref(), card.parent.as_deref()), (Some("vllm"), None));
}
