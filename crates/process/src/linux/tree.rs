//! The tree of processes that a command started, and its end.

use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::timeout_at;

use crate::linux::procfs::{self, Process};
use crate::linux::watch::Watch;

/// How long killed processes have to be gone. They are at once, unless the kernel holds them.
const KILL_WAIT: Duration = Duration::from_secs(2);
/// The same for a drop, which blocks its thread.
const DROP_WAIT: Duration = Duration::from_millis(500);

/// Makes the id of a call: no other process of this boot has or will have it.
pub(crate) fn unique_id() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{now:x}-{call}", std::process::id())
}

/// The tree of one command, found anew each time. Its leader must not have been reaped, so that
/// neither its process id nor its group can be another's.
#[derive(Debug)]
pub(crate) struct Tree {
    leader: i32,
    /// No process that started before the leader belongs to the tree.
    since: u64,
    id: String,
}

/// A process of the tree, held by a descriptor that never names another one.
struct Member {
    process: OwnedFd,
}

impl Tree {
    /// The tree of the running or unreaped process `leader`, marked with `id`.
    pub(crate) fn new(leader: i32, id: String) -> Self {
        Self { leader, since: procfs::started(leader).unwrap_or(0), id }
    }

    /// Asks all to end, kills those that live after `grace`, and comes back when all are gone.
    /// Returns how many could not be ended.
    pub(crate) async fn end(&self, grace: Duration) -> usize {
        match self.signal_until_gone(&[Signal::TERM, Signal::CONT], grace).await {
            0 => 0,
            _ => self.signal_until_gone(&[Signal::KILL], KILL_WAIT).await,
        }
    }

    /// Kills all and waits, on this thread, until they are gone.
    pub(crate) fn kill_now(&self) {
        let deadline = Instant::now() + DROP_WAIT;
        loop {
            let mut members = self.members();
            members.retain(|member| member.signal(&[Signal::KILL]));
            if members.is_empty() || Instant::now() >= deadline {
                return;
            }
            for member in &members {
                member.wait_until(deadline);
            }
        }
    }

    /// Signals all and those they start meanwhile, until none is left or the time is over.
    /// Returns how many are left.
    async fn signal_until_gone(&self, signals: &[Signal], within: Duration) -> usize {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let found = self.members();
            let all = found.len();
            let signalled: Vec<_> =
                found.into_iter().filter(|member| member.signal(signals)).collect();
            if signalled.is_empty() || tokio::time::Instant::now() >= deadline {
                return all;
            }
            for member in signalled {
                if timeout_at(deadline, member.gone()).await.is_err() {
                    return self.members().len();
                }
            }
        }
    }

    /// All processes of the tree that live now.
    fn members(&self) -> Vec<Member> {
        let me = i32::try_from(std::process::id()).unwrap_or(0);
        let candidates: Vec<Process> = procfs::processes()
            .into_iter()
            .filter(|process| process.started >= self.since && process.pid != me)
            .collect();
        let mut tree: HashSet<i32> = candidates
            .iter()
            .filter(|process| {
                process.pid == self.leader
                    || process.group == self.leader
                    || procfs::is_marked(process.pid, &self.id)
            })
            .map(|process| process.pid)
            .collect();
        // Children may be listed before their parents: add until nothing is added.
        loop {
            let before = tree.len();
            for process in &candidates {
                if process.parent == self.leader || tree.contains(&process.parent) {
                    tree.insert(process.pid);
                }
            }
            if tree.len() == before {
                break;
            }
        }
        candidates.iter().filter(|one| tree.contains(&one.pid)).filter_map(Member::open).collect()
    }
}

impl Member {
    /// Holds a process; `None` when it has ended, even if its id is another's by now.
    fn open(process: &Process) -> Option<Self> {
        let held = pidfd_open(Pid::from_raw(process.pid)?, PidfdFlags::empty()).ok()?;
        let same = procfs::process(process.pid)?.started == process.started;
        same.then_some(Self { process: held })
    }

    /// Sends the signals in order; false when it may not be signalled. One that is gone may.
    fn signal(&self, signals: &[Signal]) -> bool {
        signals
            .iter()
            .all(|signal| pidfd_send_signal(&self.process, *signal) != Err(rustix::io::Errno::PERM))
    }

    /// Comes back when the process has ended.
    async fn gone(self) {
        match Watch::new(self.process) {
            Ok(watch) => drop(watch.ended().await),
            // Without a watch (no descriptors left, say) the caller looks again.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }

    /// Waits, on this thread, until the process has ended or the time is over.
    fn wait_until(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else { return };
        let mut watched = [PollFd::from_borrowed_fd(self.process.as_fd(), PollFlags::IN)];
        // An interrupted wait ends early; the caller looks again.
        let _ = poll(&mut watched, Some(&left));
    }
}
