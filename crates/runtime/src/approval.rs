//! Approval of tool calls: a policy decides, and a prompter asks a person where the policy says so.

mod policy;

use std::fmt::{self, Debug, Display};

use async_trait::async_trait;
use openclaw_core::{
    ApprovalDecision, Approver, FileProtection, ToolCall, ToolCallId, ToolEffect, ToolName,
    UnansweredAction,
};

pub use policy::{ApprovalPolicy, PolicyDecision};

/// Approves calls by a policy, and asks through `P` about those that need a person.
#[derive(Debug, Clone)]
pub struct PolicyApprover<P> {
    policy: ApprovalPolicy,
    prompter: P,
}

impl<P: Prompter> PolicyApprover<P> {
    /// Decides by `policy`, and asks through `prompter`.
    pub fn new(policy: ApprovalPolicy, prompter: P) -> Self {
        Self { policy, prompter }
    }
}

#[async_trait]
impl<P: Prompter> Approver for PolicyApprover<P> {
    async fn review_call(&self, call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision {
        let request = match self.policy.decide_call(call, effect) {
            PolicyDecision::Allow => return ApprovalDecision::Allow,
            PolicyDecision::Deny { reason } => return ApprovalDecision::Deny { reason },
            PolicyDecision::Ask(request) => request,
        };
        let kind = request.kind;
        let reason = match self.prompter.request_approval(&request).await {
            ApprovalAnswer::Allow => return ApprovalDecision::Allow,
            ApprovalAnswer::Deny { reason: None } => format!("the user did not allow this {kind}"),
            ApprovalAnswer::Deny { reason: Some(reason) } => {
                format!("the user did not allow this {kind}: {reason}")
            }
            ApprovalAnswer::Unavailable { reason } => {
                match self.policy.unanswered_action(&request) {
                    UnansweredAction::Run => return ApprovalDecision::Allow,
                    UnansweredAction::Wait => {
                        return ApprovalDecision::NeedsInput { question: request.open_question() };
                    }
                    _ => format!("running a {kind} needs a person's approval, and {reason}"),
                }
            }
        };
        ApprovalDecision::Deny { reason }
    }
}

/// Asks a person whether a call may run: at a terminal, over a network, or in another program.
#[async_trait]
pub trait Prompter: Send + Sync + Debug {
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
    /// Why a person is asked.
    pub reason: ApprovalReason,
    /// The complete command for the person: lines without control characters, each of the command's
    /// own marked as such. `None` for calls that are no reviewed commands.
    pub display: Option<String>,
    /// What becomes of the call when nobody can be asked; `None` leaves it to the config.
    pub unanswered: Option<UnansweredAction>,
}

impl ApprovalRequest {
    /// The question that a turn ends with when nobody can be asked.
    fn open_question(&self) -> String {
        format!("May this {} run: {}", self.kind, self.text)
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
    /// The call may run.
    Allow,
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
