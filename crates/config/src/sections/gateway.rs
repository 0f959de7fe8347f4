//! `gateway`: the server of sessions for other programs.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::defaults::{GATEWAY_MAX_BODY_BYTES, GATEWAY_PORT, GATEWAY_RELOAD_DEBOUNCE_MS};
use crate::secret::SecretInput;

/// The gateway, which serves sessions to other programs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayConfig {
    /// Whether the gateway runs here or elsewhere.
    #[schemars(extend("default" = "local"))]
    pub mode: Option<GatewayMode>,
    /// The port it listens on.
    #[schemars(extend("default" = GATEWAY_PORT))]
    pub port: Option<u16>,
    /// The addresses it listens on.
    #[schemars(extend("default" = "loopback"))]
    pub bind: Option<GatewayBind>,
    /// Who may connect.
    pub auth: GatewayAuth,
    /// The address of `bind: "custom"`, an IP address of this machine.
    pub custom_bind_host: Option<String>,
    /// Access over Tailscale.
    pub tailscale: TailscaleConfig,
    /// Pages in a browser.
    pub control_ui: GatewayPageConfig,
    /// What is served over HTTP.
    pub http: GatewayHttpConfig,
    /// The nodes that run commands for it.
    pub nodes: GatewayNodesConfig,
    /// What the gateway does when the config changes.
    pub reload: GatewayReloadConfig,
    /// The gateway of `mode: "remote"`.
    pub remote: RemoteGatewayConfig,
}

/// A gateway that runs elsewhere.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RemoteGatewayConfig {
    /// Its address, e.g. `ws://desk:18789`.
    pub url: Option<String>,
    /// Its token. Without it and a password this machine connects as a device.
    pub token: Option<SecretInput>,
    /// Its password.
    pub password: Option<SecretInput>,
}

/// What the gateway does when a file of the config changes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayReloadConfig {
    /// Whether a change is applied by itself.
    #[schemars(extend("default" = "hybrid"))]
    pub mode: Option<GatewayReloadMode>,
    /// How long a file must stay as it is before it is read again, in milliseconds.
    #[schemars(extend("default" = GATEWAY_RELOAD_DEBOUNCE_MS))]
    pub debounce_ms: Option<u64>,
}

/// Whether the gateway applies a change of the config by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayReloadMode {
    /// Never; SIGHUP applies it.
    Off,
    /// What can be changed without a restart is applied; the rest is told.
    #[default]
    Hybrid,
    /// The same as `hybrid`.
    Hot,
    /// The same as `hybrid`: the gateway does not restart itself.
    Restart,
}

/// The nodes of a gateway.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayNodesConfig {
    /// Which commands of nodes are served.
    pub commands: NodeCommandsConfig,
    /// The same as `commands.deny`.
    pub deny_commands: Vec<String>,
}

/// Which commands of nodes are served.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct NodeCommandsConfig {
    /// The commands that no node is asked to carry out, e.g. `system.run`; `*` at the end stands
    /// for any ending.
    pub deny: Vec<String>,
}

/// Pages in a browser that use the gateway.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayPageConfig {
    /// The origins whose pages may connect, e.g. `https://desk.example`.
    pub allowed_origins: Vec<String>,
}

/// What the gateway serves over HTTP.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayHttpConfig {
    /// The paths of the OpenAI API.
    pub endpoints: GatewayEndpointsConfig,
}

/// The paths of the OpenAI API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayEndpointsConfig {
    /// `/v1/chat/completions`; with it all paths below `/v1/` are served.
    pub chat_completions: GatewayEndpointConfig,
    /// `/v1/responses`; with it all paths below `/v1/` are served.
    pub responses: GatewayResponsesConfig,
}

/// A path of the OpenAI API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayEndpointConfig {
    /// Whether it is served.
    #[schemars(extend("default" = false))]
    pub enabled: Option<bool>,
    /// The most bytes of a request's body.
    #[schemars(extend("default" = GATEWAY_MAX_BODY_BYTES), range(min = 1))]
    pub max_body_bytes: Option<usize>,
}

