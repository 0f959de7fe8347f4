//! `nodes`: what nodes there are, and which programs they have.

use std::fmt::Write as _;
use std::sync::Arc;

use openclaw_core::{
    FutureToolCall, InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency,
    ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_protocol::gateway::{NodeEntry, SystemWhichParams, SystemWhichResult};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::arguments::{decode_arguments, tool_spec};
use crate::nodes::{NodeInvocation, NodeInvoker, choose_node, node_name};

/// The most programs that one call looks for.
const MAX_BINS: usize = 50;

/// Looks at the nodes of the gateway. It runs nothing on them.
#[derive(Debug)]
pub struct NodesTool {
    invoker: Arc<dyn NodeInvoker>,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NodesArguments {
    action: NodesAction,
    /// Its name or id
    node: Option<String>,
    /// For `which`
    bins: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NodesAction {
    Status,
    Describe,
    Which,
}

impl JsonSchema for NodesAction {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NodesAction".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["status", "describe", "which"] })
    }
}

impl NodesTool {
    /// A tool that looks at the nodes that `invoker` reaches.
    #[must_use]
    pub fn new(invoker: Arc<dyn NodeInvoker>) -> Self {
        let description =
            "Lists the nodes (other machines), describes one, or finds programs on it.";
        Self { invoker, spec: tool_spec::<NodesArguments>("nodes", description) }
    }

    fn refuse(&self, problem: &str) -> InvalidToolArguments {
        InvalidToolArguments { tool: self.spec.name.clone(), problem: problem.to_owned() }
    }
}

impl Tool for NodesTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let arguments: NodesArguments = decode_arguments(&self.spec, call)?;
        let bins = arguments.bins.unwrap_or_default();
        let name = arguments.node.filter(|node| !node.is_empty());
        let shown = name.as_deref().unwrap_or("the node");
        let subject = match arguments.action {
            NodesAction::Status => "the nodes".to_owned(),
            NodesAction::Describe => shown.to_owned(),
            NodesAction::Which if bins.is_empty() => {
                return Err(self.refuse("`which` needs `bins`"));
            }
            NodesAction::Which if bins.len() > MAX_BINS => {
                return Err(self.refuse("`bins` has more than 50 names"));
            }
            NodesAction::Which => format!("{} on {shown}", bins.join(", ")),
        };
        let (invoker, action) = (Arc::clone(&self.invoker), arguments.action);
        let looking = async move {
            let found = look_up(invoker.as_ref(), action, name.as_deref(), bins).await;
            found.map_or_else(ToolOutput::from_error, ToolOutput::from_text)
        };
        let call = FutureToolCall::new(ToolEffect::Inspect { subject }, looking);
        Ok(Box::new(call.with_concurrency(ToolConcurrency::Shared)))
    }
}

/// The text for the model; the error is one too.
async fn look_up(
    invoker: &dyn NodeInvoker,
    action: NodesAction,
    name: Option<&str>,
    bins: Vec<String>,
) -> Result<String, String> {
    let nodes = invoker.list_nodes().await.map_err(|error| error.to_string())?;
    if let NodesAction::Status = action {
        let lines: String = nodes.iter().filter(|it| it.paired).map(describe_briefly).collect();
        return Ok(if lines.is_empty() { "there is no node\n".to_owned() } else { lines });
    }
    let node = choose_node(&nodes, name)?;
    if let NodesAction::Describe = action {
        return serde_json::to_string_pretty(node).map_err(|error| error.to_string());
    }
    let shown = node_name(node).to_owned();
    if !node.connected {
        return Err(format!("the node `{shown}` is not connected"));
    }
    let params = serde_json::to_value(SystemWhichParams { bins: bins.clone() });
    let params = params.map_err(|error| error.to_string())?;
    let invocation = NodeInvocation::lookup(&node.node_id, "system.which", params)
        .map_err(|error| error.to_string())?;
    let answer = invoker.invoke_command(invocation, &()).await;
    let answer = answer.map_err(|error| format!("the node `{shown}` did not answer: {error}"))?;
    let found: SystemWhichResult = serde_json::from_value(answer)
        .map_err(|error| format!("the answer of the node `{shown}` cannot be read: {error}"))?;
    Ok(bins.iter().fold(String::new(), |mut text, bin| {
        let path = found.bins.get(bin).map_or("not found", String::as_str);
        // Writing to a string can't fail.
        let _ = writeln!(text, "{bin}: {path}");
        text
    }))
}

fn describe_briefly(node: &NodeEntry) -> String {
    let state = if node.connected { "connected" } else { "not connected" };
    let platform = node.platform.as_deref().unwrap_or("unknown system");
    let commands = match node.commands.as_slice() {
        [] => "no command is approved".to_owned(),
        commands => commands.join(", "),
    };
    format!("{} ({}): {state}, {platform}, {commands}\n", node_name(node), node.node_id)
}
