//! A log entry of a session for programs.

use openclaw_core::{AssistantMessage, EmittedToolCall};
use openclaw_protocol::parts::whole_millis;
use openclaw_protocol::results::sessions::{
    CallReport, EntryContent, EntryReport, InvalidCall, ValidCall,
};
use openclaw_runtime::{LogContent, LogEntry, TurnRecord};

/// Reports a log entry.
pub(super) fn report_entry(entry: &LogEntry) -> EntryReport {
    let content = match &entry.content {
        LogContent::UserMessage(text) => EntryContent::User { text: text.clone() },
        LogContent::AssistantMessage(message) => report_message(message),
        LogContent::CallDispatched(id) => EntryContent::CallStarted { id: id.as_str().to_owned() },
        LogContent::CallResult(id, output) => EntryContent::Result {
            id: id.as_str().to_owned(),
            text: output.text.clone(),
            is_error: output.is_error,
            summary: output.summary.clone(),
        },
        LogContent::Compacted { kept_steps, summary } => EntryContent::Compaction {
            kept_steps: *kept_steps,
            summary: summary.text.clone(),
            ledger: summary.ledger.clone(),
            current_request: summary.current_request.clone(),
        },
        LogContent::TurnEnd(turn) => report_turn_end(turn),
        _ => EntryContent::Unreadable,
    };
    EntryReport { number: entry.seq, at: entry.recorded_at, active: entry.is_active, content }
}

fn report_message(message: &AssistantMessage) -> EntryContent {
    let calls = message.calls.iter().map(|call| match call {
        EmittedToolCall::Valid(call) => CallReport::Valid(ValidCall {
            id: call.id.as_str().to_owned(),
            name: call.name.as_str().to_owned(),
            arguments: call.arguments.to_value(),
        }),
        EmittedToolCall::Invalid(call) => CallReport::Invalid(InvalidCall {
            id: call.id.as_str().to_owned(),
            name: call.name.as_str().to_owned(),
            raw_arguments: call.raw_arguments.clone(),
            problem: call.problem.clone(),
        }),
    });
    EntryContent::Assistant {
        text: message.text.clone(),
        reasoning: message.reasoning.as_ref().map(|reasoning| reasoning.text.clone()),
        calls: calls.collect(),
    }
}

fn report_turn_end(turn: &TurnRecord) -> EntryContent {
    EntryContent::TurnEnd {
        outcome: turn.outcome.clone(),
        model: turn.model.clone(),
        input_tokens: turn.usage.input_tokens,
        output_tokens: turn.usage.output_tokens,
        cached_tokens: turn.usage.cached_tokens,
        total_tokens: turn.context_tokens,
        duration_ms: whole_millis(turn.duration),
    }
}
