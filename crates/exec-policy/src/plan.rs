//! The plan of a command: what was read, found and is going to run, unchangeable and hashed.

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use crate::environment::{VariableRule, variable_rule};
use crate::hash::{PlanHash, PlanHasher};
use crate::lexer::{CommandScript, MAX_COMMAND_BYTES, RunCondition, ShellRedirection};
use crate::lookup::{FileIdentity, ProgramLookup, ResolvedProgram};
use crate::planner::{find_files_in_text, plan_script};
use crate::program_class::ProgramRisk;
use crate::quote::quote_words;
use crate::syntax::{SyntaxReason, UnsupportedSyntax};
use crate::wrapper::{EnvironmentChange, WrapperProblem};

/// A command as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandInput {
    /// A text for a shell.
    Script(String),
    /// A program and its arguments, without a shell.
    Argv(Vec<String>),
}

/// What a command is asked for with; all of it is part of the plan's hash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PlanContext {
    /// The absolute path of the directory it starts in, without symbolic links.
    pub directory: String,
    /// Which directory that is.
    pub directory_identity: FileIdentity,
    /// The variables that the request sets, by name.
    pub environment: BTreeMap<String, String>,
    /// The agent that asks.
    pub agent: String,
    /// The session it asks from, or nothing.
    pub session: String,
    /// The run it asks in, or nothing.
    pub run: String,
    /// The node that the command is for; nothing for this machine.
    pub node: String,
    /// The time limit in milliseconds; `None` for none.
    pub time_limit_ms: Option<u64>,
    /// Whether the command gets a terminal.
    pub has_terminal: bool,
    /// Whether the command is to run in the background from its start.
    pub is_background: bool,
    /// What the requester shows as the command of [`CommandInput::Argv`]; `None` when it shows the
    /// arguments themselves.
    pub displayed_text: Option<String>,
}

impl PlanContext {
    /// A request of the agent `agent`, to be run in `directory`.
    #[must_use]
    pub fn new(directory: &str, agent: &str) -> Self {
        Self { directory: directory.to_owned(), agent: agent.to_owned(), ..Self::default() }
    }
}

/// A command that was read and resolved once, and can't be changed: what is judged is what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandPlan {
    context: PlanContext,
    body: PlanBody,
    hash: PlanHash,
}

/// What a plan runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanBody {
    /// Programs with their arguments, which run without a shell.
    Pipelines(Vec<PlannedPipeline>),
    /// A text that only a shell can run.
    ShellText {
        /// The text.
        text: String,
        /// Why it can't be run without a shell.
        problem: UnsupportedSyntax,
        /// The files that its words name; the index is 0.
        files: Vec<FileOperand>,
    },
}

/// Commands that run at once, the output of each being the input of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedPipeline {
    /// When it runs.
    pub condition: RunCondition,
    /// The commands from left to right.
    pub commands: Vec<PlannedCommand>,
}

/// One program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PlannedCommand {
    /// The program and its arguments, exactly as they will be passed.
    pub argv: Vec<String>,
    /// The redirections in their order.
    pub redirections: Vec<ShellRedirection>,
    /// The file of the first word; `None` when there is none.
    pub program: Option<ResolvedProgram>,
    /// Where the command within the wrappers begins in `argv`; 0 without wrappers.
    pub target_start: usize,
    /// The file of the program within the wrappers. Its path stands in `argv`, so that the wrapper
    /// can't find another.
    pub target: Option<ResolvedProgram>,
    /// Whether the program within the wrappers was written as a name without a `/`.
    pub is_bare_name: bool,
    /// The files of wrappers between the first word and the target.
    pub inner_wrappers: Vec<ResolvedProgram>,
    /// The variables that wrappers change, e.g. those of `env`.
    pub environment: Vec<EnvironmentChange>,
    /// What prevents the command from being allowed without a person.
    pub concern: Option<CommandConcern>,
    /// The files that the arguments name, e.g. the script of an interpreter, when a command of the
    /// plan runs other programs, or needs a person for another reason.
    pub operands: Vec<FileOperand>,
}

/// A file that an argument names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileOperand {
    /// The index of the argument in `argv`.
    pub index: usize,
    /// The path as the argument has it.
    pub path: String,
    /// Which file it was.
    pub identity: FileIdentity,
}

/// Why no pattern of an allowlist covers a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CommandConcern {
    /// The program runs other programs.
    #[error("`{program}` {risk}")]
    RiskyProgram {
        /// The file name.
        program: String,
        /// What it does.
        risk: ProgramRisk,
    },
    /// The command within a wrapper isn't known.
    #[error("`{program}` {problem}")]
    Wrapper {
        /// The wrapper.
        program: String,
        /// What isn't known.
        problem: WrapperProblem,
    },
    /// There is no such program.
    #[error("no program `{program}` was found")]
    NotFound {
        /// The program as it was written.
        program: String,
    },
    /// The agent could have made the program itself.
    #[error("`{path}` is where the agent may write")]
    AgentWritable {
        /// The file.
        path: String,
    },
    /// A wrapper sets a variable that needs a person.
    #[error("sets the variable `{name}`")]
    Variable {
        /// The variable.
        name: String,
    },
    /// An argument has a character that can't be seen.
    #[error("has an invisible or control character")]
    InvisibleCharacter,
}

