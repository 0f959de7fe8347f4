//! Finds and ends the process tree of a command whose supervisor doesn't: because the command
//! killed or stopped it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use tokio::time::timeout_at;

use crate::SurvivingProcess;
use crate::linux::member::TreeMember;
use crate::linux::procfs;

/// How long to wait for killed processes. They end at once unless the kernel holds them.
pub(crate) const KILL_WAIT: Duration = Duration::from_secs(2);
/// The same for a drop, which blocks its thread.
pub(crate) const DROP_WAIT: Duration = Duration::from_millis(500);

/// Makes the id of a call, unique for this boot.
pub(crate) fn unique_id() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{now:x}-{call}", std::process::id())
}

/// The processes of one supervisor, searched again on each use: itself, its session, every process
/// that inherited the call's marker, and the descendants of all these. The supervisor must not be
/// reaped yet, so that its process id cannot be reused.
#[derive(Debug)]
pub(crate) struct ProcessTree {
    supervisor_pid: i32,
    /// No process that started before the supervisor belongs to the tree.
    started_ticks: u64,
    marker_id: String,
}

impl ProcessTree {
    /// The tree of the running or unreaped process `supervisor_pid`, marked with `marker_id`.
    pub(crate) fn new(supervisor_pid: i32, marker_id: String) -> Self {
        let started_ticks = procfs::read_start_ticks(supervisor_pid).unwrap_or(0);
        Self { supervisor_pid, started_ticks, marker_id }
    }

    /// Sends SIGKILL to all processes and waits until all are gone. Returns those that are not.
    pub(crate) async fn kill_all(&self) -> Vec<SurvivingProcess> {
        let deadline = tokio::time::Instant::now() + KILL_WAIT;
        loop {
            let members = self.find_members();
            let survivors = survivors(&members);
            let signalled: Vec<_> =
                members.into_iter().filter(|member| member.send_signals(&[Signal::KILL])).collect();
            if signalled.is_empty() || tokio::time::Instant::now() >= deadline {
                return survivors;
            }
            for member in signalled {
                if timeout_at(deadline, member.wait_until_gone()).await.is_err() {
                    return self::survivors(&self.find_members());
                }
            }
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

    /// Finds all live processes of the tree.
    fn find_members(&self) -> Vec<TreeMember> {
        let own_pid = i32::try_from(std::process::id()).unwrap_or(0);
        let mut candidates = procfs::list_processes();
        candidates
            .retain(|process| process.start_ticks >= self.started_ticks && process.pid != own_pid);
        let members = procfs::with_descendants(candidates, |process| {
            process.pid == self.supervisor_pid
                || process.parent_pid == self.supervisor_pid
                || process.session_id == self.supervisor_pid
                || procfs::has_marker_id(process.pid, &self.marker_id)
        });
        members.into_iter().filter_map(TreeMember::open).collect()
    }
}

/// Names the processes that are still alive.
pub(crate) fn survivors(members: &[TreeMember]) -> Vec<SurvivingProcess> {
    let name_process = |member: &TreeMember| {
        let pid = member.process.pid;
        SurvivingProcess { pid, name: procfs::read_name(pid) }
    };
    members.iter().map(name_process).collect()
}
