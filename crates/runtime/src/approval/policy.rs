//! The policy of approvals, from `tools.exec`.

use openclaw_config::{ExecAsk, ExecConfig, ExecSecurity};
use openclaw_core::{ToolCall, ToolEffect};

use super::{ApprovalKind, ApprovalReason, ApprovalRequest};

/// Decides which calls run without asking: file tools in the workspace always, and commands by
/// `tools.exec`. There is no allowlist, so that it counts as empty. Calls with any other effect are
/// asked about.
#[derive(Debug, Clone)]
pub struct ApprovalPolicy {
    security: ExecSecurity,
    ask_mode: ExecAsk,
    auto_approve: bool,
}

/// What a policy decides on a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyDecision {
    /// The call runs.
    Allow,
    /// A person decides.
    Ask(ApprovalRequest),
    /// The call does not run.
    Deny {
        /// Why, as a sentence for the model and the user.
        reason: String,
    },
}

impl ApprovalPolicy {
    /// The policy that `tools.exec` describes.
    #[must_use]
    pub fn from_config(exec: &ExecConfig) -> Self {
        Self { security: exec.security(), ask_mode: exec.ask_mode(), auto_approve: false }
    }

    /// Runs commands without asking, unless `tools.exec.security` denies them. Calls with another
    /// effect are asked about all the same.
    #[must_use]
    pub fn with_auto_approve(self, auto_approve: bool) -> Self {
        Self { auto_approve, ..self }
    }

    /// Decides on a call without asking anybody.
    #[must_use]
    pub fn decide_call(&self, call: &ToolCall, effect: &ToolEffect) -> PolicyDecision {
        let ask = |kind, text, directory, reason| {
            let (call_id, tool) = (call.id.clone(), call.name.clone());
            let request = ApprovalRequest { call_id, tool, kind, text, directory, reason };
            PolicyDecision::Ask(request)
        };
        let ask_other = |text| ask(ApprovalKind::Call, text, None, ApprovalReason::UnlistedEffect);
        match effect {
            ToolEffect::Read { .. } | ToolEffect::Write { .. } => PolicyDecision::Allow,
            ToolEffect::Exec { command, directory } => match self.judge_command() {
                CommandVerdict::Allow => PolicyDecision::Allow,
                CommandVerdict::Ask(reason) => {
                    let directory = Some(directory.clone());
                    ask(ApprovalKind::Command, command.clone(), directory, reason)
                }
                CommandVerdict::Deny(reason) => PolicyDecision::Deny { reason: reason.to_owned() },
            },
            ToolEffect::Fetch { url } => ask_other(format!("fetch {url}")),
            ToolEffect::Other { description } => ask_other(description.clone()),
            _ => PolicyDecision::Deny {
                reason: "this kind of call needs an approval that cannot be given here".to_owned(),
            },
        }
    }

    /// Whether a turn ends with the question when nobody can be asked; otherwise the call is denied
    /// and the turn goes on.
    pub(super) fn waits_for_person(&self) -> bool {
        self.ask_mode == ExecAsk::Always
    }

    /// Judges any command: without an allowlist all commands are equal.
    fn judge_command(&self) -> CommandVerdict {
        match (self.security, self.ask_mode) {
            (ExecSecurity::Deny, _) => {
                CommandVerdict::Deny("commands are switched off by `tools.exec.security`")
            }
            _ if self.auto_approve => CommandVerdict::Allow,
            (ExecSecurity::Full, ExecAsk::Off) => CommandVerdict::Allow,
            (ExecSecurity::Allowlist, ExecAsk::Off) => CommandVerdict::Deny(
                "`tools.exec.security` allows listed commands only, none is listed, and \
                 `tools.exec.ask` is `off`",
            ),
            (_, ExecAsk::Always) => CommandVerdict::Ask(ApprovalReason::AskAlways),
            (_, ExecAsk::OnMiss) => CommandVerdict::Ask(ApprovalReason::NotOnAllowlist),
        }
    }
}

/// What `tools.exec` says about a command.
#[derive(Debug)]
enum CommandVerdict {
    Allow,
    Ask(ApprovalReason),
    Deny(&'static str),
}
