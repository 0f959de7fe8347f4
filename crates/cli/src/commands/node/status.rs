//! `openclaw node status`: whether the node runs, what it told last, and what its gateway knows of it.

mod next_step;
mod overview;

use std::io;

use openclaw_chat::{CommandContext, format_duration};
use openclaw_client::{ClientError, GatewayAddress};
use openclaw_device::DeviceIdentity;
use openclaw_protocol::gateway::{NodeEntry, NodeListResult};
use openclaw_terminal::sanitize::escape_line;
use serde_json::{Value, json};

use super::settings::{NodeFolder, NodeSettings};
use super::state_file::{LocalNode, NodePhase, NodeRecord};
use crate::args::node::NodeStatusArgs;
use crate::commands::gateway::target::{GatewayTarget, is_own_gateway};
use crate::commands::service::{ServiceKind, ServiceReport};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(crate) use self::overview::NodeOverview;

/// What the question needs.
const SCOPES: &[&str] = &["operator.read", "operator.pairing"];

/// What is known of the node.
#[derive(Debug, Default)]
struct NodeState {
    node_id: Option<String>,
    display_name: String,
    gateway: String,
    /// What runs here, and what it told.
    local: LocalNode,
    /// What the gateway knows; `None` when it was not asked or did not answer.
    remote: Option<RemoteNode>,
    /// Why the gateway could not be asked.
    problem: Option<String>,
    /// Whether the service of the node is active.
    is_service: bool,
}

/// What a gateway knows of a node.
#[derive(Debug, Default)]
struct RemoteNode {
    /// `None` when it knows no such node.
    entry: Option<NodeEntry>,
    /// The request of the node's device that waits for an approval.
    device_request: Option<String>,
}

pub(super) async fn show_status(
    context: &CommandContext,
    args: NodeStatusArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let is_json = args.target.json;
    let (state, service) = match NodeState::find(context, args).await {
        Ok(found) => found,
        Err(problem) => {
            printer.print_error(problem);
            return Ok(ExitReason::Config);
        }
    };
    if is_json {
        let mut answer = state.to_json();
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("service".to_owned(), service.to_json());
        }
        write_json_answer(printer, &answer)?;
    } else {
        state.print_rows(context, &service)?;
    }
    Ok(if state.is_connected() { ExitReason::Ok } else { ExitReason::Failed })
}

