//! Permissions of a person: one whole command in one place, or a program in the workspace under the
//! sandbox.

use std::time::Duration;

use openclaw_core::CommandRemedies;
use openclaw_exec_policy::{ExecPolicy, PlanGrant, ProgramGrant, ScopedGrants, ScopedGrantsError};
use openclaw_fs::StateFile;

use super::{ApprovalsUpdateError, CommandPolicy, now_ms};
use crate::approval::MAX_GRANT_TIME;

/// The file in the state folder with these permissions.
pub(super) const GRANTS_FILE_NAME: &str = "exec-grants.json";

/// What a person allows for more than one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantScope {
    /// Exactly this whole command in this place.
    Command,
    /// The programs of the command in the workspace under the sandbox, whatever their arguments.
    SandboxedPrograms,
}

impl CommandPolicy {
    /// The permissions of all agents that have not ended.
    ///
    /// # Errors
    /// When the file can't be read. It is left unchanged, and grants nothing.
    pub fn read_grants(&self) -> Result<ScopedGrants, ScopedGrantsError> {
        let text = StateFile::new(self.grants_path.clone()).read_text();
        let mut grants = match text {
            Ok(text) => ScopedGrants::from_text(text.as_deref())?,
            Err(error) => return Err(ScopedGrantsError::inaccessible(&error)),
        };
        grants.extend(ScopedGrants::default(), now_ms());
        Ok(grants)
    }

    /// The permissions of this agent, the program and what it is for with the end of each.
    #[must_use]
    pub fn describe_grants(&self) -> Vec<GrantSummary> {
        let Ok(grants) = self.read_grants() else { return Vec::new() };
        let commands = grants.plans.into_iter().filter(|it| it.agent == self.agent);
        let commands = commands.map(|it| GrantSummary {
            program: it.programs.join(", "),
            workspace: None,
            expires_at_ms: it.expires_at_ms,
        });
        let programs = grants.programs.into_iter().filter(|it| it.agent == self.agent);
        let programs = programs.map(|it| GrantSummary {
            program: it.program,
            workspace: Some(it.workspace),
            expires_at_ms: Some(it.expires_at_ms),
        });
        commands.chain(programs).collect()
    }

    /// Lets what a person allowed run for a time; `None` for no end, which only a whole command can
    /// have.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn add_grant(
        &self,
        remedies: &CommandRemedies,
        scope: GrantScope,
        time: Option<Duration>,
    ) -> Result<(), ApprovalsUpdateError> {
        let end_after = |time: Duration| {
            now_ms().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
        };
        let end = time.map(end_after);
        let mut added = ScopedGrants::default();
        match scope {
            GrantScope::Command => {
                added.plans.extend(remedies.exact_rule.as_ref().map(|rule| PlanGrant {
                    agent: remedies.agent.clone(),
                    programs: rule.programs.clone(),
                    plan_hash: rule.plan_hash.clone(),
                    expires_at_ms: end,
                }));
            }
            GrantScope::SandboxedPrograms => {
                let expires_at_ms = end.unwrap_or_else(|| end_after(MAX_GRANT_TIME));
                added.programs.extend(remedies.sandboxed_programs.iter().map(|program| {
                    ProgramGrant {
                        agent: remedies.agent.clone(),
                        program: program.clone(),
                        workspace: remedies.workspace.clone(),
                        expires_at_ms,
                    }
                }));
            }
        }
        self.update_grants(|grants| {
            grants.extend(added, now_ms());
            true
        })
    }

    /// Removes this agent's permissions of a program. Returns their number.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub(super) fn remove_grants(&self, program: &str) -> Result<usize, ApprovalsUpdateError> {
        if !self.grants_path.exists() {
            return Ok(0);
        }
        let mut count = 0;
        self.update_grants(|grants| {
            count = grants.remove_program(&self.agent, program);
            count > 0
        })?;
        Ok(count)
    }

    /// Adds the permissions of this agent to a policy; those under the sandbox only when `policy` is
    /// for commands in it.
    pub(super) fn apply_grants(&self, policy: &mut ExecPolicy, is_sandboxed: bool) {
        // What can't be read grants nothing; a person is asked.
        let Ok(grants) = self.read_grants() else { return };
        let plans = grants.plans.iter().filter(|it| it.agent == self.agent);
        policy.extend_plan_grants(plans, &self.describe_place(is_sandboxed));
        if is_sandboxed {
            let programs = grants.programs.iter().filter(|it| it.agent == self.agent);
            policy.extend_sandboxed_programs(programs);
        }
    }

    /// Where commands run, as permissions are bound to it: what the sandbox allows, or this machine.
    pub(super) fn describe_place(&self, is_sandboxed: bool) -> String {
        match &self.sandbox_rules {
            Some(rules) if is_sandboxed => format!("sandbox {rules}"),
            // Commands in a sandbox that isn't known have no permission of another place.
            None if is_sandboxed => "sandbox".to_owned(),
            _ => "gateway".to_owned(),
        }
    }

    fn update_grants(
        &self,
        change: impl FnOnce(&mut ScopedGrants) -> bool,
    ) -> Result<(), ApprovalsUpdateError> {
        let mut result = Ok(());
        let update = |text: std::io::Result<Option<String>>| {
            let grants = match text {
                Ok(text) => ScopedGrants::from_text(text.as_deref()),
                Err(error) => Err(ScopedGrantsError::inaccessible(&error)),
            };
            match grants {
                Ok(mut grants) => change(&mut grants).then(|| grants.to_text()),
                Err(error) => {
                    result = Err(ApprovalsUpdateError::UnreadableGrants(error));
                    None
                }
            }
        };
        StateFile::new(self.grants_path.clone())
            .update_text(update)
            .map_err(ApprovalsUpdateError::Write)?;
        result
    }
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSummary {
    /// The path of the program; for a whole command those of all its programs.
    pub program: String,
    /// The workspace in which it may run under the sandbox, whatever its arguments; `None` for one
    /// whole command.
    pub workspace: Option<String>,
    /// When it ends, in milliseconds since 1970; `None` for no end.
    pub expires_at_ms: Option<i64>,
}
