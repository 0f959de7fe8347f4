//! What comes next for a node that is not yet, or no longer, of use to its gateway.

use openclaw_node::CommandsDecision;

use super::NodeState;
use crate::commands::node::reports::describe_rejected;
use crate::commands::node::state_file::NodePhase;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NextStep {
    /// The command; `None` when there is only to wait.
    pub(super) command: Option<String>,
    /// A sentence with that command.
    pub(super) text: String,
}

impl NextStep {
    fn approve(group: &str, request: &str, what: &str) -> Self {
        let command = format!("openclaw {group} approve {request}");
        let text = format!("On the gateway's machine `{command}` {what}.");
        Self { command: Some(command), text }
    }

    fn wait(text: &str) -> Self {
        Self { command: None, text: text.to_owned() }
    }

    fn run(command: &str, text: String) -> Self {
        Self { command: Some(command.to_owned()), text }
    }
}

impl NodeState {
    /// What comes next; `None` when all is well.
    pub(super) fn next_step(&self) -> Option<NextStep> {
        if let Some(request) = self.device_request() {
            return Some(NextStep::approve("devices", request, "lets this node in"));
        }
        if let Some(request) = self.commands_request() {
            return Some(NextStep::approve("nodes", request, "approves its commands"));
        }
        if self.local.process_id.is_none() {
            let command = "openclaw node run";
            return Some(NextStep::run(command, format!("`{command}` starts it.")));
        }
        let rejected = self.rejected_commands();
        if !rejected.is_empty() {
            return Some(self.ask_again(&rejected));
        }
        if self.is_connected() {
            return None;
        }
        let phase = self.record().map(|record| record.phase);
        match (phase, &self.remote) {
            (Some(NodePhase::WaitingForApproval), Some(remote)) if remote.entry.is_some() => {
                Some(NextStep::wait(
                    "It is approved and not connected yet: it asks every 10 seconds, and once a \
                     minute when it has waited for more than 5 minutes.",
                ))
            }
            (Some(NodePhase::WaitingForApproval), Some(_)) => Some(NextStep::wait(
                "Its request was rejected or is over; it makes a new one within a minute.",
            )),
            (Some(NodePhase::Disconnected), _) => Some(NextStep::run(
                "openclaw gateway run",
                "On the gateway's machine `openclaw gateway run` starts the gateway; the node \
                 connects by itself then."
                    .to_owned(),
            )),
            _ => None,
        }
    }

    /// The commands that were rejected; the node asks for them when it connects.
    fn rejected_commands(&self) -> Vec<&'static str> {
        let of_entry = self.entry().filter(|entry| entry.connected).map(|entry| CommandsDecision {
            approved: entry.commands.clone(),
            waiting: entry.pending_declared_commands.clone(),
            request_id: entry.pending_request_id.clone(),
            refused: entry.refused_commands.clone(),
        });
        let record = self.record().filter(|_| self.remote.is_none());
        let told = record.and_then(|record| record.decision.clone());
        of_entry.or(told).map(|decision| decision.rejected()).unwrap_or_default()
    }

    fn ask_again(&self, rejected: &[&str]) -> NextStep {
        let told = describe_rejected(rejected);
        if self.is_service {
            let command = "openclaw node restart";
            return NextStep::run(command, format!("{told}: `{command}` does that."));
        }
        let command = "openclaw node run";
        NextStep::run(command, format!("{told}: end it with Ctrl-C and start `{command}` again."))
    }
}

#[cfg(test)]
mod tests {
    use openclaw_node::NodeReport;
    use openclaw_protocol::gateway::{NODE_COMMANDS, NodeEntry};

    use super::*;
    use crate::commands::node::state_file::NodeRecord;
    use crate::commands::node::status::RemoteNode;

    fn running(reports: &[NodeReport]) -> NodeState {
        let mut state = NodeState::default();
        let mut record = NodeRecord::new("ws://127.0.0.1:7/");
        for report in reports {
            record.apply_report(report);
        }
        state.local.process_id = Some(1);
        state.local.record = Some(record);
        state
    }

    fn waiting() -> NodeState {
        let retry_in = std::time::Duration::from_secs(5);
        running(&[NodeReport::WaitingForApproval { request_id: Some("r".into()), retry_in }])
    }

    fn entry(is_connected: bool) -> NodeEntry {
        let mut entry = NodeEntry::default();
        entry.paired = true;
        entry.connected = is_connected;
        entry.commands = NODE_COMMANDS.map(str::to_owned).to_vec();
        entry
    }

    fn command(state: &NodeState) -> Option<String> {
        state.next_step().and_then(|step| step.command)
    }

    #[test]
    fn what_waits_for_an_approval_is_approved_by_its_own_command() {
        let mut state = waiting();
        assert_eq!(command(&state).as_deref(), Some("openclaw devices approve r"));
        // The gateway knows better.
        let device_request = Some("newer".to_owned());
        state.remote = Some(RemoteNode { entry: None, device_request });
        assert_eq!(command(&state).as_deref(), Some("openclaw devices approve newer"));

        let decision = CommandsDecision { request_id: Some("c".into()), ..Default::default() };
        let mut state = running(&[NodeReport::Connected, NodeReport::CommandsDecided(decision)]);
        assert_eq!(command(&state).as_deref(), Some("openclaw nodes approve c"));
        let mut known = entry(true);
        known.pending_request_id = Some("d".to_owned());
        state.remote = Some(RemoteNode { entry: Some(known), device_request: None });
        assert_eq!(command(&state).as_deref(), Some("openclaw nodes approve d"));
    }

    #[test]
    fn a_node_that_only_has_to_wait_is_told_so() {
        let mut state = waiting();
        state.remote = Some(RemoteNode { entry: Some(entry(false)), device_request: None });
        let step = state.next_step().unwrap();
        assert_eq!(step.command, None);
        assert!(step.text.contains("approved and not connected yet"), "{}", step.text);
        state.remote = Some(RemoteNode::default());
        let step = state.next_step().unwrap();
        assert!(step.text.contains("was rejected or is over"), "{}", step.text);
    }

    #[test]
    fn rejected_commands_are_asked_for_by_a_new_connection() {
        let decision = CommandsDecision::default();
        let mut state = running(&[NodeReport::Connected, NodeReport::CommandsDecided(decision)]);
        let step = state.next_step().unwrap();
        assert!(step.text.contains("system.run"), "{}", step.text);
        assert_eq!(step.command.as_deref(), Some("openclaw node run"));
        state.is_service = true;
        assert_eq!(command(&state).as_deref(), Some("openclaw node restart"));
        state.remote = Some(RemoteNode { entry: Some(entry(true)), device_request: None });
        assert_eq!(state.next_step(), None);
    }

    #[test]
    fn a_node_that_does_not_run_is_started() {
        let state = NodeState::default();
        assert_eq!(command(&state).as_deref(), Some("openclaw node run"));
        let reason = "connect".to_owned();
        let retry_in = std::time::Duration::ZERO;
        let state = running(&[NodeReport::Disconnected { reason, retry_in }]);
        assert_eq!(command(&state).as_deref(), Some("openclaw gateway run"));
    }
}
