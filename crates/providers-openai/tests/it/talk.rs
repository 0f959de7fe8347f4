//! Conversations to send.

use std::sync::Arc;

use openclaw_core::{
    AssistantMessage, ChatRequest, EmittedToolCall, History, InvalidToolCall, ReasoningContent,
    ToolArguments, ToolCall, ToolCallId, ToolName, ToolOutput, ToolSpec,
};
use serde_json::json;

pub(crate) fn request(history: &History) -> ChatRequest {
    ChatRequest::new(history.clone())
}

/// A conversation with one question.
pub(crate) fn asked(text: &str) -> History {
    let mut history = History::new();
    history.push_user_message(text);
    history
}

pub(crate) fn says(text: &str) -> AssistantMessage {
    AssistantMessage { text: text.to_owned(), ..AssistantMessage::default() }
}

pub(crate) fn thinks(thought: &str, field: &'static str, text: &str) -> AssistantMessage {
    let reasoning = Some(ReasoningContent { text: thought.to_owned(), field: field.into() });
    AssistantMessage { reasoning, ..says(text) }
}

pub(crate) fn calls(calls: impl IntoIterator<Item = EmittedToolCall>) -> AssistantMessage {
    AssistantMessage { calls: calls.into_iter().collect(), ..AssistantMessage::default() }
}

pub(crate) fn ready(id: &str, name: &str, arguments: &str) -> EmittedToolCall {
    EmittedToolCall::Valid(ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new(name).unwrap(),
        arguments: ToolArguments::parse_json(arguments).unwrap(),
    })
}

pub(crate) fn broken(id: &str, name: &str, raw: &str) -> EmittedToolCall {
    EmittedToolCall::Invalid(InvalidToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new(name).unwrap(),
        raw_arguments: raw.to_owned(),
        problem: "Its arguments are not valid JSON.".to_owned(),
    })
}

pub(crate) fn resolve(history: &mut History, id: &str, output: &str) {
    history.resolve_call(&ToolCallId::new(id).unwrap(), ToolOutput::from_text(output)).unwrap();
}

pub(crate) fn read_tool() -> ToolSpec {
    ToolSpec {
        name: ToolName::new("read").unwrap(),
        description: "Reads a file.".into(),
        parameters: Arc::new(json!({
            "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]
        })),
    }
}

/// A suffix of a single request.
pub(crate) const TAIL: &str = "[now]";

/// A request's body without the end of its last list and the fields behind it.
pub(crate) fn prompt_of(body: &str) -> &str {
    let by_fields = body.rsplit_once(r#"],"stream":true"#).map(|(prompt, _)| prompt);
    by_fields.or_else(|| body.strip_suffix("]}")).unwrap()
}

/// A body up to its suffix, which is the end of the user's message or, after a tool result, a
/// message of its own.
#[track_caller]
pub(crate) fn before_tail(body: &str) -> &str {
    let before = prompt_of(body).strip_suffix(&format!("{TAIL}\"}}"));
    let before = before.unwrap_or_else(|| panic!("no tail: {body}"));
    let alone =
        [r#",{"role":"user","content":""#, r#",{"type":"message","role":"user","content":""#];
    let mut alone = alone.into_iter().filter_map(|start| before.strip_suffix(start));
    alone.next().or_else(|| before.strip_suffix(r"\n\n")).unwrap()
}
