//! Commands of `exec` that run on a node.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{CommandReview, PlannedToolCall, ToolContext, ToolEffect, ToolOutput};
use openclaw_exec_policy::{CommandInput, render_lines_for_approval, render_text_for_approval};
use openclaw_protocol::gateway::{
    NodeDecision, NodeEntry, NodeError, NodeErrorCode, SystemRunParams, SystemRunPlan,
    SystemRunPrepareParams, SystemRunPrepareResult, SystemRunResult,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::report::format_node_result;
use super::{ExecArguments, ExecOptions};
use crate::arguments::WholeNumber;
use crate::nodes::{
    NodeCallError, NodeInvocation, NodeInvoker, choose_node, node_name, unique_key,
};

/// How much longer than the command may run its result is waited for. Less than the agent loop
/// waits for a tool beyond its time limit, so that a missing answer is told by this tool.
const RESULT_GRACE: Duration = Duration::from_secs(4);

/// The effect of a call that was not prepared.
const UNPREPARED: &str = "the node was not asked what it would run";

/// Where commands run when they run on a node.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// What reaches the node.
    pub invoker: Arc<dyn NodeInvoker>,
    /// The node, by its id or its display name; `None` for the only one that there is.
    pub node: Option<String>,
    /// Judges what the node says about a command.
    pub judge: Arc<dyn NodeCommandJudge>,
    /// The agent whose commands they are.
    pub agent: String,
    /// The session whose commands they are, if there is one.
    pub session_key: Option<String>,
}

/// Judges commands that a node is to run.
pub trait NodeCommandJudge: Send + Sync + std::fmt::Debug {
    /// Judges a command by the gateway's policy and what the node's own policy says.
    fn judge_node_command(&self, command: &NodeCommand<'_>) -> CommandReview;
}

/// A command that a node was asked about.
#[derive(Debug, Clone, Copy)]
pub struct NodeCommand<'a> {
    /// What the node's own policy says.
    pub decision: NodeDecision,
    /// Why, in the node's words.
    pub reason: Option<&'a str>,
    /// The complete command for the person who decides.
    pub display: &'a str,
}

/// What a call of `exec` runs on a node.
#[derive(Debug)]
pub(super) struct NodeRequest {
    pub(super) input: CommandInput,
    /// What a person reads of it.
    pub(super) text: String,
    pub(super) environment: BTreeMap<String, String>,
    /// As the model wrote it; `None` is the node's own folder.
    pub(super) directory: Option<String>,
    /// The limit that the model asked for.
    pub(super) time_limit: Option<Duration>,
}

/// A call of `exec` whose command runs on a node.
#[derive(Debug)]
pub(super) struct NodeExecCall {
    effect: ToolEffect,
    request: NodeRequest,
    options: NodeOptions,
    /// The longest that any command may run.
    longest: Duration,
    /// `None` until the node said what it would run.
    prepared: Option<PreparedCommand>,
}

/// What a node would run.
#[derive(Debug)]
struct PreparedCommand {
    node_id: String,
    node_name: String,
    plan: SystemRunPlan,
    decision: NodeDecision,
}

impl NodeRequest {
    /// What a call of `exec` runs on a node, where no other place, no terminal and no background is
    /// to be had. `command` is what to run, and what a person reads of it.
    ///
    /// # Errors
    /// What is wrong with the call, for the model.
    pub(super) fn new(
        command: (CommandInput, String),
        environment: BTreeMap<String, String>,
        arguments: ExecArguments,
    ) -> Result<Self, &'static str> {
        let host = arguments.host.as_deref().unwrap_or_default();
        if !["", "auto", "node"].contains(&host) || arguments.elevated == Some(true) {
            return Err("runs commands on a node here; leave `host` out");
        }
        if arguments.background == Some(true) {
            return Err("runs no command in the background on a node; leave `background` out");
        }
        if arguments.pty == Some(true) {
            return Err("has no terminal on a node; leave `pty` out");
        }
        let seconds = arguments.timeout.and_then(WholeNumber::as_positive);
        let (input, text) = command;
        Ok(Self {
            input,
            text,
            environment,
            directory: arguments.directory.filter(|it| !it.is_empty() && it != "."),
            time_limit: seconds.map(Duration::from_secs),
        })
    }
}

