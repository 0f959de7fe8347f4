//! Plans a command, has it judged, and checks before it runs that it is still the same.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use openclaw_core::CommandReview;
use openclaw_exec_policy::{
    CommandInput, CommandPlan, InvalidRequest, PlanBody, PlanContext, PlannedPipeline, Redirection,
};
use openclaw_process::{PipelineStage, StreamRedirection};

use super::programs::{ProgramFinder, file_identity};

/// Judges commands before anybody is asked.
pub trait CommandJudge: Send + Sync + Debug {
    /// The agent whose commands are judged.
    fn agent(&self) -> &str;

    /// Judges a planned command.
    fn judge_command(&self, plan: &CommandPlan) -> JudgedCommand;
}

/// The result of a [`CommandJudge`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedCommand {
    /// What the policy says.
    pub review: CommandReview,
    /// Whether the programs are started as planned, without a shell.
    pub without_shell: bool,
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
    command: &str,
    directory: &Path,
    finder: ProgramFinder,
) -> (CommandReview, Option<ReviewedCommand>) {
    match plan_command(command, directory, judge.agent(), &finder) {
        Ok(plan) => {
            let JudgedCommand { review, without_shell } = judge.judge_command(&plan);
            (review, Some(ReviewedCommand { plan, finder, without_shell }))
        }
        Err(error) => {
            let reason = format!("failed to {error}");
            (CommandReview::Denied { reason, is_final: true }, None)
        }
    }
}

fn plan_command(
    command: &str,
    directory: &Path,
    agent: &str,
    finder: &ProgramFinder,
) -> Result<CommandPlan, InvalidRequest> {
    // A directory that doesn't exist is reported when the command is run.
    let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let mut context = PlanContext::new(&directory.to_string_lossy(), agent);
    if let Ok(metadata) = fs::metadata(&directory) {
        let identity = file_identity(&metadata);
        context.directory_identity.device = identity.device;
        context.directory_identity.inode = identity.inode;
    }
    CommandPlan::new(CommandInput::Script(command.to_owned()), context, finder)
}

impl ReviewedCommand {
    /// The pipelines to start without a shell; `None` when a shell runs the text.
    ///
    /// # Errors
    /// When a program, a script or the directory has changed since the command was planned.
    pub(crate) fn pipelines(
        &self,
        command: &str,
    ) -> Result<Option<&[PlannedPipeline]>, ChangedCommand> {
        let context = self.plan.context();
        let directory = Path::new(&context.directory);
        let current = plan_command(command, directory, &context.agent, &self.finder);
        if current.map(|plan| plan.hash()) != Ok(self.plan.hash()) {
            return Err(ChangedCommand);
        }
        Ok(match self.plan.body() {
            PlanBody::Pipelines(pipelines) if self.without_shell => Some(pipelines),
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

fn stream_redirection(redirection: Redirection) -> StreamRedirection {
    match redirection {
        Redirection::StdinFromNull => StreamRedirection::StdinFromNull,
        Redirection::StdoutToNull => StreamRedirection::StdoutToNull,
        Redirection::StderrToNull => StreamRedirection::StderrToNull,
        Redirection::StderrToStdout => StreamRedirection::StderrToStdout,
        Redirection::StdoutToStderr => StreamRedirection::StdoutToStderr,
    }
}
