//! The limits of a turn.

use std::time::Duration;

use openclaw_core::TimeLimit;

use crate::{CompactionLimits, RepetitionLimit};

/// How long a tool may run on after its timeout, which it knows, before it is dropped. A command
/// that is being killed can still return its output.
pub const TOOL_GRACE: Duration = Duration::from_secs(5);

/// The limits of one turn. There are no defaults: the caller sets each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnLimits {
    /// The longest a turn may take, including waits for approvals; `None`: no limit.
    pub turn_timeout: Option<TimeLimit>,
    /// The most model calls.
    pub max_model_calls: u32,
    /// The most tool calls, including refused ones.
    pub max_tool_calls: u32,
    /// The longest one tool call may take; `None`: no limit.
    pub tool_timeout: Option<Duration>,
    /// How many tools run in parallel, if they allow it; 0 means 1.
    pub max_parallel_tools: usize,
    /// The most bytes of one tool's output that the model is shown, even if more would fit.
    pub max_tool_output_bytes: usize,
    /// The most output tokens of one answer; `None` uses the model's own limit.
    pub max_output_tokens: Option<u32>,
    /// How much of a message may repeat itself before the turn is stopped; `None`: any amount.
    pub repetition: Option<RepetitionLimit>,
    /// How a conversation that no longer fits is compacted; `None` never compacts.
    pub compaction: Option<CompactionLimits>,
}

impl TurnLimits {
    /// Limits on the number of calls only: no timeouts, one tool at a time, and as much of each
    /// output as fits the context window.
    #[must_use]
    pub fn with_call_limits(max_model_calls: u32, max_tool_calls: u32) -> Self {
        Self {
            turn_timeout: None,
            max_model_calls,
            max_tool_calls,
            tool_timeout: None,
            max_parallel_tools: 1,
            max_tool_output_bytes: usize::MAX,
            max_output_tokens: None,
            repetition: None,
            compaction: None,
        }
    }
}

/// Formats a duration exactly, e.g. `600 s` or `0.25 s`.
pub(crate) fn format_seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
