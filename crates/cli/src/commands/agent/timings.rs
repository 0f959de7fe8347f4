//! Durations of the parts of a turn.

use std::time::Duration;

use openclaw_runtime::{TurnEvent, TurnReport};
use serde_json::{Value, json};

use super::events::{answer_outcome_name, whole_millis};
use crate::commands::infer::usage_json;

/// Collects the durations of the finished model calls and tool calls, in order.
#[derive(Debug, Default)]
pub(crate) struct TurnTimings {
    model_calls: Vec<Value>,
    tool_calls: Vec<Value>,
}

impl TurnTimings {
    /// Records an event.
    pub(crate) fn record_event(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::ModelCallFinished {
                number,
                usage,
                outcome,
                duration,
                first_token_after,
            } => self.model_calls.push(json!({
                "number": number,
                "outcome": answer_outcome_name(*outcome),
                "usage": usage.map(usage_json),
                "durationMs": whole_millis(*duration),
                "firstTokenMs": first_token_after.map(whole_millis),
            })),
            TurnEvent::ToolFinished { id, name, is_error, duration, .. } => {
                self.tool_calls.push(json!({
                    "id": id.to_string(),
                    "name": name.as_str(),
                    "isError": is_error,
                    "durationMs": whole_millis(*duration),
                }));
            }
            _ => {}
        }
    }

    /// Returns `connectMs`, `totalMs`, `firstTokenMs`, `modelCalls` and `tools`. `connect_duration`
    /// is the time until the turn could begin.
    pub(crate) fn to_json(&self, connect_duration: Duration, report: &TurnReport) -> Value {
        json!({
            "connectMs": whole_millis(connect_duration),
            "totalMs": whole_millis(report.duration),
            "firstTokenMs": report.first_token_after.map(whole_millis),
            "modelCalls": self.model_calls,
            "tools": self.tool_calls,
        })
    }
}
