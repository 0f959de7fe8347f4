//! A running pipeline, as seen by the program that started it.

use std::ffi::{OsStr, OsString};
use std::io::{self, IoSlice, pipe};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::cmsg_space;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::ioctl_fionbio;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixStream, unix};

use crate::linux::pump::{CommandInput, CommandPipes};
use crate::linux::supervisor::MAX_DESCRIPTORS;
use crate::linux::tree::{DROP_WAIT, ProcessTree, unique_id};
use crate::linux::watch::ExitWatch;
use crate::linux::wire::{
    KILL, LineBuffer, StageRequest, SupervisorReport, SupervisorRequest, TERMINATE, encode_message,
};
use crate::run::first_program;
use crate::supervisor::refuse_ignored_request;
use crate::{
    CommandEnd, MARKER_VARIABLE, PipelineSpec, ProcessError, ProcessErrorKind, StdinSource,
    SupervisorProgram, SurvivingProcess, WorkDir,
};

/// A pipeline under its supervisor. Dropping it kills the whole tree.
#[derive(Debug)]
pub(crate) struct SupervisedPipeline {
    /// The program of each command, for errors.
    programs: Vec<OsString>,
    /// Whether all commands have been started.
    has_started: bool,
    supervisor: Child,
    supervisor_program: SupervisorProgram,
    exit_watch: ExitWatch,
    socket: UnixStream,
    lines: LineBuffer,
    /// The tree, for when the supervisor fails.
    tree: ProcessTree,
    is_reaped: bool,
}

/// What the supervisor of a pipeline tells of it.
#[derive(Debug)]
pub(crate) enum PipelineEvent {
    /// All commands have been started.
    Started {
        /// The process id of the first command.
        first_pid: i32,
    },
    /// All commands have ended, the last one in this way.
    Ended(CommandEnd),
}

/// The descriptors of a pipeline: its own ends, which the supervisor gets, and ours.
struct PipelineDescriptors {
    stdout: OwnedFd,
    stderr: OwnedFd,
    directory: OwnedFd,
    stdin: Option<OwnedFd>,
}

impl SupervisedPipeline {
    /// Starts a supervisor and asks it to start the commands; `next_event` tells when they are.
    pub(crate) async fn start(
        spec: PipelineSpec,
        grace_period: Duration,
    ) -> Result<(Self, CommandPipes), ProcessError> {
        let program = first_program(&spec).to_owned();
        let PipelineSpec { stages, directory, mut env, stdin, supervisor, sandbox } = spec;
        if stages.is_empty() {
            return Err(start_error(&program, io::ErrorKind::InvalidInput.into()));
        }
        let directory_path = match &directory {
            WorkDir::Path(path) => Some(path.clone()),
            WorkDir::Descriptor(_) => None,
        };
        let directory = open_directory(directory)
            .map_err(|error| ProcessError::for_directory(directory_path, &program, error))?;
        let (descriptors, pipes) =
            open_pipes(directory, stdin).map_err(|error| start_error(&program, error))?;
        let has_terminal = pipes.stdin.as_ref().is_some_and(|input| input.is_terminal);
        let id = unique_id();
        append_marker_id(&mut env, &id);
        let programs = stages.iter().map(|stage| stage.program.clone()).collect();
        let request = SupervisorRequest {
            stages: stages.into_iter().map(StageRequest::from).collect(),
            env: env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            has_input: descriptors.stdin.is_some(),
            has_terminal,
            grace_ms: u64::try_from(grace_period.as_millis()).unwrap_or(u64::MAX),
            sandbox,
        };
        let supervisor_error =
            |error| ProcessError::new(ProcessErrorKind::Supervisor, &program, error);
        let mut pipeline =
            Self::start_supervisor(&supervisor, programs, id).map_err(supervisor_error)?;
        let sent = pipeline.send_request(&request, descriptors).await;
        sent.map_err(|error| pipeline.lost_supervisor_error(error))?;
        Ok((pipeline, pipes))
    }

