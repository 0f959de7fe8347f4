//! Durations of the parts of a turn.

use std::time::Duration;

use openclaw_agent_loop::{TurnEvent, TurnReport};
use openclaw_protocol::parts::whole_millis;
use openclaw_protocol::results::agent::{ModelCallTiming, ToolCallTiming, TurnTimingReport};

/// Collects the durations of the finished model calls and tool calls, in order.
#[derive(Debug, Default)]
pub struct TurnTimings {
    model_calls: Vec<ModelCallTiming>,
    tool_calls: Vec<ToolCallTiming>,
}

impl TurnTimings {
    /// Records an event.
    pub fn record_event(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::ModelCallFinished {
                number,
                usage,
                outcome,
                duration,
                first_token_after,
            } => self.model_calls.push(ModelCallTiming {
                number: *number,
                outcome: (*outcome).into(),
                usage: usage.map(Into::into),
                duration_ms: whole_millis(*duration),
                first_token_ms: first_token_after.map(whole_millis),
            }),
            TurnEvent::ToolFinished { id, name, is_error, duration, .. } => {
                self.tool_calls.push(ToolCallTiming {
                    id: id.to_string(),
                    name: name.as_str().to_owned(),
                    is_error: *is_error,
                    duration_ms: whole_millis(*duration),
                });
            }
            _ => {}
        }
    }

    /// Returns the durations. `connect_duration` is the time until the turn could begin.
    #[must_use]
    pub fn to_report(&self, connect_duration: Duration, report: &TurnReport) -> TurnTimingReport {
        TurnTimingReport {
            connect_ms: whole_millis(connect_duration),
            total_ms: whole_millis(report.duration),
            first_token_ms: report.first_token_after.map(whole_millis),
            model_calls: self.model_calls.clone(),
            tools: self.tool_calls.clone(),
        }
    }
}
