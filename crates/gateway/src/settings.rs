//! The settings of a gateway, which must not leave it open.

mod placeholders;
mod secrets;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use openclaw_config::defaults::GATEWAY_MAX_BODY_BYTES;
use openclaw_config::{
    GatewayAuthMode, GatewayBind, GatewayMode, KeyPath, LoadedConfig, TailscaleMode,
};
use openclaw_protocol::gateway::NODE_COMMANDS;
use secrecy::SecretString;
use serde_json::Value;

use self::secrets::{SecretPlace, SecretRules, SecretSetting, check_secret, read_secret};
use crate::auth::GatewayAuthentication;
use crate::error::{GatewayStartError, GatewayStartErrorKind};
use crate::hooks::{HookSecretRules, HookSettings, read_hook_settings};
use crate::nodes::find_idle_pattern;

pub use self::secrets::find_client_secret;

/// The time between two events `tick`.
const TICK_INTERVAL: Duration = Duration::from_secs(30);

/// Settings that restrict clients, and that the gateway does not act on.
const UNHELD_KEYS: &[&str] = &[
    "gateway.auth.identityScopes",
    "gateway.auth.rateLimit",
    "gateway.auth.trustedProxy",
    "gateway.roles",
    "gateway.tls",
    "gateway.tools.deny",
];

/// The settings of a gateway.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GatewaySettings {
    /// The address to listen on.
    pub address: IpAddr,
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// How clients authenticate.
    pub authentication: GatewayAuthentication,
    /// The origins whose pages may connect, e.g. `https://desk.example`.
    pub allowed_origins: Vec<String>,
    /// Host names under which the gateway is reached, besides its addresses.
    pub allowed_hosts: Vec<String>,
    /// Whether `/v1/chat/completions` and `/v1/models` are served.
    pub serves_openai_api: bool,
    /// The most bytes of a request to `/v1/chat/completions`.
    pub max_body_bytes: usize,
    /// The webhooks; `None` when they are off.
    pub hooks: Option<HookSettings>,
    /// The commands that no node is asked to carry out; `*` at the end stands for any ending.
    pub denied_node_commands: Vec<String>,
    /// The time between two events `tick`, after three of which a silent client is closed.
    pub tick_interval: Duration,
    /// The state folder.
    pub state_dir: PathBuf,
}

/// Settings of one start that override the config.
#[derive(Debug, Clone, Default)]
pub struct GatewayOverrides {
    /// The port.
    pub port: Option<u16>,
    /// The addresses.
    pub bind: Option<GatewayBind>,
    /// How clients authenticate.
    pub auth: Option<GatewayAuthMode>,
    /// The token.
    pub token: Option<SecretString>,
    /// The password.
    pub password: Option<SecretString>,
}

impl GatewaySettings {
    /// Settings for this machine only, with a token.
    #[must_use]
    pub fn for_loopback(state_dir: impl Into<PathBuf>, port: u16, token: SecretString) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port,
            authentication: GatewayAuthentication::Token(token),
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            serves_openai_api: true,
            max_body_bytes: GATEWAY_MAX_BODY_BYTES,
            hooks: None,
            denied_node_commands: Vec::new(),
            tick_interval: TICK_INTERVAL,
            state_dir: state_dir.into(),
        }
    }

    /// The settings of a config. Where it has no token, one is made for the machine and kept in the
    /// state folder.
    ///
    /// # Errors
    /// When the gateway would be reachable without a sufficient secret, when a secret that is
    /// written cannot be used, and when a setting restricts what is not restricted here.
    pub fn from_config(
        loaded: &LoadedConfig,
        state_dir: &Path,
        overrides: &GatewayOverrides,
    ) -> Result<Self, GatewayStartError> {
        let (gateway, env) = (&loaded.config.gateway, loaded.env());
        check_restrictions(loaded)?;
        if gateway.mode() == GatewayMode::Remote {
            let error = settings_error("start a gateway here: `gateway.mode` is \"remote\"");
            return Err(error.with_hint("`openclaw config set gateway.mode local` allows it."));
        }
        if gateway.tailscale.mode() != TailscaleMode::Off {
            let error = settings_error("serve over Tailscale: `gateway.tailscale.mode` is set");
            return Err(error.with_hint(
                "`openclaw config set gateway.tailscale.mode off`; `tailscale serve 18789` does \
                 it from outside.",
            ));
        }
        let bind = overrides.bind.unwrap_or_else(|| gateway.bind());
        let address = listen_address(bind, gateway.custom_bind_host.as_deref())?;
        let mode = overrides.auth.unwrap_or_else(|| gateway.auth.mode());
        let authentication = match mode {
            GatewayAuthMode::None => open_authentication(address)?,
            GatewayAuthMode::Token => GatewayAuthentication::Token(read_secret(
                SecretSetting::Token,
                overrides.token.as_ref(),
                gateway.auth.token.as_ref(),
                env,
                SecretPlace { address, state_dir },
            )?),
            GatewayAuthMode::Password => GatewayAuthentication::Password(read_secret(
                SecretSetting::Password,
                overrides.password.as_ref(),
                gateway.auth.password.as_ref(),
                env,
                SecretPlace { address, state_dir },
            )?),
            GatewayAuthMode::TrustedProxy => {
                let error = settings_error(
                    "start the gateway: `gateway.auth.mode: \"trusted-proxy\"` is not supported",
                );
                return Err(error
                    .with_hint("Use \"token\", and let the proxy send `Authorization: Bearer`."));
            }
        };
        let rules = HookSecretRules {
            check: &|key, secret| check_secret(SecretRules::of_hooks(key), secret, address),
            authentication: &authentication,
        };
        let hooks = read_hook_settings(loaded, &rules)?;
        let denied_node_commands: Vec<String> =
            gateway.nodes.denied_commands().map(str::to_owned).collect();
        check_denied_commands(&denied_node_commands)?;
        Ok(Self {
            address,
            port: overrides.port.unwrap_or_else(|| gateway.port()),
            authentication,
            allowed_origins: gateway.control_ui.allowed_origins.clone(),
            allowed_hosts: Vec::new(),
            serves_openai_api: gateway.http.endpoints.serves_openai_api(),
            hooks,
            denied_node_commands,
            max_body_bytes: gateway.http.endpoints.max_body_bytes(),
            tick_interval: TICK_INTERVAL,
            state_dir: state_dir.to_owned(),
        })
    }

    /// Whether clients need no secret.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.authentication, GatewayAuthentication::Open)
    }

    /// Whether other machines can connect.
    #[must_use]
    pub fn is_reachable_from_outside(&self) -> bool {
        !self.address.is_loopback()
    }
}

