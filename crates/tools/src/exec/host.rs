//! Commands that another program asks this machine for: planned, judged and run as those of `exec`,
//! with their streams apart.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openclaw_core::CommandReview;
use openclaw_exec_policy::{
    CommandInput, CommandPlan, InvalidRequest, PlanBody, ProgramLookup as _, VariableRule,
    variable_rule,
};
use openclaw_process::{CommandEnd, CommandHandle, CommandLimits, OutputStream};

use super::command_job::{CommandJob, JobEnd, JobFailure, JobInput, JobSteps};
use super::guard::CommitRecord;
use super::programs::{ProgramFinder, file_identity};
use super::report::{describe_process_error, format_survivors};
use super::review::{CommandPlace, CommandRequest, ReviewedCommand, plan_command};
use super::sandbox::{ExecSandbox, JobSandbox, with_temp_dir};
use super::{EXEC_GRACE_PERIOD, ExecOptions};

/// Runs commands of other programs on this machine, under the policy and the sandbox of its own.
#[derive(Debug)]
pub struct CommandHost {
    workspace: PathBuf,
    options: Arc<ExecOptions>,
    sandbox: Option<Arc<ExecSandbox>>,
}

/// A command that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCommandRequest {
    /// What is to run.
    pub input: CommandInput,
    /// The variables that it sets.
    pub environment: BTreeMap<String, String>,
    /// Where it runs: absolute, or relative to the workspace; `None` for the workspace.
    pub directory: Option<String>,
}

/// A command that was planned and judged.
#[derive(Debug)]
pub struct HostCommand {
    input: CommandInput,
    review: CommandReview,
    reviewed: ReviewedCommand,
    directory: PathBuf,
    options: Arc<ExecOptions>,
    /// `None` for a command that may do all that its user may.
    sandbox: Option<Arc<ExecSandbox>>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostCommandEnd {
    /// How the last of its programs ended.
    pub end: CommandEnd,
    /// What a person should know besides its output, each on lines of its own: processes that could
    /// not be ended, and what was undone of its changes.
    pub notes: Vec<String>,
    /// Whether all changes that the sandbox forbids were undone.
    pub is_contained: bool,
}

/// Why a command cannot be planned or run. `Display` fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostCommandError {
    /// A variable decides what programs load.
    #[error("set the variable `{}`: it decides what programs load", .0.escape_default())]
    ForbiddenVariable(String),
    /// The directory cannot be used.
    #[error("use the directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is no command.
    #[error(transparent)]
    Invalid(InvalidRequest),
    /// Nothing judges commands here.
    #[error("judge the command: this machine has no policy for it")]
    Unjudged,
    /// It is another command than the one that was judged.
    #[error(
        "run the command as it was judged: the directory, a program or a script has changed since"
    )]
    Changed,
    /// A program of it was not found.
    #[error("find the program `{}`", program.escape_debug())]
    NotFound {
        /// The program as it was asked for.
        program: String,
    },
    /// What is called like the program cannot be run.
    #[error("run `{}`: it is not an executable file", program.escape_debug())]
    NotExecutable {
        /// The program as it was asked for.
        program: String,
    },
    /// The sandbox cannot be prepared, or cannot hold.
    #[error("run the command in the sandbox: {0}")]
    Sandbox(String),
    /// It cannot be started or watched.
    #[error("{0}")]
    Process(String),
}

impl CommandHost {
    /// Runs commands in `workspace` unless they name another directory.
    #[must_use]
    pub fn new(workspace: &Path, options: ExecOptions) -> Self {
        let sandbox = options.sandbox.clone();
        let commits = CommitRecord::new(options.commit_record.clone());
        let sandbox =
            sandbox.map(|policy| Arc::new(ExecSandbox::new(policy, &Arc::default(), commits)));
        Self { workspace: workspace.to_owned(), options: Arc::new(options), sandbox }
    }

    /// The path of a program as commands find it; `None` when there is none.
    #[must_use]
    pub fn find_program(&self, name: &str) -> Option<String> {
        let directory = self.workspace.to_string_lossy();
        self.finder().resolve_program(name, &directory).map(|program| program.path)
    }

    /// Whether commands run in a sandbox.
    #[must_use]
    pub fn has_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Plans and judges a command. Nothing is run. Reads files and blocks the thread.
    ///
    /// # Errors
    /// When it is no command, its directory cannot be used, or it sets a variable that nobody may
    /// set.
    pub fn plan_command(
        &self,
        request: HostCommandRequest,
    ) -> Result<HostCommand, HostCommandError> {
        let HostCommandRequest { input, environment, directory } = request;
        let judge = self.options.judge.as_ref().ok_or(HostCommandError::Unjudged)?;
        let forbidden =
            environment.keys().find(|name| variable_rule(name) == VariableRule::Forbidden);
        if let Some(name) = forbidden {
            return Err(HostCommandError::ForbiddenVariable(name.clone()));
        }
        let path = self.workspace.join(directory.unwrap_or_default());
        let unusable = |source| HostCommandError::Directory { path: path.clone(), source };
        let directory = fs::canonicalize(&path).map_err(unusable)?;
        if !directory.is_dir() {
            return Err(unusable(io::ErrorKind::NotADirectory.into()));
        }
        let request = CommandRequest {
            input: &input,
            environment: &environment,
            directory: &directory,
            has_terminal: false,
            is_background: false,
        };
        let finder = self.finder();
        let plan = plan_command(request, judge.agent(), &finder);
        let plan = plan.map_err(HostCommandError::Invalid)?;
        let place = if self.has_sandbox() { CommandPlace::Sandbox } else { CommandPlace::Host };
        let judged = judge.judge_command(&plan, place);
        let review = judged.review.clone();
        Ok(HostCommand {
            reviewed: ReviewedCommand::new(plan, finder, &judged),
            input,
            review,
            directory,
            options: Arc::clone(&self.options),
            sandbox: self.sandbox.clone(),
        })
    }

