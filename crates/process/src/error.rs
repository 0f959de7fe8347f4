//! Errors of running a command.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A command could not be run. A command that ran and failed is not an error: see
/// [`CommandEnd`](crate::CommandEnd).
///
/// Its text is a lower-case fragment that fits "failed to {…}" and names the program, never its
/// arguments or environment.
#[derive(Debug)]
pub struct ProcessError {
    kind: ProcessErrorKind,
    program: String,
    /// The start directory that cannot be opened, if it was given as a path.
    directory: Option<PathBuf>,
    source: Option<io::Error>,
}

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessErrorKind {
    /// There is no such program.
    NotFound,
    /// The program is not executable for this user.
    PermissionDenied,
    /// The start directory cannot be opened.
    Directory,
    /// The program could not be started for another reason.
    Start,
    /// The supervisor could not be started or ended at once; nothing was run.
    Supervisor,
    /// The sandbox could not be set up; nothing was run.
    Sandbox,
    /// The program was started but could not be watched; it was killed.
    Watch,
    /// Commands cannot be run on this platform.
    Unsupported,
}

impl ProcessError {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is started there"))]
    pub(crate) fn new(kind: ProcessErrorKind, program: &OsStr, source: io::Error) -> Self {
        let program = program.to_string_lossy().into_owned();
        Self { kind, program, directory: None, source: Some(source) }
    }

    /// An error for a start directory that cannot be opened.
    #[cfg(target_os = "linux")]
    pub(crate) fn for_directory(
        directory: Option<PathBuf>,
        program: &OsStr,
        source: io::Error,
    ) -> Self {
        Self { directory, ..Self::new(ProcessErrorKind::Directory, program, source) }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn unsupported(program: &OsStr) -> Self {
        Self {
            kind: ProcessErrorKind::Unsupported,
            program: program.to_string_lossy().into_owned(),
            directory: None,
            source: None,
        }
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ProcessErrorKind {
        self.kind
    }
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = &self.program;
        match self.kind {
            ProcessErrorKind::NotFound => write!(f, "find the program `{program}`"),
            ProcessErrorKind::PermissionDenied => write!(f, "get permission to run `{program}`"),
            ProcessErrorKind::Directory => match &self.directory {
                Some(path) => {
                    write!(f, "open the directory `{}` to run `{program}` in", path.display())
                }
                None => write!(f, "open the directory to run `{program}` in"),
            },
            ProcessErrorKind::Start => write!(f, "start `{program}`"),
            ProcessErrorKind::Supervisor => write!(f, "start the supervisor of `{program}`"),
            ProcessErrorKind::Sandbox => write!(f, "set up the sandbox of `{program}`"),
            ProcessErrorKind::Watch => write!(f, "watch `{program}`"),
            ProcessErrorKind::Unsupported => write!(f, "run `{program}` on this platform"),
        }
    }
}

impl Error for ProcessError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}
