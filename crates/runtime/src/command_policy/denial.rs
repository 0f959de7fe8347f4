//! Why a command does not run or is asked about, with the setting that says so.

use openclaw_exec_policy::{
    ApprovalsDocument, AskReason, DenyReason, NodeAskReason, SecurityLevel,
};

use super::CommandPolicy;
use crate::runtime::Runtime;

/// Which settings of a policy are those of `/exec` in the session, and not those of the config.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SessionStrictness {
    security: bool,
    ask: bool,
}

impl SessionStrictness {
    /// Compares the policy of `runtime`'s session with that of its config.
    pub(super) fn new(runtime: &Runtime, agent: &str) -> Self {
        let Some(session) = runtime.session_config.as_deref() else { return Self::default() };
        let config = &runtime.models.loaded_config().config;
        Self {
            security: session.exec_security(agent) != config.exec_security(agent),
            ask: session.exec_ask_mode(agent) != config.exec_ask_mode(agent),
        }
    }
}

impl CommandPolicy {
    /// Why a command doesn't run, with the setting that says so.
    pub(super) fn describe_denial(
        &self,
        reason: &DenyReason,
        approvals: &ApprovalsDocument,
    ) -> String {
        let path = self.approvals_path.display();
        match (reason, approvals) {
            (DenyReason::SecurityDeny, _) if self.config.security == SecurityLevel::Deny => {
                if self.session.security {
                    "commands are switched off in this session by `/exec security=deny`; `/exec \
                     reset` returns to the config"
                        .to_owned()
                } else {
                    "commands are switched off by `tools.exec.security`".to_owned()
                }
            }
            (DenyReason::SecurityDeny, ApprovalsDocument::Unreadable { error, .. }) => {
                format!("no command runs while `{path}` can't be read: {error}")
            }
            (DenyReason::SecurityDeny, _) => {
                format!("commands are switched off by `security` in `{path}`")
            }
            (reason, _) if self.session.security => format!(
                "the command is not allowed: {reason}; the allowlist counts in this session by \
                 `/exec security=allowlist`"
            ),
            (reason, _) => format!("the command is not allowed: {reason}"),
        }
    }

    /// Why a command is asked about.
    pub(super) fn describe_ask(&self, reason: &AskReason) -> String {
        match reason {
            AskReason::AskAlways if self.session.ask => SESSION_ASKS.to_owned(),
            reason => reason.to_string(),
        }
    }

    /// Why a command on a node is asked about.
    pub(super) fn describe_node_ask(&self, reason: NodeAskReason) -> String {
        match reason {
            NodeAskReason::AskAlways if self.session.ask => SESSION_ASKS.to_owned(),
            reason => reason.to_string(),
        }
    }
}

/// Why a session asks about every command.
const SESSION_ASKS: &str = "`/exec ask=always` of this session asks about every command";
