//! An event of a session for programs.

use openclaw_core::{AssistantMessage, EmittedCall};
use openclaw_runtime::{LogContent, LogEntry, TurnRecord};
use serde_json::{Value, json};

/// The event as one object: `number`, `at`, `counts`, `type`, and what its type has.
pub(super) fn to_json(entry: &LogEntry) -> Value {
    let mut value = json!({ "number": entry.number, "at": entry.at, "counts": entry.counts });
    let content = match &entry.content {
        LogContent::User(text) => json!({ "type": "user", "text": text }),
        LogContent::Assistant(message) => assistant(message),
        LogContent::Dispatched(id) => json!({ "type": "callStarted", "id": id.as_str() }),
        LogContent::Result(id, output) => json!({
            "type": "result",
            "id": id.as_str(),
            "text": output.text,
            "isError": output.is_error,
            "summary": output.summary,
        }),
        LogContent::Compacted { keep, summary } => json!({
            "type": "compaction",
            "kept": keep,
            "summary": summary.text,
            "ledger": summary.ledger,
            "request": summary.request,
        }),
        LogContent::Turn(turn) => turn_end(turn),
        _ => json!({ "type": "unreadable" }),
    };
    if let (Some(value), Value::Object(content)) = (value.as_object_mut(), content) {
        value.extend(content);
    }
    value
}

fn assistant(message: &AssistantMessage) -> Value {
    let calls = message.calls.iter().map(|call| match call {
        EmittedCall::Ready(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "arguments": call.arguments.to_value(),
        }),
        EmittedCall::Broken(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "raw": call.raw,
            "problem": call.problem,
        }),
    });
    json!({
        "type": "assistant",
        "text": message.text,
        "reasoning": message.reasoning.as_ref().map(|reasoning| &reasoning.text),
        "calls": calls.collect::<Vec<_>>(),
    })
}

fn turn_end(turn: &TurnRecord) -> Value {
    let millis = u64::try_from(turn.duration.as_millis()).unwrap_or(u64::MAX);
    json!({
        "type": "turnEnd",
        "outcome": turn.outcome,
        "model": turn.model,
        "inputTokens": turn.usage.input,
        "outputTokens": turn.usage.output,
        "cachedTokens": turn.usage.cached,
        "totalTokens": turn.context,
        "durationMs": millis,
    })
}