/// What a model is told of commands that run on a node.
pub(super) fn describe_node_exec(options: &NodeOptions) -> String {
    let node = options.node.as_deref().map_or_else(String::new, |node| format!(" `{node}`"));
    format!(
        "Runs a shell command on the node{node}, another machine without the files of the \
         workspace, and returns its output and exit code."
    )
}

impl NodeExecCall {
    pub(super) fn new(request: NodeRequest, options: &NodeOptions, exec: &ExecOptions) -> Self {
        let review = CommandReview::Denied { reason: UNPREPARED.to_owned(), is_final: true };
        let effect = ToolEffect::Exec {
            command: request.text.clone(),
            directory: request.directory.clone().unwrap_or_else(|| ".".to_owned()),
            node: Some(options.node.clone().unwrap_or_else(|| "the node".to_owned())),
            review,
        };
        let options = options.clone();
        Self { effect, request, options, longest: exec.time_limit, prepared: None }
    }

    /// Asks the node what it would run.
    async fn ask_node(&self) -> Result<(PreparedCommand, SystemRunPrepareResult), String> {
        let nodes = self.options.invoker.list_nodes().await.map_err(|error| error.to_string())?;
        let node = choose_node(&nodes, self.options.node.as_deref())?;
        check_node(node)?;
        let params = SystemRunPrepareParams {
            command: command_words(&self.request.input),
            raw_command: None,
            cwd: self.request.directory.clone(),
            env: self.environment(),
            agent_id: Some(self.options.agent.clone()),
            session_key: self.options.session_key.clone(),
        };
        let name = node_name(node).to_owned();
        let mut invocation =
            NodeInvocation::lookup(&node.node_id, "system.run.prepare", to_json(&params));
        invocation.session_key.clone_from(&self.options.session_key);
        let answer = self.options.invoker.invoke_command(invocation, &()).await;
        let answer =
            answer.map_err(|error| format!("the node `{name}` did not plan it: {error}"))?;
        let result: SystemRunPrepareResult = from_json(answer)
            .map_err(|error| format!("the plan of the node `{name}` cannot be read: {error}"))?;
        let prepared = PreparedCommand {
            node_id: node.node_id.clone(),
            node_name: name,
            plan: result.plan.clone(),
            decision: result.decision,
        };
        Ok((prepared, result))
    }

    /// The complete command with its place, for the person who decides. The command is the text
    /// that was sent, not what the node says about it.
    fn display(&self, prepared: &PreparedCommand, result: &SystemRunPrepareResult) -> String {
        let name = match &prepared.node_name {
            name if *name == prepared.node_id => name.clone(),
            name => format!("{name} ({})", prepared.node_id),
        };
        let mut text = render_text_for_approval("node", &name);
        let directory = prepared.plan.cwd.as_deref().or(self.request.directory.as_deref());
        text += &render_text_for_approval("directory", directory.unwrap_or("the node's own"));
        for (name, value) in &self.request.environment {
            text += &render_text_for_approval("variable", &format!("{name}={value}"));
        }
        let label = match self.request.input {
            CommandInput::Script(_) => "shell command",
            CommandInput::Argv(_) => "command",
        };
        text += &render_text_for_approval(label, &self.request.text);
        if result.sandbox.is_empty() {
            text.push_str("sandbox: none on the node\n");
        } else {
            // The lines are the node's: a line break in one of them must not begin another line.
            let lines: Vec<String> =
                result.sandbox.iter().map(|line| line.escape_debug().to_string()).collect();
            text +=
                &render_lines_for_approval("sandbox on the node", lines.iter().map(String::as_str));
        }
        text
    }

    fn environment(&self) -> Option<BTreeMap<String, String>> {
        Some(self.request.environment.clone()).filter(|environment| !environment.is_empty())
    }