/// Refuses a pattern that denies no command of nodes: it was meant to deny one.
fn check_denied_commands(denied: &[String]) -> Result<(), GatewayStartError> {
    let Some(pattern) = find_idle_pattern(denied) else { return Ok(()) };
    let message = format!(
        "start the gateway: `{}` in `gateway.nodes.commands.deny` or `gateway.nodes.denyCommands` \
         matches no command of a node",
        pattern.escape_debug()
    );
    let hint = format!("The commands are {}; `*` ends a pattern.", NODE_COMMANDS.join(", "));
    Err(settings_error(message).with_hint(hint))
}

/// Refuses restrictions that would not hold.
fn check_restrictions(loaded: &LoadedConfig) -> Result<(), GatewayStartError> {
    for key in UNHELD_KEYS {
        let path: Option<KeyPath> = key.parse().ok();
        let value = path.and_then(|path| loaded.redacted_json(&path, loaded.env()));
        if value.is_some_and(|value| restricts(&value)) {
            let error = settings_error(format!(
                "start the gateway: `{key}` restricts its clients, and nothing acts on it here"
            ));
            let hint = format!("`openclaw config unset {key}` removes it.");
            return Err(error.with_hint(hint));
        }
    }
    Ok(())
}

/// Whether a value says anything: nothing, `false` and what is empty do not.
fn restricts(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => fields.values().any(restricts),
        _ => true,
    }
}

fn settings_error(message: impl Into<String>) -> GatewayStartError {
    GatewayStartError::new(GatewayStartErrorKind::Settings, message)
}

fn listen_address(bind: GatewayBind, custom: Option<&str>) -> Result<IpAddr, GatewayStartError> {
    Ok(match bind {
        // In a container the network is opened by a setting that somebody wrote, never by itself.
        GatewayBind::Loopback | GatewayBind::Auto => IpAddr::V4(Ipv4Addr::LOCALHOST),
        GatewayBind::Lan => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        GatewayBind::Custom => match custom.map(|host| (host, host.parse())) {
            Some((_, Ok(address))) => address,
            Some((host, Err(_))) => {
                let error = settings_error(format!(
                    "listen on `gateway.customBindHost`: `{}` is no IP address",
                    host.escape_debug()
                ));
                return Err(error.with_hint("Write an address of this machine."));
            }
            None => {
                let error = settings_error(
                    "listen on `gateway.customBindHost`: `gateway.bind` is \"custom\", and no \
                     host is set",
                );
                return Err(error.with_hint(
                    "`openclaw config set gateway.customBindHost 192.168.1.5` sets one.",
                ));
            }
        },
        GatewayBind::Tailnet => {
            let error = settings_error("listen on the tailnet: `gateway.bind` is \"tailnet\"");
            return Err(error.with_hint(
                "Set `gateway.bind` to \"custom\" and `gateway.customBindHost` to the address that \
                 `tailscale ip -4` prints.",
            ));
        }
    })
}

fn open_authentication(address: IpAddr) -> Result<GatewayAuthentication, GatewayStartError> {
    if address.is_loopback() {
        return Ok(GatewayAuthentication::Open);
    }
    let error = settings_error(format!(
        "start the gateway: other machines reach {address}, and `gateway.auth.mode` is \"none\""
    ));
    Err(error.with_hint(
        "`openclaw config set gateway.auth.mode token`, or `gateway.bind` back to \"loopback\".",
    ))
}

#[cfg(test)]
mod tests;
