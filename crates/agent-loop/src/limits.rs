//! What ends a turn that does not end by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a tool has to end after the tool clock, which it was told of, before it is dropped.
/// A command that is being killed can still hand over what it wrote.
pub const TOOL_GRACE: Duration = Duration::from_secs(5);

/// The limits of one turn. There are no defaults: the caller decides each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnLimits {
    /// The longest a turn may take, waiting for approvals included; `None`: as long as it takes.
    pub time: Option<Limit>,
    /// The most requests to the model.
    pub model_calls: u32,
    /// The most tool calls, refused ones included.
    pub tool_calls: u32,
    /// The tool clock: the longest one call may take; `None`: as long as the tool takes.
    pub tool_time: Option<Duration>,
    /// The most tokens of one answer; `None` leaves it to the model's own limit.
    pub max_output_tokens: Option<u32>,
}

/// A duration, and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// How long.
    pub duration: Duration,
    /// Where it comes from, e.g. `agents.defaults.timeoutSeconds`.
    pub source: Arc<str>,
}

/// Writes e.g. `600 s, from agents.defaults.timeoutSeconds`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}", seconds(self.duration), self.source)
    }
}

/// Writes a duration exactly, e.g. `600 s` or `0.25 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
