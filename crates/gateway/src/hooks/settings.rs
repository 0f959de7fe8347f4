//! The settings of webhooks, which must not leave them open.

use openclaw_config::{
    DiagnosticKind, HookMappingConfig, KeyPath, LoadedConfig, SecretInput, Severity,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::signature::is_signature;
use crate::auth::{GatewayAuthentication, is_unguessable};
use crate::error::{GatewayStartError, GatewayStartErrorKind};

/// The names that no mapping can have.
const FIXED_NAMES: [&str; 2] = ["wake", "agent"];

/// The paths that the gateway serves itself.
const OWN_PATHS: [&str; 7] =
    ["/v1", "/api", "/metrics", "/health", "/healthz", "/ready", "/readyz"];

const TOKEN_HINT: &str = "`openclaw config set hooks.token \"$(openssl rand -hex 24)\"` sets one.";

/// What webhooks may do, and who may call them.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// The path, without a slash at its end.
    pub(super) path: String,
    token: Option<SecretString>,
    hmac_secret: Option<SecretString>,
    pub(super) max_body_bytes: usize,
    pub(super) default_session_key: Option<String>,
    pub(super) allows_request_session_key: bool,
    session_key_prefixes: Option<Vec<String>>,
    agents: Option<Vec<String>>,
    pub(super) mappings: Vec<HookMappingConfig>,
}

/// What is demanded of the secrets.
pub(crate) struct HookSecretRules<'a> {
    /// Checks the length and the characters of a secret under its key.
    pub(crate) check: &'a dyn Fn(&'static str, &str) -> Result<(), GatewayStartError>,
    /// The gateway's own secret, which must be another one.
    pub(crate) authentication: &'a GatewayAuthentication,
}

/// Reads the settings of webhooks; `None` when they are off.
///
/// # Errors
/// When a secret is missing or cannot be used, when a restriction would not hold, and when a
/// mapping cannot be carried out.
pub(crate) fn read_hook_settings(
    loaded: &LoadedConfig,
    rules: &HookSecretRules<'_>,
) -> Result<Option<HookSettings>, GatewayStartError> {
    let hooks = &loaded.config.hooks;
    if !hooks.is_enabled() {
        return Ok(None);
    }
    check_diagnostics(loaded)?;
    check_nulls(loaded)?;
    let path = hooks.path().trim_end_matches('/');
    let is_of_gateway = |own: &&str| {
        path.strip_prefix(*own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !path.starts_with('/') || path.len() < 2 || OWN_PATHS.iter().any(is_of_gateway) {
        return Err(hook_error(
            "use `hooks.path`: it must begin with a slash, and be no path of the \
            gateway",
            "`openclaw config unset hooks.path` uses `/hooks`.",
        ));
    }
    let token = read_secret(loaded, "hooks.token", hooks.token.as_ref(), rules)?;
    let hmac = read_secret(loaded, "hooks.hmacSecret", hooks.hmac_secret.as_ref(), rules)?;
    if token.is_none() && hmac.is_none() {
        return Err(hook_error(
            "start the webhooks: neither `hooks.token` nor `hooks.hmacSecret` is set",
            TOKEN_HINT,
        ));
    }
    for (index, mapping) in hooks.mappings.iter().enumerate() {
        check_mapping(index, mapping)?;
        let is_template = mapping.session_key.as_ref().is_some_and(|key| key.contains("{{"));
        if is_template && hooks.allowed_session_key_prefixes.is_none() {
            let message = format!(
                "start the webhooks: the sender chooses the session in `hooks.mappings[{index}]\
                 .sessionKey`, and `hooks.allowedSessionKeyPrefixes` is not set"
            );
            return Err(hook_error(
                &message,
                "Set it to how the keys may begin, e.g. `[\"hook:\"]`.",
            ));
        }
    }
    let settings = HookSettings {
        path: path.to_owned(),
        token,
        hmac_secret: hmac,
        max_body_bytes: hooks.max_body_bytes(),
        default_session_key: hooks.default_session_key.clone(),
        allows_request_session_key: hooks.allow_request_session_key.unwrap_or(false),
        session_key_prefixes: hooks.allowed_session_key_prefixes.clone(),
        agents: hooks.allowed_agent_ids.clone(),
        mappings: hooks.mappings.clone(),
    };
    if let Some(key) = settings.default_session_key.as_ref()
        && !settings.allows_session_key(key)
    {
        return Err(hook_error(
            "use `hooks.defaultSessionKey`: `hooks.allowedSessionKeyPrefixes` does not allow it",
            "Add its beginning to `hooks.allowedSessionKeyPrefixes`.",
        ));
    }
    Ok(Some(settings))
}

/// Refuses settings that are not what was written: one of them could be a restriction.
fn check_diagnostics(loaded: &LoadedConfig) -> Result<(), GatewayStartError> {
    let is_of_hooks = |path: &str| path == "hooks" || path.starts_with("hooks.");
    let problem = loaded.diagnostics.iter().find(|found| {
        let counts = found.severity == Severity::Error
            || matches!(
                found.kind,
                DiagnosticKind::UnknownKey | DiagnosticKind::UnknownRestriction
            );
        counts && is_of_hooks(&found.path.to_string())
    });
    match problem {
        None => Ok(()),
        Some(found) => {
            let message = format!("start the webhooks: `{}`: {}", found.path, found.message);
            Err(hook_error(&message, "`openclaw config validate` shows where it is written."))
        }
    }
}

/// Refuses `null`: it would lift a restriction without saying so.
fn check_nulls(loaded: &LoadedConfig) -> Result<(), GatewayStartError> {
    let path: Option<KeyPath> = "hooks".parse().ok();
    let value = path.and_then(|path| loaded.redacted_json(&path, loaded.env()));
    let Some(key) = value.and_then(|value| find_null(&value)) else { return Ok(()) };
    let message = format!(
        "start the webhooks: `hooks{key}` is null, which could lift a restriction that was meant"
    );
    let hint = format!("`openclaw config unset hooks{key}` leaves the key out on purpose.");
    Err(hook_error(&message, &hint))
}

/// The path to the first `null` in a value.
fn find_null(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| Some(format!("[{at}]{}", find_null(item)?))),
        Value::Object(fields) => {
            fields.iter().find_map(|(key, field)| Some(format!(".{key}{}", find_null(field)?)))
        }
        _ => None,
    }
}

