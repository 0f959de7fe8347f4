//! `exec`: runs a shell command.

mod report;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolContext, ToolEffect, ToolOutput,
    ToolSpec,
};
use openclaw_process::{CommandLimits, CommandSpec, OutputStream, WorkDir, run};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, into_output, resolve_argument, tool_spec};
use crate::exec::report::{Utf8StreamDecoder, format_process_error, format_result};
use crate::workspace::{RelativePath, ToolPathError, Workspace};

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
        let spec = CommandSpec {
            directory: WorkDir::Descriptor(self.workspace.open_directory(&self.directory)?),
            env: self.options.environment.clone(),
            ..CommandSpec::shell_command(&self.command)
        };
        let limits = [Some(self.options.time_limit), context.time_limit, self.time_limit];
        let command_limits = CommandLimits {
            time_limit: limits.into_iter().flatten().min(),
            max_output_bytes: self.options.max_output_bytes,
            grace_period: EXEC_GRACE_PERIOD,
        };
        let (mut stdout_decoder, mut stderr_decoder) =
            (Utf8StreamDecoder::default(), Utf8StreamDecoder::default());
        let command_future = run(spec, command_limits, |stream, bytes| {
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
        Ok(match command_future.await {
            Ok(result) => format_result(&result),
            Err(error) => format_process_error(&error),
        })
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
        Ok(Box::new(ExecCall {
            effect: ToolEffect::Exec { command: command.clone(), directory: directory.text() },
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
        into_output(self.run_command(context).await)
    }
}
