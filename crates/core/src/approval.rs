//! The `Approver` trait: decides whether a tool call may run.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{ToolCall, ToolEffect};

/// Decides whether a tool call may run. Asked before every call, with the effect of the call.
#[async_trait]
pub trait Approver: Send + Sync + Debug {
    /// Decides on one call. When in doubt, denies.
    async fn review_call(&self, call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision;
}

/// What an approver decided on a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalDecision {
    /// The call runs.
    Allow,
    /// The call does not run; the model is told why.
    Deny {
        /// Why, as a sentence for the model and the user.
        reason: String,
    },
    /// The call needs a decision by a person, and none can be asked: it does not run, the model is
    /// told why, and the turn goes on.
    NoApprover {
        /// Why, and what would allow the call, as a sentence for the model and the user.
        reason: String,
    },
    /// The call needs a decision by a person, and none can be asked: the turn ends with the
    /// question.
    NeedsInput {
        /// The question for the person, as a sentence.
        question: String,
    },
}

/// Allows calls that only read files or look something up, and denies all others. Denies fetching too, because a URL can
/// carry data out.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnlyApprover;

#[async_trait]
impl Approver for ReadOnlyApprover {
    async fn review_call(&self, _call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision {
        match effect {
            ToolEffect::Read { .. } | ToolEffect::Inspect { .. } => ApprovalDecision::Allow,
            _ => ApprovalDecision::Deny { reason: "only reading is allowed here".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{CommandReview, ToolArguments, ToolCallId, ToolName};

    #[test]
    fn only_reading_files_is_allowed() {
        let text = || "text".to_owned();
        let call = ToolCall {
            id: ToolCallId::new("call_1").unwrap(),
            name: ToolName::new("own").unwrap(),
            arguments: ToolArguments::default(),
        };
        let review = |effect: ToolEffect| {
            let mut review = ReadOnlyApprover.review_call(&call, &effect);
            match review.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(decision) => decision,
                Poll::Pending => panic!("the approver waits for nothing"),
            }
        };
        assert_eq!(review(ToolEffect::Read { path: text() }), ApprovalDecision::Allow);
        for effect in [
            ToolEffect::Write { path: text(), protection: None, change: None },
            ToolEffect::Exec {
                command: text(),
                directory: text(),
                node: None,
                review: CommandReview::Unreviewed,
            },
            ToolEffect::Fetch { url: text() },
            ToolEffect::Other { description: text() },
        ] {
            let decision = review(effect);
            assert!(matches!(decision, ApprovalDecision::Deny { .. }), "{decision:?}");
        }
    }
}
