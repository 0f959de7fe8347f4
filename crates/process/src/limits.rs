//! The limits of a command.

use std::time::Duration;

/// The limits of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandLimits {
    /// The longest it may run; `None` for no limit.
    pub time_limit: Option<Duration>,
    /// The most bytes of output kept: the first half and the last half. The middle is dropped and
    /// its bytes are counted.
    pub max_output_bytes: usize,
    /// How long its processes have to end after SIGTERM before they get SIGKILL. Added to
    /// `time_limit`.
    pub grace_period: Duration,
}
