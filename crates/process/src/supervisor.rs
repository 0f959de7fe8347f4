//! The program that supervises commands, and how a process becomes a supervisor.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::ExitCode;

/// The first argument of a process that is to be a supervisor.
pub const SUPERVISOR_ARGUMENT: &str = "__supervise-commands";

/// How a supervisor is started: a program that calls [`run_requested_supervisor`] or
/// [`run_supervisor`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorProgram {
    program: OsString,
    args: Vec<OsString>,
}

impl SupervisorProgram {
    /// This program itself, started again with [`SUPERVISOR_ARGUMENT`]. Its `main` must call
    /// [`run_requested_supervisor`] before anything else. It stays the same program when its file
    /// is replaced, as by an update.
    #[must_use]
    pub fn this_program() -> Self {
        Self::new("/proc/self/exe", [SUPERVISOR_ARGUMENT])
    }

    /// Another program with its arguments, which calls [`run_supervisor`].
    pub fn new<S: Into<OsString>>(
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        Self { program: program.into(), args: args.into_iter().map(Into::into).collect() }
    }

    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is started there"))]
    pub(crate) fn program(&self) -> &OsStr {
        &self.program
    }

    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is started there"))]
    pub(crate) fn args(&self) -> &[OsString] {
        &self.args
    }

    /// Adds the likely reason to the error of a supervisor that ended before it answered.
    #[cfg(target_os = "linux")]
    pub(crate) fn explain_error(&self, error: io::Error) -> io::Error {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        let has_ended = matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
        if has_ended && self.args.iter().any(|arg| arg == SUPERVISOR_ARGUMENT) {
            return io::Error::new(
                error.kind(),
                format!("it ended before it answered; {MISSING_CALL}"),
            );
        }
        error
    }
}

/// What a program lacks that is started as its own supervisor and does not become one.
#[cfg(target_os = "linux")]
const MISSING_CALL: &str = "the `main` of a program that supervises its commands itself must call \
                            `openclaw_process::run_requested_supervisor` before anything else";

/// Refuses to start a supervisor in a process that was started as one and whose `main` went on.
/// Otherwise each such process would start the next one, without end.
///
/// # Errors
/// When the first of the arguments after the program's name is [`SUPERVISOR_ARGUMENT`].
#[cfg(target_os = "linux")]
pub(crate) fn refuse_ignored_request(args: impl IntoIterator<Item = OsString>) -> io::Result<()> {
    if args.into_iter().nth(1).is_some_and(|first| first == SUPERVISOR_ARGUMENT) {
        return Err(io::Error::other(MISSING_CALL));
    }
    Ok(())
}

/// Supervises commands when the first of the arguments after the program's name is
/// [`SUPERVISOR_ARGUMENT`], and returns when they have ended; `None` for other arguments.
///
/// `main` calls it before it starts threads, with [`std::env::args_os`].
pub fn run_requested_supervisor(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    (args.into_iter().nth(1)? == SUPERVISOR_ARGUMENT).then(run_supervisor)
}

/// Keeps other processes of the same user, such as commands of a model, from reading this one's
/// environment and memory. The process leaves no core dump and cannot be debugged after that.
///
/// # Errors
/// When the kernel refuses it.
pub fn hide_from_other_processes() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Supervises the commands that the starting process sends over stdin, and returns when they and
/// all their descendants have ended. Changes the session and other attributes of the process, so
/// nothing else may happen in it.
#[must_use]
pub fn run_supervisor() -> ExitCode {
    #[cfg(target_os = "linux")]
    {
        crate::linux::supervise()
    }
    #[cfg(not(target_os = "linux"))]
    {
        ExitCode::FAILURE
    }
}
