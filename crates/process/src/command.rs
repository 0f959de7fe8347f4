//! The description of a command to start.

use std::ffi::OsString;
use std::fmt;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::SupervisorProgram;
use crate::sandbox::SandboxPolicy;

/// A command to start.
pub struct CommandSpec {
    /// The program: a path, or a name that is looked up in the `PATH` of `env`.
    pub program: OsString,
    /// The arguments, without the program's own name.
    pub args: Vec<OsString>,
    /// The directory it starts in.
    pub directory: WorkDir,
    /// The complete environment; nothing is inherited. See
    /// [`base_environment`](crate::base_environment).
    pub env: Vec<(OsString, OsString)>,
    /// What it reads from stdin.
    pub stdin: StdinSource,
    /// What supervises it.
    pub supervisor: SupervisorProgram,
    /// What it may do; `None` for everything that its user may.
    pub sandbox: Option<SandboxPolicy>,
}

/// The directory a command starts in.
#[derive(Debug)]
pub enum WorkDir {
    /// An opened directory, which stays the same when its path is renamed. The descriptor must be
    /// close-on-exec.
    #[cfg(unix)]
    Descriptor(OwnedFd),
    /// A path, opened when the command starts.
    Path(PathBuf),
}

/// The input of a command.
#[derive(Clone, Default)]
pub enum StdinSource {
    /// No input: an immediate end of file.
    #[default]
    Null,
    /// These bytes, then the end of file.
    Bytes(Vec<u8>),
    /// What is written through the [`CommandControl`](crate::CommandControl), until its input is
    /// closed. Empty for a command without one.
    Controlled,
    /// A pseudo-terminal of this size, which is also its stdout and its stderr and the controlling
    /// terminal of its session. What is typed comes through the
    /// [`CommandControl`](crate::CommandControl); the end of the input is typed as Ctrl-D. For a
    /// single command without redirections.
    Terminal {
        /// The width in characters.
        columns: u16,
        /// The height in lines.
        rows: u16,
    },
}

/// Commands that run at once, the output of each being the input of the next, without a shell.
pub struct PipelineSpec {
    /// The commands from left to right; at least one.
    pub stages: Vec<PipelineStage>,
    /// The directory they start in.
    pub directory: WorkDir,
    /// The complete environment of each; nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// What the first reads from stdin.
    pub stdin: StdinSource,
    /// What supervises them.
    pub supervisor: SupervisorProgram,
    /// What they may do; `None` for everything that their user may.
    pub sandbox: Option<SandboxPolicy>,
}

/// A command of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStage {
    /// The program: a path, or a name that is looked up in the `PATH` of the pipeline's `env`.
    pub program: OsString,
    /// The arguments, without the program's own name.
    pub args: Vec<OsString>,
    /// Changes of its streams, applied in this order.
    pub redirections: Vec<StreamRedirection>,
}

/// A change of one stream of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StreamRedirection {
    /// Stdin is empty.
    StdinFromNull,
    /// Stdout is discarded.
    StdoutToNull,
    /// Stderr is discarded.
    StderrToNull,
    /// Stderr goes to where stdout goes.
    StderrToStdout,
    /// Stdout goes to where stderr goes.
    StdoutToStderr,
}

impl From<CommandSpec> for PipelineSpec {
    fn from(spec: CommandSpec) -> Self {
        let CommandSpec { program, args, directory, env, stdin, supervisor, sandbox } = spec;
        let stage = PipelineStage { program, args, redirections: Vec::new() };
        Self { stages: vec![stage], directory, env, stdin, supervisor, sandbox }
    }
}

/// Prints the names of the environment variables; their values may be secret.
impl fmt::Debug for PipelineSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineSpec")
            .field("stages", &self.stages)
            .field("directory", &self.directory)
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("stdin", &self.stdin)
            .field("supervisor", &self.supervisor)
            .field("sandbox", &self.sandbox)
            .finish()
    }
}

impl CommandSpec {
    /// Runs `command` with `sh -c` in the current directory, with an empty environment, no input
    /// and no sandbox.
    #[must_use]
    pub fn shell_command(command: &str, supervisor: SupervisorProgram) -> Self {
        Self {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), command.into()],
            directory: WorkDir::Path(".".into()),
            env: Vec::new(),
            stdin: StdinSource::Null,
            supervisor,
            sandbox: None,
        }
    }
}

/// Prints the names of the environment variables; their values may be secret.
impl fmt::Debug for CommandSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandSpec")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("directory", &self.directory)
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("stdin", &self.stdin)
            .field("supervisor", &self.supervisor)
            .field("sandbox", &self.sandbox)
            .finish()
    }
}

/// Prints the number of bytes; the bytes may be secret.
impl fmt::Debug for StdinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Controlled => f.write_str("Controlled"),
            Self::Terminal { columns, rows } => write!(f, "Terminal({columns} × {rows})"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}