/// Why a request is no command at all. It is refused, whatever the policy is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// There is no program.
    #[error("plan a command without a program")]
    Empty,
    /// A NUL character, which ends a text for the system but not for a reader.
    #[error("plan a command with a NUL character")]
    NulCharacter,
    /// More than [`MAX_COMMAND_BYTES`].
    #[error("plan a command of more than {MAX_COMMAND_BYTES} bytes")]
    TooLong,
    /// The directory isn't an absolute path.
    #[error("plan a command in `{directory}`, which is no absolute path")]
    RelativeDirectory {
        /// The directory.
        directory: String,
    },
    /// What is shown isn't what would run.
    #[error("plan a command that is shown as another; it is `{canonical}`")]
    DisplayMismatch {
        /// How the command is to be shown.
        canonical: String,
    },
    /// The request sets a variable that decides which code runs.
    #[error("plan a command that sets `{name}`, which decides what programs load")]
    ForbiddenVariable {
        /// The variable.
        name: String,
    },
}

impl CommandPlan {
    /// Reads a request and resolves its programs, once.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`] for what is no command, or must never run.
    pub fn new(
        input: CommandInput,
        context: PlanContext,
        lookup: &dyn ProgramLookup,
    ) -> Result<Self, InvalidRequest> {
        check_context(&context)?;
        let body = match input {
            CommandInput::Script(text) => {
                check_text(&text)?;
                match CommandScript::parse(&text) {
                    Ok(script) => PlanBody::Pipelines(plan_script(script, &context, lookup)),
                    Err(problem)
                        if problem.reason == SyntaxReason::MissingCommand
                            && text.trim().is_empty() =>
                    {
                        return Err(InvalidRequest::Empty);
                    }
                    Err(problem) => {
                        let files = find_files_in_text(&text, &context, lookup);
                        PlanBody::ShellText { text, problem, files }
                    }
                }
            }
            CommandInput::Argv(words) => {
                check_argv(&words, &context)?;
                let script = CommandScript::from_argv(words);
                PlanBody::Pipelines(plan_script(script, &context, lookup))
            }
        };
        let hash = PlanHasher::hash_plan(&context, &body);
        Ok(Self { context, body, hash })
    }

    /// The request around the command.
    #[must_use]
    pub fn context(&self) -> &PlanContext {
        &self.context
    }

    /// What runs.
    #[must_use]
    pub fn body(&self) -> &PlanBody {
        &self.body
    }

    /// The hash over everything that matters; an approval is bound to it.
    #[must_use]
    pub fn hash(&self) -> PlanHash {
        self.hash
    }

    /// The hash that a permission for more than one run is bound to, for a plan that runs at `place`:
    /// the whole command with its directory and variables, how it runs, and the content of the files
    /// that it names. `None` when the plan can't be allowed for more than one run, because a
    /// command isn't analysed, isn't found, could be exchanged by the agent, or names a file whose
    /// content isn't known.
    #[must_use]
    pub fn grant_hash(&self, place: &str) -> Option<PlanHash> {
        PlanHasher::hash_grant(self, place)
    }

    /// All commands in their order; none for a text that only a shell can run.
    pub fn commands(&self) -> impl Iterator<Item = &PlannedCommand> {
        let pipelines = match &self.body {
            PlanBody::Pipelines(pipelines) => pipelines.as_slice(),
            PlanBody::ShellText { .. } => &[],
        };
        pipelines.iter().flat_map(|pipeline| &pipeline.commands)
    }
}

impl PlannedCommand {
    /// The program within the wrappers, and its arguments.
    #[must_use]
    pub fn target_argv(&self) -> &[String] {
        self.argv.get(self.target_start..).unwrap_or(&self.argv)
    }

    /// Has a wrapper run the file that was found.
    pub(crate) fn pin_target(&mut self) {
        if self.target_start == 0 {
            return;
        }
        if let (Some(word), Some(target)) = (self.argv.get_mut(self.target_start), &self.target) {
            word.clone_from(&target.path);
        }
    }
}

fn check_context(context: &PlanContext) -> Result<(), InvalidRequest> {
    if !context.directory.starts_with('/') {
        let directory = context.directory.clone();
        return Err(InvalidRequest::RelativeDirectory { directory });
    }
    check_nul(&context.directory)?;
    for (name, value) in &context.environment {
        check_nul(value)?;
        if variable_rule(name) == VariableRule::Forbidden {
            return Err(InvalidRequest::ForbiddenVariable { name: name.clone() });
        }
    }
    Ok(())
}

fn check_nul(text: &str) -> Result<(), InvalidRequest> {
    if text.contains('\0') { Err(InvalidRequest::NulCharacter) } else { Ok(()) }
}

fn check_text(text: &str) -> Result<(), InvalidRequest> {
    check_nul(text)?;
    if text.len() > MAX_COMMAND_BYTES { Err(InvalidRequest::TooLong) } else { Ok(()) }
}

fn check_argv(words: &[String], context: &PlanContext) -> Result<(), InvalidRequest> {
    if words.first().is_none_or(String::is_empty) {
        return Err(InvalidRequest::Empty);
    }
    if words.iter().map(|word| word.len() + 1).sum::<usize>() > MAX_COMMAND_BYTES {
        return Err(InvalidRequest::TooLong);
    }
    words.iter().try_for_each(|word| check_nul(word))?;
    match &context.displayed_text {
        Some(text) if *text != quote_words(words) => {
            Err(InvalidRequest::DisplayMismatch { canonical: quote_words(words) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
