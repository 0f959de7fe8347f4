//! A process of a tree, referred to by a pidfd, which never refers to another process.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use crate::linux::procfs::{self, ProcessInfo};
use crate::linux::watch::ExitWatch;

/// See the module.
#[derive(Debug)]
pub(crate) struct TreeMember {
    pub(crate) process: ProcessInfo,
    pidfd: OwnedFd,
}

impl TreeMember {
    /// Opens a pidfd; `None` when the process has ended, even if its id was reused.
    pub(crate) fn open(process: ProcessInfo) -> Option<Self> {
        let pidfd = pidfd_open(Pid::from_raw(process.pid)?, PidfdFlags::empty()).ok()?;
        let is_same_process = procfs::read_process(process.pid)?.start_ticks == process.start_ticks;
        is_same_process.then_some(Self { process, pidfd })
    }

    /// Sends the signals in order; false when that is not permitted. True when the process is gone.
    pub(crate) fn send_signals(&self, signals: &[Signal]) -> bool {
        signals.iter().all(|signal| self.send_signal(*signal) != Err(Errno::PERM))
    }

    /// Sends a signal. A sandbox denies signals through descriptors, which a filter cannot tell
    /// apart; there the id is used, which belongs to the process until it is reaped.
    fn send_signal(&self, signal: Signal) -> Result<(), Errno> {
        match (pidfd_send_signal(&self.pidfd, signal), Pid::from_raw(self.process.pid)) {
            (Err(Errno::NOSYS), Some(pid)) if !self.has_ended() => kill_process(pid, signal),
            (result, _) => result,
        }
    }

    fn has_ended(&self) -> bool {
        let mut events = [PollFd::from_borrowed_fd(self.pidfd.as_fd(), PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut events, Some(&now)).is_ok_and(|count| count > 0)
    }

    /// The pidfd, which is readable once the process has ended.
    pub(crate) fn exit_event(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Waits until the process has ended.
    pub(crate) async fn wait_until_gone(self) {
        match ExitWatch::new(self.pidfd) {
            Ok(watch) => drop(watch.wait_for_exit().await),
            // Without a watch (e.g. no descriptors left) the caller checks again.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }

    /// Blocks the thread until the process has ended or the deadline has passed.
    pub(crate) fn wait_until(&self, deadline: Instant) {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(remaining) else { return };
        let mut poll_fds = [PollFd::from_borrowed_fd(self.pidfd.as_fd(), PollFlags::IN)];
        // A wait that is interrupted ends early; the caller checks again.
        let _ = poll(&mut poll_fds, Some(&left));
    }
}
