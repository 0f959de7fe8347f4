//! `exec`: runs a command, in the background if it takes long.

mod command_job;
mod command_runs;
mod guard;
mod host;
mod node;
mod node_plan;
mod options;
mod output_log;
mod programs;
mod report;
mod review;
mod sandbox;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    CommandReview, InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolContext, ToolEffect,
    ToolOutput, ToolSpec,
};
use openclaw_exec_policy::{CommandInput, VariableRule, quote_words, variable_rule};
use openclaw_process::{CommandLimits, command_control};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, into_output, resolve_argument, tool_spec};
use crate::exec::command_job::{CommandJob, JobInput, JobSteps};
use crate::exec::guard::CommitRecord;
use crate::exec::node::{NodeExecCall, NodeRequest, describe_node_exec};
use crate::exec::review::{CommandRequest, ReviewedCommand, choose_place, review_command};
use crate::exec::sandbox::{ExecSandbox, JobSandbox, with_temp_dir};
use crate::workspace::{RelativePath, ToolPathError, Workspace};

pub(crate) use command_runs::CommandRun;
pub use command_runs::CommandRuns;
pub use host::{CommandHost, HostCommand, HostCommandEnd, HostCommandError, HostCommandRequest};
pub use node_plan::{NodeCommand, NodeCommandJudge, NodeCommandPlan, NodeOptions};
pub use options::{BackgroundOptions, ExecOptions};
pub use programs::ProgramFinder;
pub(crate) use review::review_input;
pub use review::{CommandJudge, CommandPlace, JudgedCommand};

/// How long a command has to end after SIGTERM.
const EXEC_GRACE_PERIOD: Duration = Duration::from_secs(3);

/// The kind of terminal of a command that asked for one.
const TERMINAL_TYPE: &str = "xterm-256color";

/// Runs a command in the workspace.
#[derive(Debug)]
pub(crate) struct ExecTool {
    workspace: Workspace,
    options: Arc<ExecOptions>,
    sandbox: Option<Arc<ExecSandbox>>,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExecArguments {
    /// For a shell
    command: Option<String>,
    /// Program and arguments, instead of `command`
    argv: Option<Vec<String>>,
    /// Relative to the workspace
    #[serde(alias = "workdir", alias = "cwd")]
    directory: Option<String>,
    env: Option<BTreeMap<String, String>>,
    /// Seconds
    #[serde(alias = "timeoutSeconds")]
    timeout: Option<WholeNumber>,
    /// Return at once; `process` controls it
    background: Option<bool>,
    /// Give it a terminal
    pty: Option<bool>,
    /// Wait so long, then background
    #[serde(rename = "yieldMs")]
    yield_ms: Option<WholeNumber>,
    /// `gateway`: outside the sandbox, after asking
    host: Option<String>,
    /// Another spelling of `host: "gateway"`, as the original has it.
    #[schemars(skip)]
    elevated: Option<bool>,
}

/// A call of `exec` with its directory resolved.
#[derive(Debug)]
struct ExecCall {
    effect: ToolEffect,
    /// `None` without a judge.
    reviewed: Option<ReviewedCommand>,
    input: CommandInput,
    environment: BTreeMap<String, String>,
    directory: RelativePath,
    /// The limit that the model asked for.
    time_limit: Option<Duration>,
    /// Whether the command gets a terminal.
    has_terminal: bool,
    /// How long the call waits for the command; `None` until it ends.
    yield_after: Option<Duration>,
    workspace: Workspace,
    options: Arc<ExecOptions>,
    place: CommandPlace,
    /// `None` for a command that runs outside.
    sandbox: Option<Arc<ExecSandbox>>,
}

impl ExecTool {
    pub(crate) fn new(workspace: Workspace, options: ExecOptions) -> Self {
        let description = options.node.as_ref().map_or_else(
            || {
                "Runs a shell command and returns its output and exit code. \
                 What it leaves in the background is ended."
                    .to_owned()
            },
            describe_node_exec,
        );
        let sandbox = options.sandbox.clone();
        let commits = CommitRecord::new(options.commit_record.clone());
        let sandbox = sandbox.map(|policy| ExecSandbox::new(policy, &workspace.writes, commits));
        let sandbox = sandbox.map(Arc::new);
        let options = Arc::new(options);
        let mut spec = tool_spec::<ExecArguments>("exec", &description);
        if options.node.is_some() {
            remove_parameters(&mut spec, &["background", "host", "pty", "yieldMs"]);
            describe_parameter(&mut spec, "directory", "On that machine");
        } else if options.background.is_none() {
            remove_parameters(&mut spec, &["background", "yieldMs"]);
        }
        Self { workspace, options, sandbox, spec }
    }

