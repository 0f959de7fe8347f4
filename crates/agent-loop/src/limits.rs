//! What ends a turn that does not end by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::CompactionLimits;

/// How long a tool has to end after the tool clock, which it was told of, before it is dropped.
/// A command that is being killed can still hand over what it wrote.
pub const TOOL_GRACE: Duration = Duration::from_secs(5);

/// The limits of one turn. There are no defaults: the caller decides each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnLimits {
    /// The longest a turn may take, waiting for approvals included; `None`: as long as it takes.
    pub turn_timeout: Option<ConfiguredTimeout>,
    /// The most requests to the model.
    pub max_model_calls: u32,
    /// The most tool calls, refused ones included.
    pub max_tool_calls: u32,
    /// The tool clock: the longest one call may take; `None`: as long as the tool takes.
    pub tool_timeout: Option<Duration>,
    /// How many tools that allow it run at the same time; 0 is as good as 1.
    pub max_parallel_tools: usize,
    /// The most bytes of one tool's output that the model is shown, however much room there is.
    pub max_tool_output_bytes: usize,
    /// The most tokens of one answer; `None` leaves it to the model's own limit.
    pub max_output_tokens: Option<u32>,
    /// How a conversation is made to fit that no longer does; `None` leaves it as it is.
    pub compaction: Option<CompactionLimits>,
}

impl TurnLimits {
    /// Limits on the number of calls alone: no clocks, one tool at a time, and of each output as
    /// much as the window has room for.
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
            compaction: None,
        }
    }
}

/// A duration, and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredTimeout {
    /// How long.
    pub duration: Duration,
    /// Where it comes from, e.g. `agents.defaults.timeoutSeconds`.
    pub source: Arc<str>,
}

/// Writes e.g. `600 s, from agents.defaults.timeoutSeconds`.
impl fmt::Display for ConfiguredTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}", format_seconds(self.duration), self.source)
    }
}

/// Writes a duration exactly, e.g. `600 s` or `0.25 s`.
pub(crate) fn format_seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
