//! The methods `device.*`.

use std::time::SystemTime;

use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode};
use openclaw_runtime::{DeviceRecord, DeviceRole, DeviceToken, PairingRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusals::{
    check_label, check_reach, missing_scope, too_many_changes, unknown_device, unknown_request,
};
use super::{DeviceManager, ask_device_log, hash_token, no_randomness};
use crate::clients::{ClientQueue, EventAudience};
use crate::grants::{ClientGrant, ClientScope};
use crate::live_config::LiveConfig;
use crate::methods::{ConnectedClient, parse};
use crate::nodes::{NODE_ROLE, NodeManager, needs_admin, refuse_open_commands};
use crate::random::random_hex;
use crate::runs::{offload, store_failure, unix_millis};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceRequestParams {
    request_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApproveParams {
    request_id: String,
    /// Whether the commands of a node are to wait for an approval of their own.
    #[serde(default)]
    identity_only: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceParams {
    device_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceRenameParams {
    device_id: String,
    #[serde(default)]
    label: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenParams {
    device_id: String,
    role: String,
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

impl ConnectedClient {
    /// Carries out a method `device.*`.
    pub(crate) async fn handle_device_method(
        &self,
        method: &str,
        params: Value,
    ) -> Result<Value, GatewayError> {
        let devices = &self.state.devices;
        if method != "device.pair.list" && !self.take_control_write() {
            return Err(too_many_changes());
        }
        match method {
            "device.pair.list" => devices.list().await,
            "device.pair.approve" => {
                devices.approve(parse(params)?, &self.grant, &self.state.live).await
            }
            "device.pair.reject" => {
                let DeviceRequestParams { request_id } = parse(params)?;
                devices.reject(&request_id).await
            }
            "device.pair.remove" => {
                let DeviceParams { device_id } = parse(params)?;
                devices.remove(&device_id, &self.grant).await
            }
            "device.pair.rename" => {
                let DeviceRenameParams { device_id, label } = parse(params)?;
                let (label, nodes) = (label.trim(), &self.state.nodes);
                devices.rename(&device_id, label, &self.grant, nodes).await
            }
            "device.token.rotate" => devices.rotate(parse(params)?, &self.grant, &self.queue).await,
            _ => devices.revoke(parse(params)?, &self.grant).await,
        }
    }
}

impl DeviceManager {
    async fn list(&self) -> Result<Value, GatewayError> {
        let log = self.log.clone();
        let listed = offload(move || Ok((log.list_requests()?, log.list_devices()?))).await;
        let (requests, devices) = listed.map_err(|error| store_failure(&error))?;
        let pending: Vec<Value> = requests.iter().map(describe_request).collect();
        let paired: Vec<Value> =
            devices.iter().map(|device| self.describe_device(device)).collect();
        Ok(json!({
            "ts": unix_millis(SystemTime::now()),
            "pending": pending,
            "paired": paired,
        }))
    }

    /// Approves a request, of a node with the commands that it names; without them for a caller who
    /// may not give them. Nobody gives more than what they have, and no device approves itself.
    async fn approve(
        &self,
        params: ApproveParams,
        approver: &ClientGrant,
        live: &LiveConfig,
    ) -> Result<Value, GatewayError> {
        let ApproveParams { request_id, identity_only } = params;
        let id = request_id.as_str();
        let request = ask_device_log(&self.log, |log, id| log.find_request(&id), id).await?;
        let request = request.ok_or_else(|| unknown_request(id))?;
        check_reach(approver, &request.scopes)?;
        if !approver.is_owner && approver.device.as_ref() == Some(&request.facts.id) {
            return Err(GatewayError::new(
                GatewayErrorCode::Forbidden,
                "A device does not approve its own request.",
            ));
        }
        // The original's client asks for no more than pairing here, and approves commands apart.
        let may_approve_commands =
            approver.allows(ClientScope::Admin) || !needs_admin(&request.commands);
        let with_commands = !identity_only && may_approve_commands;
        let _alone = self.gate.write().await;
        if with_commands && live.settings().is_open() && needs_admin(&request.commands) {
            return Err(refuse_open_commands());
        }
        let approve = move |log: openclaw_runtime::DeviceLog, id: String| {
            log.approve_request(&id, with_commands)
        };
        let device = ask_device_log(&self.log, approve, id).await?;
        let device = device.ok_or_else(|| unknown_request(id))?;
        let reason = "what this device may do was changed";
        self.clients.close_device(&device.facts.id, Some(&request.role), None, reason);
        self.tell_resolved(&request, "approved");
        Ok(json!({
            "ok": true,
            "requestId": request.id,
            "deviceId": request.facts.id,
            "role": request.role,
            "scopes": request.scopes,
            "commands": if with_commands { request.commands.as_slice() } else { &[] },
            "waitingCommands": if with_commands { &[] } else { request.commands.as_slice() },
            "device": self.describe_device(&device),
        }))
    }

    async fn reject(&self, id: &str) -> Result<Value, GatewayError> {
        let request = ask_device_log(&self.log, |log, id| log.reject_request(&id), id).await?;
        let request = request.ok_or_else(|| unknown_request(id))?;
        self.tell_resolved(&request, "rejected");
        Ok(json!({ "ok": true, "requestId": request.id, "deviceId": request.facts.id }))
    }

    async fn remove(&self, id: &str, caller: &ClientGrant) -> Result<Value, GatewayError> {
        self.find_within_reach(id, caller).await?;
        let _alone = self.gate.write().await;
        if !ask_device_log(&self.log, |log, id| log.remove_device(&id), id).await? {
            return Err(unknown_device(id));
        }
        let closed = self.clients.close_device(id, None, None, "this device was removed");
        Ok(json!({ "ok": true, "deviceId": id, "removed": true, "closedConnections": closed }))
    }

    async fn rename(
        &self,
        id: &str,
        label: &str,
        caller: &ClientGrant,
        nodes: &NodeManager,
    ) -> Result<Value, GatewayError> {
        check_label("label", label)?;
        let record = self.check_rename(id, caller).await?;
        if record.role(NODE_ROLE).is_some() {
            // A node is called by its name: the rules of `node.rename` hold.
            nodes.rename(id, label).await?;
            return Ok(json!({ "ok": true, "deviceId": id, "label": label }));
        }
        let label = Some(label.to_owned()).filter(|label| !label.is_empty());
        let kept = label.clone();
        if !ask_device_log(&self.log, move |log, id| log.rename_device(&id, kept.as_deref()), id)
            .await?
        {
            return Err(unknown_device(id));
        }
        Ok(json!({ "ok": true, "deviceId": id, "label": label }))
    }

    /// Replaces the token of a device. Another device gets it when it connects next; only the one
    /// that asks for its own gets it at once.
    async fn rotate(
        &self,
        params: TokenParams,
        caller: &ClientGrant,
        queue: &ClientQueue,
    ) -> Result<Value, GatewayError> {
        let TokenParams { device_id, role, scopes } = params;
        let (_, current) = self.find_role(&device_id, &role, caller).await?;
        if current.token == DeviceToken::Revoked {
            return Err(GatewayError::invalid_request(
                "This device was revoked; it connects and asks to be approved again.",
            ));
        }
        let wanted = scopes.clone().unwrap_or_else(|| current.scopes.clone());
        check_reach(caller, &wanted)?;
        let is_wider = wanted.iter().any(|scope| !current.scopes.contains(scope));
        if is_wider && !caller.allows(ClientScope::Admin) {
            return Err(missing_scope(ClientScope::Admin.name()));
        }
        let is_own = !caller.is_owner
            && scopes.is_none()
            && role == caller.role
            && caller.device.as_ref() == Some(&device_id);
        let token = if is_own {
            Some(random_hex(super::TOKEN_BYTES).map_err(|_| no_randomness())?)
        } else {
            None
        };
        let state = token
            .as_deref()
            .map_or(DeviceToken::Undelivered, |token| DeviceToken::Hash(hash_token(token)));
        self.change_token(&device_id, &current, state, &wanted).await?;
        let except = is_own.then_some(queue);
        let reason = "the token of this device was replaced";
        self.clients.close_device(&device_id, Some(&role), except, reason);
        Ok(json!({
            "ok": true,
            "deviceId": device_id,
            "role": role,
            "scopes": wanted,
            "rotatedAtMs": unix_millis(SystemTime::now()),
            "tokenDelivery": if is_own { "response" } else { "next-connect" },
            "token": token,
        }))
    }

    async fn revoke(
        &self,
        params: TokenParams,
        caller: &ClientGrant,
    ) -> Result<Value, GatewayError> {
        let TokenParams { device_id, role, .. } = params;
        let (_, current) = self.find_role(&device_id, &role, caller).await?;
        self.change_token(&device_id, &current, DeviceToken::Revoked, &current.scopes).await?;
        let reason = "the token of this device was revoked";
        let closed = self.clients.close_device(&device_id, Some(&role), None, reason);
        let revoked_at = unix_millis(SystemTime::now());
        Ok(json!({
            "ok": true, "deviceId": device_id, "role": role, "revokedAtMs": revoked_at,
            "closedConnections": closed,
        }))
    }

    async fn change_token(
        &self,
        device: &str,
        current: &DeviceRole,
        token: DeviceToken,
        scopes: &[String],
    ) -> Result<(), GatewayError> {
        let _alone = self.gate.write().await;
        let (current, scopes) = (current.clone(), scopes.to_vec());
        let change = move |log: openclaw_runtime::DeviceLog, id: String| {
            log.replace_token(&id, &current, token, &scopes)
        };
        if ask_device_log(&self.log, change, device).await? {
            return Ok(());
        }
        Err(GatewayError::new(
            GatewayErrorCode::Conflict,
            "The device was changed at the same moment.",
        )
        .with_retry(None))
    }

    async fn find_role(
        &self,
        device: &str,
        role: &str,
        caller: &ClientGrant,
    ) -> Result<(DeviceRecord, DeviceRole), GatewayError> {
        let record = self.find_within_reach(device, caller).await?;
        let found = record.role(role).cloned().ok_or_else(|| {
            GatewayError::invalid_request(format!(
                "The device has no role `{}`.",
                role.chars().take(32).collect::<String>().escape_debug()
            ))
        })?;
        Ok((record, found))
    }

    /// Finds a device that may do nothing that the caller may not do as well.
    async fn find_within_reach(
        &self,
        device: &str,
        caller: &ClientGrant,
    ) -> Result<DeviceRecord, GatewayError> {
        let record = self.find_device(device).await?.ok_or_else(|| unknown_device(device))?;
        for role in &record.roles {
            check_reach(caller, &role.scopes)?;
            if role.name != "operator" && !caller.allows(ClientScope::Admin) {
                return Err(missing_scope(ClientScope::Admin.name()));
            }
        }
        Ok(record)
    }

    /// Whether a caller may give a device another name: the owner of the gateway, and a device that
    /// may do all that the other may.
    ///
    /// # Errors
    /// When it may not, and when there is no such device.
    pub(crate) async fn check_rename(
        &self,
        device: &str,
        caller: &ClientGrant,
    ) -> Result<DeviceRecord, GatewayError> {
        if caller.is_owner {
            return self.find_device(device).await?.ok_or_else(|| unknown_device(device));
        }
        self.find_within_reach(device, caller).await
    }

    fn tell_resolved(&self, request: &PairingRequest, decision: &str) {
        let payload = json!({
            "requestId": request.id,
            "deviceId": request.facts.id,
            "decision": decision,
            "ts": unix_millis(SystemTime::now()),
        });
        self.clients.broadcast_event(EventAudience::Pairers, "device.pair.resolved", &payload);
    }

    fn describe_device(&self, device: &DeviceRecord) -> Value {
        let facts = &device.facts;
        let tokens: Vec<Value> = device.roles.iter().map(describe_token).collect();
        let roles: Vec<&str> = device.roles.iter().map(|role| role.name.as_str()).collect();
        json!({
            "deviceId": facts.id,
            "publicKey": facts.public_key,
            "displayName": facts.display_name,
            "label": device.label,
            "platform": facts.platform,
            "deviceFamily": facts.device_family,
            "clientId": facts.client_id,
            "clientMode": facts.client_mode,
            "roles": roles,
            "tokens": tokens,
            "approvedAtMs": device.approved_at,
            "lastSeenAtMs": device.last_seen_at,
            "connected": self.clients.is_device_connected(&facts.id),
        })
    }
}

fn describe_token(role: &DeviceRole) -> Value {
    let state = match role.token {
        DeviceToken::Undelivered => "undelivered",
        DeviceToken::Hash(_) => "active",
        DeviceToken::Revoked => "revoked",
    };
    json!({
        "role": role.name,
        "scopes": role.scopes,
        "state": state,
        "issuedAtMs": role.issued_at,
    })
}

/// A request as it is told to those that decide.
pub(super) fn describe_request(request: &PairingRequest) -> Value {
    let facts = &request.facts;
    json!({
        "requestId": request.id,
        "deviceId": facts.id,
        "publicKey": facts.public_key,
        "displayName": facts.display_name,
        "platform": facts.platform,
        "deviceFamily": facts.device_family,
        "clientId": facts.client_id,
        "clientMode": facts.client_mode,
        "role": request.role,
        "roles": [request.role],
        "scopes": request.scopes,
        "commands": request.commands,
        "remoteIp": request.address,
        "reason": request.reason,
        "ts": request.requested_at,
        "expiresAtMs": request.expires_at,
    })
}
