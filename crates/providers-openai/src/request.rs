//! Writes a request as every compatible server reads it.
//!
//! The fields are an allow-list. What stays the same over a conversation comes first, so that a
//! request is a byte prefix of the next one as far as the conversation is. Text is always a plain
//! string, never a list of parts; nothing empty and nothing `null` is sent. Reasoning goes back the
//! way it came: in its field, or between its tags before the text.

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, MessageRef, Reasoning, ToolCall, ToolChoice};
use openclaw_transport::wire;

use crate::thinking;

/// The body of `POST …/chat/completions`, streaming, with usage asked for.
#[must_use]
pub fn body(model: &str, request: &ChatRequest, max_tokens: Option<u32>) -> Bytes {
    let tools = tools(request);
    let tool_choice = match &request.tool_choice {
        ToolChoice::Named(name) if tools.is_some() => {
            Some(wire::ToolChoice::Function(Cow::Borrowed(name.as_str())))
        }
        _ => None,
    };
    let body = wire::ChatRequest {
        model: Cow::Borrowed(model),
        stream: true,
        stream_options: Some(wire::StreamOptions { include_usage: true }),
        max_tokens,
        tools,
        tool_choice,
        messages: messages(request),
    };
    // Serialising strings, numbers and JSON values cannot fail.
    serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
}

/// The messages of a request: the system prompt, if any, and what was said.
#[must_use]
pub fn messages(request: &ChatRequest) -> Vec<wire::Message<'_>> {
    let system = request.system.as_deref().filter(|text| !text.is_empty());
    let system = system.map(|text| wire::Message::System { content: Cow::Borrowed(text) });
    system.into_iter().chain(request.history.messages().map(message)).collect()
}

/// The tools of a request; `None` when there are none, because servers refuse an empty list.
#[must_use]
pub fn tools(request: &ChatRequest) -> Option<Vec<wire::Tool<'_>>> {
    let tools = request.tools.iter().map(|tool| wire::Tool {
        kind: wire::CallKind::Function,
        function: wire::Function {
            name: Cow::Borrowed(tool.name.as_str()),
            description: Some(Cow::Borrowed(&tool.description)),
            parameters: Some(Cow::Borrowed(&tool.parameters)),
            strict: None,
        },
    });
    (!request.tools.is_empty()).then(|| tools.collect())
}

fn message(message: MessageRef<'_>) -> wire::Message<'_> {
    match message {
        MessageRef::User(content) => wire::Message::User { content },
        MessageRef::Assistant { text, reasoning, calls } => {
            let (content, reasoning) = match reasoning.map(|r| (r, thinking::close_of(r.field))) {
                Some((Reasoning { text: thought, field: open }, Some(close))) => {
                    let thought = thought.trim();
                    (Cow::Owned(format!("{open}\n{thought}\n{close}\n\n{text}")), None)
                }
                _ => (Cow::Borrowed(text), reasoning),
            };
            let thought = reasoning.map(|thought| Cow::Borrowed(thought.text.as_str()));
            let old_field = reasoning.is_some_and(|thought| thought.field == "reasoning_content");
            let (reasoning, reasoning_content) =
                if old_field { (None, thought) } else { (thought, None) };
            wire::Message::Assistant {
                content: (!content.is_empty()).then_some(content),
                reasoning,
                reasoning_content,
                tool_calls: calls.into_iter().map(tool_call).collect(),
            }
        }
        MessageRef::ToolResult { call, text } => wire::Message::Tool {
            tool_call_id: Cow::Borrowed(call.id.as_str()),
            content: Cow::Borrowed(text),
        },
    }
}

fn tool_call(call: &ToolCall) -> wire::ToolCall<'_> {
    wire::ToolCall {
        id: Cow::Borrowed(call.id.as_str()),
        kind: wire::CallKind::Function,
        function: wire::FunctionCall {
            name: Cow::Borrowed(call.name.as_str()),
            arguments: Cow::Owned(call.arguments.to_json()),
        },
    }
}
