//! The process of the command itself, from its start until it is reaped.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use tokio::net::unix::pipe;

use crate::linux::pump::CommandPipes;
use crate::linux::tree::{ProcessTree, unique_id};
use crate::linux::watch::ExitWatch;
use crate::{
    CommandEnd, CommandSpec, MARKER_VARIABLE, ProcessError, ProcessErrorKind, StdinSource, WorkDir,
};

/// A started command. It is reaped only after its tree has ended; if it is dropped before that, the
/// whole tree is killed.
#[derive(Debug)]
pub(crate) struct LeaderProcess {
    program: OsString,
    child: Child,
    tree: ProcessTree,
    /// `None` only while starting.
    exit_watch: Option<ExitWatch>,
    is_reaped: bool,
}

impl LeaderProcess {
    /// Starts a command in its own process group.
    pub(crate) fn start_command(
        mut spec: CommandSpec,
    ) -> Result<(Self, CommandPipes), ProcessError> {
        let program = spec.program.clone();
        let directory_path = match &spec.directory {
            WorkDir::Path(path) => Some(path.clone()),
            WorkDir::Descriptor(_) => None,
        };
        let directory = open_directory(spec.directory)
            .map_err(|error| ProcessError::for_directory(directory_path, &program, error))?;
        let id = unique_id();
        append_marker_id(&mut spec.env, &id);

        #[expect(clippy::disallowed_methods, reason = "the one place that makes a command")]
        let mut command = Command::new(&program);
        command
            .args(&spec.args)
            .env_clear()
            .envs(spec.env)
            // The child's link to the descriptor that it inherited: the opened directory, even if
            // its path has changed.
            .current_dir(format!("/proc/self/fd/{}", directory.as_raw_fd()))
            .process_group(0)
            .stdin(if matches!(spec.stdin, StdinSource::Null) {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| start_error(&program, error))?;

        let pid = child.id().cast_signed();
        // From here on a failure drops the leader, which kills the started process.
        let mut leader = Self {
            program,
            child,
            tree: ProcessTree::new(pid, id),
            exit_watch: None,
            is_reaped: false,
        };
        let pipes =
            leader.watch_exit(pid, spec.stdin).map_err(|error| leader.watch_error(error))?;
        Ok((leader, pipes))
    }

    /// Waits until the process has ended.
    pub(crate) async fn wait_for_exit(&self) -> Result<(), ProcessError> {
        match &self.exit_watch {
            Some(watch) => watch.wait_for_exit().await.map_err(|error| self.watch_error(error)),
            None => Ok(()),
        }
    }

    /// The process tree of the command.
    pub(crate) fn tree(&self) -> &ProcessTree {
        &self.tree
    }

    /// Reaps the ended process and returns how it ended.
    pub(crate) fn reap_process(&mut self) -> Result<CommandEnd, ProcessError> {
        let status = self.child.wait().map_err(|error| self.watch_error(error))?;
        self.is_reaped = true;
        // A status without an exit code always has a signal.
        Ok(status
            .code()
            .map_or(CommandEnd::Signalled(status.signal().unwrap_or(0)), CommandEnd::Exited))
    }

    fn watch_exit(&mut self, pid: i32, stdin: StdinSource) -> io::Result<CommandPipes> {
        self.exit_watch = Some(ExitWatch::from_pid(pid)?);
        let input = match (stdin, self.child.stdin.take()) {
            (StdinSource::Bytes(bytes), Some(stdin)) => {
                Some((pipe::Sender::from_owned_fd(stdin.into())?, bytes))
            }
            _ => None,
        };
        let receiver = |fd: Option<OwnedFd>| fd.map(pipe::Receiver::from_owned_fd).transpose();
        Ok(CommandPipes {
            stdin: input,
            stdout: receiver(self.child.stdout.take().map(OwnedFd::from))?,
            stderr: receiver(self.child.stderr.take().map(OwnedFd::from))?,
        })
    }

    fn watch_error(&self, error: io::Error) -> ProcessError {
        ProcessError::new(ProcessErrorKind::Watch, &self.program, error)
    }
}

impl Drop for LeaderProcess {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        self.tree.kill_now();
        // Reaps the process if it has ended. If the kernel still holds it, it is reaped when this
        // program ends: waiting here could block for long.
        let _ = self.child.try_wait();
    }
}

fn open_directory(directory: WorkDir) -> io::Result<OwnedFd> {
    match directory {
        WorkDir::Descriptor(directory) => Ok(directory),
        WorkDir::Path(path) => {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok(open(path, flags, Mode::empty())?)
        }
    }
}

/// Appends the id of this call to the ids of the enclosing calls.
fn append_marker_id(env: &mut Vec<(OsString, OsString)>, id: &str) {
    let existing_index = env.iter().position(|(name, _)| name == OsStr::new(MARKER_VARIABLE));
    let mut ids = existing_index.map(|index| env.swap_remove(index).1).unwrap_or_default();
    if !ids.is_empty() {
        ids.push(":");
    }
    ids.push(id);
    env.push((MARKER_VARIABLE.into(), ids));
}

fn start_error(program: &OsStr, error: io::Error) -> ProcessError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ProcessErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ProcessErrorKind::PermissionDenied,
        _ => ProcessErrorKind::Start,
    };
    ProcessError::new(kind, program, error)
}
