//! Waits for the end of a process.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::unix::pipe;

/// Waits for the end of one process, which need not be a child of this one.
#[derive(Debug)]
pub(crate) struct ExitWatch {
    // A pidfd is readable once its process has ended. It is registered through the pipe type
    // because tokio's general one needs `unsafe`; nothing is ever read from it.
    pidfd: pipe::Receiver,
}

impl ExitWatch {
    /// Watches the process of a pidfd.
    pub(crate) fn new(pidfd: OwnedFd) -> io::Result<Self> {
        Ok(Self { pidfd: pipe::Receiver::from_owned_fd_unchecked(pidfd)? })
    }

    /// Watches a process by id; it must not be reaped meanwhile.
    pub(crate) fn from_pid(pid: i32) -> io::Result<Self> {
        let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
        Self::new(pidfd_open(pid, PidfdFlags::empty())?)
    }

    /// Waits until the process has ended.
    pub(crate) async fn wait_for_exit(&self) -> io::Result<()> {
        self.pidfd.readable().await
    }

    /// Blocks the thread until the process has ended; false when `timeout` has passed before.
    pub(crate) fn block_until_exit(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let Ok(remaining) = Timespec::try_from(remaining) else { return false };
            let mut events = [PollFd::new(&self.pidfd, PollFlags::IN)];
            match poll(&mut events, Some(&remaining)) {
                Ok(count) => return count > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}