/// Asks the gateway about the node; one that is not this state folder's own only with a secret or as
/// a device, when the options say so.
///
/// # Errors
/// Why it was not asked, or did not answer.
async fn ask_gateway(
    context: &CommandContext,
    mut args: NodeStatusArgs,
    address: &GatewayAddress,
    node_id: &str,
) -> Result<RemoteNode, String> {
    let secret = &args.target.secret;
    let may_ask = is_own_gateway(context, address)
        || args.target.url.is_some()
        || args.target.as_device
        || secret.token.is_some()
        || secret.password.is_some();
    if !may_ask {
        return Err(format!(
            "{address} is not the gateway that runs with this state folder, and was not asked; \
             `openclaw node status --as-device` asks it as a device, and `--token TOKEN` with its \
             token"
        ));
    }
    args.target.url.get_or_insert_with(|| address.to_string());
    let target = GatewayTarget::find_gateway(context, args.target)?.with_scopes(SCOPES);
    let asked = async {
        let nodes = target.call("node.list", json!({}), false).await?;
        let devices = target.call("device.pair.list", json!({}), false).await?;
        Ok::<_, ClientError>((nodes, devices))
    };
    let (nodes, devices) = asked.await.map_err(|error| format!("failed to {error}"))?;
    let nodes = serde_json::from_value::<NodeListResult>(nodes).map(|list| list.nodes);
    let mut nodes = nodes.unwrap_or_default().into_iter();
    Ok(RemoteNode {
        entry: nodes.find(|entry| entry.node_id == node_id),
        device_request: find_request(&devices, node_id),
    })
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
    /// Finds what this machine and its gateway know of the node.
    ///
    /// # Errors
    /// Why a file of the node cannot be used, as a sentence.
    async fn find(
        context: &CommandContext,
        args: NodeStatusArgs,
    ) -> Result<(Self, ServiceReport), String> {
        let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
        let settings = NodeSettings::read_file(&folder)?;
        let identity = DeviceIdentity::load(&folder.identity_file())
            .map_err(|error| format!("failed to {error}"))?;
        let local = LocalNode::find(&folder);
        // A running node stays with its gateway when another one was remembered since.
        let told = local.running_record().and_then(|record| record.gateway.parse().ok());
        let address = match told {
            Some(address) => address,
            None => settings.gateway_address()?,
        };
        let mut state = Self {
            node_id: identity.map(|identity| identity.id().to_owned()),
            display_name: settings.display_name(),
            gateway: address.to_string(),
            local,
            ..Self::default()
        };
        if let Some(node_id) = state.node_id.clone() {
            match ask_gateway(context, args, &address, &node_id).await {
                Ok(remote) => state.remote = Some(remote),
                Err(problem) => state.problem = Some(problem),
            }
        }
        let service = ServiceReport::ask(context, ServiceKind::Node, super::service_words()).await;
        state.is_service = service.is_active();
        Ok((state, service))
    }

    fn entry(&self) -> Option<&NodeEntry> {
        self.remote.as_ref().and_then(|remote| remote.entry.as_ref())
    }

    /// What the running node told about the gateway that it is now remembered with.
    fn record(&self) -> Option<&NodeRecord> {
        self.local.running_record()
    }

    fn is_connected(&self) -> bool {
        match &self.remote {
            Some(remote) => remote.entry.as_ref().is_some_and(|entry| entry.connected),
            None => self.record().is_some_and(|record| record.phase == NodePhase::Connected),
        }
    }

    /// The request of the node's device that waits for an approval.
    fn device_request(&self) -> Option<&str> {
        match (&self.remote, self.record()) {
            (Some(remote), _) => remote.device_request.as_deref(),
            (None, Some(record)) => record.request_id.as_deref(),
            (None, None) => None,
        }
    }

    /// The request for commands of the node that waits for an approval.
    fn commands_request(&self) -> Option<&str> {
        match (&self.remote, self.record()) {
            (Some(_), _) => self.entry().and_then(|entry| entry.pending_request_id.as_deref()),
            (None, Some(record)) => {
                record.decision.as_ref().and_then(|it| it.request_id.as_deref())
            }
            (None, None) => None,
        }
    }

    /// The commands that are approved.
    fn commands(&self) -> Vec<String> {
        let told = self.record().and_then(|record| record.decision.as_ref());
        match (&self.remote, told) {
            (Some(_), _) => self.entry().map(|entry| entry.commands.clone()).unwrap_or_default(),
            (None, Some(decision)) => decision.approved.clone(),
            (None, None) => Vec::new(),
        }
    }

    /// `approved`, `pending-approval`, `pending-reapproval`, `unapproved` or `unknown`.
    fn approval_state(&self) -> &str {
        if let Some(remote) = &self.remote {
            let told = remote.entry.as_ref().and_then(|entry| entry.approval_state.as_deref());
            let waits = remote.device_request.is_some();
            return told.unwrap_or(if waits { "pending-approval" } else { "unapproved" });
        }
        let Some(record) = self.record() else { return "unknown" };
        match &record.decision {
            _ if record.phase == NodePhase::WaitingForApproval => "pending-approval",
            Some(decision) => match (decision.approved.is_empty(), decision.request_id.is_some()) {
                (false, false) => "approved",
                (false, true) => "pending-reapproval",
                (true, true) => "pending-approval",
                (true, false) => "unapproved",
            },
            None => "unknown",
        }
    }

    fn to_json(&self) -> Value {
        let record = self.local.record.as_ref();
        json!({
            "nodeId": self.node_id,
            "displayName": self.display_name,
            "gateway": self.gateway,
            "running": self.local.process_id.is_some(),
            "pid": self.local.process_id,
            "phase": record.map(|record| record.phase),
            "phaseSinceMs": record.map(|record| record.since_ms),
            "reason": record.and_then(|record| record.reason.as_deref()),
            "connected": self.is_connected(),
            "paired": self.entry().is_some_and(|entry| entry.paired),
            "approvalState": self.approval_state(),
            "commands": self.commands(),
            "pendingRequestId": self.device_request().or(self.commands_request()),
            "nextCommand": self.next_step().and_then(|step| step.command),
            "error": self.problem,
        })
    }

    /// Whether the node runs.
    fn describe_process(&self) -> String {
        let refused = self.local.record.as_ref().filter(|it| it.phase == NodePhase::Refused);
        match (self.local.process_id, refused) {
            (Some(process_id), _) => format!("yes, process {process_id}"),
            (None, Some(record)) => {
                let reason = record.reason.as_deref().unwrap_or("it said no reason");
                let ago = openclaw_chat::format_age(record.duration());
                format!("no; the gateway refused it ({ago}): {reason}")
            }
            (None, None) => "no".to_owned(),
        }
    }

    /// Whether the node is connected, as the gateway knows it or else as the node told.
    fn describe_connection(&self) -> String {
        let is_connected = self.is_connected();
        let Some(record) = self.record() else {
            let is_unknown = self.remote.is_none() && self.local.process_id.is_some();
            let told = if is_unknown { "unknown" } else { "no" };
            return if is_connected { "yes" } else { told }.to_owned();
        };
        let time = format_duration(record.duration());
        match (record.phase, record.reason.as_deref()) {
            (NodePhase::Connected, _) if is_connected => format!("yes, for {time}"),
            _ if is_connected => "yes".to_owned(),
            (NodePhase::WaitingForApproval, _) => {
                format!("no; it has waited for an approval for {time}")
            }
            (NodePhase::Disconnected, Some(reason)) => {
                format!("no, for {time}: failed to {reason}")
            }
            (NodePhase::Connecting, _) => "no; it connects".to_owned(),
            _ => "no".to_owned(),
        }
    }

    fn print_rows(&self, context: &CommandContext, service: &ServiceReport) -> io::Result<()> {
        let printer = &context.printer;
        let commands = self.commands().join(", ");
        let commands = if commands.is_empty() { "none" } else { &commands };
        let rows = [
            ("node", self.node_id.as_deref().unwrap_or("none yet").to_owned()),
            ("name", self.display_name.clone()),
            ("gateway", self.gateway.clone()),
            ("service", service.describe()),
            ("running", self.describe_process()),
            ("connected", self.describe_connection()),
            ("approval", self.approval_state().to_owned()),
            ("commands", commands.to_owned()),
        ];
        for (name, value) in rows {
            printer.write_answer_line(format_args!("{name:<10} {}", escape_line(&value)))?;
        }
        for (command, reason) in self.entry().iter().flat_map(|entry| &entry.refused_commands) {
            let told = format!("the gateway does not serve `{command}`: {reason}");
            printer.print_warning(escape_line(&told));
        }
        match &self.problem {
            // The node itself told enough.
            Some(_) if self.record().is_some() => {}
            Some(problem) => printer.print_error(escape_line(problem)),
            None => {}
        }
        if let Some(step) = self.next_step() {
            printer.print_hint(escape_line(&step.text));
        }
        Ok(())
    }
}
