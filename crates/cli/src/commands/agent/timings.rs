//! How long the parts of a turn took.

use std::time::Duration;

use openclaw_runtime::{TurnEvent, TurnReport};
use serde_json::{Value, json};

use super::events::{millis, outcome_name};
use crate::commands::infer::usage_json;

/// The model calls and tool calls of a turn that came to an end, in that order.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    model_calls: Vec<Value>,
    tools: Vec<Value>,
}

impl Timings {
    /// Takes an event.
    pub(crate) fn take(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::ModelCallFinished {
                number,
                usage,
                outcome,
                duration,
                first_token_after,
            } => self.model_calls.push(json!({
                "number": number,
                "outcome": outcome_name(*outcome),
                "usage": usage.map(usage_json),
                "durationMs": millis(*duration),
                "firstTokenMs": first_token_after.map(millis),
            })),
            TurnEvent::ToolFinished { id, name, is_error, duration, .. } => {
                self.tools.push(json!({
                    "id": id.to_string(),
                    "name": name.as_str(),
                    "isError": is_error,
                    "durationMs": millis(*duration),
                }));
            }
            _ => {}
        }
    }

    /// All of them: `connectMs`, `totalMs`, `firstTokenMs`, `modelCalls`, `tools`. `connected` is
    /// how long it took until the turn could begin.
    pub(crate) fn json(&self, connected: Duration, report: &TurnReport) -> Value {
        json!({
            "connectMs": millis(connected),
            "totalMs": millis(report.duration),
            "firstTokenMs": report.first_token_after.map(millis),
            "modelCalls": self.model_calls,
            "tools": self.tools,
        })
    }
}
