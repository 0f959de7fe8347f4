//! Plans a command, has it judged, and checks before it runs that it is still the same.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use openclaw_core::{CommandRemedies, CommandReview};
use openclaw_exec_policy::{
    CommandInput, CommandPlan, InvalidRequest, PlanBody, PlanContext, PlannedPipeline,
    ProgramTable, ShellRedirection,
};
use openclaw_process::{PipelineStage, StreamRedirection};

use super::command_runs::CommandRun;
use super::programs::{ProgramFinder, file_identity};

/// Judges commands before anybody is asked.
pub trait CommandJudge: Send + Sync + Debug {
    /// The agent whose commands are judged.
    fn agent(&self) -> &str;

    /// Judges a planned command that would run at `place`.
    fn judge_command(&self, plan: &CommandPlan, place: CommandPlace) -> JudgedCommand;
}

/// Where a command would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandPlace {
    /// On this machine, without a sandbox.
    Host,
    /// In the sandbox.
    Sandbox,
    /// On this machine, outside of the sandbox that commands run in, because the model wants so.
    OutsideSandbox,
}

/// The result of a [`CommandJudge`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedCommand {
    /// What the policy says.
    pub review: CommandReview,
    /// Whether the programs are started as planned, without a shell.
    pub without_shell: bool,
}

/// Where a command runs that a model wants to run at `host`, or outside of the sandbox.
///
/// # Errors
/// What is wrong with the wish, for the model.
pub(crate) fn choose_place(
    has_sandbox: bool,
    host: Option<&str>,
    wants_outside: bool,
) -> Result<CommandPlace, &'static str> {
    match (has_sandbox, host.unwrap_or_default()) {
        (_, "node") => Err(
            "`host` cannot be `node`: the user chooses it with `tools.exec.host` or `/exec host=node`",
        ),
        (_, host) if !["", "auto", "sandbox", "gateway"].contains(&host) => {
            Err("`host` is `auto`, `sandbox` or `gateway`")
        }
        (true, host) if wants_outside || host == "gateway" => Ok(CommandPlace::OutsideSandbox),
        (true, _) => Ok(CommandPlace::Sandbox),
        (false, "sandbox") => Err("commands run without a sandbox here; leave `host` out"),
        (false, _) => Ok(CommandPlace::Host),
    }
}

/// What a call of `exec` asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommandRequest<'a> {
    pub(crate) input: &'a CommandInput,
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) directory: &'a Path,
    pub(crate) has_terminal: bool,
    pub(crate) is_background: bool,
}

/// A command that was planned and judged.
#[derive(Debug)]
pub(crate) struct ReviewedCommand {
    plan: CommandPlan,
    finder: ProgramFinder,
    without_shell: bool,
}

/// A command isn't the one any more that was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangedCommand;

/// Plans and judges a command; `None` for the plan when it is no command at all.
pub(crate) fn review_command(
    judge: &dyn CommandJudge,
    request: CommandRequest<'_>,
    place: CommandPlace,
    finder: ProgramFinder,
) -> (CommandReview, Option<ReviewedCommand>) {
    match plan_command(request, judge.agent(), &finder) {
        Ok(plan) => {
            let judged = judge.judge_command(&plan, place);
            let reviewed = ReviewedCommand::new(plan, finder, &judged);
            (judged.review, Some(reviewed))
        }
        Err(error) => {
            let reason = format!("failed to {error}");
            (CommandReview::Denied { reason, is_final: true }, None)
        }
    }
}

/// Plans a command.
///
/// # Errors
/// When it is no command.
pub(crate) fn plan_command(
    request: CommandRequest<'_>,
    agent: &str,
    finder: &ProgramFinder,
) -> Result<CommandPlan, InvalidRequest> {
    // A directory that doesn't exist is reported when the command is run.
    let directory =
        fs::canonicalize(request.directory).unwrap_or_else(|_| request.directory.to_owned());
    let mut context = PlanContext::new(&directory.to_string_lossy(), agent);
    context.environment.clone_from(request.environment);
    context.has_terminal = request.has_terminal;
    context.is_background = request.is_background;
    if let Ok(metadata) = fs::metadata(&directory) {
        let identity = file_identity(&metadata);
        context.directory_identity.device = identity.device;
        context.directory_identity.inode = identity.inode;
    }
    CommandPlan::new(request.input.clone(), context, finder)
}

