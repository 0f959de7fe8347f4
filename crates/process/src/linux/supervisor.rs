//! A supervisor: starts the commands of one pipeline in a session of its own, and ends whatever
//! they leave.
//!
//! The supervisor is a subreaper: a process whose parent ends becomes its child, wherever the
//! process hid from signals. When it has no children left, the tree is gone; nothing has to be
//! searched for that.

mod end;
mod start;

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, WaitOptions, WaitStatus, getpid, pidfd_open,
    set_child_subreaper, set_dumpable_behavior, setsid, wait,
};

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::CommandEnd;
use crate::linux::wire::{SupervisorReport, TERMINATE, encode_message};
pub(crate) use start::MAX_DESCRIPTORS;
use start::StartedStages;

/// How often ended orphans are reaped while the commands run. They cost a process id each.
const REAP_INTERVAL: Duration = Duration::from_secs(5);

/// Serves the one request that comes over stdin. Whatever fails, nothing is left running: the
/// starting process sees the end of the socket.
pub(crate) fn supervise() -> ExitCode {
    match serve_request() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_no_reader_left) => ExitCode::FAILURE,
    }
}

fn serve_request() -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Without a controlling terminal no command can type into the terminal of the person, write
    // to it, or wait for input from it.
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    // The commands are children with the same user: they must not read or change this process.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let (request, descriptors) = start::receive_request(&socket)?;
    let grace_period = Duration::from_millis(request.grace_ms);
    // The end of the terminal must not end the leader of its session before its commands.
    let _hangup = if request.has_terminal { Some(HangupHandler::install()?) } else { None };
    let mut supervisor =
        SupervisorState { socket, is_order_final: false, stages: Vec::new(), last_end: None };
    match start::start_stages(request, descriptors) {
        Ok(StartedStages { pids, failure: None }) => {
            supervisor.watch_stages(&pids)?;
            let pid = pids.first().map_or(0, |pid| pid.as_raw_nonzero().get());
            supervisor.report(&SupervisorReport::Started { pid })?;
            let grace_period = supervisor.wait_for_stages(grace_period)?;
            supervisor.end_tree(grace_period)
        }
        Ok(StartedStages { failure: Some(failure), .. }) => {
            supervisor.report(&failure)?;
            supervisor.end_tree(Duration::ZERO)
        }
        Err(error) => supervisor.report(&start::start_failure(0, &error)),
    }
}

/// Receives SIGHUP, which would end this process otherwise.
struct HangupHandler {
    _signal: Signal,
    _runtime: Runtime,
}

impl HangupHandler {
    fn install() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let entered = runtime.enter();
        let hangup = signal(SignalKind::hangup())?;
        drop(entered);
        Ok(Self { _signal: hangup, _runtime: runtime })
    }
}

/// The state of a supervisor from the start of its commands on.
#[derive(Debug)]
struct SupervisorState {
    socket: UnixStream,
    /// Whether the socket has ended or asked for the immediate end; nothing more is read from it.
    is_order_final: bool,
    /// The commands that are still running; the last one of the pipeline is the last.
    stages: Vec<RunningStage>,
    /// How the last command of the pipeline ended.
    last_end: Option<CommandEnd>,
}

#[derive(Debug)]
struct RunningStage {
    pid: Pid,
    is_last: bool,
    /// Readable when it has ended.
    exit_event: OwnedFd,
}

/// What the starting process wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SupervisorOrder {
    Continue,
    Terminate,
    Kill,
}

impl SupervisorState {
    fn watch_stages(&mut self, pids: &[Pid]) -> io::Result<()> {
        for (index, pid) in pids.iter().enumerate() {
            let exit_event = pidfd_open(*pid, PidfdFlags::empty())?;
            self.stages.push(RunningStage {
                pid: *pid,
                is_last: index + 1 == pids.len(),
                exit_event,
            });
        }
        Ok(())
    }

    fn report(&mut self, report: &SupervisorReport) -> io::Result<()> {
        self.socket.write_all(&encode_message(report)?)
    }

    /// Waits until all commands have ended or are to end. Returns the grace period for what is
    /// left.
    fn wait_for_stages(&mut self, grace_period: Duration) -> io::Result<Duration> {
        loop {
            let has_children = self.reap_children();
            if self.stages.is_empty() {
                if let Some(end) = self.last_end.take() {
                    self.report(&SupervisorReport::Ended(end))?;
                }
                return Ok(grace_period);
            }
            if !has_children {
                // The statuses are lost, as when SIGCHLD is ignored.
                return Ok(grace_period);
            }
            match self.wait_for_event(&[], REAP_INTERVAL) {
                SupervisorOrder::Continue => {}
                SupervisorOrder::Terminate => return Ok(grace_period),
                SupervisorOrder::Kill => return Ok(Duration::ZERO),
            }
        }
    }

    /// Reaps every child that has ended. Returns whether any child is left.
    fn reap_children(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => self.record_end(pid, status),
                Ok(None) => return true,
                Err(rustix::io::Errno::CHILD) => return false,
                Err(_interrupted) => {}
            }
        }
    }

    fn record_end(&mut self, pid: Pid, status: WaitStatus) {
        let Some(index) = self.stages.iter().position(|stage| stage.pid == pid) else { return };
        if self.stages.remove(index).is_last {
            self.last_end = Some(match status.exit_status() {
                Some(code) => CommandEnd::Exited(code),
                None => CommandEnd::Signalled(status.terminating_signal().unwrap_or(0)),
            });
        }
    }

    /// Blocks until a command or one of `others` has ended, an order came or the time is over.
    fn wait_for_event(&mut self, others: &[BorrowedFd<'_>], timeout: Duration) -> SupervisorOrder {
        let timeout = Timespec::try_from(timeout).ok();
        let ends = self.stages.iter().map(|stage| stage.exit_event.as_fd());
        let mut events: Vec<_> = ends
            .chain(others.iter().copied())
            .map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN))
            .collect();
        if !self.is_order_final {
            events.push(PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN));
        }
        // An interrupted wait ends early; the callers look again.
        let is_ready = poll(&mut events, timeout.as_ref()).is_ok_and(|count| count > 0);
        let has_order = events.last().is_some_and(|socket| !socket.revents().is_empty());
        if self.is_order_final || !is_ready || !has_order {
            return SupervisorOrder::Continue;
        }
        let mut order = [0];
        match self.socket.read(&mut order) {
            Ok(1) if order == [TERMINATE] => SupervisorOrder::Terminate,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => SupervisorOrder::Continue,
            // The end of the socket: whoever started this has ended, by whatever means.
            _ => {
                self.is_order_final = true;
                SupervisorOrder::Kill
            }
        }
    }
}
