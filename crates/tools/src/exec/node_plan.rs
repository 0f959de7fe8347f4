//! Asks a node what it would run, and what its own policy says about that.

use std::sync::Arc;

use openclaw_core::CommandReview;
use openclaw_exec_policy::CommandInput;
use openclaw_protocol::gateway::{
    NodeDecision, NodeEntry, SystemRunPrepareParams, SystemRunPrepareResult,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::nodes::{NodeInvocation, NodeInvoker, choose_node, node_name};

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

/// What a node would run, and what its own policy says. Nothing was run.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeCommandPlan {
    /// The node's id.
    pub node_id: String,
    /// What a person calls the node.
    pub node_name: String,
    /// The node's answer.
    pub result: SystemRunPrepareResult,
}

impl NodeOptions {
    /// Asks the node what it would run of a text for its shell. Runs nothing.
    ///
    /// # Errors
    /// Why the node did not say it, as a sentence.
    pub async fn prepare_text(&self, text: &str) -> Result<NodeCommandPlan, String> {
        let command = command_words(&CommandInput::Script(text.to_owned()));
        self.prepare_command(SystemRunPrepareParams { command, ..Default::default() }).await
    }

    /// Asks the node what it would run. Runs nothing. The agent and the session of `params` are
    /// those of these options.
    ///
    /// # Errors
    /// Why the node did not say it, as a sentence.
    pub(super) async fn prepare_command(
        &self,
        params: SystemRunPrepareParams,
    ) -> Result<NodeCommandPlan, String> {
        let nodes = self.invoker.list_nodes().await.map_err(|error| error.to_string())?;
        let node = choose_node(&nodes, self.node.as_deref())?;
        check_node(node)?;
        let params = SystemRunPrepareParams {
            agent_id: Some(self.agent.clone()),
            session_key: self.session_key.clone(),
            ..params
        };
        let name = node_name(node).to_owned();
        let mut invocation =
            NodeInvocation::lookup(&node.node_id, "system.run.prepare", to_json(&params))
                .map_err(|error| error.to_string())?;
        invocation.session_key.clone_from(&self.session_key);
        let answer = self.invoker.invoke_command(invocation, &()).await;
        let answer =
            answer.map_err(|error| format!("the node `{name}` did not plan it: {error}"))?;
        let result: SystemRunPrepareResult = from_json(answer)
            .map_err(|error| format!("the plan of the node `{name}` cannot be read: {error}"))?;
        Ok(NodeCommandPlan { node_id: node.node_id.clone(), node_name: name, result })
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
pub(super) fn command_words(input: &CommandInput) -> Vec<String> {
    match input {
        CommandInput::Script(text) => vec!["sh".to_owned(), "-c".to_owned(), text.clone()],
        CommandInput::Argv(words) => words.clone(),
    }
}

pub(super) fn to_json(params: &impl Serialize) -> Value {
    // Texts, numbers and maps of them can always be written.
    serde_json::to_value(params).unwrap_or_default()
}

pub(super) fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(value)
}
