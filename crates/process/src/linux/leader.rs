//! The process of the command itself, from its start until it is reaped.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use tokio::net::unix::pipe;

use crate::linux::pump::CommandPipes;
use crate::linux::stdio::{OutputEnds, PipelineStreams};
use crate::linux::tree::{ProcessTree, unique_id};
use crate::linux::watch::ExitWatch;
use crate::run::first_program;
use crate::{
    CommandEnd, MARKER_VARIABLE, PipelineSpec, PipelineStage, ProcessError, ProcessErrorKind,
    StdinSource, StreamRedirection, WorkDir,
};

/// A started pipeline; its first command leads the process group. The commands are reaped only
/// after their tree has ended; if it is dropped before that, the whole tree is killed.
#[derive(Debug)]
pub(crate) struct LeaderProcess {
    program: OsString,
    /// The commands from left to right; at least one.
    children: Vec<Child>,
    tree: ProcessTree,
    /// One for each command, but while starting.
    exit_watches: Vec<ExitWatch>,
    is_reaped: bool,
}

impl LeaderProcess {
    /// Starts the commands of a pipeline in a process group of their own.
    pub(crate) fn start_pipeline(spec: PipelineSpec) -> Result<(Self, CommandPipes), ProcessError> {
        let program = first_program(&spec).to_owned();
        let PipelineSpec { stages, directory, mut env, stdin } = spec;
        let directory_path = match &directory {
            WorkDir::Path(path) => Some(path.clone()),
            WorkDir::Descriptor(_) => None,
        };
        let directory = open_directory(directory)
            .map_err(|error| ProcessError::for_directory(directory_path, &program, error))?;
        let id = unique_id();
        append_marker_id(&mut env, &id);
        let (mut streams, ends) =
            PipelineStreams::open().map_err(|error| start_error(&program, error))?;
        let mut leader: Option<Self> = None;
        let mut remaining = stages.len();
        for stage in stages {
            remaining -= 1;
            let mut command = build_command(&stage, &mut streams, remaining == 0)?;
            command
                .env_clear()
                .envs(env.iter().map(|(name, value)| (name, value)))
                // The child's link to the descriptor that it inherited: the opened directory, even
                // if its path has changed.
                .current_dir(format!("/proc/self/fd/{}", directory.as_raw_fd()));
            // From the first start on a failure drops the leader, which kills what was started.
            if let Some(leader) = &mut leader {
                command.process_group(leader.tree.group_id());
                leader.children.push(start_child(command, &stage.program)?);
                continue;
            }
            command.process_group(0);
            // A redirection of the first command's stdin makes the given input useless.
            let has_input = !matches!(stdin, StdinSource::Null)
                && !stage.redirections.contains(&StreamRedirection::StdinFromNull);
            if has_input {
                command.stdin(Stdio::piped());
            }
            let child = start_child(command, &stage.program)?;
            let tree = ProcessTree::new(child.id().cast_signed(), id.clone());
            let (program, children) = (program.clone(), vec![child]);
            leader =
                Some(Self { program, children, tree, exit_watches: Vec::new(), is_reaped: false });
        }
        let no_command = || start_error(&program, io::ErrorKind::InvalidInput.into());
        let mut leader = leader.ok_or_else(no_command)?;
        drop(streams);
        let pipes = leader.watch_exit(stdin, ends).map_err(|error| leader.watch_error(error))?;
        Ok((leader, pipes))
    }

    /// Waits until all commands have ended.
    pub(crate) async fn wait_for_exit(&self) -> Result<(), ProcessError> {
        for watch in &self.exit_watches {
            watch.wait_for_exit().await.map_err(|error| self.watch_error(error))?;
        }
        Ok(())
    }

    /// The process tree of the pipeline.
    pub(crate) fn tree(&self) -> &ProcessTree {
        &self.tree
    }

    /// Reaps the ended commands and returns how the last of them ended.
    pub(crate) fn reap_process(&mut self) -> Result<CommandEnd, ProcessError> {
        let mut end = CommandEnd::Exited(0);
        for child in &mut self.children {
            let status = child.wait().map_err(|error| {
                ProcessError::new(ProcessErrorKind::Watch, &self.program, error)
            })?;
            // A status without an exit code always has a signal.
            end = status
                .code()
                .map_or(CommandEnd::Signalled(status.signal().unwrap_or(0)), CommandEnd::Exited);
        }
        self.is_reaped = true;
        Ok(end)
    }

    fn watch_exit(&mut self, stdin: StdinSource, ends: OutputEnds) -> io::Result<CommandPipes> {
        for child in &self.children {
            self.exit_watches.push(ExitWatch::from_pid(child.id().cast_signed())?);
        }
        let input_end = self.children.first_mut().and_then(|child| child.stdin.take());
        let input = match (stdin, input_end) {
            (StdinSource::Bytes(bytes), Some(stdin)) => {
                Some((pipe::Sender::from_owned_fd(stdin.into())?, bytes))
            }
            _ => None,
        };
        Ok(CommandPipes {
            stdin: input,
            stdout: Some(pipe::Receiver::from_owned_fd(ends.stdout.into())?),
            stderr: Some(pipe::Receiver::from_owned_fd(ends.stderr.into())?),
        })
    }

    fn watch_error(&self, error: io::Error) -> ProcessError {
        ProcessError::new(ProcessErrorKind::Watch, &self.program, error)
    }
}

fn build_command(
    stage: &PipelineStage,
    streams: &mut PipelineStreams,
    is_last: bool,
) -> Result<Command, ProcessError> {
    let streams = streams
        .next_stage(&stage.redirections, is_last)
        .map_err(|error| start_error(&stage.program, error))?;
    #[expect(clippy::disallowed_methods, reason = "the one place that makes a command")]
    let mut command = Command::new(&stage.program);
    command
        .args(&stage.args)
        .stdin(streams.stdin.unwrap_or_else(Stdio::null))
        .stdout(streams.stdout)
        .stderr(streams.stderr);
    Ok(command)
}

/// Starts a command. Our copies of its streams are closed when this returns.
fn start_child(mut command: Command, program: &OsStr) -> Result<Child, ProcessError> {
    command.spawn().map_err(|error| start_error(program, error))
}

impl Drop for LeaderProcess {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        self.tree.kill_now();
        // Reaps the process if it has ended. If the kernel still holds it, it is reaped when this
        // program ends: waiting here could block for long.
        for child in &mut self.children {
            let _ = child.try_wait();
        }
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
