//! Finds and ends the process tree that a command started.

use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::timeout_at;

use crate::linux::procfs::{self, ProcessInfo};
use crate::linux::watch::ExitWatch;

/// How long to wait for killed processes. They end at once unless the kernel holds them.
const KILL_WAIT: Duration = Duration::from_secs(2);
/// The same for a drop, which blocks its thread.
const DROP_WAIT: Duration = Duration::from_millis(500);

/// Makes the id of a call, unique for this boot.
pub(crate) fn unique_id() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{now:x}-{call}", std::process::id())
}

/// The process tree of one command, searched again on each use. The leader must not be reaped yet,
/// so that its process id and group id cannot be reused.
#[derive(Debug)]
pub(crate) struct ProcessTree {
    leader_pid: i32,
    /// No process that started before the leader belongs to the tree.
    leader_start_ticks: u64,
    marker_id: String,
}

/// A process of the tree, referred to by a pidfd, which never refers to another process.
struct TreeMember {
    pidfd: OwnedFd,
}

impl ProcessTree {
    /// The tree of the running or unreaped process `leader`, marked with `id`.
    pub(crate) fn new(leader_pid: i32, marker_id: String) -> Self {
        Self {
            leader_pid,
            leader_start_ticks: procfs::read_start_ticks(leader_pid).unwrap_or(0),
            marker_id,
        }
    }

    /// The id of the process group that the leader leads.
    pub(crate) fn group_id(&self) -> i32 {
        self.leader_pid
    }

    /// Sends SIGTERM to all processes, SIGKILL to those alive after the grace period, and waits
    /// until all are gone. Returns how many could not be ended.
    pub(crate) async fn terminate_all(&self, grace_period: Duration) -> usize {
        match self.signal_until_gone(&[Signal::TERM, Signal::CONT], grace_period).await {
            0 => 0,
            _ => self.signal_until_gone(&[Signal::KILL], KILL_WAIT).await,
        }
    }

    /// Kills all processes and blocks the thread until they are gone.
    pub(crate) fn kill_now(&self) {
        let deadline = Instant::now() + DROP_WAIT;
        loop {
            let mut members = self.find_members();
            members.retain(|member| member.send_signals(&[Signal::KILL]));
            if members.is_empty() || Instant::now() >= deadline {
                return;
            }
            for member in &members {
                member.wait_until(deadline);
            }
        }
    }

    /// Signals all processes, including those started meanwhile, until none is left or the time is
    /// over. Returns how many are left.
    async fn signal_until_gone(&self, signals: &[Signal], timeout: Duration) -> usize {
        let deadline = tokio::time::Instant::now() + timeout;
        loop {
            let members = self.find_members();
            let member_count = members.len();
            let signalled: Vec<_> =
                members.into_iter().filter(|member| member.send_signals(signals)).collect();
            if signalled.is_empty() || tokio::time::Instant::now() >= deadline {
                return member_count;
            }
            for member in signalled {
                if timeout_at(deadline, member.wait_until_gone()).await.is_err() {
                    return self.find_members().len();
                }
            }
        }
    }

    /// Finds all live processes of the tree.
    fn find_members(&self) -> Vec<TreeMember> {
        let own_pid = i32::try_from(std::process::id()).unwrap_or(0);
        let candidates: Vec<ProcessInfo> = procfs::list_processes()
            .into_iter()
            .filter(|process| {
                process.start_ticks >= self.leader_start_ticks && process.pid != own_pid
            })
            .collect();
        let mut tree_pids: HashSet<i32> = candidates
            .iter()
            .filter(|process| {
                process.pid == self.leader_pid
                    || process.group_id == self.leader_pid
                    || procfs::has_marker_id(process.pid, &self.marker_id)
            })
            .map(|process| process.pid)
            .collect();
        // Children may be listed before their parents: add until nothing is added.
        loop {
            let previous_count = tree_pids.len();
            for process in &candidates {
                if process.parent_pid == self.leader_pid || tree_pids.contains(&process.parent_pid)
                {
                    tree_pids.insert(process.pid);
                }
            }
            if tree_pids.len() == previous_count {
                break;
            }
        }
        candidates
            .iter()
            .filter(|one| tree_pids.contains(&one.pid))
            .filter_map(TreeMember::open)
            .collect()
    }
}

impl TreeMember {
    /// Opens a pidfd; `None` when the process has ended, even if its id was reused.
    fn open(process: &ProcessInfo) -> Option<Self> {
        let pidfd = pidfd_open(Pid::from_raw(process.pid)?, PidfdFlags::empty()).ok()?;
        let is_same_process = procfs::read_process(process.pid)?.start_ticks == process.start_ticks;
        is_same_process.then_some(Self { pidfd })
    }

    /// Sends the signals in order; false when that is not permitted. True when the process is gone.
    fn send_signals(&self, signals: &[Signal]) -> bool {
        signals
            .iter()
            .all(|signal| pidfd_send_signal(&self.pidfd, *signal) != Err(rustix::io::Errno::PERM))
    }

    /// Waits until the process has ended.
    async fn wait_until_gone(self) {
        match ExitWatch::new(self.pidfd) {
            Ok(watch) => drop(watch.wait_for_exit().await),
            // Without a watch (e.g. no descriptors left) the caller checks again.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }

    /// Blocks the thread until the process has ended or the deadline has passed.
    fn wait_until(&self, deadline: Instant) {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(remaining) else { return };
        let mut poll_fds = [PollFd::from_borrowed_fd(self.pidfd.as_fd(), PollFlags::IN)];
        // A wait that is interrupted ends early; the caller checks again.
        let _ = poll(&mut poll_fds, Some(&left));
    }
}
