//! Commands of `exec` that run on a node.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{CommandReview, PlannedToolCall, ToolContext, ToolEffect, ToolOutput};
use openclaw_exec_policy::{CommandInput, render_lines_for_approval, render_text_for_approval};
use openclaw_protocol::gateway::{
    NodeDecision, NodeError, NodeErrorCode, SystemRunParams, SystemRunPrepareParams,
    SystemRunResult,
};

use super::node_plan::{
    NodeCommand, NodeCommandPlan, NodeOptions, command_words, from_json, to_json,
};
use super::report::format_node_result;
use super::{ExecArguments, ExecOptions};
use crate::arguments::WholeNumber;
use crate::nodes::{NodeCallError, NodeInvocation, unique_key};

/// How much longer than the command may run its result is waited for. Less than the agent loop
/// waits for a tool beyond its time limit, so that a missing answer is told by this tool.
const RESULT_GRACE: Duration = Duration::from_secs(4);

/// The effect of a call that was not prepared.
const UNPREPARED: &str = "the node was not asked what it would run";

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
    prepared: Option<NodeCommandPlan>,
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
    async fn ask_node(&self) -> Result<NodeCommandPlan, String> {
        let params = SystemRunPrepareParams {
            command: command_words(&self.request.input),
            cwd: self.request.directory.clone(),
            env: self.environment(),
            ..SystemRunPrepareParams::default()
        };
        self.options.prepare_command(params).await
    }

    /// The complete command with its place, for the person who decides. The command is the text
    /// that was sent, not what the node says about it.
    fn display(&self, prepared: &NodeCommandPlan) -> String {
        let result = &prepared.result;
        let name = match &prepared.node_name {
            name if *name == prepared.node_id => name.clone(),
            name => format!("{name} ({})", prepared.node_id),
        };
        let mut text = render_text_for_approval("node", &name);
        let directory = result.plan.cwd.as_deref().or(self.request.directory.as_deref());
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
        let key = match unique_key() {
            Ok(key) => key,
            Err(error) => return not_run(&error.to_string()),
        };
        // The node's own policy asks: that the call runs means that a person allowed it.
        let is_approved = prepared.result.decision == NodeDecision::Ask;
        let params = SystemRunParams {
            command: command_words(&self.request.input),
            raw_command: None,
            system_run_plan: Some(prepared.result.plan.clone()),
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
            Ok(prepared) => {
                *node = Some(prepared.node_name.clone());
                if let Some(cwd) = &prepared.result.plan.cwd {
                    directory.clone_from(cwd);
                }
                let display = self.display(&prepared);
                let command = NodeCommand {
                    decision: prepared.result.decision,
                    reason: prepared.result.reason.as_deref(),
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
