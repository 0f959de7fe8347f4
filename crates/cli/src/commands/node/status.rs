//! `openclaw node status`: whether the node runs, and what its gateway knows of it.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_client::{ClientError, GatewayAddress};
use openclaw_device::DeviceIdentity;
use openclaw_fs::LockFile;
use openclaw_protocol::gateway::{NodeEntry, NodeListResult};
use openclaw_terminal::sanitize::escape_line;
use serde_json::{Value, json};

use super::settings::{NodeFolder, NodeSettings};
use crate::args::node::NodeStatusArgs;
use crate::commands::gateway::target::GatewayTarget;
use crate::commands::service::{ServiceKind, ServiceReport};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// What the question needs.
const SCOPES: &[&str] = &["operator.read", "operator.pairing"];

/// What is known of the node.
#[derive(Debug, Default)]
struct NodeState {
    node_id: Option<String>,
    display_name: String,
    gateway: String,
    is_running: bool,
    /// What the gateway knows; `None` when it knows no such node.
    entry: Option<NodeEntry>,
    /// The request of the node's device that waits for an approval.
    device_request: Option<String>,
    /// Why the gateway could not be asked.
    problem: Option<String>,
}

pub(super) async fn show_status(
    context: &CommandContext,
    args: NodeStatusArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
    let settings = NodeSettings::read_file(&folder);
    let identity = DeviceIdentity::load(&folder.identity_file());
    let found = settings.and_then(|settings| {
        let identity = identity.map_err(|error| format!("failed to {error}"))?;
        Ok((settings.gateway_address()?, settings.display_name(), identity))
    });
    let (address, display_name, identity) = match found {
        Ok(found) => found,
        Err(problem) => {
            printer.print_error(problem);
            return Ok(ExitReason::Config);
        }
    };
    let mut state = NodeState {
        node_id: identity.map(|identity| identity.id().to_owned()),
        display_name,
        gateway: address.to_string(),
        is_running: is_running(&folder),
        ..NodeState::default()
    };
    let is_json = args.target.json;
    ask_gateway(context, args, &address, &mut state).await;
    let service = ServiceReport::ask(context, ServiceKind::Node, super::service_words()).await;
    if is_json {
        let mut answer = state.to_json();
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("service".to_owned(), service.to_json());
        }
        write_json_answer(printer, &answer)?;
    } else {
        state.print_rows(context, &service)?;
    }
    let is_connected = state.entry.as_ref().is_some_and(|entry| entry.connected);
    Ok(if is_connected { ExitReason::Ok } else { ExitReason::Failed })
}

/// Whether a node runs with this folder.
fn is_running(folder: &NodeFolder) -> bool {
    let path = folder.path().join("node.lock");
    path.exists()
        && LockFile::open(&path).and_then(|lock| lock.try_lock_exclusive()).is_ok_and(|it| !it)
}

/// Asks the gateway about the node. One on another machine is asked only with a secret or as a
/// device, when the options say so.
async fn ask_gateway(
    context: &CommandContext,
    mut args: NodeStatusArgs,
    address: &GatewayAddress,
    state: &mut NodeState,
) {
    let Some(node_id) = state.node_id.clone() else { return };
    let secret = &args.target.secret;
    let may_ask = address.is_on_this_machine()
        || args.target.url.is_some()
        || args.target.as_device
        || secret.token.is_some()
        || secret.password.is_some();
    if !may_ask {
        state.problem = Some(format!(
            "{address} is another machine, which was not asked; `openclaw node status --as-device` \
             asks it as a device"
        ));
        return;
    }
    args.target.url.get_or_insert_with(|| address.to_string());
    let target = match GatewayTarget::find_gateway(context, args.target) {
        Ok(target) => target.with_scopes(SCOPES),
        Err(problem) => {
            state.problem = Some(problem);
            return;
        }
    };
    let asked = async {
        let nodes = target.call("node.list", json!({}), false).await?;
        let devices = target.call("device.pair.list", json!({}), false).await?;
        Ok::<_, ClientError>((nodes, devices))
    };
    match asked.await {
        Ok((nodes, devices)) => {
            let nodes = serde_json::from_value::<NodeListResult>(nodes).map(|list| list.nodes);
            let nodes = nodes.unwrap_or_default();
            state.entry = nodes.into_iter().find(|entry| entry.node_id == node_id);
            state.device_request = find_request(&devices, &node_id);
        }
        Err(error) => state.problem = Some(format!("failed to {error}")),
    }
}

