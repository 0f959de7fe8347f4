//! What would allow a command without a question.

use openclaw_core::{CommandRemedies, CommandReview, ExactCommandRule};
use openclaw_exec_policy::{
    AllowlistEntry, CommandPlan, ExecDecision, ExecPolicy, PlanGrant, ProgramGrant, quote_words,
};
use openclaw_tools::{CommandJudge, CommandPlace, JudgedCommand};

use super::{CommandPolicy, now_ms};

/// The commands that put the programs of a command on the allowlist, for people; `None` when that
/// would not allow it.
pub(crate) fn describe_allowlist_commands(remedies: &CommandRemedies) -> Option<String> {
    let add = |pattern: &String| {
        let words = ["openclaw", "approvals", "allowlist", "add", pattern, "--agent"];
        let words = words.into_iter().chain([remedies.agent.as_str()]);
        format!("`{}`", quote_words(&words.map(str::to_owned).collect::<Vec<_>>()))
    };
    let commands: Vec<String> = remedies.program_patterns.iter().map(add).collect();
    (!commands.is_empty()).then(|| commands.join(" and "))
}

/// Judges the commands that a gateway asks this machine for. Its reasons say what would allow a
/// command without a question, because who reads them is not at this machine.
#[derive(Debug, Clone)]
pub(crate) struct GatewayCommandJudge {
    pub(crate) policy: CommandPolicy,
}

impl CommandJudge for GatewayCommandJudge {
    fn agent(&self) -> &str {
        self.policy.agent()
    }

    fn judge_command(&self, plan: &CommandPlan, place: CommandPlace) -> JudgedCommand {
        let mut judged = self.policy.judge_command(plan, place);
        if let CommandReview::NeedsPerson { reasons, remedies, .. } = &mut judged.review {
            reasons.extend(describe_allowlist_commands(remedies).map(|commands| {
                format!("{commands} on the node's machine allows it without a question")
            }));
        }
        judged
    }
}

impl CommandPolicy {
    /// The rules that would allow a plan. Each is tried: none is offered that would not hold.
    pub(super) fn find_remedies(
        &self,
        policy: &ExecPolicy,
        plan: &CommandPlan,
        place: CommandPlace,
    ) -> CommandRemedies {
        let mut remedies = CommandRemedies::default();
        remedies.agent.clone_from(&self.agent);
        let is_allowed_with = |extend: &dyn Fn(&mut ExecPolicy)| {
            let mut wider_policy = policy.clone();
            extend(&mut wider_policy);
            wider_policy.judge_plan(plan, now_ms()) == ExecDecision::Allow
        };
        let is_allowed_with_entries = |entries: &[AllowlistEntry]| {
            is_allowed_with(&|policy| policy.extend_allowlist(entries, self.home.as_deref()))
        };
        let run_place = self.describe_place(place == CommandPlace::Sandbox);
        let grant = PlanGrant::new(plan, &run_place).filter(|grant| {
            is_allowed_with(&|policy| policy.extend_plan_grants([grant], &run_place))
        });
        remedies.exact_rule = grant
            .map(|PlanGrant { programs, plan_hash, .. }| ExactCommandRule { programs, plan_hash })
            .map(Box::new);
        let targets = plan.commands().filter_map(|command| command.target.as_ref());
        let mut patterns: Vec<String> = targets.map(|program| program.path.clone()).collect();
        patterns.sort();
        patterns.dedup();
        if let (CommandPlace::Sandbox, Some(workspace)) = (place, &self.workspace) {
            let grants: Vec<_> = patterns
                .iter()
                .map(|path| ProgramGrant {
                    agent: self.agent.clone(),
                    program: path.clone(),
                    workspace: workspace.clone(),
                    expires_at_ms: i64::MAX,
                })
                .collect();
            if is_allowed_with(&|policy| policy.extend_sandboxed_programs(&grants)) {
                remedies.sandboxed_programs.clone_from(&patterns);
                remedies.workspace.clone_from(workspace);
            }
        }
        let entries: Vec<_> = patterns.iter().map(|path| AllowlistEntry::new(path)).collect();
        if !entries.is_empty() && is_allowed_with_entries(&entries) {
            remedies.program_patterns = patterns;
        }
        remedies
    }
}