/// Judges what is typed into a running command. It may be anything that the command understands, so
/// no allowlist covers it.
pub(crate) fn review_input(
    judge: &dyn CommandJudge,
    run: &CommandRun,
    data: &str,
) -> CommandReview {
    // A comment makes the text one that only a shell can run, whatever the data is.
    let text = format!("# input of: {}\n{data}", run.command.replace(['\n', '\0'], " "));
    let context = PlanContext::new("/", judge.agent());
    let lookup = ProgramTable::default();
    match CommandPlan::new(CommandInput::Script(text), context, &lookup) {
        Ok(plan) => match judge.judge_command(&plan, run.place).review {
            CommandReview::NeedsPerson { display, unanswered, is_final, .. } => {
                CommandReview::NeedsPerson {
                    reasons: vec!["it is typed into a running command".to_owned()],
                    display,
                    unanswered,
                    is_final,
                    remedies: CommandRemedies::default(),
                }
            }
            review => review,
        },
        Err(error) => {
            let reason = format!("failed to {error}");
            CommandReview::Denied { reason, is_final: true }
        }
    }
}

impl ReviewedCommand {
    pub(crate) fn new(plan: CommandPlan, finder: ProgramFinder, judged: &JudgedCommand) -> Self {
        Self { plan, finder, without_shell: judged.without_shell }
    }

    pub(crate) fn plan(&self) -> &CommandPlan {
        &self.plan
    }

    /// The pipelines to start without a shell; `None` when a shell runs the text.
    ///
    /// # Errors
    /// When a program, a script or the directory has changed since the command was planned.
    pub(crate) fn pipelines(
        &self,
        input: &CommandInput,
    ) -> Result<Option<&[PlannedPipeline]>, ChangedCommand> {
        let context = self.plan.context();
        let (directory, environment) = (Path::new(&context.directory), &context.environment);
        let request = CommandRequest {
            input,
            environment,
            directory,
            has_terminal: context.has_terminal,
            is_background: context.is_background,
        };
        let current = plan_command(request, &context.agent, &self.finder);
        if current.map(|plan| plan.hash()) != Ok(self.plan.hash()) {
            return Err(ChangedCommand);
        }
        Ok(match self.plan.body() {
            PlanBody::Pipelines(pipelines)
                if self.without_shell || matches!(input, CommandInput::Argv(_)) =>
            {
                Some(pipelines)
            }
            _ => None,
        })
    }
}

/// The commands of a pipeline with the files that were found for them; `None` when one has none.
pub(crate) fn pipeline_stages(pipeline: &PlannedPipeline) -> Option<Vec<PipelineStage>> {
    let stages = pipeline.commands.iter().map(|command| {
        let program = command.program.as_ref()?;
        Some(PipelineStage {
            program: OsString::from(&program.path),
            args: command.argv.iter().skip(1).map(OsString::from).collect(),
            redirections: command.redirections.iter().copied().map(stream_redirection).collect(),
        })
    });
    stages.collect()
}

fn stream_redirection(redirection: ShellRedirection) -> StreamRedirection {
    match redirection {
        ShellRedirection::StdinFromNull => StreamRedirection::StdinFromNull,
        ShellRedirection::StdoutToNull => StreamRedirection::StdoutToNull,
        ShellRedirection::StderrToNull => StreamRedirection::StderrToNull,
        ShellRedirection::StderrToStdout => StreamRedirection::StderrToStdout,
        ShellRedirection::StdoutToStderr => StreamRedirection::StdoutToStderr,
    }
}
