//! `exec`: a shell command.

mod report;

use std::ffi::OsString;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{Effect, InvalidArguments, Tool, ToolCall, ToolContext, ToolOutput, ToolSpec};
use openclaw_process::{Bounds, CommandSpec, Stream, WorkDir, run};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, answer, decode, inside, spec};
use crate::exec::report::{Pieces, not_run, report};
use crate::workspace::{Refusal, Workspace};

/// How long a command has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// What `exec` runs commands with.
#[derive(Debug, Clone)]
pub struct ExecOptions {
    /// The longest that any command may run.
    pub time_limit: Duration,
    /// The most bytes of output that are kept of one command: the beginning and the end. How much
    /// of it a model is shown is up to whoever runs the tool.
    pub output_bytes: usize,
    /// The whole environment of the commands; see [`openclaw_process::base_environment`].
    pub environment: Vec<(OsString, OsString)>,
}

/// Runs a command in the workspace.
#[derive(Debug)]
pub(crate) struct Exec {
    workspace: Workspace,
    options: ExecOptions,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: String,
    /// Relative to the workspace
    directory: Option<String>,
    /// Seconds
    timeout: Option<WholeNumber>,
}

impl Arguments {
    fn directory(&self) -> &str {
        self.directory.as_deref().filter(|directory| !directory.is_empty()).unwrap_or(".")
    }
}

impl Exec {
    pub(crate) fn new(workspace: Workspace, options: ExecOptions) -> Self {
        let description = "Runs a shell command and returns its output and exit code. \
                           What it leaves in the background is ended.";
        Self { workspace, options, spec: spec::<Arguments>("exec", description) }
    }

    async fn run(
        &self,
        arguments: &Arguments,
        context: ToolContext<'_>,
    ) -> Result<ToolOutput, Refusal> {
        let directory = self.workspace.resolve(arguments.directory())?;
        let spec = CommandSpec {
            directory: WorkDir::Open(self.workspace.open_directory(&directory)?),
            env: self.options.environment.clone(),
            ..CommandSpec::shell(&arguments.command)
        };
        let asked = arguments.timeout.and_then(WholeNumber::positive).map(Duration::from_secs);
        let limits = [Some(self.options.time_limit), context.time_limit, asked];
        let bounds = Bounds {
            time: limits.into_iter().flatten().min(),
            output_bytes: self.options.output_bytes,
            grace: GRACE,
        };
        let (mut stdout, mut stderr) = (Pieces::default(), Pieces::default());
        let finished = run(spec, bounds, |stream, bytes| {
            let pieces = if stream == Stream::Stdout { &mut stdout } else { &mut stderr };
            let text = pieces.next(bytes);
            if !text.is_empty() {
                context.progress.output(&text);
            }
        });
        Ok(match finished.await {
            Ok(finished) => report(&finished),
            Err(error) => not_run(&error),
        })
    }
}

#[async_trait]
impl Tool for Exec {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan(&self, call: &ToolCall) -> Result<Effect, InvalidArguments> {
        let arguments: Arguments = decode(&self.spec, call)?;
        let directory = inside(&self.spec, &self.workspace, arguments.directory())?;
        Ok(Effect::Exec { command: arguments.command, directory })
    }

    async fn call(&self, call: &ToolCall, context: ToolContext<'_>) -> ToolOutput {
        match decode(&self.spec, call) {
            Ok(arguments) => answer(Ok(self.run(&arguments, context).await)),
            Err(error) => answer(Err(error)),
        }
    }
}
