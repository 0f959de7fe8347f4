//! Known differences between servers, one row each: overflow errors, streams, tool calls and
//! reasoning.
//!
//! Each row is an answer, byte for byte as a server sends it, and its result.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod overflows;
#[cfg(test)]
mod streams;

use openclaw_core::{ChatModel, ChatRequest, EmittedToolCall, ToolChoice, ToolName};
use openclaw_mock_vllm::MockVllm;
use openclaw_providers_openai::OpenAiModel;
use openclaw_test_support::client::{End, client, info, read};
use openclaw_test_support::raw_server::{RawServer, response};

use crate::talk::{asked, read_tool, request};

const WIDE: u32 = 1_000_000;

/// The data of a stream's events.
type Events = &'static [&'static str];

/// A row: its name, the server's stream, and the result.
type Row = (&'static str, Events, &'static str);

fn with_tool() -> ChatRequest {
    ChatRequest { tools: [read_tool()].into(), ..request(&asked("hi")) }
}

fn sse(events: &[&str]) -> String {
    events.iter().map(|event| ["data: ", event, "\n\n"].concat()).collect()
}

async fn ask(body: String, request: ChatRequest) -> End {
    let server =
        RawServer::start(move |_| Some(response("200 OK", "text/event-stream", &body))).await;
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", WIDE));
    match model.stream_chat(request).await {
        Ok(stream) => read(stream).await.1,
        Err(error) => Err(error),
    }
}

/// An end in one line: the outcome, reasoning in parentheses, text, usable calls with `+` and
/// invalid ones with `-`, and tokens in brackets; or the kind of failure and its text.
fn shown(end: &End) -> String {
    let (message, outcome, usage) = match end {
        Ok(end) => end,
        Err(error) => return format!("{}: {error}", error.kind().name()),
    };
    let mut parts = vec![format!("{outcome:?}")];
    parts.extend(message.reasoning.iter().map(|it| format!("({} {})", it.field, it.text)));
    parts.extend(Some(message.text.clone()).filter(|text| !text.is_empty()));
    parts.extend(message.calls.iter().map(|call| match call {
        EmittedToolCall::Valid(call) => {
            format!("+{} {}{}", call.id, call.name, call.arguments.to_json())
        }
        EmittedToolCall::Invalid(call) => {
            format!("-{} {}{}", call.id, call.name, call.raw_arguments)
        }
    }));
    parts.extend(usage.map(|usage| format!("[{}+{}]", usage.input_tokens, usage.output_tokens)));
    parts.join(" ")
}

async fn go_down(rows: &[Row]) {
    for (name, events, expected) in rows {
        let end = ask(sse(events), with_tool()).await;
        assert_eq!(shown(&end), *expected, "{name}");
    }
}

const ROLE: &str = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;
const TEXT: &str = r#"{"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":null}]}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const CALLS: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
const LENGTH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#;
const DONE: &str = "[DONE]";

#[tokio::test]
async fn what_old_servers_refuse_is_in_no_request() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", WIDE));
    let mut request = request(&asked("hi"));
    request.system_prompt = Some("Be brief.".into());
    request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
    read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
    let seen = server.requests().remove(0);
    let body = seen.json();
    for field in ["tools", "tool_choice", "store", "parallel_tool_calls", "temperature", "top_p"] {
        assert!(body.get(field).is_none(), "{field}");
    }
    let messages = body["messages"].as_array().unwrap();
    assert!(messages.iter().all(|message| message["content"].is_string()), "no list of parts");
    let roles: Vec<_> = messages.iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["system", "user"], "no developer, one system message, and it is first");
    assert!(!String::from_utf8_lossy(&seen.body).contains("null"));
    assert_eq!(seen.header("authorization"), None, "no key, no header");
}
