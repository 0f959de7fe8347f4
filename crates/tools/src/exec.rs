//! `exec`: runs a shell command.

mod programs;
mod report;
mod review;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    CommandReview, InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolContext, ToolEffect,
    ToolOutput, ToolSpec,
};
use openclaw_exec_policy::{PlannedPipeline, RunCondition};
use openclaw_process::{
    CommandEnd, CommandLimits, CommandResult, CommandSpec, OutputStream, PipelineSpec,
    ProcessError, StdinSource, SupervisorProgram, WorkDir, run_pipeline,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, into_output, resolve_argument, tool_spec};
use crate::exec::report::{Utf8StreamDecoder, format_process_error, format_result, format_results};
use crate::exec::review::{ChangedCommand, ReviewedCommand, pipeline_stages, review_command};
use crate::workspace::{RelativePath, ToolPathError, Workspace};

pub use programs::ProgramFinder;
pub use review::{CommandJudge, JudgedCommand};

/// How long a command has to end after SIGTERM.
const EXEC_GRACE_PERIOD: Duration = Duration::from_secs(3);

/// The settings of `exec`.
#[derive(Debug, Clone)]
pub struct ExecOptions {
    /// The longest that any command may run.
    pub time_limit: Duration,
    /// The most bytes of a command's output that are kept: the start and the end. The caller
    /// decides how much of it the model is shown.
    pub max_output_bytes: usize,
    /// The complete environment of the commands; see [`openclaw_process::base_environment`].
    pub environment: Vec<(OsString, OsString)>,
    /// What supervises the commands.
    pub supervisor: SupervisorProgram,
    /// Judges each command when it is planned; `None` leaves every command to whoever approves
    /// calls.
    pub judge: Option<Arc<dyn CommandJudge>>,
}

/// Runs a command in the workspace.
#[derive(Debug)]
pub(crate) struct ExecTool {
    workspace: Workspace,
    options: Arc<ExecOptions>,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExecArguments {
    command: String,
    /// Relative to the workspace
    directory: Option<String>,
    /// Seconds
    timeout: Option<WholeNumber>,
}

/// A call of `exec` with its directory resolved.
#[derive(Debug)]
struct ExecCall {
    effect: ToolEffect,
    /// `None` without a judge.
    reviewed: Option<ReviewedCommand>,
    command: String,
    directory: RelativePath,
    /// The limit that the model asked for.
    time_limit: Option<Duration>,
    workspace: Workspace,
    options: Arc<ExecOptions>,
}

impl ExecTool {
    pub(crate) fn new(workspace: Workspace, options: ExecOptions) -> Self {
        let description = "Runs a shell command and returns its output and exit code. \
                           What it leaves in the background is ended.";
        let options = Arc::new(options);
        Self { workspace, options, spec: tool_spec::<ExecArguments>("exec", description) }
    }
}

impl ExecCall {
    async fn run_command(&self, context: ToolContext<'_>) -> Result<ToolOutput, ToolPathError> {
        let limits = [Some(self.options.time_limit), context.time_limit, self.time_limit];
        let limits = CommandLimits {
            time_limit: limits.into_iter().flatten().min(),
            max_output_bytes: self.options.max_output_bytes,
            grace_period: EXEC_GRACE_PERIOD,
        };
        let planned = match &self.reviewed {
            Some(reviewed) => reviewed.pipelines(&self.command),
            None => Ok(None),
        };
        match planned {
            Ok(Some(pipelines)) => self.run_pipelines(pipelines, limits, context).await,
            Ok(None) => {
                let supervisor = self.options.supervisor.clone();
                let command = CommandSpec::shell_command(&self.command, supervisor);
                let result = self.run_stages(command.into(), limits, context).await?;
                Ok(result
                    .map_or_else(|error| format_process_error(&error), |it| format_result(&it)))
            }
            Err(ChangedCommand) => Ok(ToolOutput::from_error(
                "not run: the directory, a program or a script has changed since the command was \
                 judged; call it again"
                    .to_owned(),
            )
            .with_summary("not run")),
        }
    }

