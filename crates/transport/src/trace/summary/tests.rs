//! What is read from exchanges of both APIs.

use serde_json::json;

use super::*;
use crate::trace::{TracedBody, TracedEvent, TracedRequest, TracedResponse};

fn record(events: &[Value]) -> TraceRecord {
    let request = TracedRequest {
        at: 0,
        attempt: 1,
        streams: true,
        method: "POST".into(),
        url: "http://h/v1/chat/completions".to_owned(),
        headers: Vec::new(),
        variables: Vec::new(),
        body: Some(TracedBody::new(br#"{"model":"tiny","messages":[]}"#, 30, 0, 100)),
    };
    let mut record = TraceRecord::new(1, request);
    for (n, event) in (0_u32..).zip(events) {
        record.events.push(TracedEvent { ms: f64::from(n), data: Some(event.to_string()) });
    }
    record
}

fn refused(status: u16, body: &str) -> TraceRecord {
    let size = u64::try_from(body.len()).unwrap();
    TraceRecord {
        response: Some(TracedResponse { ms: 1.0, connect_ms: None, status, headers: Vec::new() }),
        body: Some(TracedBody::new(body.as_bytes(), size, 0, 1000)),
        ..record(&[])
    }
}

#[test]
fn a_chat_completion_is_put_together() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let call = |index: u32, function: Value| {
        delta(json!({"tool_calls": [{"index": index, "function": function}]}))
    };
    let record = record(&[
        delta(json!({"role": "assistant", "content": ""})),
        delta(json!({"reasoning": "hm"})),
        delta(json!({"content": "he"})),
        delta(json!({"content": "llo"})),
        call(0, json!({"name": "read", "arguments": "{\"p\":"})),
        call(1, json!({"name": "exec", "arguments": "{}"})),
        call(0, json!({"arguments": "1}"})),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}),
    ]);
    let answer = record.summarize_answer();
    assert_eq!((&*answer.text, &*answer.reasoning), ("hello", "hm"));
    let calls: Vec<_> = answer.calls.iter().map(|call| (&*call.name, &*call.arguments)).collect();
    assert_eq!(calls, [("read", "{\"p\":1}"), ("exec", "{}")]);
    assert_eq!((answer.finish_reason.as_deref(), answer.usage), (Some("tool_calls"), Some((7, 3))));
    assert_eq!(
        (record.model_name().as_deref(), record.first_token_ms()),
        (Some("tiny"), Some(1.0))
    );
}

#[test]
fn a_response_is_put_together() {
    let record = record(&[
        json!({"type": "response.created", "response": {"status": "in_progress"}}),
        json!({"type": "response.reasoning_text.delta", "delta": "hm"}),
        json!({"type": "response.output_text.delta", "delta": "hel"}),
        json!({"type": "response.output_text.delta", "delta": "lo"}),
        json!({"type": "response.output_item.added", "output_index": 2,
            "item": {"type": "function_call", "name": "read", "arguments": ""}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{}"}),
        json!({"type": "response.completed", "response": {"status": "completed",
            "usage": {"input_tokens": 7, "output_tokens": 3}}}),
    ]);
    let answer = record.summarize_answer();
    assert_eq!((&*answer.text, &*answer.reasoning), ("hello", "hm"));
    assert_eq!((&*answer.calls[0].name, &*answer.calls[0].arguments), ("read", "{}"));
    assert_eq!((answer.finish_reason.as_deref(), answer.usage), (Some("completed"), Some((7, 3))));
    assert_eq!(record.first_token_ms(), Some(1.0));
}

#[test]
fn what_a_server_says_against_it_is_found() {
    let answer =
        refused(400, r#"{"error": {"message": "too long", "code": 400}}"#).summarize_answer();
    assert_eq!(answer.error.unwrap().message, "too long");
    assert_eq!(
        refused(404, r#"{"detail": "Not Found"}"#).summarize_answer().error.unwrap().message,
        "Not Found"
    );
    assert_eq!(refused(500, "it broke").summarize_answer().error.unwrap().message, "it broke");
    assert_eq!(refused(200, r#"{"object": "list", "data": []}"#).summarize_answer().error, None);
    let whole = refused(200, r#"{"choices": [{"message": {"content": "hi"}}]}"#).summarize_answer();
    assert_eq!(whole.text, "hi");
    let in_band = record(&[json!({"error": {"message": "dead"}})]);
    assert_eq!(in_band.summarize_answer().error.unwrap().message, "dead");
}
