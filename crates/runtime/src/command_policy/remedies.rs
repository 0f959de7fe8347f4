//! What would allow a command without a question, and keeping that a person wants it.

use openclaw_core::{CommandRemedies, ExactCommandRule};
use openclaw_exec_policy::{
    AllowlistEntry, CommandPlan, ExecDecision, ExecPolicy, ProgramGrant, allow_always_entries,
};
use openclaw_tools::CommandPlace;

use super::{ApprovalsUpdateError, CommandPolicy, now_ms};

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
        let entries = allow_always_entries(plan).filter(|entries| is_allowed_with_entries(entries));
        remedies.exact_rules =
            entries.unwrap_or_default().into_iter().filter_map(to_rule).collect();
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

    /// Adds the rules for exactly one command to the allowlist of their agent.
    ///
    /// # Errors
    /// When the approvals file can't be read or written.
    pub fn add_exact_rules(&self, remedies: &CommandRemedies) -> Result<(), ApprovalsUpdateError> {
        self.update_file(
            |file| {
                let mut has_changed = false;
                for rule in &remedies.exact_rules {
                    has_changed |= file.add_entry(&remedies.agent, to_entry(rule));
                }
                has_changed
            },
            |has_changed| *has_changed,
        )?;
        Ok(())
    }
}

fn to_rule(entry: AllowlistEntry) -> Option<ExactCommandRule> {
    let argument_hash = entry.arg_pattern?;
    Some(ExactCommandRule { pattern: entry.pattern, argument_hash })
}

fn to_entry(rule: &ExactCommandRule) -> AllowlistEntry {
    AllowlistEntry::exact(&rule.pattern, &rule.argument_hash)
}
