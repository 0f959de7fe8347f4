//! Answers that are too large or have too many calls.

use openclaw_core::{ChatRequest, EmittedToolCall, ModelErrorKind};
use openclaw_mock_vllm::{Call, MockVllm, Turn};

use super::{ConformanceSubject, end_of, question};
use crate::client::{client, read};
use crate::raw_server::{RawServer, response};

/// A limit of one token leaves room for 1 MiB. Each answer here has 2 MiB in pieces, and no end.
pub(super) async fn an_answer_that_never_ends_is_ended(subject: ConformanceSubject) {
    for event in endless_events(subject.api) {
        let piece = "a ".repeat(32 * 1024);
        let body = format!("data: {}\n\n", event.replace("PIECE", &piece)).repeat(32);
        let reply = response("200 OK", "text/event-stream", &body);
        let server = RawServer::start(move |_| Some(reply.clone())).await;
        let model = subject.with(client(&server.base_url()), "tiny");
        let request = ChatRequest { max_output_tokens: Some(1), ..question() };
        let error = end_of(model.stream_chat(request).await).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::AnswerTooLarge, "{event}: {error}");
        assert!(error.to_string().contains("1048832 bytes"), "{event}: {error}");
    }
}

/// Events that a server may send without an end: text, reasoning, arguments, names, and such
/// without content.
fn endless_events(api: &str) -> &'static [&'static str] {
    match api {
        "responses" => &[
            r#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"PIECE"}"#,
            r#"{"type":"response.reasoning_text.delta","item_id":"r","output_index":0,"content_index":0,"delta":"PIECE"}"#,
            r#"{"type":"response.function_call_arguments.delta","item_id":"c","output_index":0,"delta":"PIECE"}"#,
            r#"{"type":"response.in_progress","response":{"id":"PIECE"}}"#,
        ],
        "messages" => &[
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"PIECE"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"PIECE"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"PIECE"}}"#,
            r#"{"type":"ping","note":"PIECE"}"#,
        ],
        _ => &[
            r#"{"choices":[{"index":0,"delta":{"content":"PIECE"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"reasoning":"PIECE"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"PIECE"}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"PIECE"}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"<tool_call>PIECE"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{}}],"note":"PIECE"}"#,
            r#"{"choices":[],"note":"PIECE"}"#,
        ],
    }
}

pub(super) async fn calls_beyond_the_limit_are_not_read(subject: ConformanceSubject) {
    let server = MockVllm::builder().start().await.unwrap();
    let model = subject.model(&server);
    let call = |n: usize| Call::new("read", format!(r#"{{"path":"{n}"}}"#));
    for (calls, limit, expected) in [(5, Some(3), 3), (5, Some(5), 5), (5, None, 5)] {
        server.push((0..calls).map(call).fold(Turn::empty(), Turn::then_call));
        let request = ChatRequest { max_tool_calls: limit, ..question() };
        let (_, end) = read(model.stream_chat(request).await.unwrap()).await;
        let (message, ..) = end.unwrap();
        assert_eq!(message.calls.len(), expected, "{limit:?}");
        let is_valid = |call: &EmittedToolCall| matches!(call, EmittedToolCall::Valid(_));
        assert!(message.calls.iter().all(is_valid), "{:?}", message.calls);
    }
}
