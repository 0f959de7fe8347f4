//! Start a command, bound its time and output, and end its whole process tree.
//!
//! [`run`] takes a [`CommandSpec`] and [`Bounds`] and answers with [`Finished`]. What holds:
//!
//! - The command sees only the environment it is given; [`base_environment`] picks the harmless
//!   part of an environment.
//! - However the call ends (the command's end, the time limit, a drop of the future), the whole
//!   tree of processes ends with it. The tree is the command's process group, all descendants
//!   by parent, and every process that inherited the marker variable [`MARKER`], which finds
//!   daemons that left the group and lost their parents.
//! - Memory is bounded by [`Bounds::output_bytes`], whatever the command prints.
//!
//! A process leaves the tree only by doing all of: leaving the group, losing every ancestor, and
//! clearing its environment. Processes that may not be signalled (another user's, started through
//! `sudo`) are counted in [`Finished::survivors`].
//!
//! This is the one crate that starts processes, and it holds all code that is about a platform.
//! It supports Linux 5.4 or later with `/proc`; elsewhere [`run`] fails with
//! [`ProcessErrorKind::Unsupported`]. It needs a tokio runtime with I/O and time enabled.

mod capture;
mod command;
mod environment;
mod error;
mod limits;
mod run;

#[cfg(target_os = "linux")]
mod linux;

pub use capture::CapturedOutput;
pub use command::{CommandSpec, StdinSource, WorkDir};
pub use environment::{MARKER_VARIABLE, base_environment};
pub use error::{ProcessError, ProcessErrorKind};
pub use limits::CommandLimits;
pub use run::{CommandEnd, CommandResult, OutputStream, run};
