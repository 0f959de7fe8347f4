//! The settings of a gateway, which must not leave it open.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use openclaw_config::{
    Env, GatewayAuthMode, GatewayBind, GatewayMode, KeyPath, LoadedConfig, SecretInput,
    TailscaleMode,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::auth::GatewayAuthentication;
use crate::error::{GatewayStartError, GatewayStartErrorKind};
use crate::random::random_hex;

/// The fewest characters of a secret when only this machine can connect.
const MIN_LOCAL_SECRET_CHARS: usize = 16;

/// The fewest characters of a secret when other machines can connect.
const MIN_REMOTE_SECRET_CHARS: usize = 24;

/// The random bytes of a token that is made here.
const TOKEN_BYTES: usize = 24;

/// The most bytes of the file with that token.
const MAX_TOKEN_FILE_BYTES: u64 = 4096;

/// Texts that stand for a secret in examples, or for none in other languages.
const PLACEHOLDERS: &[&str] =
    &["undefined", "null", "none", "changeme", "change-me", "<gateway-token>", "your-token-here"];

/// Settings that restrict clients, and that the gateway does not act on.
const UNHELD_KEYS: &[&str] = &[
    "gateway.auth.identityScopes",
    "gateway.auth.rateLimit",
    "gateway.auth.trustedProxy",
    "gateway.roles",
    "gateway.tls",
    "gateway.tools.deny",
];

const NEW_SECRET_HINT: &str = "`openclaw config set gateway.auth.token \"$(openssl rand -hex \
    24)\"` sets one; `openclaw config unset gateway.auth.token` has one made for this machine.";

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
        Ok(Self {
            address,
            port: overrides.port.unwrap_or_else(|| gateway.port()),
            authentication,
            allowed_origins: gateway.control_ui.allowed_origins.clone(),
            allowed_hosts: Vec::new(),
            serves_openai_api: gateway.http.endpoints.serves_openai_api(),
            state_dir: state_dir.to_owned(),
        })
    }

    /// Whether other machines can connect.
    #[must_use]
    pub fn is_reachable_from_outside(&self) -> bool {
        !self.address.is_loopback()
    }
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

/// The secret with which the commands of this machine reach its gateway; `None` when there is none.
///
/// # Errors
/// When a secret that is written cannot be used, or the file with the token cannot be read.
pub fn find_client_secret(
    loaded: &LoadedConfig,
    state_dir: &Path,
    overrides: &GatewayOverrides,
) -> Result<Option<GatewayAuthentication>, GatewayStartError> {
    if let Some(token) = &overrides.token {
        return Ok(Some(GatewayAuthentication::Token(token.clone())));
    }
    if let Some(password) = &overrides.password {
        return Ok(Some(GatewayAuthentication::Password(password.clone())));
    }
    let auth = &loaded.config.gateway.auth;
    let (setting, written) = match auth.mode() {
        GatewayAuthMode::Password => (SecretSetting::Password, auth.password.as_ref()),
        GatewayAuthMode::Token => (SecretSetting::Token, auth.token.as_ref()),
        GatewayAuthMode::None | GatewayAuthMode::TrustedProxy => return Ok(None),
    };
    match (setting, written) {
        (SecretSetting::Password, Some(written)) => written
            .resolve_secret(loaded.env())
            .map(|secret| Some(GatewayAuthentication::Password(secret.value)))
            .map_err(|error| settings_error("use gateway.auth.password").with_source(error)),
        (SecretSetting::Token, Some(written)) => written
            .resolve_secret(loaded.env())
            .map(|secret| Some(GatewayAuthentication::Token(secret.value)))
            .map_err(|error| settings_error("use gateway.auth.token").with_source(error)),
        (SecretSetting::Password, None) => Ok(None),
        (SecretSetting::Token, None) => {
            let token = read_local_token(state_dir).map_err(|error| {
                let message = format!("read {}", token_path(state_dir).display());
                GatewayStartError::new(GatewayStartErrorKind::StateFile, message).with_source(error)
            })?;
            Ok(token.map(GatewayAuthentication::Token))
        }
    }
}

