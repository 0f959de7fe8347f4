//! An event out of JSON that anybody may have written.

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{
    Arguments, AssistantMessage, BrokenCall, EmittedCall, Reasoning, Summary, ToolCall, ToolCallId,
    ToolName, ToolOutput, ToolSpec, Usage,
};
use serde_json::{Map, Value};

use super::{Event, Prefix, TurnRecord, Why, reasoning::field};

type Object = Map<String, Value>;

/// Reads an event. `Ok(None)` is one of a kind that is not known here, which a newer version may
/// have written.
///
/// # Errors
/// When the JSON is not what an event of its kind has; the field that is wrong, or `JSON`.
pub(crate) fn decode(kind: &str, json: &str) -> Result<Option<Event>, &'static str> {
    let mut object: Object = serde_json::from_str(json).map_err(|_| "JSON")?;
    let object = &mut object;
    Ok(Some(match kind {
        "user" => Event::User(text(object, "text")?),
        "assistant" => Event::Assistant(assistant(object)?),
        "intent" => Event::Intent(id(object)?),
        "dispatched" => Event::Dispatched(id(object)?),
        "result" => Event::Result(id(object)?, output(object)?),
        "compacted" => Event::Compacted {
            from: number(object, "from")?,
            keep: usize::try_from(number(object, "keep")?).map_err(|_| "keep")?,
            summary: summary(object)?,
        },
        "prefix" => Event::Prefix(prefix(object)?),
        "turn" => Event::Turn(turn(object)?),
        "undone" => {
            let name = text(object, "why")?;
            let why = Why::ALL.into_iter().find(|why| why.name() == name).ok_or("why")?;
            Event::Undone { from: number(object, "from")?, to: number(object, "to")?, why }
        }
        _ => return Ok(None),
    }))
}

fn text(object: &mut Object, key: &'static str) -> Result<String, &'static str> {
    match object.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(key),
    }
}

fn maybe_text(object: &mut Object, key: &'static str) -> Result<Option<String>, &'static str> {
    if object.contains_key(key) { text(object, key).map(Some) } else { Ok(None) }
}

fn number(object: &Object, key: &'static str) -> Result<u64, &'static str> {
    object.get(key).and_then(Value::as_u64).ok_or(key)
}

fn tokens(object: &Object, key: &'static str) -> Option<u32> {
    object.get(key).and_then(Value::as_u64).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

fn list(object: &mut Object, key: &'static str) -> Result<Vec<Value>, &'static str> {
    match object.get_mut(key).map(Value::take) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(key),
    }
}

fn id(object: &mut Object) -> Result<ToolCallId, &'static str> {
    ToolCallId::new(&text(object, "id")?).ok_or("id")
}

fn name(object: &mut Object) -> Result<ToolName, &'static str> {
    ToolName::new(&text(object, "name")?).map_err(|_| "name")
}

fn assistant(object: &mut Object) -> Result<AssistantMessage, &'static str> {
    let reasoning = match object.get_mut("reasoning").map(Value::take) {
        None => None,
        Some(Value::Object(mut it)) => {
            let field = field(&text(&mut it, "field")?);
            Some(Reasoning { text: text(&mut it, "text")?, field })
        }
        Some(_) => return Err("reasoning"),
    };
    let calls = list(object, "calls")?.into_iter().map(call).collect::<Result<_, _>>()?;
    Ok(AssistantMessage { text: text(object, "text")?, reasoning, calls })
}

fn call(value: Value) -> Result<EmittedCall, &'static str> {
    let Value::Object(mut object) = value else { return Err("calls") };
    let (id, name) = (id(&mut object)?, name(&mut object)?);
    Ok(match object.get_mut("arguments").map(Value::take) {
        Some(Value::Object(arguments)) => {
            EmittedCall::Ready(ToolCall { id, name, arguments: Arguments::from(arguments) })
        }
        Some(_) => return Err("arguments"),
        None => {
            let (raw, problem) = (text(&mut object, "raw")?, text(&mut object, "problem")?);
            EmittedCall::Broken(BrokenCall { id, name, raw, problem })
        }
    })
}

fn output(object: &mut Object) -> Result<ToolOutput, &'static str> {
    Ok(ToolOutput {
        text: text(object, "text")?,
        is_error: object.get("error").and_then(Value::as_bool).unwrap_or(false),
        summary: maybe_text(object, "summary")?,
        digest: object.get("digest").and_then(Value::as_u64),
    })
}

fn summary(object: &mut Object) -> Result<Summary, &'static str> {
    let line = |value| match value {
        Value::String(line) => Ok(line),
        _ => Err("ledger"),
    };
    Ok(Summary {
        ledger: list(object, "ledger")?.into_iter().map(line).collect::<Result<_, _>>()?,
        request: maybe_text(object, "request")?,
        text: text(object, "text")?,
    })
}

fn prefix(object: &mut Object) -> Result<Prefix, &'static str> {
    let tool = |value| {
        let Value::Object(mut object) = value else { return Err("tools") };
        let parameters = object.get_mut("parameters").map(Value::take).ok_or("parameters")?;
        let description = text(&mut object, "description")?;
        let (description, parameters) = (description.into(), Arc::new(parameters));
        Ok(ToolSpec { name: name(&mut object)?, description, parameters })
    };
    let tools = list(object, "tools")?.into_iter().map(tool).collect::<Result<_, _>>()?;
    Ok(Prefix { system: maybe_text(object, "system")?.map(Arc::from), tools })
}

fn turn(object: &mut Object) -> Result<TurnRecord, &'static str> {
    Ok(TurnRecord {
        outcome: text(object, "outcome")?,
        model: maybe_text(object, "model")?,
        usage: Usage {
            input: tokens(object, "input").ok_or("input")?,
            output: tokens(object, "output").ok_or("output")?,
            cached: tokens(object, "cached"),
        },
        context: tokens(object, "context"),
        duration: Duration::from_millis(number(object, "millis")?),
    })
}
