//! Running one command from start to end.

use std::time::Duration;

use crate::{CapturedOutput, CommandLimits, CommandSpec, ProcessError};

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// How it ended.
    pub end: CommandEnd,
    /// What it printed, within the bound.
    pub output: CapturedOutput,
    /// How long it took, the end of its whole tree included.
    pub duration: Duration,
    /// How many processes of its tree could not be ended, because they may not be signalled or
    /// the kernel does not let go of them. Nearly always 0.
    pub survivors: usize,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEnd {
    /// It ended by itself with this code.
    Exited(i32),
    /// It was ended by this signal, which was not sent from here.
    Signalled(i32),
    /// It was ended because it ran longer than this, its limit.
    TimedOut(Duration),
}

/// One of a command's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Runs a command to its end and ends everything that it started.
///
/// `on_output` gets each piece of output as it comes, before and beyond what is kept; it must
/// not block.
///
/// When the command itself ends, what it left running is ended too: asked, and killed after
/// [`Bounds::grace`]. Output is read all the while, and at most half a second longer than the
/// tree lives, so a stray process that holds a pipe open cannot make the call hang.
///
/// Dropping the future kills the whole tree without grace, before the drop returns; that takes
/// a few milliseconds of the calling thread (at most half a second).
///
/// # Errors
/// When the command cannot be started or watched; nothing is left running then.
pub async fn run(
    spec: CommandSpec,
    limits: CommandLimits,
    on_output: impl FnMut(OutputStream, &[u8]),
) -> Result<CommandResult, ProcessError> {
    #[cfg(target_os = "linux")]
    {
        crate::linux::run(spec, limits, on_output).await
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (bounds, on_output);
        Err(ProcessError::unsupported(&spec.program))
    }
}
