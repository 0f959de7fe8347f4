//! Runs one command from start to end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    CapturedOutput, CommandHandle, CommandLimits, CommandSpec, PipelineSpec, ProcessError,
    command_control,
};

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandResult {
    /// How it ended.
    pub end: CommandEnd,
    /// Its output, cut to the limit.
    pub output: CapturedOutput,
    /// How long it took, including the end of its whole tree.
    pub duration: Duration,
    /// The processes of its tree that could not be ended, because they may not be signalled or the
    /// kernel holds them. Nearly always none.
    pub survivors: Vec<SurvivingProcess>,
}

/// A process that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SurvivingProcess {
    /// Its process id.
    pub pid: i32,
    /// The name of its program, at most 15 bytes.
    pub name: String,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandEnd {
    /// It exited with this code.
    Exited(i32),
    /// It was ended by this signal, which this crate did not send.
    Signalled(i32),
    /// It was ended through its [`CommandControl`](crate::CommandControl).
    Stopped,
    /// It was ended because it reached this time limit.
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

/// Runs a command to its end, and ends every process that it started.
///
/// `on_output` gets all output as it arrives, including what is not kept; it must not block.
///
/// When the command exits, the processes that it left running get SIGTERM, and SIGKILL after
/// [`CommandLimits::grace_period`]. Output is read until at most half a second after the end of the
/// tree, so a stray process that holds a pipe open cannot block the call.
///
/// Dropping the future kills the whole tree without grace before the drop returns. That blocks the
/// thread for a few milliseconds (at most half a second).
///
/// # Errors
/// When the command cannot be started or watched; nothing is left running then.
pub async fn run(
    spec: CommandSpec,
    limits: CommandLimits,
    on_output: impl FnMut(OutputStream, &[u8]),
) -> Result<CommandResult, ProcessError> {
    run_pipeline(spec.into(), limits, on_output).await
}

/// Runs the commands of a pipeline at once to their ends, as [`run`] does with one. The end is that
/// of the last command, when all have ended.
///
/// # Errors
/// When a command cannot be started or watched; nothing is left running then.
pub async fn run_pipeline(
    spec: PipelineSpec,
    limits: CommandLimits,
    on_output: impl FnMut(OutputStream, &[u8]),
) -> Result<CommandResult, ProcessError> {
    let (control, mut handle) = command_control();
    control.close_input();
    run_controlled(spec, limits, &mut handle, on_output).await
}

/// Runs the commands of a pipeline as [`run_pipeline`] does, under the control of the other end of
/// `handle`.
///
/// # Errors
/// When a command cannot be started or watched; nothing is left running then.
pub async fn run_controlled(
    spec: PipelineSpec,
    limits: CommandLimits,
    handle: &mut CommandHandle,
    on_output: impl FnMut(OutputStream, &[u8]),
) -> Result<CommandResult, ProcessError> {
    #[cfg(target_os = "linux")]
    {
        crate::linux::run(spec, limits, handle, on_output).await
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (limits, handle, on_output);
        Err(ProcessError::unsupported(first_program(&spec)))
    }
}

/// The name of the first program, for errors.
pub(crate) fn first_program(spec: &PipelineSpec) -> &std::ffi::OsStr {
    spec.stages.first().map_or_else(Default::default, |stage| stage.program.as_os_str())
}
