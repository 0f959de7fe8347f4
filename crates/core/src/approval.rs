//! The seam to whoever decides whether a call may run.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{ToolCall, ToolEffect};

/// Decides whether a call may run. Asked for every call, with what the call would do.
#[async_trait]
pub trait Approver: Send + Sync + Debug {
    /// Decides. When in doubt, denies.
    async fn review_call(&self, call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision;
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalDecision {
    /// The call runs.
    Allow,
    /// The call does not run; the model is told why.
    Deny {
        /// Why, as a sentence for the model and the user.
        reason: String,
    },
    /// The call cannot be decided on without a person, who is not there: the turn ends and asks.
    NeedsInput {
        /// What the person is asked, as a sentence.
        question: String,
    },
}

/// Allows reading and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnlyApprover;

#[async_trait]
impl Approver for ReadOnlyApprover {
    async fn review_call(&self, _call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision {
        match effect {
            ToolEffect::Read { .. } => ApprovalDecision::Allow,
            _ => ApprovalDecision::Deny { reason: "only reading is allowed here".to_owned() },
        }
    }
}
