//! The permission of a person to run one plan once.

use thiserror::Error;

use crate::approvals_file::AllowlistEntry;
use crate::hash::PlanHash;
use crate::pattern::exact_argument_pattern;
use crate::plan::{CommandConcern, CommandPlan, PlannedCommand};
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

/// The entries that "allow always" makes for a plan: each command with exactly these arguments in
/// exactly this directory. `None` when the plan can't be allowed for good, because a command isn't
/// analysed, isn't found, or could be exchanged by the agent.
#[must_use]
pub fn allow_always_entries(plan: &CommandPlan) -> Option<Vec<AllowlistEntry>> {
    let has_variables =
        plan.context().environment.keys().any(|name| !crate::environment::is_settable(name));
    if has_variables || plan.commands().next().is_none() {
        return None;
    }
    plan.commands().map(|command| allow_always_entry(plan, command)).collect()
}

fn allow_always_entry(plan: &CommandPlan, command: &PlannedCommand) -> Option<AllowlistEntry> {
    let can_be_listed =
        matches!(&command.concern, None | Some(CommandConcern::RiskyProgram { .. }));
    let target = command.target.as_ref().filter(|_| can_be_listed)?;
    // A path with these would be a pattern.
    if target.path.contains(['*', '?']) || target.path.trim() != target.path {
        return None;
    }
    let arguments = exact_argument_pattern(command.target_argv(), &plan.context().directory);
    Some(AllowlistEntry::exact(&target.path, &arguments))
}
