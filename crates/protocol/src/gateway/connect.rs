//! The handshake.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The payload of `connect.challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConnectChallenge {
    /// A random text that a device signs.
    pub nonce: String,
    /// The gateway's clock, in milliseconds since the Unix epoch.
    pub ts: u64,
}

/// The parameters of `connect`. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConnectParams {
    /// The oldest version that the client speaks.
    pub min_protocol: u32,
    /// The newest version that the client speaks.
    pub max_protocol: u32,
    /// The client.
    pub client: ClientInfo,
    /// `operator` (the default) or `node`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What the client wants to be allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the client can do, e.g. `exec-approvals`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<String>,
    /// The commands that a node offers, e.g. `system.run`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Where a node looks for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_env: Option<String>,
    /// How the client authenticates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<ConnectAuth>,
    /// The device of the client, with its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<ConnectDevice>,
}

/// The device of a client. Its signature covers what the client says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectDevice {
    /// The SHA-256 of the public key, in hexadecimal.
    pub id: String,
    /// The Ed25519 key, in base64url.
    pub public_key: String,
    /// The signature, in base64url.
    pub signature: String,
    /// When it was signed, in milliseconds since the Unix epoch.
    pub signed_at: u64,
    /// The nonce of the challenge.
    pub nonce: String,
}

/// Who a client is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClientInfo {
    /// The program, one of a fixed list, e.g. `cli`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its system, e.g. `linux`.
    pub platform: String,
    /// How it is used, one of a fixed list, e.g. `cli`.
    pub mode: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The kind of its machine, e.g. `Linux`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_family: Option<String>,
}

/// How a client authenticates. `Debug` shows no secret. Unknown fields are refused: they could be a
/// secret that the client expects to be examined.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectAuth {
    /// The gateway's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The gateway's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The token that the gateway gave to the client's device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_token: Option<String>,
}

/// The payload of the response to `connect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "hello-ok", rename_all = "camelCase")]
pub struct HelloOk {
    /// The version that both speak.
    pub protocol: u32,
    /// The gateway.
    pub server: ServerInfo,
    /// What it can do.
    pub features: FeatureList,
    /// Its state.
    pub snapshot: StateSnapshot,
    /// What the client is allowed.
    pub auth: AuthGrant,
    /// The limits of the connection.
    pub policy: ConnectionPolicy,
}

/// Which gateway answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// Changes with each start.
    pub boot_id: String,
    /// The connection.
    pub conn_id: String,
}

/// What a gateway can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FeatureList {
    /// The methods.
    pub methods: Vec<String>,
    /// The events.
    pub events: Vec<String>,
}

/// The state of a gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StateSnapshot {
    /// The connected clients; empty.
    pub presence: Vec<Value>,
    /// The health; an empty object.
    pub health: Value,
    /// The versions of both.
    pub state_version: StateVersion,
    /// How long the gateway has run, in milliseconds.
    pub uptime_ms: u64,
}

/// The versions of the parts of a [`StateSnapshot`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StateVersion {
    /// Of the connected clients.
    pub presence: u64,
    /// Of the health.
    pub health: u64,
}

/// What a client is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuthGrant {
    /// Its role.
    pub role: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// A new token of its device, told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_token: Option<String>,
    /// When that was made, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at_ms: Option<u64>,
}

/// The limits of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionPolicy {
    /// The most bytes of a frame.
    pub max_payload: usize,
    /// The most bytes that wait to be sent to the client.
    pub max_buffered_bytes: usize,
    /// The time between two events `tick`, in milliseconds.
    pub tick_interval_ms: u64,
}

impl fmt::Debug for ConnectAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |secret: &Option<String>| secret.as_ref().map(|_| "set");
        f.debug_struct("ConnectAuth")
            .field("token", &state(&self.token))
            .field("password", &state(&self.password))
            .field("device_token", &state(&self.device_token))
            .finish()
    }
}

impl ConnectParams {
    /// Parameters of an operator that wants scopes, e.g. `operator.read`.
    #[must_use]
    pub fn for_operator(client: ClientInfo, scopes: &[String], auth: Option<ConnectAuth>) -> Self {
        Self {
            min_protocol: super::PROTOCOL_VERSION,
            max_protocol: super::PROTOCOL_VERSION,
            client,
            role: Some("operator".to_owned()),
            scopes: scopes.to_vec(),
            caps: Vec::new(),
            commands: Vec::new(),
            path_env: None,
            auth,
            device: None,
        }
    }

    /// Parameters of a node that offers commands, e.g. `system.run`.
    #[must_use]
    pub fn for_node(client: ClientInfo, commands: &[&str], auth: Option<ConnectAuth>) -> Self {
        Self {
            role: Some("node".to_owned()),
            caps: vec!["system".to_owned(), super::INVOKE_LEDGER_CAP.to_owned()],
            commands: commands.iter().map(|command| (*command).to_owned()).collect(),
            ..Self::for_operator(client, &[], auth)
        }
    }
}
