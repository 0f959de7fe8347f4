//! What there is: nodes, their commands, and what waits for an approval.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_chat::{CommandContext, format_age};
use openclaw_client::ClientError;
use openclaw_protocol::gateway::NodeEntry;
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use super::{find_node, list_entries, open_target};
use crate::args::gateway::GatewayTargetArgs;
use crate::args::nodes::{NodesListArgs, NodesNodeArgs};
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

/// Said where only the paired nodes are shown.
const WAITING_HINT: &str =
    "`openclaw nodes pending` shows what waits for an approval, each with the command for it.";

pub(super) async fn list_nodes(
    context: &CommandContext,
    args: NodesListArgs,
    with_pending: bool,
) -> io::Result<ExitReason> {
    let target = match open_target(context, args.target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    let mut list = match list_entries(&target).await {
        Ok(list) => list,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let listed = if with_pending {
        list_node_requests(&target).await.map(|pending| (pending, false))
    } else {
        has_waiting(&target).await.map(|is_waiting| (Vec::new(), is_waiting))
    };
    let (pending, is_waiting) = match listed {
        Ok(pending) => pending,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let total = list.nodes.len();
    let oldest = args.last_connected.map(|duration| unix_now().saturating_sub(duration.0));
    list.nodes.retain(|node| {
        let seen = node.last_seen_at_ms.map(Duration::from_millis);
        let is_recent =
            oldest.is_none_or(|oldest| node.connected || seen.is_some_and(|seen| seen >= oldest));
        is_recent && (node.connected || !args.connected)
    });
    let printer = &context.printer;
    if target.json {
        if with_pending {
            write_json_answer(printer, &json!({ "pending": pending, "paired": list.nodes }))?;
        } else {
            write_json_answer(printer, &list)?;
        }
        return Ok(ExitReason::Ok);
    }
    write_waiting(context, &pending)?;
    if list.nodes.is_empty() {
        printer.write_answer_line(if total == 0 {
            "No node is paired."
        } else {
            "No node is as these options say."
        })?;
        if is_waiting {
            printer.print_hint(WAITING_HINT);
        } else if total == 0 {
            printer.print_hint("`openclaw node run` on another machine makes it one.");
        }
        return Ok(ExitReason::Ok);
    }
    let head = ["NODE", "NAME", "STATE", "PLATFORM", "COMMANDS", "APPROVAL", "SEEN"];
    let rows: Vec<_> = std::iter::once(head.map(str::to_owned))
        .chain(list.nodes.iter().map(describe_row))
        .collect();
    printer.write_answer(&format_table(&rows))?;
    if is_waiting {
        printer.print_hint(WAITING_HINT);
    }
    Ok(ExitReason::Ok)
}

/// Whether a node, or commands of one, wait for an approval.
async fn has_waiting(target: &GatewayTarget) -> Result<bool, ClientError> {
    let devices = target.call("device.pair.list", json!({}), false).await?;
    let is_node = |request: &Value| text_of(request, "role") == "node";
    Ok(rows_of(&devices, "pending").iter().any(is_node)
        || !list_node_requests(target).await?.is_empty())
}

fn describe_row(node: &NodeEntry) -> [String; 7] {
    let state = if node.connected { "connected" } else { "offline" };
    let seen = match node.last_seen_at_ms {
        _ if node.connected => "now".to_owned(),
        Some(at) => format_age(unix_now().saturating_sub(Duration::from_millis(at))),
        None => "never".to_owned(),
    };
    [
        node.node_id.clone(),
        node.display_name.clone().unwrap_or_default(),
        state.to_owned(),
        node.platform.clone().unwrap_or_default(),
        Some(node.commands.join(",")).filter(|it| !it.is_empty()).unwrap_or("none".to_owned()),
        node.approval_state.clone().unwrap_or_default(),
        seen,
    ]
}

/// Lists devices and commands that wait, in one list.
pub(super) async fn list_pending(
    context: &CommandContext,
    target: GatewayTargetArgs,
) -> io::Result<ExitReason> {
    let target = match open_target(context, target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    let listed = async {
        let devices = target.call("device.pair.list", json!({}), false).await?;
        let mut pending: Vec<Value> = rows_of(&devices, "pending")
            .iter()
            .map(|row| describe_waiting(row, "device"))
            .collect();
        pending.extend(list_node_requests(&target).await?);
        Ok::<_, ClientError>(pending)
    };
    let pending = match listed.await {
        Ok(pending) => pending,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    if target.json {
        write_json_answer(&context.printer, &json!({ "pending": pending }))?;
    } else if pending.is_empty() {
        context.printer.write_answer_line("Nothing waits for an approval.")?;
    } else {
        write_waiting(context, &pending)?;
    }
    Ok(ExitReason::Ok)
}

/// The commands of paired nodes that wait.
pub(crate) async fn list_node_requests(target: &GatewayTarget) -> Result<Vec<Value>, ClientError> {
    let nodes = target.call("node.pair.list", json!({}), false).await?;
    Ok(rows_of(&nodes, "pending").iter().map(|row| describe_waiting(row, "node")).collect())
}

/// A request with its kind and the command that approves it.
pub(crate) fn describe_waiting(request: &Value, kind: &str) -> Value {
    let mut described = request.clone();
    if let Some(fields) = described.as_object_mut() {
        let group = if kind == "node" { "nodes" } else { "devices" };
        let id = text_of(request, "requestId");
        fields.insert("kind".to_owned(), kind.into());
        fields.insert("approveCommand".to_owned(), format!("openclaw {group} approve {id}").into());
    }
    described
}

/// Writes what waits, each with the command that approves it.
pub(crate) fn write_waiting(context: &CommandContext, pending: &[Value]) -> io::Result<()> {
    if pending.is_empty() {
        return Ok(());
    }
    let printer = &context.printer;
    let head = ["KIND", "REQUEST", "NAME", "ROLE", "COMMANDS", "FROM"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head)
        .chain(pending.iter().map(|request| {
            let role = Some(text_of(request, "role")).filter(|role| !role.is_empty());
            [
                text_of(request, "kind"),
                text_of(request, "requestId"),
                text_of(request, "displayName"),
                role.unwrap_or_else(|| "node".to_owned()),
                join_texts(request, "commands"),
                text_of(request, "remoteIp"),
            ]
        }))
        .collect();
    printer.write_answer_line("Waiting for an approval")?;
    printer.write_answer(&format_table(&rows))?;
    for request in pending {
        let command = text_of(request, "approveCommand");
        let command = sanitize::escape_line(&command);
        printer.print_hint(format_args!("`{command}` approves this {}.", text_of(request, "kind")));
    }
    Ok(())
}

pub(super) async fn describe_node(
    context: &CommandContext,
    args: NodesNodeArgs,
) -> io::Result<ExitReason> {
    let target = match open_target(context, args.target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    let node = match find_node(context, &target, args.node.as_deref()).await {
        Ok(node) => node,
        Err(exit) => return Ok(exit),
    };
    let printer = &context.printer;
    if target.json {
        write_json_answer(printer, &node)?;
        return Ok(ExitReason::Ok);
    }
    let [_, name, state, platform, commands, approval, seen] = describe_row(&node);
    let mut lines = vec![
        format!("Node: {}", node.node_id),
        format!("Name: {name}"),
        format!("State: {state}, seen: {seen}"),
        format!("Platform: {platform}, version {}", node.version.as_deref().unwrap_or("unknown")),
        format!("Commands: {commands} ({approval})"),
    ];
    if let Some(path) = &node.path_env {
        lines.push(format!("Looks for programs in: {path}"));
    }
    if !node.pending_declared_commands.is_empty() {
        lines.push(format!("Waiting: {}", node.pending_declared_commands.join(", ")));
    }
    for (command, reason) in &node.refused_commands {
        lines.push(format!("Refused: {command}: {reason}"));
    }
    for line in lines {
        printer.write_answer_line(sanitize::escape_line(&line))?;
    }
    if let Some(id) = &node.pending_request_id {
        let id = sanitize::escape_line(id);
        printer.print_hint(format_args!("`openclaw nodes approve {id}` approves what waits."));
    }
    Ok(ExitReason::Ok)
}

pub(super) fn rows_of<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The texts of an array.
pub(super) fn join_texts(value: &Value, key: &str) -> String {
    let texts: Vec<&str> = rows_of(value, key).iter().filter_map(Value::as_str).collect();
    texts.join(",")
}

fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
