//! The policy of a command that runs on a node: the stricter of the gateway's and the node's own.

use crate::policy::{AskMode, ExecPolicy, SecurityLevel};

/// What a node's own policy says about a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeVerdict {
    /// It may run.
    Allow,
    /// It may run after a person approved it.
    Ask,
    /// It does not run.
    Deny,
}

/// What becomes of a command on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeExecDecision {
    /// It runs.
    Allow,
    /// A person at the gateway is asked.
    Ask(NodeAskReason),
    /// It does not run.
    Deny(NodeDenyReason),
}

/// Why a person is asked about a command on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NodeAskReason {
    /// The gateway's policy is to ask before every command.
    #[error("`ask` is `always`")]
    AskAlways,
    /// The node's own policy is to ask.
    #[error("the node runs it only after approval")]
    NodeAsks,
}

/// Why a command does not run on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NodeDenyReason {
    /// The gateway's policy runs no commands.
    #[error("commands are switched off: `security` is `deny`")]
    SecurityDeny,
    /// The node's own policy denies it.
    #[error("the node's policy does not permit it")]
    NodeDenies,
    /// The node would have to ask, and the gateway's policy is to ask nobody.
    #[error("the node runs it only after approval, and `ask` is `off`")]
    AskOff,
}

impl ExecPolicy {
    /// Decides on a command that runs on a node. The allowlist that counts is the node's, because
    /// the programs are there.
    #[must_use]
    pub fn judge_on_node(&self, node: NodeVerdict) -> NodeExecDecision {
        match (self.security, self.ask, node) {
            (SecurityLevel::Deny, ..) => NodeExecDecision::Deny(NodeDenyReason::SecurityDeny),
            (.., NodeVerdict::Deny) => NodeExecDecision::Deny(NodeDenyReason::NodeDenies),
            (_, AskMode::Always, _) => NodeExecDecision::Ask(NodeAskReason::AskAlways),
            (.., NodeVerdict::Allow) => NodeExecDecision::Allow,
            (SecurityLevel::Allowlist, AskMode::Off, NodeVerdict::Ask) => {
                NodeExecDecision::Deny(NodeDenyReason::AskOff)
            }
            (.., NodeVerdict::Ask) => NodeExecDecision::Ask(NodeAskReason::NodeAsks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_of_gateway_and_node_decides() {
        use AskMode::{Always, Off, OnMiss};
        use NodeAskReason::{AskAlways, NodeAsks};
        use NodeDenyReason::{AskOff, NodeDenies, SecurityDeny};
        use NodeExecDecision::{Allow, Ask, Deny};
        use SecurityLevel::{Allowlist, Full};

        let off = [Deny(SecurityDeny); 3];
        // What becomes of a command that the node allows, asks about and denies.
        for (security, ask, expected) in [
            (SecurityLevel::Deny, Off, off),
            (SecurityLevel::Deny, OnMiss, off),
            (SecurityLevel::Deny, Always, off),
            (Allowlist, Off, [Allow, Deny(AskOff), Deny(NodeDenies)]),
            (Allowlist, OnMiss, [Allow, Ask(NodeAsks), Deny(NodeDenies)]),
            (Allowlist, Always, [Ask(AskAlways), Ask(AskAlways), Deny(NodeDenies)]),
            (Full, Off, [Allow, Ask(NodeAsks), Deny(NodeDenies)]),
            (Full, OnMiss, [Allow, Ask(NodeAsks), Deny(NodeDenies)]),
            (Full, Always, [Ask(AskAlways), Ask(AskAlways), Deny(NodeDenies)]),
        ] {
            let policy = ExecPolicy::new(security, ask);
            let decided = [NodeVerdict::Allow, NodeVerdict::Ask, NodeVerdict::Deny]
                .map(|node| policy.judge_on_node(node));
            assert_eq!(decided, expected, "{security:?} {ask:?}");
        }
    }
}
