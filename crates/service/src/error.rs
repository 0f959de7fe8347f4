//! Errors of services.

use std::io;
use std::path::PathBuf;

use openclaw_process::ProcessError;

/// Why a service could not be installed, asked or controlled. `Display` fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A service manager finds programs by absolute paths only.
    #[error("make a service of {program:?}: its path is not absolute")]
    RelativeProgram {
        /// The path.
        program: PathBuf,
    },
    /// A definition is text in lines.
    #[error(
        "write \"{text}\" into a service definition: it is not UTF-8 or has a control character"
    )]
    UnwritableText {
        /// The text, control characters escaped.
        text: String,
    },
    /// This machine was not started by systemd, as in most containers and in WSL without it.
    #[error("find a service manager: this machine does not run systemd ({missing} does not exist)")]
    NoSystemd {
        /// What a machine with systemd has.
        missing: PathBuf,
    },
    /// The user has no systemd of their own, as over `su` or without a login.
    #[error(
        "reach the user's service manager: {missing} does not exist, so nobody is logged in with a \
         session of systemd"
    )]
    NoUserManager {
        /// What a user with a manager has.
        missing: PathBuf,
    },
    /// A file of the service could not be read, written or removed.
    #[error("{action} {path:?}")]
    File {
        /// What was done, e.g. `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A definition that says something else is there already.
    #[error("replace {path:?}: it is another service with this name")]
    OtherDefinition {
        /// The file.
        path: PathBuf,
    },
    /// The service is not installed.
    #[error("find the service {name}: it is not installed")]
    NotInstalled {
        /// Its name.
        name: String,
    },
    /// The program of the service manager could not be run.
    #[error(transparent)]
    Program(#[from] ProcessError),
    /// The service manager refused.
    #[error("run `{command}`: {output}")]
    Refused {
        /// The command.
        command: String,
        /// What it printed, in one line.
        output: String,
    },
    /// The service manager did not answer in time.
    #[error("run `{command}`: it took longer than {seconds} s")]
    TimedOut {
        /// The command.
        command: String,
        /// The limit.
        seconds: u64,
    },
}
