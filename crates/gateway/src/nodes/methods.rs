//! The methods `node.*` of operators.

mod invoke;

use std::time::SystemTime;

use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode};
use openclaw_runtime::NodeRequest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    COMMANDS_EVENT, NodeManager, describe_approval, describe_offer, describe_request, needs_admin,
    refuse_open_commands,
};
use crate::clients::EventAudience;
use crate::devices::{ask_device_log, check_label, invalid_name, missing_scope, too_many_changes};
use crate::grants::{ClientGrant, ClientScope};
use crate::methods::{ConnectedClient, encode, parse};
use crate::runs::{offload, store_failure, unix_millis};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeRequestParams {
    request_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeParams {
    node_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeRenameParams {
    node_id: String,
    display_name: String,
}

impl ConnectedClient {
    /// Carries out a method `node.*` of an operator; `id` is the id of the request.
    pub(crate) async fn handle_node_method(
        &self,
        method: &str,
        params: Value,
    ) -> Result<Value, GatewayError> {
        let nodes = &self.state.nodes;
        let is_change =
            !matches!(method, "node.list" | "node.describe" | "node.invoke" | "node.pair.list");
        if is_change && !self.take_control_write() {
            return Err(too_many_changes());
        }
        match method {
            "node.list" => encode(&nodes.list_nodes().await?),
            "node.describe" => {
                let NodeParams { node_id } = parse(params)?;
                encode(&nodes.find_node(&node_id).await?)
            }
            "node.rename" => {
                let NodeRenameParams { node_id, display_name } = parse(params)?;
                nodes.find_node(&node_id).await?;
                self.state.devices.check_rename(&node_id, &self.grant).await?;
                let name = display_name.trim();
                nodes.rename(&node_id, name).await?;
                Ok(json!({ "ok": true, "nodeId": node_id, "displayName": name }))
            }
            "node.pair.list" => nodes.list_requests().await,
            "node.pair.approve" => {
                let NodeRequestParams { request_id } = parse(params)?;
                // A node that connects at this moment has what is approved before or after.
                let _alone = self.state.devices.change_credentials().await;
                nodes.approve(&request_id, &self.grant, self.state.settings().is_open()).await
            }
            "node.pair.reject" => {
                let NodeRequestParams { request_id } = parse(params)?;
                nodes.reject(&request_id).await
            }
            "node.pair.remove" => {
                let NodeParams { node_id } = parse(params)?;
                let _alone = self.state.devices.change_credentials().await;
                nodes.remove(&node_id).await
            }
            _ => self.invoke_node(parse(params)?).await,
        }
    }
}

impl NodeManager {
    /// Gives a node a name that no other node has.
    ///
    /// # Errors
    /// When it is no name, or another node's.
    pub(crate) async fn rename(&self, id: &str, name: &str) -> Result<(), GatewayError> {
        check_label("displayName", name)?;
        if name.is_empty() {
            let text = "The new name is empty; nobody could call the node by it.";
            return Err(invalid_name(text));
        }
        let nodes = self.list_nodes().await?.nodes;
        let mut others = nodes.iter().filter(|node| node.node_id != id);
        if let Some(other) = others.find(|node| node.is_named(name)) {
            let text = format!(
                "Another node is called `{}` already: {}.",
                name.escape_debug(),
                other.node_id
            );
            let details = json!({ "code": "NAME_TAKEN", "nodeId": other.node_id });
            return Err(GatewayError::invalid_request(text).with_details(details));
        }
        let name = Some(name.to_owned());
        let (log, device, label) = (self.log.clone(), id.to_owned(), name.clone());
        let renamed = offload(move || log.rename_device(&device, label.as_deref())).await;
        renamed.map_err(|error| store_failure(&error))?;
        self.registry.update_node(id, COMMANDS_EVENT, |entry| {
            entry.display_name.clone_from(&name);
            describe_offer(entry)
        });
        Ok(())
    }

    async fn list_requests(&self) -> Result<Value, GatewayError> {
        let nodes = self.list_nodes().await?;
        let log = self.log.clone();
        let requests = offload(move || log.list_node_requests()).await;
        let requests = requests.map_err(|error| store_failure(&error))?;
        let pending: Vec<Value> = requests
            .iter()
            .filter_map(|request| {
                let node = nodes.nodes.iter().find(|node| node.node_id == request.device)?;
                Some(describe_request(request, node))
            })
            .collect();
        Ok(json!({ "ts": nodes.ts, "pending": pending, "paired": nodes.nodes }))
    }

    /// Approves commands that a node declared later. No device approves its own commands.
    async fn approve(
        &self,
        id: &str,
        approver: &ClientGrant,
        is_open: bool,
    ) -> Result<Value, GatewayError> {
        let request = ask_device_log(&self.log, |log, id| log.find_node_request(&id), id).await?;
        let request = request.ok_or_else(|| unknown_request(id))?;
        if needs_admin(&request.commands) && !approver.allows(ClientScope::Admin) {
            return Err(missing_scope(ClientScope::Admin.name()));
        }
        if is_open && needs_admin(&request.commands) {
            return Err(refuse_open_commands());
        }
        if !approver.is_owner && approver.device.as_ref() == Some(&request.device) {
            return Err(GatewayError::new(
                GatewayErrorCode::Forbidden,
                "A device does not approve its own request.",
            ));
        }
        let grant = ask_device_log(&self.log, |log, id| log.approve_node_request(&id), id).await?;
        let grant = grant.ok_or_else(|| unknown_request(id))?;
        self.registry.update_node(&request.device, COMMANDS_EVENT, |entry| {
            // Only what the node declares now is offered.
            let offered = entry.pending_declared_commands.iter();
            let offered = offered.filter(|one| grant.commands.contains(one)).cloned();
            let mut commands: Vec<String> = entry.commands.iter().cloned().chain(offered).collect();
            commands.sort();
            commands.dedup();
            entry.commands = commands;
            describe_approval(entry, Some(&grant), None);
            describe_offer(entry)
        });
        self.tell_resolved(&request, "approved");
        let node = self.find_node(&request.device).await?;
        Ok(json!({
            "ok": true,
            "requestId": id,
            "nodeId": request.device,
            "commands": request.commands,
            "node": node,
        }))
    }

    async fn reject(&self, id: &str) -> Result<Value, GatewayError> {
        let request = ask_device_log(&self.log, |log, id| log.reject_node_request(&id), id).await?;
        let request = request.ok_or_else(|| unknown_request(id))?;
        self.registry.update_node(&request.device, COMMANDS_EVENT, |entry| {
            entry.pending_declared_commands.clear();
            entry.pending_request_id = None;
            describe_offer(entry)
        });
        self.tell_resolved(&request, "rejected");
        Ok(json!({ "ok": true, "requestId": id, "nodeId": request.device }))
    }

    async fn remove(&self, id: &str) -> Result<Value, GatewayError> {
        if !ask_device_log(&self.log, |log, id| log.remove_node(&id), id).await? {
            return Err(unknown_node(id));
        }
        let role = Some(super::NODE_ROLE);
        let closed = self.clients.close_device(id, role, None, "this node was removed");
        Ok(json!({ "ok": true, "nodeId": id, "removed": true, "closedConnections": closed }))
    }

    fn tell_resolved(&self, request: &NodeRequest, decision: &str) {
        let payload = json!({
            "requestId": request.id,
            "nodeId": request.device,
            "decision": decision,
            "ts": unix_millis(SystemTime::now()),
        });
        self.clients.broadcast_event(EventAudience::Pairers, "node.pair.resolved", &payload);
    }
}

/// An id is never completed: the beginning of one could be another node's.
pub(super) fn unknown_node(id: &str) -> GatewayError {
    let id: String = id.chars().take(64).collect();
    let text = format!("No node `{}` is paired.", id.escape_debug());
    GatewayError::invalid_request(text).with_details(json!({ "code": "UNKNOWN_NODE" }))
}

fn unknown_request(id: &str) -> GatewayError {
    let id: String = id.chars().take(64).collect();
    let text = format!("No commands of a node wait under the request `{}`.", id.escape_debug());
    GatewayError::invalid_request(text).with_details(json!({ "code": "UNKNOWN_REQUEST_ID" }))
}
