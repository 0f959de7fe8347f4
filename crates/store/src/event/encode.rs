//! An event as JSON.

use openclaw_core::{AssistantMessage, EmittedCall, ToolOutput};
use serde_json::{Map, Value, json};

use super::{Event, Prefix, TurnRecord};

impl Event {
    /// The JSON object of the event, without its kind.
    pub(crate) fn to_json(&self) -> String {
        let value = match self {
            Self::User(text) => json!({ "text": text }),
            Self::Assistant(message) => assistant(message),
            Self::Intent(id) | Self::Dispatched(id) => json!({ "id": id.as_str() }),
            Self::Result(id, output) => result(id.as_str(), output),
            Self::Compacted { from, keep, summary } => {
                let mut value = json!({
                    "from": from,
                    "keep": keep,
                    "text": summary.text,
                    "ledger": summary.ledger,
                });
                put(&mut value, "request", summary.request.as_deref());
                value
            }
            Self::Prefix(prefix) => self::prefix(prefix),
            Self::Turn(turn) => self::turn(turn),
            Self::Undone { from, to, why } => json!({ "from": from, "to": to, "why": why.name() }),
        };
        value.to_string()
    }
}

fn assistant(message: &AssistantMessage) -> Value {
    let mut value = json!({ "text": message.text });
    let reasoning = message.reasoning.as_ref();
    let reasoning = reasoning.map(|it| json!({ "text": it.text, "field": it.field }));
    put(&mut value, "reasoning", reasoning);
    let calls: Vec<Value> = message.calls.iter().map(call).collect();
    put(&mut value, "calls", (!calls.is_empty()).then_some(calls));
    value
}

fn call(call: &EmittedCall) -> Value {
    match call {
        EmittedCall::Ready(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "arguments": call.arguments.as_map(),
        }),
        EmittedCall::Broken(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "raw": call.raw,
            "problem": call.problem,
        }),
    }
}

fn result(id: &str, output: &ToolOutput) -> Value {
    let mut value = json!({ "id": id, "text": output.text });
    put(&mut value, "error", output.is_error.then_some(true));
    put(&mut value, "summary", output.summary.as_deref());
    put(&mut value, "digest", output.digest);
    value
}

fn prefix(prefix: &Prefix) -> Value {
    let tools = prefix.tools.iter().map(|tool| {
        json!({
            "name": tool.name.as_str(),
            "description": &*tool.description,
            "parameters": &*tool.parameters,
        })
    });
    let mut value = json!({ "tools": tools.collect::<Vec<_>>() });
    put(&mut value, "system", prefix.system.as_deref());
    value
}

fn turn(turn: &TurnRecord) -> Value {
    let mut value = json!({
        "outcome": turn.outcome,
        "input": turn.usage.input,
        "output": turn.usage.output,
        "millis": u64::try_from(turn.duration.as_millis()).unwrap_or(u64::MAX),
    });
    put(&mut value, "cached", turn.usage.cached);
    put(&mut value, "model", turn.model.as_deref());
    put(&mut value, "context", turn.context);
    value
}

/// Adds a field that not every event of the kind has.
fn put(value: &mut Value, key: &str, field: Option<impl Into<Value>>) {
    let object: Option<&mut Map<String, Value>> = value.as_object_mut();
    if let Some((object, field)) = object.zip(field) {
        object.insert(key.to_owned(), field.into());
    }
}