    /// Runs the planned pipelines one after another, each when its condition holds.
    async fn run_pipelines(
        &self,
        pipelines: &[PlannedPipeline],
        mut limits: CommandLimits,
        context: ToolContext<'_>,
    ) -> Result<ToolOutput, ToolPathError> {
        let mut results: Vec<CommandResult> = Vec::new();
        for pipeline in pipelines {
            let succeeded = results.last().is_none_or(|result| result.end == CommandEnd::Exited(0));
            let is_due = match pipeline.condition {
                RunCondition::Always => true,
                RunCondition::AfterSuccess => succeeded,
                RunCondition::AfterFailure => !succeeded,
            };
            if !is_due {
                continue;
            }
            let Some(stages) = pipeline_stages(pipeline) else { break };
            let (directory, env) = (WorkDir::Path(".".into()), Vec::new());
            let supervisor = self.options.supervisor.clone();
            let (stdin, sandbox) = (StdinSource::Null, None);
            let spec = PipelineSpec { stages, directory, env, stdin, supervisor, sandbox };
            let result = match self.run_stages(spec, limits, context).await? {
                Ok(result) => result,
                Err(error) => return Ok(format_process_error(&error)),
            };
            let is_over = matches!(result.end, CommandEnd::TimedOut(_));
            let kept_bytes = result.output.head.len() + result.output.tail.len();
            limits.max_output_bytes = limits.max_output_bytes.saturating_sub(kept_bytes);
            limits.time_limit =
                limits.time_limit.map(|limit| limit.saturating_sub(result.duration));
            results.push(result);
            if is_over {
                break;
            }
        }
        Ok(format_results(&results))
    }

    /// Runs one pipeline in the directory and the environment of the call.
    async fn run_stages(
        &self,
        spec: PipelineSpec,
        limits: CommandLimits,
        context: ToolContext<'_>,
    ) -> Result<Result<CommandResult, ProcessError>, ToolPathError> {
        let spec = PipelineSpec {
            directory: WorkDir::Descriptor(self.workspace.open_directory(&self.directory)?),
            env: self.options.environment.clone(),
            ..spec
        };
        let (mut stdout_decoder, mut stderr_decoder) =
            (Utf8StreamDecoder::default(), Utf8StreamDecoder::default());
        let command_future = run_pipeline(spec, limits, |stream, bytes| {
            let decoder = if stream == OutputStream::Stdout {
                &mut stdout_decoder
            } else {
                &mut stderr_decoder
            };
            let text = decoder.decode_chunk(bytes);
            if !text.is_empty() {
                context.progress.write_output(&text);
            }
        });
        Ok(command_future.await)
    }
}

impl Tool for ExecTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let ExecArguments { command, directory, timeout } = decode_arguments(&self.spec, call)?;
        let directory = directory.filter(|directory| !directory.is_empty());
        let directory = directory.as_deref().unwrap_or(".");
        let directory = resolve_argument(&self.spec, &self.workspace, directory)?;
        let (review, reviewed) = match &self.options.judge {
            Some(judge) => {
                let finder = ProgramFinder::new(&self.options.environment, self.workspace.path());
                let path = self.workspace.path().join(directory.as_path());
                review_command(judge.as_ref(), &command, &path, finder)
            }
            None => (CommandReview::Unreviewed, None),
        };
        Ok(Box::new(ExecCall {
            effect: ToolEffect::Exec {
                command: command.clone(),
                directory: directory.text(),
                review,
            },
            reviewed,
            command,
            directory,
            time_limit: timeout.and_then(WholeNumber::as_positive).map(Duration::from_secs),
            workspace: self.workspace.clone(),
            options: Arc::clone(&self.options),
        }))
    }
}

#[async_trait]
impl PlannedToolCall for ExecCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        self.workspace.record_command();
        into_output(self.run_command(context).await)
    }
}
