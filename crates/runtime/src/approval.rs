//! Approval of tool calls: a policy decides, and a prompter asks a person where the policy says so.

mod planned_change;
mod policy;

use std::fmt::{self, Debug, Display};
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    ApprovalDecision, Approver, CommandRemedies, FileProtection, ToolCall, ToolCallId, ToolEffect,
    ToolName, UnansweredAction,
};
use openclaw_exec_policy::escape_line;

use crate::command_policy::{
    ApprovalsUpdateError, CommandPolicy, GrantScope, describe_allowlist_commands,
};

pub use planned_change::DIFF_LABEL;
pub use policy::{ApprovalPolicy, PolicyDecision};

/// The longest time that a person may allow commands for.
pub const MAX_GRANT_TIME: Duration = Duration::from_hours(30 * 24);

/// Approves calls by a policy, and asks through `P` about those that need a person.
#[derive(Debug, Clone)]
pub struct PolicyApprover<P> {
    policy: ApprovalPolicy,
    prompter: P,
    /// Keeps what a person allows for good; `None` when nothing can be.
    command_policy: Option<CommandPolicy>,
}

impl<P: ApprovalPrompter> PolicyApprover<P> {
    /// Decides by `policy`, and asks through `prompter`.
    pub fn new(policy: ApprovalPolicy, prompter: P) -> Self {
        Self { policy, prompter, command_policy: None }
    }

    /// Lets the person allow commands for good, which `command_policy` keeps.
    #[must_use]
    pub fn with_command_policy(self, command_policy: CommandPolicy) -> Self {
        Self { command_policy: Some(command_policy), ..self }
    }

    /// Keeps what a person allows from now on, with `grant`.
    fn allow_from_now_on(
        &self,
        grant: impl FnOnce(&CommandPolicy) -> Result<(), ApprovalsUpdateError>,
    ) -> ApprovalDecision {
        let Some(command_policy) = &self.command_policy else { return ApprovalDecision::Allow };
        match grant(command_policy) {
            Ok(()) => ApprovalDecision::Allow,
            Err(error) => {
                let reason = format!("the user allows this from now on, but failed to {error}");
                ApprovalDecision::Deny { reason }
            }
        }
    }
}

#[async_trait]
impl<P: ApprovalPrompter> Approver for PolicyApprover<P> {
    async fn review_call(&self, call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision {
        let mut request = match self.policy.decide_call(call, effect) {
            PolicyDecision::Allow => return ApprovalDecision::Allow,
            PolicyDecision::Deny { reason } => return ApprovalDecision::Deny { reason },
            PolicyDecision::Ask(request) => request,
        };
        if self.command_policy.is_none() {
            request.remedies.exact_rule = None;
            request.remedies.sandboxed_programs.clear();
        }
        let kind = request.kind;
        let reason = match self.prompter.request_approval(&request).await {
            ApprovalAnswer::Allow => return ApprovalDecision::Allow,
            ApprovalAnswer::AllowAlways => {
                return self.allow_from_now_on(|policy| {
                    policy.add_grant(&request.remedies, GrantScope::Command, None)
                });
            }
            ApprovalAnswer::AllowFor { scope, time } => {
                return self.allow_from_now_on(|policy| {
                    policy.add_grant(&request.remedies, scope, Some(time.min(MAX_GRANT_TIME)))
                });
            }
            ApprovalAnswer::Deny { reason: None } => format!("the user did not allow this {kind}"),
            ApprovalAnswer::Deny { reason: Some(reason) } => {
                format!("the user did not allow this {kind}: {reason}")
            }
            ApprovalAnswer::Unavailable { reason } => {
                return match self.policy.unanswered_action(&request) {
                    UnansweredAction::Run => ApprovalDecision::Allow,
                    UnansweredAction::Wait => {
                        ApprovalDecision::NeedsInput { question: request.open_question() }
                    }
                    _ => ApprovalDecision::NoApprover { reason: request.unasked_reason(&reason) },
                };
            }
        };
        ApprovalDecision::Deny { reason }
    }
}

/// Asks a person whether a call may run: at a terminal, over a network, or in another program.
#[async_trait]
pub trait ApprovalPrompter: Send + Sync + Debug {
    /// Shows the request and waits for the answer. The texts of the request come from a model: a
    /// terminal has to escape them. Dropping the future withdraws the request.
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer;
}

/// A call that a person is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// The call's id, unique in its conversation.
    pub call_id: ToolCallId,
    /// The tool that is called.
    pub tool: ToolName,
    /// What kind of call it is.
    pub kind: ApprovalKind,
    /// The complete command line, or what the call does as a verb and its object.
    pub text: String,
    /// The directory of a command, relative to the workspace; `.` is the workspace. `None` for
    /// calls that run in no directory.
    pub directory: Option<String>,
    /// The node that a command runs on; `None` is this machine.
    pub node: Option<String>,
    /// Why a person is asked.
    pub reason: ApprovalReason,
    /// The complete call for the person: lines without control characters, each of the call's own
    /// begins with `  | `, so that none looks like a line of the question.
    pub display: String,
    /// What happens to the call when there is no person to ask; `None` leaves it to the config.
    pub unanswered: Option<UnansweredAction>,
    /// What would allow the command without a question.
    pub remedies: CommandRemedies,
    /// Whether `--yes` does not allow the call.
    pub is_final: bool,
}

