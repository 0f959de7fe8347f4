//! Waits for the end of a process.

use std::io;
use std::os::fd::OwnedFd;

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
}