    /// What to run, and what a person is shown of it.
    fn command_input(
        &self,
        command: Option<String>,
        argv: Option<Vec<String>>,
    ) -> Result<(CommandInput, String), InvalidToolArguments> {
        match (command, argv) {
            (Some(command), None) => Ok((CommandInput::Script(command.clone()), command)),
            (None, Some(words)) => {
                let shown = quote_words(&words);
                Ok((CommandInput::Argv(words), shown))
            }
            (None, None) => Err(self.refuse("needs `command` or `argv`".to_owned())),
            (Some(_), Some(_)) => {
                Err(self.refuse("takes `command` or `argv`, not both".to_owned()))
            }
        }
    }

    fn check_environment(
        &self,
        environment: &BTreeMap<String, String>,
    ) -> Result<(), InvalidToolArguments> {
        let forbidden =
            environment.keys().find(|name| variable_rule(name) == VariableRule::Forbidden);
        match forbidden {
            Some(name) => Err(self.refuse(format!(
                "`env` cannot set `{}`, which decides what programs load",
                name.escape_default()
            ))),
            None => Ok(()),
        }
    }

    fn refuse(&self, problem: String) -> InvalidToolArguments {
        InvalidToolArguments { tool: self.spec.name.clone(), problem }
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
            Some(reviewed) => reviewed.pipelines(&self.input),
            None => Ok(None),
        };
        let steps = match (planned, &self.input) {
            (Ok(Some(pipelines)), _) => JobSteps::Pipelines(pipelines.to_vec()),
            (Ok(None), CommandInput::Script(text)) => JobSteps::Shell(text.clone()),
            (Ok(None), CommandInput::Argv(words)) => JobSteps::Argv(words.clone()),
            (Err(_changed), _) => {
                return Ok(not_run(
                    "the directory, a program or a script has changed since the command was \
                     judged; call it again",
                ));
            }
        };
        let mut environment = self.options.environment.clone();
        if self.has_terminal {
            environment.retain(|(name, _)| name != "TERM");
            environment.push(("TERM".into(), TERMINAL_TYPE.into()));
        }
        let sandbox = match self.prepare_sandbox() {
            Ok(sandbox) => sandbox,
            Err(error) => return Ok(not_run(&format!("failed to make `$TMPDIR`: {error}"))),
        };
        if let Some(sandbox) = &sandbox {
            environment = with_temp_dir(&environment, &sandbox.policy);
        }
        for (name, value) in &self.environment {
            environment.retain(|(existing, _)| existing != name.as_str());
            environment.push((name.into(), value.into()));
        }
        let job = CommandJob {
            steps,
            directory: self.workspace.open_directory(&self.directory)?,
            environment,
            limits,
            sandbox,
            supervisor: self.options.supervisor.clone(),
            input: match self.yield_after {
                _ if self.has_terminal => JobInput::Terminal,
                Some(Duration::ZERO) => JobInput::Written,
                _ => JobInput::None,
            },
        };
        Ok(self.run_job(job, context).await)
    }

    /// What the command may do, and what is watched meanwhile.
    fn prepare_sandbox(&self) -> std::io::Result<Option<JobSandbox>> {
        let Some(sandbox) = &self.sandbox else { return Ok(None) };
        let plan = self.reviewed.as_ref().map(ReviewedCommand::plan);
        JobSandbox::prepare(sandbox, plan).map(Some)
    }

    /// Runs the command until it ends, or continues it in the background.
    async fn run_job(&self, job: CommandJob, context: ToolContext<'_>) -> ToolOutput {
        let background = self.options.background.as_ref().zip(self.yield_after);
        if let Some((background, _)) = &background
            && background.runs.check_room().is_err()
        {
            return not_run("too many commands run in the background; end one with `process`");
        }
        let (control, mut handle) = command_control();
        let id = background.map(|(background, _)| background.runs.new_id()).unwrap_or_default();
        let ToolEffect::Exec { command, .. } = &self.effect else {
            return not_run("the call has no command");
        };
        let run =
            CommandRun::new(id, command.clone(), control.clone(), job.input != JobInput::None)
                .at_place(self.place);
        let run = Arc::new(run);
        let output_run = Arc::clone(&run);
        let mut running: Pin<Box<dyn Future<Output = ToolOutput> + Send>> =
            Box::pin(async move { job.run(&mut handle, &output_run).await });
        let yields = async {
            match self.yield_after {
                // A command that cannot be started is told at once.
                Some(Duration::ZERO) => control.wait_until_started().await,
                Some(yield_after) => tokio::time::sleep(yield_after).await,
                None => std::future::pending().await,
            }
        };
        let mut yields = std::pin::pin!(yields);
        let forward_output = || {
            let text = run.take_unforwarded();
            if !text.is_empty() {
                context.progress.write_output(&text);
            }
        };
        loop {
            let changed = run.next_change();
            tokio::select! {
                output = &mut running => {
                    forward_output();
                    return output;
                }
                () = changed => forward_output(),
                () = &mut yields => break,
            }
        }
        forward_output();
        let Some((background, _)) = background else { return running.await };
        background.runs.adopt(&run, running);
        still_running(&run)
    }
}