/// The request of the node in the result of `device.pair.list`.
fn find_request(devices: &Value, node_id: &str) -> Option<String> {
    let pending = devices.get("pending")?.as_array()?;
    let is_own = |request: &&Value| {
        request.get("deviceId").and_then(Value::as_str) == Some(node_id)
            && request.get("role").and_then(Value::as_str) == Some("node")
    };
    let request = pending.iter().find(is_own)?.get("requestId")?;
    request.as_str().map(str::to_owned)
}

impl NodeState {
    /// The command that comes next; `None` when all is well.
    fn next_command(&self) -> Option<String> {
        let pending = self.entry.as_ref().and_then(|entry| entry.pending_request_id.as_deref());
        if let Some(request) = self.device_request.as_deref().or(pending) {
            return Some(format!("openclaw devices approve {}", escape_line(request)));
        }
        (!self.is_running).then(|| "openclaw node run".to_owned())
    }

    fn approval_state(&self) -> &str {
        let entry = self.entry.as_ref();
        let told = entry.and_then(|entry| entry.approval_state.as_deref());
        match told {
            Some(state) => state,
            None if self.device_request.is_some() => "pending-approval",
            None => "unapproved",
        }
    }

    fn to_json(&self) -> Value {
        let entry = self.entry.as_ref();
        json!({
            "nodeId": self.node_id,
            "displayName": self.display_name,
            "gateway": self.gateway,
            "running": self.is_running,
            "connected": entry.is_some_and(|entry| entry.connected),
            "paired": entry.is_some_and(|entry| entry.paired),
            "approvalState": self.approval_state(),
            "commands": entry.map(|entry| entry.commands.clone()).unwrap_or_default(),
            "pendingRequestId": self
                .device_request
                .as_ref()
                .or(entry.and_then(|entry| entry.pending_request_id.as_ref())),
            "nextCommand": self.next_command(),
            "error": self.problem,
        })
    }

    fn print_rows(&self, context: &CommandContext, service: &ServiceReport) -> io::Result<()> {
        let printer = &context.printer;
        let entry = self.entry.as_ref();
        let connected = match entry {
            Some(entry) if entry.connected => "yes",
            _ if self.problem.is_some() => "unknown",
            _ => "no",
        };
        let commands = entry.map(|entry| entry.commands.join(", ")).unwrap_or_default();
        let service = service.describe();
        let rows = [
            ("node", self.node_id.as_deref().unwrap_or("none yet")),
            ("name", &self.display_name),
            ("gateway", &self.gateway),
            ("service", &service),
            ("running", if self.is_running { "yes" } else { "no" }),
            ("connected", connected),
            ("approval", if self.problem.is_some() { "unknown" } else { self.approval_state() }),
            ("commands", &commands),
        ];
        for (name, value) in rows {
            printer.write_answer_line(format_args!("{name:<10} {}", escape_line(value)))?;
        }
        for (command, reason) in entry.iter().flat_map(|entry| &entry.refused_commands) {
            let told = format!("the gateway does not serve `{command}`: {reason}");
            printer.print_warning(escape_line(&told));
        }
        if let Some(problem) = &self.problem {
            printer.print_error(escape_line(problem));
        }
        match self.next_command() {
            Some(command) if command.contains("approve") => printer.print_hint(format_args!(
                "`{command}` on the gateway's machine approves this node."
            )),
            Some(command) => printer.print_hint(format_args!("`{command}` starts it.")),
            None => {}
        }
        Ok(())
    }
}
