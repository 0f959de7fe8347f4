//! Permissions with an end: one command in one directory, or a program in the workspace under the
//! sandbox.

use std::time::Duration;

use openclaw_core::CommandRemedies;
use openclaw_exec_policy::{
    CommandGrant, ExecPolicy, ProgramGrant, ScopedGrants, ScopedGrantsError,
};
use openclaw_fs::StateFile;

use super::{ApprovalsUpdateError, CommandPolicy, now_ms};

/// The file in the state folder with the permissions that have an end.
pub(super) const GRANTS_FILE_NAME: &str = "exec-grants.json";

/// What a person allows until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantScope {
    /// Exactly this command in this directory.
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
        let commands = grants.commands.into_iter().filter(|it| it.agent == self.agent);
        let commands = commands.map(|it| GrantSummary {
            program: it.program,
            workspace: None,
            expires_at_ms: it.expires_at_ms,
        });
        let programs = grants.programs.into_iter().filter(|it| it.agent == self.agent);
        let programs = programs.map(|it| GrantSummary {
            program: it.program,
            workspace: Some(it.workspace),
            expires_at_ms: it.expires_at_ms,
        });
        commands.chain(programs).collect()
    }

    /// Lets what a person allowed run for a time.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn add_grant(
        &self,
        remedies: &CommandRemedies,
        scope: GrantScope,
        time: Duration,
    ) -> Result<(), ApprovalsUpdateError> {
        let time_ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let expires_at_ms = now_ms().saturating_add(time_ms);
        let mut added = ScopedGrants::default();
        match scope {
            GrantScope::Command => {
                added.commands.extend(remedies.exact_rules.iter().map(|rule| CommandGrant {
                    agent: remedies.agent.clone(),
                    program: rule.pattern.clone(),
                    arg_pattern: rule.argument_hash.clone(),
                    expires_at_ms,
                }));
            }
            GrantScope::SandboxedPrograms => {
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
        policy.extend_command_grants(grants.commands.iter().filter(|it| it.agent == self.agent));
        if is_sandboxed {
            let programs = grants.programs.iter().filter(|it| it.agent == self.agent);
            policy.extend_sandboxed_programs(programs);
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

/// A permission with an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSummary {
    /// The path of the program.
    pub program: String,
    /// The workspace in which it may run under the sandbox, whatever its arguments; `None` for one
    /// command in one directory.
    pub workspace: Option<String>,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
}
