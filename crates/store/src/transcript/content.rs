//! Parses the contents of a transcript's messages.

use openclaw_core::{
    AssistantMessage, EmittedToolCall, InvalidToolCall, ReasoningContent, TokenUsage,
    ToolArguments, ToolCall, ToolCallId, ToolName,
};
use serde_json::Value;

/// The text of a content: a string, or the text parts of a list. Images become a placeholder.
pub(super) fn content_text(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let parts = parts.iter().filter_map(|part| match kind(part) {
                Some("text") => Some(part.get("text")?.as_str()?),
                Some("image") => Some("[image, not taken over]"),
                _ => None,
            });
            parts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// Parses a message of the model; empty when nothing of it is usable.
pub(super) fn parse_assistant_message(content: Option<&Value>) -> AssistantMessage {
    let mut message = AssistantMessage::from_text(content_text(content));
    let Some(Value::Array(parts)) = content else { return message };
    let thoughts = parts.iter().filter(|part| kind(part) == Some("thinking"));
    let thoughts = thoughts.filter_map(|part| part.get("thinking")?.as_str());
    let thoughts: Vec<&str> = thoughts.filter(|text| !text.is_empty()).collect();
    if !thoughts.is_empty() {
        let text = thoughts.join("\n\n");
        message.reasoning = Some(ReasoningContent { text, field: "reasoning".into() });
    }
    let calls = parts.iter().filter(|part| kind(part) == Some("toolCall"));
    message.calls = calls.enumerate().map(|(index, part)| parse_call(index, part)).collect();
    message
}

/// The id of a call, valid or invalid.
pub(super) fn call_id(call: &EmittedToolCall) -> ToolCallId {
    match call {
        EmittedToolCall::Valid(call) => call.id.clone(),
        EmittedToolCall::Invalid(call) => call.id.clone(),
    }
}

fn parse_call(index: usize, part: &Value) -> EmittedToolCall {
    let text = |key| part.get(key).and_then(Value::as_str);
    let id = text("id").and_then(ToolCallId::new);
    let id = id.unwrap_or_else(|| ToolCallId::from_number(index));
    let name = ToolName::from_model(text("name").unwrap_or_default());
    let arguments = match part.get("arguments") {
        Some(Value::Object(arguments)) => Ok(ToolArguments::from(arguments.clone())),
        None | Some(Value::Null) => Ok(ToolArguments::default()),
        Some(Value::String(text)) => ToolArguments::parse_json(text).map_err(|_| text.clone()),
        Some(other) => Err(other.to_string()),
    };
    match arguments {
        Ok(arguments) => EmittedToolCall::Valid(ToolCall { id, name, arguments }),
        Err(raw) => EmittedToolCall::Invalid(InvalidToolCall {
            id,
            name,
            raw_arguments: raw,
            problem: "The arguments are not a JSON object.".to_owned(),
        }),
    }
}

/// The token usage of a message, and the tokens in the context window after it.
pub(super) fn parse_usage(message: &Value) -> Option<(TokenUsage, u32)> {
    let usage = message.get("usage")?;
    let count = |key| {
        let count = usage.get(key).and_then(Value::as_u64)?;
        Some(u32::try_from(count).unwrap_or(u32::MAX))
    };
    let cached = count("cacheRead");
    let parts = [count("input"), cached, count("cacheWrite")];
    let input = parts.into_iter().flatten().fold(0, u32::saturating_add);
    let output = count("output").unwrap_or(0);
    let usage = TokenUsage { input_tokens: input, output_tokens: output, cached_tokens: cached };
    Some((usage, input.saturating_add(output)))
}

fn kind(part: &Value) -> Option<&str> {
    part.get("type").and_then(Value::as_str)
}
