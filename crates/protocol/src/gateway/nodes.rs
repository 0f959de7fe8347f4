//! What a node offers, and how a gateway invokes its commands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The commands of a node that a gateway knows.
pub const NODE_COMMANDS: [&str; 5] = [
    "system.run.prepare",
    "system.run",
    "system.which",
    "system.execApprovals.get",
    "system.execApprovals.set",
];

/// A node as the gateway knows it: an entry of `node.list`, and the result of `node.describe`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct NodeEntry {
    /// The id of its device.
    pub node_id: String,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Its system, e.g. `linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The version of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its program, e.g. `node-host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How that is used: `node`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_mode: Option<String>,
    /// The kind of its machine, e.g. `Linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_family: Option<String>,
    /// What it can do, e.g. `system`.
    pub caps: Vec<String>,
    /// The commands that it offers and that were approved.
    pub commands: Vec<String>,
    /// Where it looks for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_env: Option<String>,
    /// `approved`, `pending-approval`, `pending-reapproval` or `unapproved`: of its commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_state: Option<String>,
    /// The request that waits for approval of its commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_request_id: Option<String>,
    /// The commands that wait for approval.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending_declared_commands: Vec<String>,
    /// The commands that it declared and the gateway does not serve, each with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refused_commands: BTreeMap<String, String>,
    /// The address from which it is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ip: Option<String>,
    /// Since when it is connected, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_at_ms: Option<u64>,
    /// When it was last connected, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at_ms: Option<u64>,
    /// When its commands were approved, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_at_ms: Option<u64>,
    /// Whether its device is paired.
    pub paired: bool,
    /// Whether it is connected.
    pub connected: bool,
}

/// The result of `node.list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeListResult {
    /// The gateway's clock, in milliseconds since the Unix epoch.
    pub ts: u64,
    /// The nodes, connected ones first.
    pub nodes: Vec<NodeEntry>,
}

/// The parameters of `node.invoke`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeParams {
    /// The node.
    pub node_id: String,
    /// One of its commands, e.g. `system.which`.
    pub command: String,
    /// The parameters of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// How long the caller waits, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The same key is one invocation.
    pub idempotency_key: String,
    /// The session for which it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
}

/// The result of `node.invoke`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeResult {
    /// True: a failure is an error.
    pub ok: bool,
    /// The node.
    pub node_id: String,
    /// The command.
    pub command: String,
    /// What the command returned; `null` when that is not JSON.
    #[serde(default)]
    pub payload: Value,
    /// The same as the node sent it.
    #[serde(default, rename = "payloadJSON", skip_serializing_if = "Option::is_none")]
    pub payload_json: Option<String>,
}

/// The payload of the event `node.invoke.request`, which a gateway sends to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeRequest {
    /// Chosen by the gateway for this request; the answer repeats it.
    pub id: String,
    /// The node.
    pub node_id: String,
    /// The command.
    pub command: String,
    /// Its parameters as JSON.
    #[serde(default, rename = "paramsJSON", skip_serializing_if = "Option::is_none")]
    pub params_json: Option<String>,
    /// How long the gateway still waits, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The same key is one invocation, over connections and restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The parameters of `node.invoke.result`, with which a node answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeAnswer {
    /// The id of the request.
    pub id: String,
    /// The node itself.
    pub node_id: String,
    /// Whether the command succeeded.
    pub ok: bool,
    /// What it returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// What it returned as JSON text.
    #[serde(default, rename = "payloadJSON", skip_serializing_if = "Option::is_none")]
    pub payload_json: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NodeError>,
}

/// Why a command of a node failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeError {
    /// E.g. `SYSTEM_RUN_DENIED`, one of [`NodeErrorCode`] from nodes of this version.
    pub code: String,
    /// For a person.
    pub message: String,
}

/// The codes of [`NodeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeErrorCode {
    /// The parameters cannot be read.
    InvalidRequest,
    /// The node does not have the command.
    UnknownCommand,
    /// `rawCommand` is not the text of `command`.
    RawCommandMismatch,
    /// The node's policy does not permit the command.
    SystemRunDenied,
    /// The node's policy permits the command only after a person approved it.
    ApprovalRequired,
    /// What is to run is not what was prepared and approved.
    ApprovalRequestMismatch,
    /// The key was used for another command.
    IdempotencyConflict,
    /// The command was begun by an earlier process of the node, which ended. It may have run.
    OutcomeUnknown,
    /// It did not end in time, and was ended.
    Timeout,
    /// The gateway cancelled it, and it was ended.
    Cancelled,
    /// The node is not connected: nothing was sent to it.
    NotConnected,
    /// The node's connection ended.
    Disconnected,
    /// Anything else went wrong on the node.
    Unavailable,
}

/// The payload of the event `node.invoke.cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeCancel {
    /// The id of the request.
    pub invoke_id: String,
    /// The node.
    pub node_id: String,
}

/// The parameters of `node.invoke.progress`: output of a command that still runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeProgress {
    /// The id of the request.
    pub invoke_id: String,
    /// The node itself.
    pub node_id: String,
    /// Counts from 0 without gaps.
    pub seq: u64,
    /// The output since the last one.
    pub chunk: String,
}

/// The parameters of `node.event`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeEventParams {
    /// E.g. `exec.denied`.
    pub event: String,
    /// Its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// Its data as JSON text.
    #[serde(default, rename = "payloadJSON", skip_serializing_if = "Option::is_none")]
    pub payload_json: Option<String>,
}

impl NodeErrorCode {
    /// The code in the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::UnknownCommand => "UNKNOWN_COMMAND",
            Self::RawCommandMismatch => "RAW_COMMAND_MISMATCH",
            Self::SystemRunDenied => "SYSTEM_RUN_DENIED",
            Self::ApprovalRequired => "APPROVAL_REQUIRED",
            Self::ApprovalRequestMismatch => "APPROVAL_REQUEST_MISMATCH",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Timeout => "TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::NotConnected => "NOT_CONNECTED",
            Self::Disconnected => "DISCONNECTED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

impl NodeError {
    /// An error with a known code.
    #[must_use]
    pub fn new(code: NodeErrorCode, message: impl Into<String>) -> Self {
        Self { code: code.as_str().to_owned(), message: message.into() }
    }

    /// Whether this has the code.
    #[must_use]
    pub fn is(&self, code: NodeErrorCode) -> bool {
        self.code == code.as_str()
    }
}

impl NodeInvokeAnswer {
    /// The result: of `payload`, else of `payloadJSON`, or the text of that when it is not JSON.
    ///
    /// # Errors
    /// When the command failed.
    pub fn into_result(self) -> Result<Value, NodeError> {
        if !self.ok {
            let unknown = || NodeError::new(NodeErrorCode::Unavailable, "the node gave no reason");
            return Err(self.error.unwrap_or_else(unknown));
        }
        let from_text = |text: String| {
            serde_json::from_str(&text)
                .unwrap_or_else(|_| serde_json::json!({ "payloadJSON": text }))
        };
        Ok(self.payload.or_else(|| self.payload_json.map(from_text)).unwrap_or_default())
    }
}

impl NodeEntry {
    /// Whether `name` is the node's id or its display name. Case matters.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.node_id == name || self.display_name.as_deref() == Some(name)
    }
}
