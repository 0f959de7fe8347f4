//! What to start.

use std::ffi::OsString;
use std::fmt;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// A command to start.
pub struct CommandSpec {
    /// The program: a path, or a name that is looked up in the `PATH` of `env`.
    pub program: OsString,
    /// The arguments, without the program's own name.
    pub args: Vec<OsString>,
    /// The directory it starts in.
    pub directory: WorkDir,
    /// The whole environment; nothing is inherited. See [`base_environment`](crate::base_environment).
    pub env: Vec<(OsString, OsString)>,
    /// What it reads.
    pub stdin: StdinSource,
}

/// The directory a command starts in.
#[derive(Debug)]
pub enum WorkDir {
    /// An opened directory, which stays the same whatever its path is renamed to. The
    /// descriptor must be close-on-exec.
    #[cfg(unix)]
    Descriptor(OwnedFd),
    /// A path, opened when the command starts.
    Path(PathBuf),
}

/// What a command reads.
#[derive(Clone, Default)]
pub enum StdinSource {
    /// Nothing: its end at once.
    #[default]
    Null,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
}

impl CommandSpec {
    /// Runs `command` by `sh -c`, in the current directory, with an empty environment and
    /// nothing to read.
    #[must_use]
    pub fn shell_command(command: &str) -> Self {
        Self {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), command.into()],
            directory: WorkDir::Path(".".into()),
            env: Vec::new(),
            stdin: StdinSource::Null,
        }
    }
}

/// Shows the names of the environment, not the values, which may be secret.
impl fmt::Debug for CommandSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandSpec")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("directory", &self.directory)
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("stdin", &self.stdin)
            .finish()
    }
}

/// Shows how many bytes there are, not the bytes.
impl fmt::Debug for StdinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}
