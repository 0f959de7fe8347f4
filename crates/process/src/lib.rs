#![doc = include_str!("../README.md")]

mod capture;
mod command;
mod environment;
mod error;
mod limits;
mod run;
pub mod sandbox;

#[cfg(target_os = "linux")]
mod linux;

pub use capture::CapturedOutput;
pub use command::{
    CommandSpec, PipelineSpec, PipelineStage, StdinSource, StreamRedirection, WorkDir,
};
pub use environment::{MARKER_VARIABLE, base_environment};
pub use error::{ProcessError, ProcessErrorKind};
pub use limits::CommandLimits;
pub use run::{CommandEnd, CommandResult, OutputStream, run, run_pipeline};
