//! Permissions that a person gave: one whole command in one place, or a program in one workspace under
//! the sandbox.
//!
//! They have a file of their own, because `exec-approvals.json` can say neither: its entries are for one
//! program each, and hold anywhere and for good.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::plan::CommandPlan;

/// The version of the format.
const VERSION: u64 = 1;

/// The most permissions of each kind that are kept; the oldest give way.
const MAX_GRANTS: usize = 500;

/// The permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScopedGrants {
    /// 1.
    version: u64,
    /// Permissions for the parts of commands. They don't count: parts can be joined to any command.
    #[serde(default, rename = "commands", skip_serializing)]
    parts: Vec<Value>,
    /// Whole commands.
    #[serde(default)]
    pub plans: Vec<PlanGrant>,
    /// Programs with any arguments.
    #[serde(default)]
    pub programs: Vec<ProgramGrant>,
}

/// Exactly this command may run in exactly this place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanGrant {
    /// The agent.
    pub agent: String,
    /// The paths of the programs in their order, for people. The arguments may have secrets.
    pub programs: Vec<String>,
    /// The [hash](CommandPlan::grant_hash) of the plan and its place.
    pub plan_hash: String,
    /// When it ends, in milliseconds since 1970; `None` for no end.
    pub expires_at_ms: Option<i64>,
}

impl PlanGrant {
    /// A permission for a plan at a place without an end; `None` when there can be none. The place is
    /// `sandbox` with its rules behind it, or any other text.
    #[must_use]
    pub fn new(plan: &CommandPlan, place: &str) -> Option<Self> {
        let plan_hash = plan.grant_hash(place)?.to_string();
        let targets = plan.commands().filter_map(|command| command.target.as_ref());
        let programs = targets.map(|program| program.path.clone()).collect();
        let agent = plan.context().agent.clone();
        Some(Self { agent, programs, plan_hash, expires_at_ms: None })
    }

    /// Whether it holds at `now_ms` milliseconds since 1970.
    #[must_use]
    pub fn is_valid_at(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_none_or(|end| now_ms < end)
    }
}

/// A program may run under the sandbox in a workspace, with any arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProgramGrant {
    /// The agent.
    pub agent: String,
    /// The path of the program.
    pub program: String,
    /// The absolute path of the workspace, without symbolic links.
    pub workspace: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// Why the permissions can't be read. None of them counts then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("read the permissions of commands: {message}")]
pub struct ScopedGrantsError {
    message: String,
}

impl ScopedGrantsError {
    /// A file that the system can't read.
    #[must_use]
    pub fn inaccessible(error: &std::io::Error) -> Self {
        Self { message: error.to_string() }
    }
}

impl Default for ScopedGrants {
    fn default() -> Self {
        Self { version: VERSION, parts: Vec::new(), plans: Vec::new(), programs: Vec::new() }
    }
}