impl ApprovalRequest {
    /// Whether the person may answer [`ApprovalAnswer::AllowAlways`], and
    /// [`ApprovalAnswer::AllowFor`] with [`GrantScope::Command`].
    #[must_use]
    pub fn can_allow_always(&self) -> bool {
        self.remedies.exact_rule.is_some()
    }

    /// The programs that the person may allow by [`ApprovalAnswer::AllowFor`] with
    /// [`GrantScope::SandboxedPrograms`].
    #[must_use]
    pub fn sandboxed_programs(&self) -> &[String] {
        &self.remedies.sandboxed_programs
    }

    /// Why a person is asked, on one line, safe to print; fits "asked because {…}".
    #[must_use]
    pub fn reason_line(&self) -> String {
        escape_line(&self.reason.to_string())
    }

    /// Why the call is denied when there is no person to ask, and what would allow it.
    fn unasked_reason(&self, reason: &str) -> String {
        let mut text = match (self.kind, &self.node) {
            (ApprovalKind::Command, None) => {
                "running a command needs a person's approval".to_owned()
            }
            (ApprovalKind::Command, Some(node)) => {
                let node = escape_line(node);
                format!("running a command on the node `{node}` needs a person's approval")
            }
            (ApprovalKind::Call, _) => {
                let action = escape_line(&self.text);
                format!("this call needs a person's approval ({action})")
            }
        };
        text.push_str(", and ");
        text.push_str(reason);
        if self.node.is_some() {
            text.push_str("; it is asked about because ");
            text.push_str(&self.reason_line());
        }
        if let Some(commands) = describe_allowlist_commands(&self.remedies) {
            text.push_str("; without a question it runs after ");
            text.push_str(&commands);
        }
        text
    }

    /// The question that a turn ends with when there is no person to ask.
    fn open_question(&self) -> String {
        let place = self.node.as_ref().map_or_else(String::new, |node| format!(" on {node}"));
        format!("May this {} run{place}: {}", self.kind, self.text)
    }
}

/// The kind of a call that a person is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApprovalKind {
    /// A command, by `exec`.
    Command,
    /// Any other call.
    Call,
}

/// A noun for "allow this {…}?".
impl Display for ApprovalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "command",
            Self::Call => "call",
        })
    }
}

/// Why a person is asked about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApprovalReason {
    /// `tools.exec.ask` is `always`.
    AskAlways,
    /// The command is on no allowlist.
    NotOnAllowlist,
    /// No setting allows calls with this effect.
    UnlistedEffect,
    /// The file is protected, whatever is allowed beforehand.
    ProtectedFile {
        /// Why.
        protection: FileProtection,
    },
    /// The policy of commands says so.
    CommandPolicy {
        /// Why, at least one reason.
        reasons: Vec<String>,
    },
}

/// Fits "asked because {…}".
impl Display for ApprovalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandPolicy { reasons } => return f.write_str(&reasons.join("; ")),
            Self::ProtectedFile { protection } => return write!(f, "{protection}"),
            Self::AskAlways => "`tools.exec.ask` is `always`",
            Self::NotOnAllowlist => "the command is on no allowlist",
            Self::UnlistedEffect => "no setting allows calls with this effect",
        })
    }
}

/// The answer to an [`ApprovalRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalAnswer {
    /// The call may run once.
    Allow,
    /// The call may run, and exactly this command in this directory from now on without a question.
    /// Only an answer to requests that [can allow it](ApprovalRequest::can_allow_always).
    AllowAlways,
    /// The call may run, and from now on for a time, at most [`MAX_GRANT_TIME`], without a question.
    /// Only an answer to requests that can allow it.
    AllowFor {
        /// What may run.
        scope: GrantScope,
        /// For how long.
        time: Duration,
    },
    /// The call may not run.
    Deny {
        /// The person's words, for the model.
        reason: Option<String>,
    },
    /// Nobody can be asked.
    Unavailable {
        /// Why, to follow "and", e.g. `there is no terminal to ask on`.
        reason: String,
    },
}

#[cfg(test)]
mod tests;
