//! Nodes: other machines on which commands run.

mod declaration;
mod invoker;
mod methods;
mod node_side;
mod registry;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode, NodeEntry, NodeListResult};
use openclaw_runtime::{DeviceLog, DeviceRecord, DeviceToken, NodeGrant, NodeRequest, StoreError};
use serde_json::{Value, json};

use crate::auth::GatewayAuthentication;
use crate::clients::{ClientQueue, ClientRegistry, EventAudience};
use crate::error::{GatewayStartError, GatewayStartErrorKind};
use crate::random::random_uuid;
use crate::runs::{offload, store_failure, unix_millis};

pub(crate) use declaration::{NodeDeclaration, find_idle_pattern};
pub(crate) use invoker::GatewayNodes;
pub(crate) use node_side::{NODE_EVENTS, NODE_METHODS};
pub(crate) use registry::NodeConnection;
pub use registry::{NodeInvocation, NodeInvokeOutcome, NodePayload, NodeProgress, NodeRegistry};

/// The role of nodes.
pub(crate) const NODE_ROLE: &str = "node";

/// The commands with which others get power over the node's machine, which only `operator.admin`
/// approves and invokes.
const ADMIN_COMMANDS: [&str; 2] = ["system.run", "system.execApprovals.set"];

/// The event that tells a node which of its commands are offered.
const COMMANDS_EVENT: &str = "node.commands";

/// The nodes of a gateway: which are paired, what was approved of them, and which are connected.
#[derive(Debug)]
pub(crate) struct NodeManager {
    log: DeviceLog,
    clients: Arc<ClientRegistry>,
    pub(crate) registry: NodeRegistry,
}

/// Whether only `operator.admin` approves and invokes one of the commands.
pub(crate) fn needs_admin<'a>(commands: impl IntoIterator<Item = &'a String>) -> bool {
    commands.into_iter().any(|command| ADMIN_COMMANDS.contains(&command.as_str()))
}

impl NodeManager {
    pub(crate) fn new(
        log: DeviceLog,
        clients: Arc<ClientRegistry>,
        registry: NodeRegistry,
    ) -> Self {
        Self { log, clients, registry }
    }

    /// Determines what of a node's declaration is approved, and asks for the rest.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) async fn prepare_node(
        &self,
        device: &str,
        declaration: NodeDeclaration,
        address: IpAddr,
    ) -> Result<NodeEntry, GatewayError> {
        let id = random_uuid().map_err(|_| crate::devices::no_randomness())?;
        let (log, device) = (self.log.clone(), device.to_owned());
        let declared = declaration.commands.clone();
        let address = address.to_canonical().to_string();
        let from = address.clone();
        let recorded = offload(move || {
            let record = log.find_device(&device)?;
            let grant = log.find_node_grant(&device)?.unwrap_or_default();
            let waiting: Vec<String> =
                declared.into_iter().filter(|one| !grant.commands.contains(one)).collect();
            let request =
                NodeRequest { id, device, commands: waiting, address: from, requested_at: 0 };
            Ok((record, grant, log.request_node_commands(request)?))
        });
        let (record, grant, request) = recorded.await.map_err(|error| store_failure(&error))?;
        let mut entry = NodeEntry::default();
        if let Some(record) = &record {
            describe_device(&mut entry, record);
        }
        entry.version = Some(declaration.version);
        entry.client_id = Some(declaration.client_id);
        entry.caps = declaration.caps;
        entry.path_env = declaration.path_env;
        entry.refused_commands = declaration.refused;
        entry.remote_ip = Some(address);
        entry.connected = true;
        entry.connected_at_ms = Some(unix_millis(SystemTime::now()));
        entry.commands = declaration.commands;
        entry.commands.retain(|one| grant.commands.contains(one));
        describe_approval(&mut entry, Some(&grant), request.as_ref().map(|(request, _)| request));
        if let Some((request, true)) = request {
            let payload = describe_request(&request, &entry);
            self.clients.broadcast_event(EventAudience::Pairers, "node.pair.requested", &payload);
        }
        Ok(entry)
    }

    /// Adds a node that was prepared, and tells it which of its commands are offered.
    pub(crate) fn add_node(&self, queue: ClientQueue, entry: NodeEntry) -> NodeConnection {
        queue.send_typed_event(COMMANDS_EVENT, &describe_offer(&entry));
        self.registry.add_node(queue, entry)
    }

    /// The paired nodes, connected ones first, then by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn list_nodes(&self) -> Result<NodeListResult, GatewayError> {
        let log = self.log.clone();
        let read = offload(move || {
            Ok((log.list_devices()?, log.list_node_grants()?, log.list_node_requests()?))
        });
        let (devices, grants, requests) = read.await.map_err(|error| store_failure(&error))?;
        let mut connected: HashMap<String, NodeEntry> = self
            .registry
            .connected_nodes()
            .into_iter()
            .map(|entry| (entry.node_id.clone(), entry))
            .collect();
        let mut nodes: Vec<NodeEntry> = devices
            .iter()
            .filter(|device| is_node(device))
            .map(|device| {
                let id = &device.facts.id;
                let grant = grants.iter().find(|grant| grant.device == *id);
                let request = requests.iter().find(|request| request.device == *id);
                let mut entry = connected.remove(id).unwrap_or_default();
                describe_device(&mut entry, device);
                if !entry.connected {
                    entry.commands = grant.map(|it| it.commands.clone()).unwrap_or_default();
                }
                describe_approval(&mut entry, grant, request);
                entry
            })
            .collect();
        nodes.sort_by(|one, other| {
            let key = |node: &NodeEntry| (!node.connected, node.display_name.clone());
            key(one).cmp(&key(other)).then_with(|| one.node_id.cmp(&other.node_id))
        });
        Ok(NodeListResult { ts: unix_millis(SystemTime::now()), nodes })
    }

    /// A paired node by its whole id.
    ///
    /// # Errors
    /// When none has this id, and when the store cannot be read.
    pub(crate) async fn find_node(&self, id: &str) -> Result<NodeEntry, GatewayError> {
        let nodes = self.list_nodes().await?.nodes;
        nodes.into_iter().find(|node| node.node_id == id).ok_or_else(|| methods::unknown_node(id))
    }
}