/// Tells the model that a command continues in the background.
fn still_running(run: &CommandRun) -> ToolOutput {
    let pid = run.control.pid().map_or_else(String::new, |pid| format!(", pid {pid}"));
    let output = run.read_new_output();
    let separator = if output.is_empty() || output.ends_with('\n') { "" } else { "\n" };
    ToolOutput::from_text(format!(
        "Command still running (session {}{pid}). Use `process` to poll it, read its log, write \
         to it or kill it.\n{output}{separator}",
        run.id
    ))
    .with_summary("running in the background")
}

fn not_run(reason: &str) -> ToolOutput {
    ToolOutput::from_error(format!("not run: {reason}")).with_summary("not run")
}

/// Removes parameters from the schema of a tool.
fn remove_parameters(spec: &mut ToolSpec, names: &[&str]) {
    let parameters = Arc::make_mut(&mut spec.parameters);
    if let Some(properties) = parameters.get_mut("properties").and_then(|it| it.as_object_mut()) {
        properties.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// Describes a parameter of a tool anew.
fn describe_parameter(spec: &mut ToolSpec, name: &str, description: &str) {
    let parameters = Arc::make_mut(&mut spec.parameters);
    if let Some(parameter) = parameters.pointer_mut(&format!("/properties/{name}/description")) {
        *parameter = description.into();
    }
}

impl Tool for ExecTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let mut arguments: ExecArguments = decode_arguments(&self.spec, call)?;
        let (input, command) =
            self.command_input(arguments.command.take(), arguments.argv.take())?;
        let environment = arguments.env.take().unwrap_or_default();
        self.check_environment(&environment)?;
        if let Some(node) = &self.options.node {
            let request = NodeRequest::new((input, command), environment, arguments)
                .map_err(|problem| self.refuse(problem.to_owned()))?;
            return Ok(Box::new(NodeExecCall::new(request, node, &self.options)));
        }
        let wants_outside = arguments.elevated == Some(true);
        let place = choose_place(self.sandbox.is_some(), arguments.host.as_deref(), wants_outside)
            .map_err(|problem| self.refuse(problem.to_owned()))?;
        let directory = arguments.directory.filter(|directory| !directory.is_empty());
        let directory = directory.as_deref().unwrap_or(".");
        let directory = resolve_argument(&self.spec, &self.workspace, directory)?;
        let (review, reviewed) = match &self.options.judge {
            Some(judge) => {
                let finder = ProgramFinder::new(&self.options.environment, self.workspace.path());
                let path = self.workspace.path().join(directory.as_path());
                let request = CommandRequest {
                    input: &input,
                    environment: &environment,
                    directory: &path,
                    has_terminal: arguments.pty == Some(true),
                    is_background: arguments.background == Some(true),
                };
                review_command(judge.as_ref(), request, place, finder)
            }
            None => (CommandReview::Unreviewed, None),
        };
        let yield_after = self.options.background.as_ref().map(|background| {
            let asked = arguments.yield_ms.and_then(WholeNumber::as_positive);
            match asked.map(Duration::from_millis) {
                _ if arguments.background == Some(true) => Duration::ZERO,
                Some(asked) => asked,
                None => background.yield_after,
            }
        });
        Ok(Box::new(ExecCall {
            effect: ToolEffect::Exec { command, directory: directory.text(), node: None, review },
            reviewed,
            input,
            environment,
            directory,
            time_limit: arguments
                .timeout
                .and_then(WholeNumber::as_positive)
                .map(Duration::from_secs),
            has_terminal: arguments.pty == Some(true),
            yield_after,
            workspace: self.workspace.clone(),
            options: Arc::clone(&self.options),
            place,
            sandbox: self.sandbox.clone().filter(|_| place == CommandPlace::Sandbox),
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
