//! The policy of approvals, from `tools.exec`.

use openclaw_config::{ExecAsk, ExecConfig, ExecSecurity};
use openclaw_core::{CommandRemedies, CommandReview, ToolCall, ToolEffect, UnansweredAction};
use openclaw_exec_policy::render_text_for_approval;

use super::planned_change::render_planned_change;
use super::{ApprovalKind, ApprovalReason, ApprovalRequest};

/// Decides which calls run without asking: looking at and ending the agent's own background
/// commands; file tools in the workspace, except writes to protected
/// files, which a person always decides about; and commands by the review that came with them, see
/// [`CommandPolicy`](crate::CommandPolicy). Commands without a review are decided by `tools.exec`
/// with an empty allowlist. Calls with any other effect are asked about.
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
    Ask(Box<ApprovalRequest>),
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
        let ask = |kind, text: String, directory: Option<String>, reason| {
            let label = if kind == ApprovalKind::Command { "shell command" } else { "call" };
            let place =
                directory.as_deref().map(|text| render_text_for_approval("directory", text));
            let display = place.unwrap_or_default() + &render_text_for_approval(label, &text);
            Box::new(ApprovalRequest {
                call_id: call.id.clone(),
                tool: call.name.clone(),
                kind,
                text,
                directory,
                node: None,
                reason,
                display,
                unanswered: None,
                remedies: CommandRemedies::default(),
                is_final: kind == ApprovalKind::Call,
            })
        };
        let ask_other = |text| {
            let reason = ApprovalReason::UnlistedEffect;
            PolicyDecision::Ask(ask(ApprovalKind::Call, text, None, reason))
        };
        match effect {
            ToolEffect::Read { .. }
            | ToolEffect::Inspect { .. }
            | ToolEffect::OwnCommand { .. }
            | ToolEffect::Write { protection: None, .. } => PolicyDecision::Allow,
            ToolEffect::Write { path, protection: Some(protection), change } => {
                let text = format!("change {path}: {protection}");
                let reason = ApprovalReason::ProtectedFile { protection: *protection };
                let mut request = ask(ApprovalKind::Call, text, None, reason);
                request.display.push_str(&render_planned_change(change.as_deref()));
                request.unanswered = Some(UnansweredAction::Deny);
                PolicyDecision::Ask(request)
            }
            ToolEffect::Exec { command, directory, node, review } => {
                let verdict = self.judge_command(review);
                let ask_command = |reason| {
                    let (text, directory) = (command.clone(), Some(directory.clone()));
                    let request = ask(ApprovalKind::Command, text, directory, reason);
                    ApprovalRequest { node: node.clone(), ..*request }
                };
                match verdict {
                    CommandVerdict::Allow => PolicyDecision::Allow,
                    CommandVerdict::Ask(reason) => {
                        let mut request = ask_command(reason);
                        let place = node.as_deref().map(|it| render_text_for_approval("node", it));
                        request.display.insert_str(0, &place.unwrap_or_default());
                        PolicyDecision::Ask(Box::new(request))
                    }
                    CommandVerdict::Review { reasons, display, unanswered, remedies, is_final } => {
                        let reason = ApprovalReason::CommandPolicy { reasons };
                        PolicyDecision::Ask(Box::new(ApprovalRequest {
                            display,
                            unanswered: Some(unanswered),
                            remedies,
                            is_final,
                            ..ask_command(reason)
                        }))
                    }
                    CommandVerdict::Deny(reason) => PolicyDecision::Deny { reason },
                }
            }
            ToolEffect::Fetch { url } => ask_other(format!("fetch {url}")),
            ToolEffect::Other { description } => ask_other(description.clone()),
            _ => PolicyDecision::Deny {
                reason: "this kind of call needs an approval that cannot be given here".to_owned(),
            },
        }
    }

    /// What happens to a call when there is no person to ask.
    pub(super) fn unanswered_action(&self, request: &ApprovalRequest) -> UnansweredAction {
        let default = match self.ask_mode {
            ExecAsk::Always => UnansweredAction::Wait,
            _ => UnansweredAction::Deny,
        };
        request.unanswered.unwrap_or(default)
    }

    /// Judges a command by what the policy of the machine says, or else by `tools.exec` alone, for
    /// which all commands are equal.
    fn judge_command(&self, review: &CommandReview) -> CommandVerdict {
        match review {
            CommandReview::Denied { reason, is_final: true } => {
                return CommandVerdict::Deny(reason.clone());
            }
            CommandReview::Allowed => return CommandVerdict::Allow,
            CommandReview::NeedsPerson { is_final: false, .. } | CommandReview::Denied { .. }
                if self.auto_approve =>
            {
                return CommandVerdict::Allow;
            }
            CommandReview::Denied { reason, .. } => return CommandVerdict::Deny(reason.clone()),
            CommandReview::NeedsPerson { reasons, display, unanswered, remedies, is_final } => {
                return CommandVerdict::Review {
                    reasons: reasons.clone(),
                    display: display.clone(),
                    unanswered: *unanswered,
                    remedies: remedies.clone(),
                    is_final: *is_final,
                };
            }
            _ => {}
        }
        match (self.security, self.ask_mode) {
            (ExecSecurity::Deny, _) => CommandVerdict::Deny(
                "commands are switched off by `tools.exec.security`".to_owned(),
            ),
            _ if self.auto_approve => CommandVerdict::Allow,
            (ExecSecurity::Full, ExecAsk::Off) => CommandVerdict::Allow,
            (ExecSecurity::Allowlist, ExecAsk::Off) => CommandVerdict::Deny(
                "`tools.exec.security` allows listed commands only, none is listed, and \
                 `tools.exec.ask` is `off`"
                    .to_owned(),
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
    /// A person decides, by the policy of the machine.
    Review {
        reasons: Vec<String>,
        display: String,
        unanswered: UnansweredAction,
        remedies: CommandRemedies,
        is_final: bool,
    },
    Deny(String),
}