    fn start_supervisor(
        program: &SupervisorProgram,
        programs: Vec<OsString>,
        marker_id: String,
    ) -> io::Result<Self> {
        refuse_ignored_request(std::env::args_os())?;
        let (socket, other_end) = StdUnixStream::pair()?;
        socket.set_nonblocking(true)?;
        let socket = UnixStream::from_std(socket)?;
        #[expect(clippy::disallowed_methods, reason = "the one place that starts a supervisor")]
        let mut command = Command::new(program.program());
        // Its environment can be read by the commands, so it has none.
        command
            .args(program.args())
            .env_clear()
            .stdin(OwnedFd::from(other_end))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut supervisor = command.spawn()?;
        drop(command);
        let pid = supervisor.id().cast_signed();
        let exit_watch = ExitWatch::from_pid(pid).inspect_err(|_| {
            // Without a request it ends by itself; it is killed so that the wait is short.
            let _ = supervisor.kill();
            let _ = supervisor.wait();
        })?;
        let tree = ProcessTree::new(pid, marker_id);
        let lines = LineBuffer::default();
        Ok(Self {
            programs,
            has_started: false,
            supervisor,
            supervisor_program: program.clone(),
            exit_watch,
            socket,
            lines,
            tree,
            is_reaped: false,
        })
    }

    /// Sends the request; our copies of the descriptors are closed when this returns.
    async fn send_request(
        &mut self,
        request: &SupervisorRequest,
        descriptors: PipelineDescriptors,
    ) -> io::Result<()> {
        let line = encode_message(request)?;
        let sent = descriptors.send_with(&self.socket, &line)?;
        drop(descriptors);
        self.socket.write_all(line.get(sent..).unwrap_or_default()).await
    }

    /// Whether the supervisor reported that all commands have been started.
    pub(crate) fn has_started(&self) -> bool {
        self.has_started
    }

    /// Waits for the next event. Loses nothing when dropped.
    ///
    /// The commands can stop their supervisor at any time, also before it reports that they have
    /// been started: the caller has to limit the time.
    pub(crate) async fn next_event(&mut self) -> Result<PipelineEvent, ProcessError> {
        match self.next_report().await {
            Ok(SupervisorReport::Started { pid }) => {
                self.has_started = true;
                Ok(PipelineEvent::Started { first_pid: pid })
            }
            Ok(SupervisorReport::StartFailed { stage, errno, message }) => {
                let error = match errno {
                    Some(errno) => io::Error::from_raw_os_error(errno),
                    None => io::Error::other(message),
                };
                let program = self.programs.get(stage).map_or(self.first_program(), |it| it);
                Err(start_error(program, error))
            }
            Ok(SupervisorReport::SandboxFailed { message }) => {
                let error = io::Error::other(message);
                Err(self.process_error(ProcessErrorKind::Sandbox, error))
            }
            Ok(SupervisorReport::Ended(end)) => Ok(PipelineEvent::Ended(end)),
            Ok(SupervisorReport::Finished { .. }) => Err(self.lost_supervisor_error(lost_status())),
            Err(error) => Err(self.lost_supervisor_error(error)),
        }
    }

    /// Has the supervisor end all processes, and returns those that could not be ended. After
    /// `timeout` they are killed from here.
    pub(crate) async fn end_tree(&mut self, timeout: Duration) -> Vec<SurvivingProcess> {
        // A supervisor that is ending its tree already takes no notice of it.
        let _ = self.socket.write_all(&[TERMINATE]).await;
        let reported = tokio::time::timeout(timeout, self.wait_for_survivors()).await;
        let survivors = match reported {
            Ok(Ok(survivors)) => survivors,
            Ok(Err(_)) | Err(_) => self.tree.kill_all().await,
        };
        // It ends right after its last report.
        let _ = tokio::time::timeout(timeout, self.exit_watch.wait_for_exit()).await;
        self.reap_supervisor();
        survivors
    }

    async fn wait_for_survivors(&mut self) -> io::Result<Vec<SurvivingProcess>> {
        loop {
            if let SupervisorReport::Finished { survivors } = self.next_report().await? {
                return Ok(survivors);
            }
        }
    }

