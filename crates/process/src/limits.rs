//! How much a command may take.

use std::time::Duration;

/// The bounds of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandLimits {
    /// The longest it may run; `None` sets no limit.
    pub time_limit: Option<Duration>,
    /// The most bytes of output kept: the first half and the last half of it. What comes between
    /// is counted and dropped.
    pub max_output_bytes: usize,
    /// How long its processes have to end after they were asked to (SIGTERM), before they are
    /// killed (SIGKILL). It comes on top of `time`.
    pub grace_period: Duration,
}