/// The token that was made for this machine; `None` when there is none.
fn read_local_token(state_dir: &Path) -> io::Result<Option<SecretString>> {
    match openclaw_fs::read_text(&token_path(state_dir), MAX_TOKEN_FILE_BYTES) {
        Ok(text) => Ok(Some(text.trim().to_owned().into()).filter(|_| !text.trim().is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn token_path(state_dir: &Path) -> PathBuf {
    state_dir.join("gateway").join("token")
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecretSetting {
    Token,
    Password,
}

impl SecretSetting {
    fn key(self) -> &'static str {
        match self {
            Self::Token => "gateway.auth.token",
            Self::Password => "gateway.auth.password",
        }
    }
}

#[derive(Clone, Copy)]
struct SecretPlace<'a> {
    address: IpAddr,
    state_dir: &'a Path,
}

/// Reads the secret that clients must know. What is written and cannot be used is an error: a
/// gateway with another secret than the one that its owner wrote would be a surprise.
fn read_secret(
    setting: SecretSetting,
    option: Option<&SecretString>,
    written: Option<&SecretInput>,
    env: &Env,
    place: SecretPlace<'_>,
) -> Result<SecretString, GatewayStartError> {
    let secret = match (option, written) {
        (Some(option), _) => option.clone(),
        (None, Some(written)) => match written.resolve_secret(env) {
            Ok(resolved) => resolved.value,
            Err(error) => {
                let message = format!("use {}", setting.key());
                return Err(settings_error(message).with_source(error).with_hint(NEW_SECRET_HINT));
            }
        },
        (None, None) if setting == SecretSetting::Token && place.address.is_loopback() => {
            return load_or_make_token(place.state_dir);
        }
        (None, None) => {
            let message = format!("start the gateway: `{}` is not set", setting.key());
            return Err(settings_error(message).with_hint(NEW_SECRET_HINT));
        }
    };
    check_secret(setting, secret.expose_secret(), place.address)?;
    Ok(secret)
}

fn check_secret(
    setting: SecretSetting,
    secret: &str,
    address: IpAddr,
) -> Result<(), GatewayStartError> {
    let key = setting.key();
    let needed =
        if address.is_loopback() { MIN_LOCAL_SECRET_CHARS } else { MIN_REMOTE_SECRET_CHARS };
    let trimmed = secret.trim();
    let problem = if trimmed.is_empty() {
        format!("`{key}` is empty")
    } else if PLACEHOLDERS.contains(&trimmed.to_ascii_lowercase().as_str()) {
        format!("`{key}` is a placeholder")
    } else if secret.chars().any(|c| c.is_whitespace() || c.is_control()) {
        format!("`{key}` contains white space or control characters")
    } else if secret.chars().count() < needed {
        let reach = if address.is_loopback() { "on this machine" } else { "beyond this machine" };
        format!("`{key}` is too short; {reach} it needs {needed} characters")
    } else {
        return Ok(());
    };
    let message = format!("start the gateway: {problem}");
    Err(settings_error(message).with_hint(NEW_SECRET_HINT))
}

/// Loads the token of this machine, and makes it if there is none.
fn load_or_make_token(state_dir: &Path) -> Result<SecretString, GatewayStartError> {
    let path = token_path(state_dir);
    let fail = |error: io::Error| {
        let message = format!("keep the gateway's token in {}", path.display());
        GatewayStartError::new(GatewayStartErrorKind::StateFile, message).with_source(error)
    };
    if let Some(token) = read_local_token(state_dir).map_err(fail)? {
        return Ok(token);
    }
    let token = random_hex(TOKEN_BYTES).map_err(fail)?;
    if let Some(folder) = path.parent() {
        openclaw_fs::create_private_dir(folder).map_err(fail)?;
    }
    let mut file = openclaw_fs::AtomicFile::create(&path).map_err(fail)?;
    file.write_all(format!("{token}\n").as_bytes()).map_err(fail)?;
    file.commit().map_err(fail)?;
    Ok(token.into())
}

#[cfg(test)]
mod tests;
