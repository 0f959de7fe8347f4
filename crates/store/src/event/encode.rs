//! Encodes events as JSON.

use openclaw_core::{AssistantMessage, EmittedToolCall, ImageContent, ToolOutput};
use serde_json::{Map, Value, json};

use super::{LogEvent, RequestPrefix, TurnRecord};

impl LogEvent {
    /// The JSON object of the event, without its kind.
    pub(crate) fn to_json(&self) -> String {
        let value = match self {
            Self::UserMessage(text) => json!({ "text": text }),
            Self::AssistantMessage(message) => encode_assistant_message(message),
            Self::CallIntent(id) | Self::CallDispatched(id) => json!({ "id": id.as_str() }),
            Self::CallResult(id, output) => encode_result(id.as_str(), output),
            Self::Compacted { first_kept_seq: from, kept_steps: keep, summary } => {
                let mut value = json!({
                    "from": from,
                    "keep": keep,
                    "text": summary.text,
                    "ledger": summary.ledger,
                });
                insert_optional(&mut value, "request", summary.current_request.as_deref());
                value
            }
            Self::RequestPrefix(prefix) => self::encode_prefix(prefix),
            Self::TurnEnd(turn) => self::encode_turn(turn),
            Self::Retracted { first_seq: from, last_seq: to, reason: why } => {
                json!({ "from": from, "to": to, "why": why.name() })
            }
        };
        value.to_string()
    }
}

fn encode_assistant_message(message: &AssistantMessage) -> Value {
    let mut value = json!({ "text": message.text });
    let reasoning = message.reasoning.as_ref();
    let reasoning = reasoning.map(|it| json!({ "text": it.text, "field": it.field }));
    insert_optional(&mut value, "reasoning", reasoning);
    let calls: Vec<Value> = message.calls.iter().map(encode_call).collect();
    insert_optional(&mut value, "calls", (!calls.is_empty()).then_some(calls));
    value
}

fn encode_call(call: &EmittedToolCall) -> Value {
    match call {
        EmittedToolCall::Valid(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "arguments": call.arguments.as_map(),
        }),
        EmittedToolCall::Invalid(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "raw": call.raw_arguments,
            "problem": call.problem,
        }),
    }
}

fn encode_result(id: &str, output: &ToolOutput) -> Value {
    let mut value = json!({ "id": id, "text": output.text });
    let image = |image: &ImageContent| {
        json!({
            "type": image.format.media_type(),
            "tokens": image.tokens,
            "data": &*image.base64,
        })
    };
    let images: Vec<Value> = output.images.iter().map(image).collect();
    insert_optional(&mut value, "images", (!images.is_empty()).then_some(images));
    insert_optional(&mut value, "error", output.is_error.then_some(true));
    insert_optional(&mut value, "summary", output.summary.as_deref());
    insert_optional(&mut value, "digest", output.original_digest);
    value
}

fn encode_prefix(prefix: &RequestPrefix) -> Value {
    let tools = prefix.tools.iter().map(|tool| {
        json!({
            "name": tool.name.as_str(),
            "description": &*tool.description,
            "parameters": &*tool.parameters,
        })
    });
    let mut value = json!({ "tools": tools.collect::<Vec<_>>() });
    insert_optional(&mut value, "system", prefix.system_prompt.as_deref());
    value
}

fn encode_turn(turn: &TurnRecord) -> Value {
    let mut value = json!({
        "outcome": turn.outcome,
        "input": turn.usage.input_tokens,
        "output": turn.usage.output_tokens,
        "millis": u64::try_from(turn.duration.as_millis()).unwrap_or(u64::MAX),
    });
    insert_optional(&mut value, "cached", turn.usage.cached_tokens);
    insert_optional(&mut value, "model", turn.model.as_deref());
    insert_optional(&mut value, "context", turn.context_tokens);
    value
}

/// Adds a field if it has a value.
fn insert_optional(value: &mut Value, key: &str, field: Option<impl Into<Value>>) {
    let object: Option<&mut Map<String, Value>> = value.as_object_mut();
    if let Some((object, field)) = object.zip(field) {
        object.insert(key.to_owned(), field.into());
    }
}
