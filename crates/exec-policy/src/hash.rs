//! The hash of a plan: SHA-256 over every field with its length before it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::lookup::{FileIdentity, ResolvedProgram};
use crate::plan::{
    CommandConcern, CommandPlan, FileOperand, PlanBody, PlanContext, PlannedCommand,
};
use crate::unnamed_files::runs_unnamed_files;

/// Stands first in what is hashed, and is changed with the order of the fields.
const HASH_VERSION: &str = "openclaw exec plan 3";

/// The same for what a permission is bound to.
const GRANT_VERSION: &str = "openclaw exec grant 1";

/// The SHA-256 of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanHash([u8; 32]);

impl PlanHash {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex_text(&self.0))
    }
}

impl fmt::Debug for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanHash({self})")
    }
}

/// Whether a place is the sandbox: `sandbox`, or that with its rules behind it.
pub(crate) fn is_sandbox(place: &str) -> bool {
    place.strip_prefix("sandbox").is_some_and(|rules| rules.is_empty() || rules.starts_with(' '))
}

/// The SHA-256 of some bytes.
#[must_use]
pub fn sha256_digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex_text(&sha256_digest(bytes))
}

pub(crate) fn hex_text(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Hashes the fields of a plan in a fixed order.
pub(crate) struct PlanHasher(Sha256);

impl PlanHasher {
    pub(crate) fn hash_plan(context: &PlanContext, body: &PlanBody) -> PlanHash {
        let mut hasher = Self(Sha256::new());
        hasher.add_text(HASH_VERSION);
        hasher.add_context(context);
        match body {
            PlanBody::ShellText { text, files, problem: _ } => {
                hasher.add_text("shell");
                hasher.add_text(text);
                hasher.add_files(files);
            }
            PlanBody::Pipelines(pipelines) => {
                hasher.add_text("pipelines");
                hasher.add_count(pipelines.len());
                for pipeline in pipelines {
                    hasher.add_number(pipeline.condition as u64);
                    hasher.add_count(pipeline.commands.len());
                    for command in &pipeline.commands {
                        hasher.add_command(command);
                    }
                }
            }
        }
        PlanHash(hasher.0.finalize().into())
    }

    /// What a permission for more than one run is bound to: everything about the plan that decides
    /// what it does, and where it runs. It stays the same in another session, after a start of the
    /// machine and after an update of a protected program. `None` for a plan that can't be allowed
    /// for more than one run: outside of the sandbox also one that runs files which it doesn't name.
    pub(crate) fn hash_grant(plan: &CommandPlan, place: &str) -> Option<PlanHash> {
        let PlanBody::Pipelines(pipelines) = plan.body() else { return None };
        if !is_sandbox(place) && plan.commands().any(runs_unnamed_files) {
            return None;
        }
        let PlanContext {
            directory,
            environment,
            agent,
            node,
            time_limit_ms,
            has_terminal,
            is_background,
            directory_identity: _,
            session: _,
            run: _,
            displayed_text: _,
        } = plan.context();
        if environment.keys().any(|name| !crate::environment::is_settable(name)) {
            return None;
        }
        let mut hasher = Self(Sha256::new());
        for text in [GRANT_VERSION, place, directory, agent, node] {
            hasher.add_text(text);
        }
        hasher.add_optional(time_limit_ms.as_ref(), |hasher, limit| hasher.add_number(*limit));
        hasher.add_number(u64::from(*has_terminal));
        hasher.add_number(u64::from(*is_background));
        hasher.add_count(environment.len());
        for (name, value) in environment {
            hasher.add_text(name);
            hasher.add_text(value);
        }
        hasher.add_count(pipelines.len());
        for pipeline in pipelines {
            hasher.add_number(pipeline.condition as u64);
            hasher.add_count(pipeline.commands.len());
            for command in &pipeline.commands {
                hasher.add_granted_command(command)?;
            }
        }
        (plan.commands().next().is_some()).then(|| PlanHash(hasher.0.finalize().into()))
    }

    /// A command whose programs are bound by their paths, and whose files by their content.
    fn add_granted_command(&mut self, command: &PlannedCommand) -> Option<()> {
        let can_be_granted =
            matches!(&command.concern, None | Some(CommandConcern::RiskyProgram { .. }));
        if !can_be_granted || command.target.is_none() {
            return None;
        }
        self.add_words(command);
        let programs = command.program.iter().chain(&command.target);
        for program in programs.chain(&command.inner_wrappers) {
            self.add_text(&program.path);
            self.add_text(&program.real_path);
        }
        self.add_changes(command);
        self.add_count(command.operands.len());
        for operand in &command.operands {
            // A size and a time can be kept by whoever changes the content.
            let digest = operand.identity.digest?;
            self.add_count(operand.index);
            self.add_text(&operand.path);
            self.0.update(digest);
        }
        Some(())
    }

    fn add_words(&mut self, command: &PlannedCommand) {
        self.add_count(command.argv.len());
        for word in &command.argv {
            self.add_text(word);
        }
        self.add_count(command.redirections.len());
        for redirection in &command.redirections {
            self.add_number(*redirection as u64);
        }
        self.add_count(command.target_start);
        self.add_number(u64::from(command.is_bare_name));
        self.add_count(command.inner_wrappers.len());
    }

    fn add_changes(&mut self, command: &PlannedCommand) {
        self.add_count(command.environment.len());
        for change in &command.environment {
            self.add_text(&change.name);
            self.add_optional(change.value.as_ref(), |hasher, value| hasher.add_text(value));
        }
    }

    fn add_context(&mut self, context: &PlanContext) {
        let PlanContext {
            directory,
            directory_identity,
            environment,
            agent,
            session,
            run,
            node,
            time_limit_ms,
            has_terminal,
            is_background,
            // Equal to the canonical text of the arguments, or the plan isn't made.
            displayed_text: _,
        } = context;
        for text in [directory, agent, session, run, node] {
            self.add_text(text);
        }
        self.add_identity(directory_identity);
        self.add_optional(time_limit_ms.as_ref(), |hasher, limit| hasher.add_number(*limit));
        self.add_number(u64::from(*has_terminal));
        self.add_number(u64::from(*is_background));
        self.add_count(environment.len());
        for (name, value) in environment {
            self.add_text(name);
            self.add_text(value);
        }
    }

    fn add_command(&mut self, command: &PlannedCommand) {
        let PlannedCommand {
            argv: _,
            redirections: _,
            program,
            target_start: _,
            target,
            is_bare_name: _,
            inner_wrappers,
            environment: _,
            // Follows from the other fields.
            concern: _,
            operands,
        } = command;
        self.add_words(command);
        self.add_optional(program.as_ref(), Self::add_program);
        self.add_optional(target.as_ref(), Self::add_program);
        for program in inner_wrappers {
            self.add_program(program);
        }
        self.add_changes(command);
        self.add_files(operands);
    }

    fn add_files(&mut self, files: &[FileOperand]) {
        self.add_count(files.len());
        for FileOperand { index, path, identity } in files {
            self.add_count(*index);
            self.add_text(path);
            self.add_identity(identity);
        }
    }

    fn add_program(&mut self, program: &ResolvedProgram) {
        let ResolvedProgram { path, real_path, location, identity } = program;
        self.add_text(path);
        self.add_text(real_path);
        self.add_number(*location as u64);
        self.add_identity(identity);
    }

    fn add_identity(&mut self, identity: &FileIdentity) {
        let FileIdentity { device, inode, size, modified_ns, digest } = identity;
        for number in [device, inode, size] {
            self.add_number(*number);
        }
        self.0.update(modified_ns.to_le_bytes());
        self.add_optional(digest.as_ref(), |hasher, digest| hasher.0.update(digest));
    }

    fn add_optional<T>(&mut self, value: Option<&T>, add: impl FnOnce(&mut Self, &T)) {
        self.add_number(u64::from(value.is_some()));
        if let Some(value) = value {
            add(self, value);
        }
    }

    fn add_text(&mut self, text: &str) {
        self.add_count(text.len());
        self.0.update(text.as_bytes());
    }

    fn add_count(&mut self, count: usize) {
        self.add_number(count as u64);
    }

    fn add_number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
