//! The policy: which plans run, which are asked about, which are denied.

use serde::{Deserialize, Serialize};

use crate::allowlist_rule::AllowlistRule;
use crate::approvals_file::AllowlistEntry;
use crate::explanation::{CommandExplanation, CommandVerdict, DecisionExplanation};
use crate::plan::{CommandConcern, CommandPlan, PlanBody, PlannedCommand};
use crate::safe_bin::SafeBins;
use crate::scoped_grants::{PlanGrant, ProgramGrant};
use crate::syntax::UnsupportedSyntax;

/// Which commands may run. Earlier values are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityLevel {
    /// None.
    Deny,
    /// Those on the allowlist.
    Allowlist,
    /// All.
    Full,
}

/// When a person is asked. Later values are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskMode {
    /// Never.
    Off,
    /// When a command is not on the allowlist.
    OnMiss,
    /// Before every command.
    Always,
}

/// Decides on plans.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExecPolicy {
    /// Which commands may run.
    pub security: SecurityLevel,
    /// When a person is asked.
    pub ask: AskMode,
    /// Which commands run when a person would be asked and none can be.
    pub ask_fallback: SecurityLevel,
    /// The filters that need no entry in the allowlist.
    pub safe_bins: SafeBins,
    rules: Vec<AllowlistRule>,
    plan_grants: Vec<PlanGrant>,
    /// Where the plans run that are judged.
    place: String,
}

/// What becomes of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecDecision {
    /// It runs.
    Allow,
    /// A person is asked.
    Ask {
        /// Why, at least one; one for each command that isn't allowed.
        reasons: Vec<AskReason>,
    },
    /// It doesn't run.
    Deny {
        /// Why.
        reason: DenyReason,
    },
}

/// Why a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AskReason {
    /// The policy is to ask before every command.
    #[error("`ask` is `always`")]
    AskAlways,
    /// Only a shell can run the text.
    #[error("only a shell can run it: it has {0}")]
    ShellText(#[serde(serialize_with = "crate::explanation::serialize_as_text")] UnsupportedSyntax),
    /// No entry of the allowlist covers the program.
    #[error("`{program}` is not on the allowlist")]
    NotListed {
        /// The program as it was written.
        program: String,
    },
    /// Only an entry that names no program covers it.
    #[error(
        "`{program}` is not named by the entry `{rule}`, which allows well-known programs only"
    )]
    WidePattern {
        /// The program as it was written.
        program: String,
        /// The entry.
        rule: String,
    },
    /// No pattern may cover the command.
    #[error("{0}")]
    Concern(#[serde(serialize_with = "crate::explanation::serialize_as_text")] CommandConcern),
    /// The request sets a variable that needs a person.
    #[error("sets the variable `{name}`")]
    Variable {
        /// The variable.
        name: String,
    },
}

/// Why a plan doesn't run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DenyReason {
    /// Commands are switched off.
    #[error("commands are switched off: `security` is `deny`")]
    SecurityDeny,
    /// A person would have to be asked, and the policy is to ask nobody.
    #[error("{0}, and `ask` is `off`")]
    AskOff(AskReason),
    /// A person would have to be asked, and none can be.
    #[error("{0}, and there is no terminal to ask on")]
    NoApprover(AskReason),
}

impl ExecPolicy {
    /// A policy without an allowlist and without filters, which denies when there is no person to
    /// ask.
    #[must_use]
    pub fn new(security: SecurityLevel, ask: AskMode) -> Self {
        Self {
            security,
            ask,
            ask_fallback: SecurityLevel::Deny,
            safe_bins: SafeBins::default(),
            rules: Vec::new(),
            plan_grants: Vec::new(),
            place: String::new(),
        }
    }