/// The path `/v1/responses`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayResponsesConfig {
    /// Whether it is served.
    #[schemars(extend("default" = false))]
    pub enabled: Option<bool>,
    /// The most bytes of a request's body.
    #[schemars(extend("default" = GATEWAY_MAX_BODY_BYTES), range(min = 1))]
    pub max_body_bytes: Option<usize>,
}

/// Whether the gateway runs here or elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayMode {
    /// On this machine.
    #[default]
    Local,
    /// On another machine.
    Remote,
}

/// The addresses that the gateway listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayBind {
    /// This machine only.
    #[default]
    Loopback,
    /// This machine, or the network inside a container.
    Auto,
    /// The local network.
    Lan,
    /// The tailnet.
    Tailnet,
    /// `gateway.customBindHost`.
    Custom,
}

/// Who may connect to the gateway.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GatewayAuth {
    /// How clients authenticate.
    #[schemars(extend("default" = "token"))]
    pub mode: Option<GatewayAuthMode>,
    /// The token of `mode: "token"`.
    pub token: Option<SecretInput>,
    /// The password of `mode: "password"`.
    pub password: Option<SecretInput>,
}

/// How clients authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayAuthMode {
    /// Clients need not authenticate.
    None,
    /// With a token.
    #[default]
    Token,
    /// With a password.
    Password,
    /// A proxy in front authenticates clients.
    TrustedProxy,
}

/// Access over Tailscale.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TailscaleConfig {
    /// Who can reach the gateway.
    #[schemars(extend("default" = "off"))]
    pub mode: Option<TailscaleMode>,
    /// Whether Tailscale's settings are restored on exit.
    #[schemars(extend("default" = false))]
    pub reset_on_exit: Option<bool>,
}

/// Who can reach the gateway over Tailscale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TailscaleMode {
    /// Nobody.
    #[default]
    Off,
    /// The tailnet.
    Serve,
    /// The internet.
    Funnel,
}

impl GatewayConfig {
    /// Whether the gateway runs here or elsewhere.
    #[must_use]
    pub fn mode(&self) -> GatewayMode {
        self.mode.unwrap_or_default()
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(GATEWAY_PORT)
    }

    /// The addresses it listens on.
    #[must_use]
    pub fn bind(&self) -> GatewayBind {
        self.bind.unwrap_or_default()
    }
}

impl GatewayBind {
    /// The value in the config.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Auto => "auto",
            Self::Lan => "lan",
            Self::Tailnet => "tailnet",
            Self::Custom => "custom",
        }
    }
}

impl GatewayNodesConfig {
    /// The commands that are denied, by name or with a `*` at the end.
    pub fn denied_commands(&self) -> impl Iterator<Item = &str> {
        self.commands.deny.iter().chain(&self.deny_commands).map(String::as_str)
    }
}

impl GatewayEndpointsConfig {
    /// Whether the OpenAI API is served.
    #[must_use]
    pub fn serves_openai_api(&self) -> bool {
        [self.chat_completions.enabled, self.responses.enabled].contains(&Some(true))
    }

    /// The most bytes of a request to a path below `/v1/`: the larger of the two that are set.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        let set = [self.chat_completions.max_body_bytes, self.responses.max_body_bytes];
        set.into_iter().flatten().max().unwrap_or(GATEWAY_MAX_BODY_BYTES)
    }
}

impl GatewayReloadConfig {
    /// How long a changed file must stay as it is before the gateway reads it; `None` when it does
    /// not read it by itself.
    #[must_use]
    pub fn debounce(&self) -> Option<Duration> {
        let debounce =
            Duration::from_millis(self.debounce_ms.unwrap_or(GATEWAY_RELOAD_DEBOUNCE_MS));
        (self.mode.unwrap_or_default() != GatewayReloadMode::Off).then_some(debounce)
    }
}

impl GatewayAuth {
    /// How clients authenticate.
    #[must_use]
    pub fn mode(&self) -> GatewayAuthMode {
        self.mode.unwrap_or_default()
    }

    /// The token; `None` when it is not set or empty.
    #[must_use]
    pub fn token(&self) -> Option<&SecretInput> {
        self.token.as_ref().filter(|token| !token.is_blank())
    }
}

impl TailscaleConfig {
    /// Who can reach the gateway over Tailscale.
    #[must_use]
    pub fn mode(&self) -> TailscaleMode {
        self.mode.unwrap_or_default()
    }
}