    fn finder(&self) -> ProgramFinder {
        ProgramFinder::new(&self.options.environment, &self.workspace)
    }
}

impl HostCommand {
    /// What the policy says.
    #[must_use]
    pub fn review(&self) -> &CommandReview {
        &self.review
    }

    /// What would run.
    #[must_use]
    pub fn plan(&self) -> &CommandPlan {
        self.reviewed.plan()
    }

    /// Whether it is one program with arguments, and no such program was found: running it changes
    /// nothing.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        let PlanBody::Pipelines(pipelines) = self.plan().body() else { return false };
        let [pipeline] = pipelines.as_slice() else { return false };
        matches!(pipeline.commands.as_slice(), [command] if command.program.is_none())
    }

    /// Runs the command to its end, whatever its review says: who calls this has examined it. The
    /// output goes to `output` as it comes.
    ///
    /// # Errors
    /// When it is no longer the command that was judged, and when it cannot be started.
    pub async fn run(
        &self,
        time_limit: Option<Duration>,
        handle: &mut CommandHandle,
        output: &mut (dyn FnMut(OutputStream, &str) + Send),
    ) -> Result<HostCommandEnd, HostCommandError> {
        let job = self.prepare_job(time_limit)?;
        let JobEnd { results, finished } = job.run_to_end(handle, output).await;
        let results = results.map_err(|failure| match failure {
            JobFailure::Guard(failure) => HostCommandError::Sandbox(failure.to_string()),
            JobFailure::Directory(source) => {
                HostCommandError::Directory { path: self.directory.clone(), source }
            }
            JobFailure::Process(error) => {
                let told = describe_process_error(&error);
                // The text is a whole one, while this error's is a fragment.
                HostCommandError::Process(
                    told.strip_prefix("failed to ").unwrap_or(&told).to_owned(),
                )
            }
        })?;
        let end = results.last().map(|result| result.end);
        let end = end.ok_or_else(|| self.missing_program())?;
        let survivors = results.iter().map(|result| format_survivors(&result.survivors));
        let notes = survivors.filter(|line| !line.is_empty()).map(|line| line.trim().to_owned());
        Ok(HostCommandEnd {
            end,
            notes: notes.chain(finished.told).collect(),
            is_contained: finished.is_held,
        })
    }

    /// Why nothing ran: a program was not found when the command was planned.
    fn missing_program(&self) -> HostCommandError {
        let pipelines = match self.plan().body() {
            PlanBody::Pipelines(pipelines) => pipelines.as_slice(),
            _ => &[],
        };
        let mut commands = pipelines.iter().flat_map(|pipeline| &pipeline.commands);
        let missing = commands.find(|command| command.program.is_none());
        let program = missing.and_then(|command| command.argv.first()).cloned().unwrap_or_default();
        let finder = ProgramFinder::new(&self.options.environment, &self.directory);
        if finder.has_unusable_file(&program, &self.directory) {
            HostCommandError::NotExecutable { program }
        } else {
            HostCommandError::NotFound { program }
        }
    }

    fn prepare_job(&self, time_limit: Option<Duration>) -> Result<CommandJob, HostCommandError> {
        let steps = match (self.reviewed.pipelines(&self.input), &self.input) {
            (Err(_changed), _) => return Err(HostCommandError::Changed),
            (Ok(Some(pipelines)), _) => JobSteps::Pipelines(pipelines.to_vec()),
            (Ok(None), CommandInput::Script(text)) => JobSteps::Shell(text.clone()),
            (Ok(None), CommandInput::Argv(words)) => JobSteps::Argv(words.clone()),
        };
        let unusable =
            |source| HostCommandError::Directory { path: self.directory.clone(), source };
        let directory = fs::File::open(&self.directory).map_err(unusable)?;
        let opened = file_identity(&directory.metadata().map_err(unusable)?);
        let context = self.plan().context();
        let planned = &context.directory_identity;
        if (opened.device, opened.inode) != (planned.device, planned.inode) {
            return Err(HostCommandError::Changed);
        }
        let sandbox = self.sandbox.as_ref().map(|it| JobSandbox::prepare(it, Some(self.plan())));
        let sandbox = sandbox.transpose().map_err(|error| {
            HostCommandError::Sandbox(format!("failed to make `$TMPDIR`: {error}"))
        })?;
        let mut environment = self.options.environment.clone();
        if let Some(sandbox) = &sandbox {
            environment = with_temp_dir(&environment, &sandbox.policy);
        }
        for (name, value) in &context.environment {
            environment.retain(|(existing, _)| existing != name.as_str());
            environment.push((name.into(), value.into()));
        }
        Ok(CommandJob {
            steps,
            directory: directory.into(),
            environment,
            limits: CommandLimits {
                time_limit: [Some(self.options.time_limit), time_limit].into_iter().flatten().min(),
                max_output_bytes: self.options.max_output_bytes,
                grace_period: EXEC_GRACE_PERIOD,
            },
            sandbox,
            supervisor: self.options.supervisor.clone(),
            input: JobInput::None,
        })
    }
}
