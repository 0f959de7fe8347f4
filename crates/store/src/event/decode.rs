//! Decodes events from JSON that may be damaged or written by others.

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{
    AssistantMessage, ConversationSummary, EmittedToolCall, ImageContent, ImageFormat,
    InvalidToolCall, ReasoningContent, TokenUsage, ToolArguments, ToolCall, ToolCallId, ToolName,
    ToolOutput, ToolSpec,
};
use serde_json::{Map, Value};

use super::{LogEvent, RequestPrefix, RetractionReason, TurnRecord};

type JsonObject = Map<String, Value>;

/// Decodes an event; `Ok(None)` when its kind is unknown, e.g. from a newer version.
///
/// # Errors
/// When the JSON does not fit the kind; the error is the name of the wrong field, or `JSON`.
pub(crate) fn decode_event(kind: &str, json: &str) -> Result<Option<LogEvent>, &'static str> {
    let mut object: JsonObject = serde_json::from_str(json).map_err(|_| "JSON")?;
    let object = &mut object;
    Ok(Some(match kind {
        "user" => LogEvent::UserMessage(text_field(object, "text")?),
        "assistant" => LogEvent::AssistantMessage(decode_assistant_message(object)?),
        "intent" => LogEvent::CallIntent(id_field(object)?),
        "dispatched" => LogEvent::CallDispatched(id_field(object)?),
        "result" => LogEvent::CallResult(id_field(object)?, decode_output(object)?),
        "compacted" => LogEvent::Compacted {
            first_kept_seq: u64_field(object, "from")?,
            kept_steps: usize::try_from(u64_field(object, "keep")?).map_err(|_| "keep")?,
            summary: decode_summary(object)?,
        },
        "prefix" => LogEvent::RequestPrefix(decode_prefix(object)?),
        "turn" => LogEvent::TurnEnd(decode_turn(object)?),
        "undone" => {
            let name = text_field(object, "why")?;
            let why =
                RetractionReason::ALL.into_iter().find(|why| why.name() == name).ok_or("why")?;
            LogEvent::Retracted {
                first_seq: u64_field(object, "from")?,
                last_seq: u64_field(object, "to")?,
                reason: why,
            }
        }
        _ => return Ok(None),
    }))
}

fn text_field(object: &mut JsonObject, key: &'static str) -> Result<String, &'static str> {
    match object.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(key),
    }
}

fn optional_text_field(
    object: &mut JsonObject,
    key: &'static str,
) -> Result<Option<String>, &'static str> {
    if object.contains_key(key) { text_field(object, key).map(Some) } else { Ok(None) }
}

fn u64_field(object: &JsonObject, key: &'static str) -> Result<u64, &'static str> {
    object.get(key).and_then(Value::as_u64).ok_or(key)
}

fn token_count_field(object: &JsonObject, key: &'static str) -> Option<u32> {
    object.get(key).and_then(Value::as_u64).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

fn list_field(object: &mut JsonObject, key: &'static str) -> Result<Vec<Value>, &'static str> {
    match object.get_mut(key).map(Value::take) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(key),
    }
}

fn id_field(object: &mut JsonObject) -> Result<ToolCallId, &'static str> {
    ToolCallId::new(&text_field(object, "id")?).ok_or("id")
}

fn name_field(object: &mut JsonObject) -> Result<ToolName, &'static str> {
    ToolName::new(&text_field(object, "name")?).map_err(|_| "name")
}

fn decode_assistant_message(object: &mut JsonObject) -> Result<AssistantMessage, &'static str> {
    let reasoning = match object.get_mut("reasoning").map(Value::take) {
        None => None,
        Some(Value::Object(mut it)) => {
            let field = text_field(&mut it, "field")?.into();
            Some(ReasoningContent { text: text_field(&mut it, "text")?, field })
        }
        Some(_) => return Err("reasoning"),
    };
    let calls =
        list_field(object, "calls")?.into_iter().map(decode_call).collect::<Result<_, _>>()?;
    Ok(AssistantMessage { text: text_field(object, "text")?, reasoning, calls })
}

fn decode_call(value: Value) -> Result<EmittedToolCall, &'static str> {
    let Value::Object(mut object) = value else { return Err("calls") };
    let (id, name) = (id_field(&mut object)?, name_field(&mut object)?);
    Ok(match object.get_mut("arguments").map(Value::take) {
        Some(Value::Object(arguments)) => {
            EmittedToolCall::Valid(ToolCall { id, name, arguments: ToolArguments::from(arguments) })
        }
        Some(_) => return Err("arguments"),
        None => {
            let (raw, problem) =
                (text_field(&mut object, "raw")?, text_field(&mut object, "problem")?);
            EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem })
        }
    })
}

fn decode_output(object: &mut JsonObject) -> Result<ToolOutput, &'static str> {
    let images = list_field(object, "images")?;
    Ok(ToolOutput {
        text: text_field(object, "text")?,
        images: images.into_iter().map(decode_image).collect::<Result<_, _>>()?,
        is_error: object.get("error").and_then(Value::as_bool).unwrap_or(false),
        summary: optional_text_field(object, "summary")?,
        original_digest: object.get("digest").and_then(Value::as_u64),
    })
}

fn decode_image(value: Value) -> Result<ImageContent, &'static str> {
    let Value::Object(mut object) = value else { return Err("images") };
    let media_type = text_field(&mut object, "type")?;
    let format = ImageFormat::from_media_type(&media_type).ok_or("type")?;
    let base64 = text_field(&mut object, "data")?;
    let tokens = token_count_field(&object, "tokens").ok_or("tokens")?;
    Ok(ImageContent { tokens, ..ImageContent::new(format, base64, None) })
}

fn decode_summary(object: &mut JsonObject) -> Result<ConversationSummary, &'static str> {
    let line = |value| match value {
        Value::String(line) => Ok(line),
        _ => Err("ledger"),
    };
    Ok(ConversationSummary {
        ledger: list_field(object, "ledger")?.into_iter().map(line).collect::<Result<_, _>>()?,
        current_request: optional_text_field(object, "request")?,
        text: text_field(object, "text")?,
    })
}

fn decode_prefix(object: &mut JsonObject) -> Result<RequestPrefix, &'static str> {
    let tool = |value| {
        let Value::Object(mut object) = value else { return Err("tools") };
        let parameters = object.get_mut("parameters").map(Value::take).ok_or("parameters")?;
        let description = text_field(&mut object, "description")?;
        let (description, parameters) = (description.into(), Arc::new(parameters));
        Ok(ToolSpec { name: name_field(&mut object)?, description, parameters })
    };
    let tools = list_field(object, "tools")?.into_iter().map(tool).collect::<Result<_, _>>()?;
    Ok(RequestPrefix {
        system_prompt: optional_text_field(object, "system")?.map(Arc::from),
        tools,
    })
}

fn decode_turn(object: &mut JsonObject) -> Result<TurnRecord, &'static str> {
    Ok(TurnRecord {
        outcome: text_field(object, "outcome")?,
        model: optional_text_field(object, "model")?,
        usage: TokenUsage {
            input_tokens: token_count_field(object, "input").ok_or("input")?,
            output_tokens: token_count_field(object, "output").ok_or("output")?,
            cached_tokens: token_count_field(object, "cached"),
        },
        context_tokens: token_count_field(object, "context"),
        duration: Duration::from_millis(u64_field(object, "millis")?),
    })
}
