//! The policy of commands that run on a node.

use openclaw_core::{CommandRemedies, CommandReview, UnansweredAction};
use openclaw_exec_policy::{AskMode, DenyReason, NodeExecDecision, NodeVerdict, SecurityLevel};
use openclaw_exec_policy::{NodeAskReason, NodeDenyReason};
use openclaw_protocol::gateway::NodeDecision;
use openclaw_tools::{NodeCommand, NodeCommandJudge};

use super::CommandPolicy;

impl NodeCommandJudge for CommandPolicy {
    fn judge_node_command(&self, command: &NodeCommand<'_>) -> CommandReview {
        let approvals = self.read_approvals();
        let policy = self.apply_approvals(&approvals);
        let verdict = match command.decision {
            NodeDecision::Allow => NodeVerdict::Allow,
            NodeDecision::Ask => NodeVerdict::Ask,
            NodeDecision::Deny => NodeVerdict::Deny,
        };
        let with_reason = |text: String| match command.reason {
            Some(reason) if !reason.is_empty() => format!("{text}: {reason}"),
            _ => text,
        };
        match policy.judge_on_node(verdict) {
            NodeExecDecision::Allow => CommandReview::Allowed,
            NodeExecDecision::Deny(NodeDenyReason::SecurityDeny) => CommandReview::Denied {
                reason: self.describe_denial(&DenyReason::SecurityDeny, &approvals),
                is_final: true,
            },
            NodeExecDecision::Deny(reason @ NodeDenyReason::NodeDenies) => {
                CommandReview::Denied { reason: with_reason(reason.to_string()), is_final: true }
            }
            NodeExecDecision::Deny(reason) => CommandReview::Denied {
                reason: with_reason(reason.to_string()),
                is_final: policy.security == SecurityLevel::Deny,
            },
            NodeExecDecision::Ask(reason) => CommandReview::NeedsPerson {
                reasons: vec![match reason {
                    NodeAskReason::AskAlways => self.describe_node_ask(reason),
                    NodeAskReason::NodeAsks => with_reason(reason.to_string()),
                }],
                display: command.display.to_owned(),
                unanswered: match policy.ask {
                    AskMode::Always => UnansweredAction::Wait,
                    _ => UnansweredAction::Deny,
                },
                remedies: CommandRemedies::default(),
                is_final: false,
            },
        }
    }
}