impl ScopedGrants {
    /// Reads the content of the file; `None` when there is no file.
    ///
    /// # Errors
    /// Anything but a file of version 1 with known keys.
    pub fn from_text(text: Option<&str>) -> Result<Self, ScopedGrantsError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let invalid = |message: String| ScopedGrantsError { message };
        let mut grants: Self =
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if grants.version != VERSION {
            return Err(invalid(format!("version {} instead of {VERSION}", grants.version)));
        }
        grants.parts.clear();
        Ok(grants)
    }

    /// The content to write.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Only maps with keys that aren't texts can't be written, and there are none.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Adds permissions. Those of the same command or program are replaced, and those that ended
    /// are removed.
    pub fn extend(&mut self, added: Self, now_ms: i64) {
        let is_same = |old: &PlanGrant, new: &PlanGrant| {
            (&old.agent, &old.plan_hash) == (&new.agent, &new.plan_hash)
        };
        self.plans.retain(|old| {
            old.is_valid_at(now_ms) && !added.plans.iter().any(|new| is_same(old, new))
        });
        self.plans.extend(added.plans);
        let is_same = |old: &ProgramGrant, new: &ProgramGrant| {
            (&old.agent, &old.program, &old.workspace) == (&new.agent, &new.program, &new.workspace)
        };
        self.programs.retain(|old| {
            now_ms < old.expires_at_ms && !added.programs.iter().any(|new| is_same(old, new))
        });
        self.programs.extend(added.programs);
        self.plans.drain(..self.plans.len().saturating_sub(MAX_GRANTS));
        self.programs.drain(..self.programs.len().saturating_sub(MAX_GRANTS));
    }

    /// Removes an agent's permissions of a program, those for whole commands with it included; `*`
    /// stands for all agents. Returns their number.
    pub fn remove_program(&mut self, agent: &str, program: &str) -> usize {
        let before = self.plans.len() + self.programs.len();
        let is_other = |of: &str| agent != "*" && of != agent;
        self.plans.retain(|it| is_other(&it.agent) || !it.programs.iter().any(|it| it == program));
        self.programs.retain(|it| is_other(&it.agent) || it.program != program);
        before - self.plans.len() - self.programs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(program: &str, expires_at_ms: i64) -> ProgramGrant {
        let (agent, workspace) = ("main".to_owned(), "/w".to_owned());
        ProgramGrant { agent, program: program.to_owned(), workspace, expires_at_ms }
    }

    fn programs(programs: &[(&str, i64)]) -> ScopedGrants {
        let programs = programs.iter().map(|(program, until)| grant(program, *until)).collect();
        ScopedGrants { programs, ..ScopedGrants::default() }
    }

    #[test]
    fn a_file_that_is_not_understood_grants_nothing() {
        let whole = programs(&[("/usr/bin/make", 5)]).to_text();
        assert_eq!(ScopedGrants::from_text(Some(&whole)).unwrap().programs.len(), 1);
        assert!(ScopedGrants::from_text(None).unwrap().programs.is_empty());
        let other_version = whole.replace("\"version\": 1", "\"version\": 2");
        let unknown_key = whole.replace("\"agent\"", "\"narrower\": 1, \"agent\"");
        let without_end = whole.replace("\"expiresAtMs\": 5", "\"expiresAtMs\": null");
        for text in ["", "{}", "[]", &other_version, &unknown_key, &without_end] {
            let _ = ScopedGrants::from_text(Some(text)).unwrap_err();
        }
    }

    #[test]
    fn permissions_for_parts_of_commands_do_not_count() {
        let text = r#"{"version": 1, "commands": [{"agent": "main", "program": "/usr/bin/sh",
            "argPattern": "sha256:cwd-argv:v1:x", "expiresAtMs": 9}], "programs": []}"#;
        let grants = ScopedGrants::from_text(Some(text)).unwrap();
        assert_eq!(grants, ScopedGrants::default());
        assert!(!grants.to_text().contains("commands"));
    }

    #[test]
    fn a_whole_command_is_allowed_once_and_removed_by_any_of_its_programs() {
        let plan = |hash: &str, expires_at_ms| PlanGrant {
            agent: "main".to_owned(),
            programs: vec!["/a".to_owned(), "/b".to_owned()],
            plan_hash: hash.to_owned(),
            expires_at_ms,
        };
        let plans = |plans| ScopedGrants { plans, ..ScopedGrants::default() };
        let mut grants = plans(vec![plan("1", Some(5)), plan("2", None), plan("3", Some(20))]);
        grants.extend(plans(vec![plan("3", None)]), 10);
        assert_eq!(grants.plans, [plan("2", None), plan("3", None)]);
        let read = ScopedGrants::from_text(Some(&grants.to_text())).unwrap();
        assert_eq!(read, grants);
        assert_eq!(grants.remove_program("other", "/b"), 0);
        assert_eq!(grants.remove_program("main", "/b"), 2);
    }

    #[test]
    fn a_new_permission_replaces_the_same_one_and_those_that_ended() {
        let mut grants = programs(&[("/a", 5), ("/b", 20), ("/c", 20)]);
        grants.extend(programs(&[("/b", 30)]), 10);
        assert_eq!(grants.programs, [grant("/c", 20), grant("/b", 30)]);
        assert_eq!(grants.remove_program("other", "/b"), 0);
        assert_eq!(grants.remove_program("main", "/b"), 1);
        assert_eq!(grants.remove_program("*", "/c"), 1);
        let many: Vec<_> = (0..600).map(|number| grant(&format!("/{number}"), 30)).collect();
        grants.extend(ScopedGrants { programs: many, ..ScopedGrants::default() }, 10);
        assert_eq!((grants.programs.len(), &grants.programs[0]), (500, &grant("/100", 30)));
    }
}
