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

/// The open files that a server can need.
#[cfg(unix)]
const SERVER_OPEN_FILES: u64 = 8192;

/// Raises the number of files and connections that this program may have open, as far as its user may.
#[cfg(unix)]
pub fn raise_open_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(SERVER_OPEN_FILES, |maximum| maximum.min(SERVER_OPEN_FILES));
    if current.is_some_and(|current| current < wanted) {
        // With fewer the program serves fewer clients.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub fn raise_open_file_limit() {}