    /// Waits for the next report. Loses nothing when dropped.
    async fn next_report(&mut self) -> io::Result<SupervisorReport> {
        loop {
            if let Some(report) = self.lines.take_message() {
                return report;
            }
            if self.socket.read_buf(&mut self.lines.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Whether the supervisor reported that it has finished. For a supervisor that has exited.
    fn has_finished(&mut self) -> bool {
        while self.socket.try_read_buf(&mut self.lines.bytes).is_ok_and(|count| count > 0) {}
        while let Some(report) = self.lines.take_message() {
            if matches!(report, Ok(SupervisorReport::Finished { .. })) {
                return true;
            }
        }
        false
    }

    fn reap_supervisor(&mut self) {
        // A supervisor that the kernel holds is reaped when this program ends: waiting here could
        // block for long.
        self.is_reaped = matches!(self.supervisor.try_wait(), Ok(Some(_)));
    }

    fn lost_supervisor_error(&self, error: io::Error) -> ProcessError {
        if self.has_started {
            return self.process_error(ProcessErrorKind::Watch, error);
        }
        let error = self.supervisor_program.explain_error(error);
        self.process_error(ProcessErrorKind::Supervisor, error)
    }

    fn process_error(&self, kind: ProcessErrorKind, error: io::Error) -> ProcessError {
        ProcessError::new(kind, self.first_program(), error)
    }

    fn first_program(&self) -> &OsStr {
        self.programs.first().map_or(OsStr::new(""), |program| program)
    }
}

impl Drop for SupervisedPipeline {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        let _ = self.socket.try_write(&[KILL]);
        let has_exited = self.exit_watch.block_until_exit(DROP_WAIT);
        if !has_exited || !self.has_finished() {
            self.tree.kill_now();
        }
        self.reap_supervisor();
    }
}

impl PipelineDescriptors {
    /// Sends the start of `line` with the supervisor's ends; returns how many bytes were sent.
    fn send_with(&self, socket: &UnixStream, line: &[u8]) -> io::Result<usize> {
        let mut descriptors: Vec<BorrowedFd<'_>> =
            vec![self.stdout.as_fd(), self.stderr.as_fd(), self.directory.as_fd()];
        descriptors.extend(self.stdin.as_ref().map(AsFd::as_fd));
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let slices = [IoSlice::new(line)];
        // The socket is new and empty, so this does not wait.
        Ok(sendmsg(socket, &slices, &mut ancillary, SendFlags::NOSIGNAL)?)
    }
}

fn open_pipes(
    directory: OwnedFd,
    stdin: StdinSource,
) -> io::Result<(PipelineDescriptors, CommandPipes)> {
    if let StdinSource::Terminal { columns, rows } = stdin {
        return open_terminal(
            directory,
            Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 },
        );
    }
    let (stdout_end, stdout) = pipe()?;
    let (stderr_end, stderr) = pipe()?;
    let (stdin, input) = match stdin {
        StdinSource::Null | StdinSource::Terminal { .. } => (None, None),
        StdinSource::Bytes(bytes) => {
            let (stdin, input) = open_input(bytes, true)?;
            (Some(stdin), Some(input))
        }
        StdinSource::Controlled => {
            let (stdin, input) = open_input(Vec::new(), false)?;
            (Some(stdin), Some(input))
        }
    };
    let descriptors =
        PipelineDescriptors { stdout: stdout.into(), stderr: stderr.into(), directory, stdin };
    let pipes = CommandPipes {
        stdin: input,
        stdout: Some(unix::pipe::Receiver::from_owned_fd(stdout_end.into())?),
        stderr: Some(unix::pipe::Receiver::from_owned_fd(stderr_end.into())?),
    };
    Ok((descriptors, pipes))
}

/// A pseudo-terminal for all streams of a command.
fn open_terminal(
    directory: OwnedFd,
    size: Winsize,
) -> io::Result<(PipelineDescriptors, CommandPipes)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let own_end = openpt(flags)?;
    grantpt(&own_end)?;
    unlockpt(&own_end)?;
    tcsetwinsize(&own_end, size)?;
    ioctl_fionbio(&own_end, true)?;
    let terminal = ioctl_tiocgptpeer(&own_end, flags)?;
    let descriptors = PipelineDescriptors {
        stdout: terminal.try_clone()?,
        stderr: terminal.try_clone()?,
        directory,
        stdin: Some(terminal),
    };
    // Our end is registered as a pipe because tokio's general type needs `unsafe`; it is read and
    // written as one.
    let sender = unix::pipe::Sender::from_owned_fd_unchecked(own_end.try_clone()?)?;
    let (bytes, is_finished, is_terminal) = (Vec::new(), false, true);
    let pipes = CommandPipes {
        stdin: Some(CommandInput { sender, bytes, is_finished, is_terminal }),
        stdout: Some(unix::pipe::Receiver::from_owned_fd_unchecked(own_end)?),
        stderr: None,
    };
    Ok((descriptors, pipes))
}

/// A pipe for the input of a command, whose start is `bytes`.
fn open_input(bytes: Vec<u8>, is_finished: bool) -> io::Result<(OwnedFd, CommandInput)> {
    let (stdin, input_end) = pipe()?;
    let sender = unix::pipe::Sender::from_owned_fd(input_end.into())?;
    Ok((stdin.into(), CommandInput { sender, bytes, is_finished, is_terminal: false }))
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

fn lost_status() -> io::Error {
    io::Error::other("its exit status is lost, as when SIGCHLD is ignored")
}
