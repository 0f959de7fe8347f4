//! The rules of an allowlist: which commands an entry covers.

use std::path::Path;

use crate::approvals_file::AllowlistEntry;
use crate::hash::is_sandbox;
use crate::lookup::file_name;
use crate::pattern::{ArgumentPattern, NeverReason, PathPattern};
use crate::plan::{CommandConcern, CommandPlan, PlannedCommand};
use crate::scoped_grants::ProgramGrant;
use crate::unnamed_files::runs_unnamed_files;
use crate::wide_pattern::is_well_known;

/// An entry of the allowlist, ready to be matched.
#[derive(Debug, Clone)]
pub(crate) struct AllowlistRule {
    /// How the entry is called in explanations: its id, or its pattern.
    pub(crate) name: String,
    path: Option<PathPattern>,
    arguments: ArgumentPattern,
    expires_at_ms: Option<i64>,
    /// The workspace in which the sandbox holds the program, whatever it runs; `None` for an entry
    /// that holds anywhere.
    sandboxed_workspace: Option<String>,
}

impl AllowlistRule {
    /// The rule of an entry; `home` is what a leading `~` of its pattern stands for.
    pub(crate) fn from_entry(entry: &AllowlistEntry, home: Option<&str>) -> Self {
        Self {
            name: entry.id.clone().unwrap_or_else(|| entry.pattern.clone()),
            path: PathPattern::parse(&entry.pattern, home),
            arguments: ArgumentPattern::parse(entry.arg_pattern.as_deref(), entry.is_generated()),
            expires_at_ms: entry.expires_at_ms(),
            sandboxed_workspace: None,
        }
    }

    /// The rule of a permission for a program under the sandbox.
    pub(crate) fn from_grant(grant: &ProgramGrant) -> Self {
        Self {
            name: format!("{}, in the sandbox for a time", grant.program),
            path: PathPattern::parse(&grant.program, None),
            arguments: ArgumentPattern::Any,
            expires_at_ms: Some(grant.expires_at_ms),
            sandboxed_workspace: Some(grant.workspace.clone()),
        }
    }

    pub(crate) fn is_valid_at(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_none_or(|expires_at| now_ms < expires_at)
    }

    /// Whether the pattern names no program.
    pub(crate) fn is_wide(&self) -> bool {
        self.path.as_ref().is_some_and(PathPattern::is_wide)
    }

    pub(crate) fn covers(&self, plan: &CommandPlan, command: &PlannedCommand, place: &str) -> bool {
        // First, because few rules of a long list are for the program.
        if !self.covers_program(command) {
            return false;
        }
        let directory = &plan.context().directory;
        // An entry says nothing about what is piped into the program and what is in its script.
        let is_exact = matches!(self.arguments, ArgumentPattern::Exact(_))
            && plan.commands().count() == 1
            && command.operands.is_empty()
            && (is_sandbox(place) || !runs_unnamed_files(command));
        let is_in_workspace = self
            .sandboxed_workspace
            .as_ref()
            .map(|workspace| Path::new(directory).starts_with(workspace));
        let may_cover = match &command.concern {
            _ if is_in_workspace == Some(false) => false,
            None => !self.is_wide() || is_well_known(command),
            // Exactly this command in this directory was allowed by a person, or the sandbox holds
            // whatever the program runs.
            Some(CommandConcern::RiskyProgram { .. }) => is_exact || is_in_workspace.is_some(),
            Some(_) => false,
        };
        may_cover && self.arguments.matches(command.target_argv(), directory)
    }

    pub(crate) fn covers_program(&self, command: &PlannedCommand) -> bool {
        let Some(pattern) = &self.path else { return false };
        let argv = command.target_argv();
        let (Some(word), Some(target)) = (argv.first(), &command.target) else { return false };
        if !pattern.is_path() {
            return command.is_bare_name && pattern.matches(file_name(word));
        }
        let is_same_name = file_name(&target.path) == file_name(&target.real_path);
        pattern.matches(&target.path) || is_same_name && pattern.matches(&target.real_path)
    }
}

/// Why an entry of an allowlist never matches anything; `None` when it can.
#[must_use]
pub fn inactive_reason(entry: &AllowlistEntry, home: Option<&str>) -> Option<&'static str> {
    if PathPattern::parse(&entry.pattern, home).is_none() {
        return Some("the pattern is empty, or begins with `~` while no home directory is known");
    }
    match ArgumentPattern::parse(entry.arg_pattern.as_deref(), entry.is_generated()) {
        ArgumentPattern::Never(NeverReason::InvalidRegex) => {
            Some("`argPattern` is no regular expression that is supported")
        }
        ArgumentPattern::Never(NeverReason::Unbound) => {
            Some("it was made by \"allow always\" without the directory; allow the command again")
        }
        _ => None,
    }
}