fn read_secret(
    loaded: &LoadedConfig,
    key: &'static str,
    written: Option<&SecretInput>,
    rules: &HookSecretRules<'_>,
) -> Result<Option<SecretString>, GatewayStartError> {
    let Some(written) = written else { return Ok(None) };
    let secret = written
        .resolve_secret(loaded.env())
        .map_err(|error| hook_error(&format!("use {key}"), TOKEN_HINT).with_source(error))?;
    let secret = secret.value;
    (rules.check)(key, secret.expose_secret())?;
    let is_open = matches!(rules.authentication, GatewayAuthentication::Open);
    if !is_open && rules.authentication.accepts(secret.expose_secret()) {
        let message = format!(
            "start the webhooks: `{key}` is the secret of the gateway itself, with which everything \
             may be done"
        );
        return Err(hook_error(&message, TOKEN_HINT));
    }
    Ok(Some(secret))
}

fn check_mapping(index: usize, mapping: &HookMappingConfig) -> Result<(), GatewayStartError> {
    let key = format!("hooks.mappings[{index}]");
    if mapping.transform.is_some() {
        let message = format!("start the webhooks: `{key}.transform` is a script");
        return Err(hook_error(
            &message,
            "Scripts are not run; `messageTemplate` forms a message from the request.",
        ));
    }
    let path = mapping.matches.path.as_deref().map(|path| path.trim_matches('/'));
    if path.is_none() && mapping.matches.source.is_none() {
        let message = format!("start the webhooks: `{key}.match` has neither `path` nor `source`");
        return Err(hook_error(&message, "Name the requests that the mapping is for."));
    }
    if path.is_some_and(|path| FIXED_NAMES.contains(&path)) {
        let message = format!("start the webhooks: `{key}.match.path` is a path of its own");
        return Err(hook_error(&message, "Any other path than `wake` and `agent` can be mapped."));
    }
    Ok(())
}

fn hook_error(message: &str, hint: &str) -> GatewayStartError {
    GatewayStartError::new(GatewayStartErrorKind::Settings, message).with_hint(hint)
}

impl HookSettings {
    /// The path below which webhooks are called, e.g. `/hooks`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a token is the right one. Takes the same time wherever they differ.
    pub(super) fn accepts_token(&self, offered: &str) -> bool {
        let Some(token) = &self.token else { return false };
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        digest(token.expose_secret()).ct_eq(&digest(offered)).into()
    }

    /// Whether requests may be signed instead.
    pub(super) fn takes_signatures(&self) -> bool {
        self.hmac_secret.is_some()
    }

    /// Whether a signature is that of a body.
    pub(super) fn accepts_signature(&self, signature: &str, body: &[u8]) -> bool {
        let secret = self.hmac_secret.as_ref();
        secret.is_some_and(|secret| is_signature(secret.expose_secret(), body, signature))
    }

    /// Whether nobody guesses the token, at any pace.
    pub(super) fn has_unguessable_token(&self) -> bool {
        self.token.as_ref().is_some_and(|token| is_unguessable(token.expose_secret()))
    }

    /// Whether nobody guesses the secret with which bodies are signed, at any pace.
    pub(super) fn signs_unguessably(&self) -> bool {
        self.hmac_secret.as_ref().is_some_and(|secret| is_unguessable(secret.expose_secret()))
    }

    /// Whether an agent may be started.
    pub(super) fn allows_agent(&self, agent: &str) -> bool {
        let is_allowed = |one: &String| one == "*" || one.eq_ignore_ascii_case(agent);
        self.agents.as_ref().is_none_or(|agents| agents.iter().any(is_allowed))
    }

    /// Whether a session may have a key.
    pub(super) fn allows_session_key(&self, key: &str) -> bool {
        let prefixes = self.session_key_prefixes.as_ref();
        prefixes.is_none_or(|prefixes| prefixes.iter().any(|prefix| key.starts_with(prefix)))
    }
}
