//! Starts a command, limits its time and output, and ends its whole process tree.
//!
//! [`run`] takes a [`CommandSpec`] and [`CommandLimits`] and returns a [`CommandResult`]. It
//! guarantees:
//!
//! - The command sees only the environment that it is given; [`base_environment`] picks the
//!   variables without secrets.
//! - However the call ends (exit of the command, timeout, drop of the future), the whole process
//!   tree ends with it. The tree is the command's process group, all descendants by parent, and
//!   every process that inherited the marker variable [`MARKER_VARIABLE`], which finds daemons that
//!   left the group and lost their parents.
//! - Captured output is bounded by [`CommandLimits::max_output_bytes`], whatever the command
//!   prints.
//!
//! A process leaves the tree only if it leaves the group, loses every ancestor, and clears its
//! environment. Processes that may not be signalled (of other users, e.g. started through `sudo`)
//! are counted in [`CommandResult::survivors`].
//!
//! This is the only crate that starts processes, and it contains all platform-specific code for
//! that. It supports Linux 5.4 or later with `/proc`; elsewhere [`run`] fails with
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
