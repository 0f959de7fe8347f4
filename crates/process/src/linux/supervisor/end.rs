//! Ends all that the commands left running.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid};

use super::{SupervisorOrder, SupervisorState};
use crate::linux::member::TreeMember;
use crate::linux::procfs;
use crate::linux::tree::{KILL_WAIT, survivors};
use crate::linux::wire::SupervisorReport;

/// How soon processes are searched again that must exist but were not found.
const SEARCH_INTERVAL: Duration = Duration::from_millis(5);

impl SupervisorState {
    /// Sends SIGTERM to all processes, SIGKILL to those alive after the grace period, waits until
    /// all are gone, and reports what could not be ended.
    pub(super) fn end_tree(&mut self, grace_period: Duration) -> io::Result<()> {
        let mut has_children = self.reap_children();
        if has_children && !grace_period.is_zero() {
            has_children = self.signal_until_gone(&[Signal::TERM, Signal::CONT], grace_period);
        }
        if has_children {
            has_children = self.signal_until_gone(&[Signal::KILL], KILL_WAIT);
        }
        let survivors = if has_children { survivors(&find_members()) } else { Vec::new() };
        self.report(&SupervisorReport::Finished { survivors })
    }

    /// Signals all processes once, including those started meanwhile, until none is left or the
    /// time is over. Returns whether any is left.
    fn signal_until_gone(&mut self, signals: &[Signal], timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let (mut signalled, mut refused) = (HashSet::new(), HashSet::new());
        loop {
            let members = find_members();
            for member in &members {
                let id = (member.process.pid, member.process.start_ticks);
                if signalled.insert(id) && !member.send_signals(signals) {
                    refused.insert(id);
                }
            }
            if !self.reap_children() {
                return false;
            }
            let all_refused = members
                .iter()
                .all(|member| refused.contains(&(member.process.pid, member.process.start_ticks)));
            let mut wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() || (all_refused && !members.is_empty()) {
                return true;
            }
            if members.is_empty() {
                // A process that was forked during the search was missed by it.
                wait = wait.min(SEARCH_INTERVAL);
            }
            let exit_events: Vec<_> = members.iter().map(TreeMember::exit_event).collect();
            if self.wait_for_event(&exit_events, wait) == SupervisorOrder::Kill
                && !signals.contains(&Signal::KILL)
            {
                return true;
            }
        }
    }
}

/// Finds all live processes of the tree.
fn find_members() -> Vec<TreeMember> {
    let own_pid = getpid().as_raw_nonzero().get();
    procfs::find_descendants(own_pid).into_iter().filter_map(TreeMember::open).collect()
}