/// Refuses to serve without a secret while a node is approved on which whoever reaches the gateway
/// could run commands. Blocks on the store.
///
/// # Errors
/// When there is such a node, and when the store cannot be read.
pub(crate) fn check_open_gateway(
    log: &DeviceLog,
    authentication: &GatewayAuthentication,
) -> Result<(), GatewayStartError> {
    if !matches!(authentication, GatewayAuthentication::Open) {
        return Ok(());
    }
    let read = || Ok((log.list_devices()?, log.list_node_grants()?));
    let (devices, grants) = read().map_err(|error: StoreError| {
        GatewayStartError::new(GatewayStartErrorKind::StateFile, error.to_string())
            .with_source(error)
    })?;
    let mut nodes = devices.iter().filter(|device| is_node(device));
    let node = nodes.find(|device| {
        let of_device = |grant: &&NodeGrant| grant.device == device.facts.id;
        grants.iter().filter(of_device).any(|grant| needs_admin(&grant.commands))
    });
    let Some(node) = node else { return Ok(()) };
    let name = node.label.as_ref().unwrap_or(&node.facts.display_name).escape_debug();
    let message = format!(
        "serve without a secret: `gateway.auth.mode` is \"none\", and every program of this machine \
         could run commands on the node \"{name}\", which is approved"
    );
    let hint = "`openclaw config set gateway.auth.mode token` demands one; with it, `openclaw nodes \
                remove --node NAME` forgets the node.";
    Err(GatewayStartError::new(GatewayStartErrorKind::Settings, message).with_hint(hint))
}

/// The refusal of commands that a gateway without a secret must not offer to everyone.
pub(crate) fn refuse_open_commands() -> GatewayError {
    GatewayError::new(
        GatewayErrorCode::Forbidden,
        "Every program of this machine could use these commands of the node, because \
         `gateway.auth.mode` is \"none\". `openclaw config set gateway.auth.mode token` demands a \
         secret.",
    )
}

/// Whether a device is paired as a node.
fn is_node(device: &DeviceRecord) -> bool {
    device.role(NODE_ROLE).is_some_and(|role| role.token != DeviceToken::Revoked)
}

fn describe_device(entry: &mut NodeEntry, device: &DeviceRecord) {
    let facts = &device.facts;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    entry.node_id.clone_from(&facts.id);
    entry.display_name = device.label.clone().or_else(|| filled(&facts.display_name));
    entry.platform = filled(&facts.platform);
    entry.device_family = filled(&facts.device_family);
    entry.client_id = entry.client_id.take().or_else(|| filled(&facts.client_id));
    entry.client_mode = Some(NODE_ROLE.to_owned());
    entry.last_seen_at_ms = device.last_seen_at;
    entry.paired = true;
}

fn describe_approval(
    entry: &mut NodeEntry,
    grant: Option<&NodeGrant>,
    request: Option<&NodeRequest>,
) {
    let grant = grant.filter(|grant| !grant.commands.is_empty());
    let state = match (grant, request) {
        (Some(_), None) => "approved",
        (Some(_), Some(_)) => "pending-reapproval",
        (None, Some(_)) => "pending-approval",
        (None, None) => "unapproved",
    };
    entry.approval_state = Some(state.to_owned());
    entry.approved_at_ms = grant.map(|grant| grant.approved_at);
    entry.pending_request_id = request.map(|request| request.id.clone());
    entry.pending_declared_commands =
        request.map(|request| request.commands.clone()).unwrap_or_default();
}

/// What a node is told about its commands.
fn describe_offer(entry: &NodeEntry) -> Value {
    json!({
        "nodeId": entry.node_id,
        "commands": entry.commands,
        "pendingCommands": entry.pending_declared_commands,
        "pendingRequestId": entry.pending_request_id,
        "refusedCommands": entry.refused_commands,
    })
}

/// A request as it is told to those that decide.
fn describe_request(request: &NodeRequest, node: &NodeEntry) -> Value {
    json!({
        "requestId": request.id,
        "nodeId": request.device,
        "displayName": node.display_name,
        "platform": node.platform,
        "version": node.version,
        "commands": request.commands,
        "caps": node.caps,
        "approvedCommands": node.commands,
        "remoteIp": request.address,
        "needsAdmin": needs_admin(&request.commands),
        "ts": request.requested_at,
    })
}
