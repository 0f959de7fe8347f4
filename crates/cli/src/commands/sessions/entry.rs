//! A log entry of a session as JSON.

use openclaw_core::{AssistantMessage, EmittedToolCall};
use openclaw_runtime::{LogContent, LogEntry, TurnRecord};
use serde_json::{Value, json};

/// The event as one object: `number`, `at`, `active`, `type`, and what its type has.
pub(super) fn entry_json(entry: &LogEntry) -> Value {
    let mut value =
        json!({ "number": entry.seq, "at": entry.recorded_at, "active": entry.is_active });
    let content = match &entry.content {
        LogContent::UserMessage(text) => json!({ "type": "user", "text": text }),
        LogContent::AssistantMessage(message) => assistant_json(message),
        LogContent::CallDispatched(id) => json!({ "type": "callStarted", "id": id.as_str() }),
        LogContent::CallResult(id, output) => json!({
            "type": "result",
            "id": id.as_str(),
            "text": output.text,
            "isError": output.is_error,
            "summary": output.summary,
        }),
        LogContent::Compacted { kept_steps, summary } => json!({
            "type": "compaction",
            "keptSteps": kept_steps,
            "summary": summary.text,
            "ledger": summary.ledger,
            "currentRequest": summary.current_request,
        }),
        LogContent::TurnEnd(turn) => turn_end_json(turn),
        _ => json!({ "type": "unreadable" }),
    };
    if let (Some(value), Value::Object(content)) = (value.as_object_mut(), content) {
        value.extend(content);
    }
    value
}

fn assistant_json(message: &AssistantMessage) -> Value {
    let calls = message.calls.iter().map(|call| match call {
        EmittedToolCall::Valid(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "arguments": call.arguments.to_value(),
        }),
        EmittedToolCall::Invalid(call) => json!({
            "id": call.id.as_str(),
            "name": call.name.as_str(),
            "rawArguments": call.raw_arguments,
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

fn turn_end_json(turn: &TurnRecord) -> Value {
    let millis = u64::try_from(turn.duration.as_millis()).unwrap_or(u64::MAX);
    json!({
        "type": "turnEnd",
        "outcome": turn.outcome,
        "model": turn.model,
        "inputTokens": turn.usage.input_tokens,
        "outputTokens": turn.usage.output_tokens,
        "cachedTokens": turn.usage.cached_tokens,
        "totalTokens": turn.context_tokens,
        "durationMs": millis,
    })
}
