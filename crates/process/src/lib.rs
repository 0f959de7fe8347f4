#![doc = include_str!("../README.md")]

mod capture;
mod command;
mod control;
mod environment;
mod error;
mod limits;
mod run;
pub mod sandbox;
mod supervisor;

#[cfg(target_os = "linux")]
mod linux;

pub use capture::{CapturedOutput, OutputCapture};
pub use command::{
    CommandSpec, PipelineSpec, PipelineStage, StdinSource, StreamRedirection, WorkDir,
};
pub use control::{CommandControl, CommandHandle, InputError, command_control};
pub use environment::{MARKER_VARIABLE, base_environment};
pub use error::{ProcessError, ProcessErrorKind};
pub use limits::{CommandLimits, raise_open_file_limit};
pub use run::{
    CommandEnd, CommandResult, OutputStream, SurvivingProcess, run, run_controlled, run_pipeline,
};
pub use supervisor::{
    SUPERVISOR_ARGUMENT, SupervisorProgram, hide_from_other_processes, run_requested_supervisor,
    run_supervisor,
};
