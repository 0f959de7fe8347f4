//! The permission of a person to run one plan once.

use thiserror::Error;

use crate::hash::PlanHash;
use crate::plan::CommandPlan;
use crate::policy::{ExecDecision, ExecPolicy};

/// A permission for exactly one plan. It can't be copied, and using it consumes it.
#[derive(Debug)]
pub struct PlanApproval {
    hash: PlanHash,
    expires_at_ms: i64,
}

/// A plan that may run: it was allowed by the policy or by a person. Nothing else can be made into
/// one.
#[derive(Debug)]
pub struct ApprovedPlan(CommandPlan);

/// Why an approval isn't valid for a plan. The approval is used up in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApprovalMismatch {
    /// The plan isn't the one that was approved.
    #[error("use the approval of another command: the command has changed since")]
    OtherPlan,
    /// The approval has expired.
    #[error("use an approval that has expired")]
    Expired,
}

impl PlanApproval {
    /// The permission for a plan, until `expires_at_ms` in milliseconds since 1970.
    #[must_use]
    pub fn new(plan: &CommandPlan, expires_at_ms: i64) -> Self {
        Self { hash: plan.hash(), expires_at_ms }
    }

    /// Uses the permission.
    ///
    /// # Errors
    ///
    /// The plan has another hash, or the permission has expired.
    pub fn redeem(self, plan: CommandPlan, now_ms: i64) -> Result<ApprovedPlan, ApprovalMismatch> {
        if plan.hash() != self.hash {
            return Err(ApprovalMismatch::OtherPlan);
        }
        if now_ms >= self.expires_at_ms {
            return Err(ApprovalMismatch::Expired);
        }
        Ok(ApprovedPlan(plan))
    }
}

/// A plan that a policy doesn't allow by itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefusedPlan {
    /// The plan, unchanged.
    pub plan: CommandPlan,
    /// What the policy says: to ask, or to deny.
    pub decision: ExecDecision,
}

impl ApprovedPlan {
    /// The plan as one that may run, if the policy allows it without a person at `now_ms`.
    ///
    /// # Errors
    ///
    /// The plan and the decision, which is to ask or to deny.
    pub fn by_policy(
        policy: &ExecPolicy,
        plan: CommandPlan,
        now_ms: i64,
    ) -> Result<Self, Box<RefusedPlan>> {
        match policy.judge_plan(&plan, now_ms) {
            ExecDecision::Allow => Ok(Self(plan)),
            decision => Err(Box::new(RefusedPlan { plan, decision })),
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &CommandPlan {
        &self.0
    }
}
