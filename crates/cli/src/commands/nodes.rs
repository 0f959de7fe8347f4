//! `openclaw nodes`: the nodes of a gateway.

mod invoke;
mod listing;
mod run_program;

use std::io;

use openclaw_chat::CommandContext;
use openclaw_client::ClientError;
use openclaw_protocol::gateway::{NodeEntry, NodeListResult};
use openclaw_runtime::choose_node;
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use crate::args::gateway::GatewayTargetArgs;
use crate::args::nodes::{NodesAction, NodesArgs, NodesRenameArgs};
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(crate) use listing::{describe_waiting, list_node_requests, write_waiting};

/// What the commands need.
const SCOPES: &[&str] = &[
    "operator.admin",
    "operator.approvals",
    "operator.pairing",
    "operator.read",
    "operator.write",
];

pub(crate) async fn run(context: &CommandContext, args: NodesArgs) -> io::Result<ExitReason> {
    match args.action {
        NodesAction::List(args) => listing::list_nodes(context, args, true).await,
        NodesAction::Status(args) => listing::list_nodes(context, args, false).await,
        NodesAction::Pending(args) => listing::list_pending(context, args.target).await,
        NodesAction::Approve(args) => {
            let params = json!({ "requestId": args.request });
            change(context, args.target, NodeChange::new("node.pair.approve", params)).await
        }
        NodesAction::Reject(args) => {
            let params = json!({ "requestId": args.request });
            change(context, args.target, NodeChange::new("node.pair.reject", params)).await
        }
        NodesAction::Remove(args) => {
            let change_of_node =
                NodeChange::new("node.pair.remove", json!({})).of_node(Some(args.node));
            change(context, args.target, change_of_node).await
        }
        NodesAction::Rename(NodesRenameArgs { node, name, target }) => {
            let params = json!({ "displayName": name });
            change(context, target, NodeChange::new("node.rename", params).of_node(node)).await
        }
        NodesAction::Describe(args) => listing::describe_node(context, args).await,
        NodesAction::Invoke(args) => invoke::invoke_command(context, args).await,
        NodesAction::Run(args) => run_program::run_program(context, args).await,
    }
}

/// A change of the nodes of a gateway.
struct NodeChange {
    method: &'static str,
    params: Value,
    /// Whether it is of one node.
    is_of_node: bool,
    /// The node that the user named.
    node: Option<String>,
}

impl NodeChange {
    fn new(method: &'static str, params: Value) -> Self {
        Self { method, params, is_of_node: false, node: None }
    }

    fn of_node(self, name: Option<String>) -> Self {
        Self { is_of_node: true, node: name, ..self }
    }
}

fn open_target(
    context: &CommandContext,
    target: GatewayTargetArgs,
) -> Result<GatewayTarget, ExitReason> {
    GatewayTarget::new(context, target).map(|target| target.with_scopes(SCOPES))
}

async fn change(
    context: &CommandContext,
    target: GatewayTargetArgs,
    change: NodeChange,
) -> io::Result<ExitReason> {
    let target = match open_target(context, target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    let NodeChange { method, mut params, is_of_node, node } = change;
    let mut name = None;
    if is_of_node {
        let node = match find_node(context, &target, node.as_deref()).await {
            Ok(node) => node,
            Err(exit) => return Ok(exit),
        };
        name.clone_from(&node.display_name);
        if let Some(fields) = params.as_object_mut() {
            fields.insert("nodeId".to_owned(), node.node_id.into());
        }
    }
    let answer = match target.call(method, params, false).await {
        Ok(answer) => answer,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let printer = &context.printer;
    if target.json {
        write_json_answer(printer, &answer)?;
        return Ok(ExitReason::Ok);
    }
    for line in describe_change(method, &answer, name.as_deref()) {
        printer.write_answer_line(sanitize::escape_line(&line))?;
    }
    Ok(ExitReason::Ok)
}

/// Says what was changed. `name` is what the node was called.
fn describe_change(method: &str, answer: &Value, name: Option<&str>) -> Vec<String> {
    // The original puts what was approved into `node`.
    let inner = answer.get("node").unwrap_or(answer);
    let known = |field: &str| if answer.get(field).is_some() { answer } else { inner };
    let id = listing::text_of(known("nodeId"), "nodeId");
    let node = name.map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
    match method {
        "node.pair.approve" => {
            let commands: Vec<&str> = listing::rows_of(known("commands"), "commands")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            vec![format!("Approved for {node}: {}.", commands.join(", "))]
        }
        "node.pair.reject" => vec![
            format!("Rejected the commands of {node}."),
            "It asks for them again when it connects the next time.".to_owned(),
        ],
        "node.pair.remove" => {
            let closed = answer.get("closedConnections").and_then(Value::as_u64);
            let told = match closed {
                Some(0) => "; it was not connected",
                Some(_) => "; its connection was closed",
                None => "",
            };
            vec![
                format!("Removed {node}{told}."),
                "A node that still runs asks for an approval again.".to_owned(),
            ]
        }
        _ => vec![format!("Renamed {node} to {}.", listing::text_of(answer, "displayName"))],
    }
}

/// The paired nodes of a gateway.
async fn list_entries(target: &GatewayTarget) -> Result<NodeListResult, ClientError> {
    let answer = target.call("node.list", json!({}), false).await?;
    Ok(serde_json::from_value(answer).unwrap_or(NodeListResult { ts: 0, nodes: Vec::new() }))
}

/// Finds the node that the user means; prints why there is none.
async fn find_node(
    context: &CommandContext,
    target: &GatewayTarget,
    name: Option<&str>,
) -> Result<NodeEntry, ExitReason> {
    let list = list_entries(target).await;
    let list = list.map_err(|error| GatewayTarget::report_failure(context, &error))?;
    choose_node(&list.nodes, name).cloned().map_err(|problem| {
        context.printer.print_error(sanitize::escape_line(&problem));
        context
            .printer
            .print_hint("`--node` takes an id or a name that `openclaw nodes status` lists.");
        ExitReason::Usage
    })
}
