//! Waiting for the end of a process.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::unix::pipe;

/// Watches for the end of one process, whoever its parent is.
#[derive(Debug)]
pub(crate) struct Watch {
    // A pidfd is readable once its process has ended. It is registered through the pipe type
    // because tokio's general one needs `unsafe`; nothing is ever read from it.
    process: pipe::Receiver,
}

impl Watch {
    /// Watches the process that a pidfd holds.
    pub(crate) fn new(process: OwnedFd) -> io::Result<Self> {
        Ok(Self { process: pipe::Receiver::from_owned_fd_unchecked(process)? })
    }

    /// Watches a process that cannot be reaped meanwhile.
    pub(crate) fn of(pid: i32) -> io::Result<Self> {
        let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
        Self::new(pidfd_open(pid, PidfdFlags::empty())?)
    }

    /// Comes back when the process has ended.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        self.process.readable().await
    }
}