    async fn run_on_node(self, context: ToolContext<'_>) -> ToolOutput {
        let Some(prepared) = &self.prepared else { return not_run(UNPREPARED) };
        let limits = [Some(self.longest), context.time_limit, self.request.time_limit];
        let limit = limits.into_iter().flatten().min().unwrap_or(self.longest);
        let key = unique_key();
        // The node's own policy asks: that the call runs means that a person allowed it.
        let is_approved = prepared.decision == NodeDecision::Ask;
        let params = SystemRunParams {
            command: command_words(&self.request.input),
            raw_command: None,
            system_run_plan: Some(prepared.plan.clone()),
            cwd: self.request.directory.clone(),
            env: self.environment(),
            timeout_ms: Some(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
            agent_id: Some(self.options.agent.clone()),
            session_key: self.options.session_key.clone(),
            run_id: Some(key.clone()),
            approved: is_approved.then_some(true),
            approval_decision: is_approved.then(|| "allow-once".to_owned()),
        };
        let invocation = NodeInvocation {
            node_id: prepared.node_id.clone(),
            command: "system.run",
            params: to_json(&params),
            time_limit: limit.saturating_add(RESULT_GRACE),
            idempotency_key: key,
            session_key: self.options.session_key.clone(),
        };
        let name = &prepared.node_name;
        let answer = self.options.invoker.invoke_command(invocation, context.progress).await;
        match answer.map(from_json::<SystemRunResult>) {
            Ok(Ok(result)) => format_node_result(&result, name),
            Ok(Err(error)) => outcome_unknown(name, &format!("its result cannot be read: {error}")),
            Err(NodeCallError::NotSent { reason }) => not_run(&reason),
            Err(NodeCallError::Failed(error)) if did_not_start(&error) => {
                not_run(&format!("the node `{name}` refused it: {}", error.message))
            }
            Err(error) => outcome_unknown(name, &error.to_string()),
        }
    }
}

#[async_trait]
impl PlannedToolCall for NodeExecCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    async fn prepare(&mut self) {
        let answer = self.ask_node().await;
        let ToolEffect::Exec { directory, node, review, .. } = &mut self.effect else { return };
        match answer {
            Err(reason) => *review = CommandReview::Denied { reason, is_final: true },
            Ok((prepared, result)) => {
                *node = Some(prepared.node_name.clone());
                if let Some(cwd) = &prepared.plan.cwd {
                    directory.clone_from(cwd);
                }
                let display = self.display(&prepared, &result);
                let command = NodeCommand {
                    decision: result.decision,
                    reason: result.reason.as_deref(),
                    display: &display,
                };
                let judged = self.options.judge.judge_node_command(&command);
                if let ToolEffect::Exec { review, .. } = &mut self.effect {
                    *review = judged;
                }
                self.prepared = Some(prepared);
            }
        }
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        self.run_on_node(context).await
    }
}

/// Whether a node can run a command now.
fn check_node(node: &NodeEntry) -> Result<(), String> {
    let name = node_name(node).escape_debug();
    if !node.connected {
        return Err(format!(
            "the node `{name}` is not connected; nothing was run. `openclaw node run` on that \
             machine connects it"
        ));
    }
    let missing = ["system.run.prepare", "system.run"]
        .into_iter()
        .find(|command| !node.commands.iter().any(|offered| offered == command));
    match missing {
        None => Ok(()),
        Some(command) if node.pending_declared_commands.iter().any(|it| it == command) => {
            Err(format!(
                "the command `{command}` of the node `{name}` waits for approval: `openclaw nodes \
                 pending` shows it"
            ))
        }
        Some(command) => Err(format!("the node `{name}` does not offer the command `{command}`")),
    }
}

/// The words that a node is sent: a text is one for its shell.
fn command_words(input: &CommandInput) -> Vec<String> {
    match input {
        CommandInput::Script(text) => vec!["sh".to_owned(), "-c".to_owned(), text.clone()],
        CommandInput::Argv(words) => words.clone(),
    }
}

/// Whether a node that answered with this error did not start the command.
fn did_not_start(error: &NodeError) -> bool {
    [
        NodeErrorCode::InvalidRequest,
        NodeErrorCode::UnknownCommand,
        NodeErrorCode::RawCommandMismatch,
        NodeErrorCode::SystemRunDenied,
        NodeErrorCode::ApprovalRequired,
        NodeErrorCode::ApprovalRequestMismatch,
        NodeErrorCode::IdempotencyConflict,
    ]
    .into_iter()
    .any(|code| error.is(code))
}

fn to_json(params: &impl Serialize) -> Value {
    // Texts, numbers and maps of them can always be written.
    serde_json::to_value(params).unwrap_or_default()
}

fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(value)
}

fn not_run(reason: &str) -> ToolOutput {
    ToolOutput::from_error(format!("not run: {reason}")).with_summary("not run")
}

fn outcome_unknown(node: &str, what: &str) -> ToolOutput {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "outcome unknown: {what}. The command may have run on the node `{node}`, wholly or in \
         part; do not repeat it without checking."
    );
    ToolOutput::from_error(text).with_summary("outcome unknown")
}
