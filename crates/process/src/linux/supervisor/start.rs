//! Receives a request and starts its commands.

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::cmsg_space;
use rustix::io::IoSliceMut;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, Signal, fchdir, ioctl_tiocsctty, kill_process_group};
use rustix::termios::tcsetpgrp;

use crate::linux::stdio::PipelineStreams;
use crate::linux::wire::{LineBuffer, StageRequest, SupervisorReport, SupervisorRequest};
use crate::sandbox::apply_sandbox;

/// The most descriptors of a request: stdout, stderr, the directory and stdin.
pub(crate) const MAX_DESCRIPTORS: usize = 4;

/// The commands that run, and the failure that ended the start.
pub(super) struct StartedStages {
    pub(super) pids: Vec<Pid>,
    pub(super) failure: Option<SupervisorReport>,
}

/// Receives the request with its descriptors.
pub(super) fn receive_request(
    socket: &UnixStream,
) -> io::Result<(SupervisorRequest, Vec<OwnedFd>)> {
    let (mut lines, mut descriptors) = (LineBuffer::default(), Vec::new());
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(&mut chunk)];
        let received = recvmsg(socket, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        match chunk.get(..received.bytes) {
            Some(bytes) if !bytes.is_empty() => lines.bytes.extend_from_slice(bytes),
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        if let Some(request) = lines.take_message() {
            return Ok((request?, descriptors));
        }
    }
}

/// Starts the commands from left to right. When one cannot be started, the ones before it run.
pub(super) fn start_stages(
    request: SupervisorRequest,
    descriptors: Vec<OwnedFd>,
) -> io::Result<StartedStages> {
    let SupervisorRequest { stages, env, has_input, has_terminal, grace_ms: _, sandbox } = request;
    let mut descriptors = descriptors.into_iter();
    let mut next_descriptor = || descriptors.next().ok_or(io::ErrorKind::InvalidData);
    let (stdout, stderr) = (next_descriptor()?, next_descriptor()?);
    let directory = next_descriptor()?;
    let stdin = if has_input { Some(next_descriptor()?) } else { None };
    let terminal = match &stdin {
        Some(stdin) if has_terminal => Some(ControllingTerminal::take(stdin)?),
        _ => None,
    };
    // The opened directory, whatever its path is by now.
    fchdir(&directory)?;
    drop(directory);
    // This process has one thread, and the commands inherit its restrictions.
    if let Some(Err(error)) = sandbox.as_ref().map(apply_sandbox) {
        let failure = Some(SupervisorReport::SandboxFailed { message: error_chain(&error) });
        return Ok(StartedStages { pids: Vec::new(), failure });
    }
    let env = env.into_iter().map(|(name, value)| (name.0, value.0)).collect();
    let streams = PipelineStreams::new(stdin, stdout, stderr);
    let mut starter = StageStarter { streams, env, pids: Vec::new() };
    let mut remaining = stages.len();
    for (index, stage) in stages.iter().enumerate() {
        remaining -= 1;
        let outcome = starter.start_stage(stage, remaining == 0);
        if let (Ok(()), Some(terminal), [leader]) = (&outcome, &terminal, &*starter.pids) {
            terminal.hand_to(*leader);
        }
        if let Err(error) = outcome {
            let failure = Some(start_failure(index, &error));
            return Ok(StartedStages { pids: starter.pids, failure });
        }
    }
    Ok(StartedStages { pids: starter.pids, failure: None })
}

/// The report on a command that could not be started.
pub(super) fn start_failure(stage: usize, error: &io::Error) -> SupervisorReport {
    let (errno, message) = (error.raw_os_error(), error.to_string());
    SupervisorReport::StartFailed { stage, errno, message }
}

/// The text of an error with its causes.
fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The terminal of a command, which controls the session of this process.
struct ControllingTerminal(OwnedFd);

impl ControllingTerminal {
    /// Makes a terminal the controlling one of this session.
    fn take(terminal: &OwnedFd) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        ioctl_tiocsctty(&terminal)?;
        Ok(Self(terminal))
    }

    /// Gives the terminal to the process group of the command. A command that read from it before
    /// was stopped by that, and continues.
    fn hand_to(&self, leader: Pid) {
        // A command that has ended already needs no terminal.
        let _ = tcsetpgrp(&self.0, leader);
        let _ = kill_process_group(leader, Signal::CONT);
    }
}

struct StageStarter {
    streams: PipelineStreams,
    env: Vec<(OsString, OsString)>,
    /// The started commands; the first leads their process group.
    pids: Vec<Pid>,
}

impl StageStarter {
    fn start_stage(&mut self, stage: &StageRequest, is_last: bool) -> io::Result<()> {
        let streams = self.streams.next_stage(&stage.redirections, is_last)?;
        #[expect(clippy::disallowed_methods, reason = "the one place that starts a command")]
        let mut command = Command::new(&stage.program.0);
        command
            .args(stage.args.iter().map(|arg| &arg.0))
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(streams.stdin)
            .stdout(streams.stdout)
            .stderr(streams.stderr)
            .process_group(self.pids.first().map_or(0, |leader| leader.as_raw_nonzero().get()));
        // Our copies of its streams are closed with `command`. Its status is read by `wait`.
        let child = command.spawn()?;
        self.pids.extend(Pid::from_raw(child.id().cast_signed()));
        Ok(())
    }
}