    /// Adds the entries of an allowlist; `home` is what a leading `~` of a pattern stands for.
    pub fn extend_allowlist<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a AllowlistEntry>,
        home: Option<&str>,
    ) {
        self.rules.extend(entries.into_iter().map(|entry| AllowlistRule::from_entry(entry, home)));
    }

    /// Adds the permissions of an agent for whole commands. Those for another place than `place`,
    /// where the plans run that are judged, allow nothing.
    pub fn extend_plan_grants<'a>(
        &mut self,
        grants: impl IntoIterator<Item = &'a PlanGrant>,
        place: &str,
    ) {
        place.clone_into(&mut self.place);
        self.plan_grants.extend(grants.into_iter().cloned());
    }

    /// Adds the permissions of an agent for programs under the sandbox. Only for the policy of
    /// commands that run in it: the program may run any other.
    pub fn extend_sandboxed_programs<'a>(
        &mut self,
        grants: impl IntoIterator<Item = &'a ProgramGrant>,
    ) {
        self.rules.extend(grants.into_iter().map(AllowlistRule::from_grant));
    }

    /// The policy that allows what both allow: the stricter value of each setting. The allowlist
    /// and the filters are those of both together, since each was written by the operator.
    #[must_use]
    pub fn stricter_of(config: Self, host_file: Self) -> Self {
        let mut rules = config.rules;
        rules.extend(host_file.rules);
        let mut safe_bins = config.safe_bins;
        safe_bins.names.extend(host_file.safe_bins.names);
        safe_bins.trusted_dirs.extend(host_file.safe_bins.trusted_dirs);
        safe_bins.profiles.extend(host_file.safe_bins.profiles);
        Self {
            security: config.security.min(host_file.security),
            ask: config.ask.max(host_file.ask),
            ask_fallback: config.ask_fallback.min(host_file.ask_fallback),
            safe_bins,
            rules,
            plan_grants: config.plan_grants.into_iter().chain(host_file.plan_grants).collect(),
            place: config.place,
        }
    }

    /// Decides on a plan, at `now_ms` milliseconds since 1970.
    #[must_use]
    pub fn judge_plan(&self, plan: &CommandPlan, now_ms: i64) -> ExecDecision {
        if self.security == SecurityLevel::Deny {
            return ExecDecision::Deny { reason: DenyReason::SecurityDeny };
        }
        if self.ask == AskMode::Always {
            return ExecDecision::Ask { reasons: vec![AskReason::AskAlways] };
        }
        if self.security == SecurityLevel::Full {
            return ExecDecision::Allow;
        }
        self.judge_by_allowlist(plan, now_ms)
    }

    /// Decides by `ask_fallback` on a plan that needs a question when there is no person to ask.
    /// Never looser than [`judge_plan`](Self::judge_plan).
    #[must_use]
    pub fn judge_without_approver(&self, plan: &CommandPlan, now_ms: i64) -> ExecDecision {
        let reasons = match self.judge_plan(plan, now_ms) {
            ExecDecision::Ask { reasons } => reasons,
            decision => return decision,
        };
        let is_allowed = match self.ask_fallback.min(self.security) {
            SecurityLevel::Full => true,
            SecurityLevel::Allowlist => self.misses(plan, now_ms).is_empty(),
            SecurityLevel::Deny => false,
        };
        if is_allowed {
            return ExecDecision::Allow;
        }
        let reason = reasons.into_iter().next().unwrap_or(AskReason::AskAlways);
        ExecDecision::Deny { reason: DenyReason::NoApprover(reason) }
    }

    fn judge_by_allowlist(&self, plan: &CommandPlan, now_ms: i64) -> ExecDecision {
        let mut reasons = self.misses(plan, now_ms);
        if reasons.is_empty() {
            return ExecDecision::Allow;
        }
        if self.ask == AskMode::Off {
            return ExecDecision::Deny { reason: DenyReason::AskOff(reasons.swap_remove(0)) };
        }
        ExecDecision::Ask { reasons }
    }

    /// Why the allowlist doesn't cover a plan; nothing when it does.
    fn misses(&self, plan: &CommandPlan, now_ms: i64) -> Vec<AskReason> {
        if let PlanBody::ShellText { problem, .. } = plan.body() {
            return vec![AskReason::ShellText(*problem)];
        }
        if self.is_granted(plan, now_ms) {
            return Vec::new();
        }
        let variables = plan.context().environment.keys();
        let variables = variables.filter(|name| !crate::environment::is_settable(name));
        let commands = plan.commands();
        let missed = commands.filter_map(|it| self.match_command(plan, it, now_ms).err());
        variables.map(|name| AskReason::Variable { name: name.clone() }).chain(missed).collect()
    }

    /// Whether a person allowed exactly this plan at this place.
    fn is_granted(&self, plan: &CommandPlan, now_ms: i64) -> bool {
        let mut grants = self.plan_grants.iter().filter(|it| it.is_valid_at(now_ms)).peekable();
        if grants.peek().is_none() {
            return false;
        }
        let hash = plan.grant_hash(&self.place).map(|hash| hash.to_string());
        hash.is_some_and(|hash| grants.any(|it| it.plan_hash == hash))
    }

    /// The rule that allows a command, or why none does.
    fn match_command(
        &self,
        plan: &CommandPlan,
        command: &PlannedCommand,
        now_ms: i64,
    ) -> Result<AllowedBy<'_>, AskReason> {
        let mut rules = self.rules.iter().filter(|rule| rule.is_valid_at(now_ms));
        if let Some(rule) = rules.find(|rule| rule.covers(plan, command, &self.place)) {
            return Ok(AllowedBy::Rule(&rule.name));
        }
        if self.safe_bins.covers(command) {
            return Ok(AllowedBy::SafeBin);
        }
        if let Some(concern) = &command.concern {
            return Err(AskReason::Concern(concern.clone()));
        }
        let program = command.target_argv().first().cloned().unwrap_or_default();
        let mut rules = self.rules.iter().filter(|rule| rule.is_valid_at(now_ms) && rule.is_wide());
        if let Some(rule) = rules.find(|rule| rule.covers_program(command)) {
            return Err(AskReason::WidePattern { program, rule: rule.name.clone() });
        }
        Err(AskReason::NotListed { program })
    }

    /// The decision with the reason for each command.
    #[must_use]
    pub fn explain_plan(&self, plan: &CommandPlan, now_ms: i64) -> DecisionExplanation {
        let mut commands = Vec::new();
        let is_granted = self.is_granted(plan, now_ms);
        for (index, command) in plan.commands().enumerate() {
            let verdict = match self.match_command(plan, command, now_ms) {
                _ if is_granted => {
                    CommandVerdict::Listed { rule: "exactly this whole command".to_owned() }
                }
                Ok(AllowedBy::Rule(name)) => CommandVerdict::Listed { rule: name.to_owned() },
                Ok(AllowedBy::SafeBin) => CommandVerdict::SafeBin,
                Err(reason) => CommandVerdict::Missed { reason },
            };
            commands.push(CommandExplanation::new(index, command, verdict));
        }
        let decision = self.judge_plan(plan, now_ms);
        DecisionExplanation::new(self, plan, decision, commands)
    }
}

/// What allows a command.
enum AllowedBy<'a> {
    Rule(&'a str),
    SafeBin,
}

#[cfg(test)]
mod tests;
