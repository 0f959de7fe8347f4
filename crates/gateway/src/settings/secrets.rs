//! The secret that clients must know: where it is read, what is demanded of it, and how one is made.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use openclaw_config::{Env, GatewayAuthMode, LoadedConfig, SecretInput};
use secrecy::{ExposeSecret as _, SecretString};

use super::placeholders::{is_monotonous, is_placeholder};
use super::{GatewayOverrides, settings_error};
use crate::auth::GatewayAuthentication;
use crate::error::{GatewayStartError, GatewayStartErrorKind};
use crate::random::random_hex;

/// The fewest characters of a secret when only this machine can connect.
const MIN_LOCAL_SECRET_CHARS: usize = 16;

/// The fewest characters of a secret when other machines can connect.
const MIN_REMOTE_SECRET_CHARS: usize = 24;

/// The random bytes of a token that is made here.
pub(super) const TOKEN_BYTES: usize = 24;

/// The most bytes of the file with that token.
const MAX_TOKEN_FILE_BYTES: u64 = 4096;

const NEW_SECRET_HINT: &str = "`openclaw config set gateway.auth.token \"$(openssl rand -hex \
    24)\"` sets one; `openclaw config unset gateway.auth.token` has one made for this machine.";

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretSetting {
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
pub(super) struct SecretPlace<'a> {
    pub(super) address: IpAddr,
    pub(super) state_dir: &'a Path,
}

/// How a secret of the webhooks is set.
const HOOK_SECRET_HINT: &str =
    "`openclaw config set hooks.token \"$(openssl rand -hex 24)\"` sets one.";

/// Reads the secret that clients must know. What is written and cannot be used is an error: a
/// gateway with another secret than the one that its owner wrote would be a surprise.
pub(super) fn read_secret(
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
    let rules = SecretRules { key: setting.key(), what_starts: "gateway", hint: NEW_SECRET_HINT };
    check_secret(rules, secret.expose_secret(), place.address)?;
    Ok(secret)
}

/// What is said of a secret that is not sufficient.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecretRules {
    key: &'static str,
    what_starts: &'static str,
    hint: &'static str,
}

impl SecretRules {
    /// The rules for a secret of the webhooks.
    pub(super) fn of_hooks(key: &'static str) -> Self {
        Self { key, what_starts: "webhooks", hint: HOOK_SECRET_HINT }
    }
}

/// Refuses a secret that protects nothing.
pub(super) fn check_secret(
    rules: SecretRules,
    secret: &str,
    address: IpAddr,
) -> Result<(), GatewayStartError> {
    let SecretRules { key, what_starts, hint } = rules;
    let needed =
        if address.is_loopback() { MIN_LOCAL_SECRET_CHARS } else { MIN_REMOTE_SECRET_CHARS };
    let trimmed = secret.trim();
    let problem = if trimmed.is_empty() {
        format!("`{key}` is empty")
    } else if is_placeholder(trimmed) {
        format!("`{key}` is a placeholder")
    } else if secret.chars().any(|c| c.is_whitespace() || c.is_control()) {
        format!("`{key}` contains white space or control characters")
    } else if secret.chars().count() < needed {
        let reach = if address.is_loopback() { "on this machine" } else { "beyond this machine" };
        format!("`{key}` is too short; {reach} it needs {needed} characters")
    } else if is_monotonous(secret) {
        format!("`{key}` is easily guessed; it has the same few characters again and again")
    } else {
        return Ok(());
    };
    let message = format!("start the {what_starts}: {problem}");
    Err(settings_error(message).with_hint(hint))
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

/// The token that was made for this machine; `None` when there is none.
pub(super) fn read_local_token(state_dir: &Path) -> io::Result<Option<SecretString>> {
    match openclaw_fs::read_text(&token_path(state_dir), MAX_TOKEN_FILE_BYTES) {
        Ok(text) => Ok(Some(text.trim().to_owned().into()).filter(|_| !text.trim().is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn token_path(state_dir: &Path) -> PathBuf {
    state_dir.join("gateway").join("token")
}
