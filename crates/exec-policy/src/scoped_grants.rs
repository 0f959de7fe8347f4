//! Permissions with an end that a person gave: one command in one directory, or a program in one
//! workspace under the sandbox.
//!
//! They have a file of their own, because `exec-approvals.json` can say neither: a reader of that
//! format that doesn't know the end would allow the command for good.

use serde::{Deserialize, Serialize};
use thiserror::Error;

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
    /// Commands with exactly their arguments.
    #[serde(default)]
    pub commands: Vec<CommandGrant>,
    /// Programs with any arguments.
    #[serde(default)]
    pub programs: Vec<ProgramGrant>,
}

/// A program may run with exactly these arguments in exactly this directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandGrant {
    /// The agent.
    pub agent: String,
    /// The path of the program.
    pub program: String,
    /// The hash that [`exact_argument_pattern`](crate::exact_argument_pattern) makes.
    pub arg_pattern: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
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
#[error("read the permissions with an end: {message}")]
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
        Self { version: VERSION, commands: Vec::new(), programs: Vec::new() }
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
        let grants: Self =
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if grants.version != VERSION {
            return Err(invalid(format!("version {} instead of {VERSION}", grants.version)));
        }
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
        let is_same = |old: &CommandGrant, new: &CommandGrant| {
            (&old.agent, &old.program, &old.arg_pattern)
                == (&new.agent, &new.program, &new.arg_pattern)
        };
        self.commands.retain(|old| {
            now_ms < old.expires_at_ms && !added.commands.iter().any(|new| is_same(old, new))
        });
        self.commands.extend(added.commands);
        let is_same = |old: &ProgramGrant, new: &ProgramGrant| {
            (&old.agent, &old.program, &old.workspace) == (&new.agent, &new.program, &new.workspace)
        };
        self.programs.retain(|old| {
            now_ms < old.expires_at_ms && !added.programs.iter().any(|new| is_same(old, new))
        });
        self.programs.extend(added.programs);
        self.commands.drain(..self.commands.len().saturating_sub(MAX_GRANTS));
        self.programs.drain(..self.programs.len().saturating_sub(MAX_GRANTS));
    }

    /// Removes an agent's permissions of a program; `*` stands for all agents. Returns their number.
    pub fn remove_program(&mut self, agent: &str, program: &str) -> usize {
        let before = self.commands.len() + self.programs.len();
        let is_other = |of: &str| agent != "*" && of != agent;
        self.commands.retain(|it| is_other(&it.agent) || it.program != program);
        self.programs.retain(|it| is_other(&it.agent) || it.program != program);
        before - self.commands.len() - self.programs.len()
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
