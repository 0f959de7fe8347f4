//! `hooks`: what other programs may start over HTTP.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::defaults::{HOOKS_MAX_BODY_BYTES, HOOKS_PATH};
use crate::secret::SecretInput;

/// Webhooks: other programs start turns with `POST` requests to the gateway.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HooksConfig {
    /// Whether the gateway serves webhooks.
    #[schemars(extend("default" = false))]
    pub enabled: Option<bool>,
    /// The path below which they are.
    #[schemars(extend("default" = HOOKS_PATH))]
    pub path: Option<String>,
    /// The token that callers send in `Authorization: Bearer` or `X-OpenClaw-Token`; not that of
    /// the gateway.
    pub token: Option<SecretInput>,
    /// The secret of callers that sign the body instead (`X-Hub-Signature-256: sha256=…`).
    pub hmac_secret: Option<SecretInput>,
    /// The most bytes of a request's body.
    #[schemars(extend("default" = HOOKS_MAX_BODY_BYTES), range(min = 1))]
    pub max_body_bytes: Option<usize>,
    /// The session of requests that name none; without it each request has one of its own.
    pub default_session_key: Option<String>,
    /// Whether a request may name its session.
    #[schemars(extend("default" = false))]
    pub allow_request_session_key: Option<bool>,
    /// How the keys of sessions that a request or a template names must begin.
    pub allowed_session_key_prefixes: Option<Vec<String>>,
    /// The agents that may be started; `*` is any. Without it, any may.
    pub allowed_agent_ids: Option<Vec<String>>,
    /// What is done with the requests of programs that have a form of their own, in this order.
    pub mappings: Vec<HookMappingConfig>,
}

/// What is done with requests of another form.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookMappingConfig {
    /// Its name, for logs and sessions.
    pub id: Option<String>,
    /// The requests that it is for.
    #[serde(rename = "match")]
    pub matches: HookMatchConfig,
    /// What is done.
    #[schemars(extend("default" = "agent"))]
    pub action: Option<HookAction>,
    /// What the sender is called in the message to the agent.
    pub name: Option<String>,
    /// The agent.
    pub agent_id: Option<String>,
    /// The session; a template.
    pub session_key: Option<String>,
    /// The message of `action: "agent"`: a text with `{{…}}` for values of the request.
    pub message_template: Option<String>,
    /// The text of `action: "wake"`.
    pub text_template: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The time limit of the turn.
    pub timeout_seconds: Option<u64>,
    /// A script that forms the message. Scripts are not run: the gateway does not start with one.
    pub transform: Option<HookTransformConfig>,
}

/// The requests that a mapping is for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookMatchConfig {
    /// The path behind that of the webhooks, e.g. `github`.
    pub path: Option<String>,
    /// The `source` in the body.
    pub source: Option<String>,
}

/// A script that forms a message.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HookTransformConfig {
    /// Its file.
    pub module: Option<String>,
    /// The function in it.
    pub export: Option<String>,
}

/// What a webhook does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HookAction {
    /// Starts a turn in the main session.
    Wake,
    /// Starts a turn of an agent.
    #[default]
    Agent,
}

impl HooksConfig {
    /// Whether the gateway serves webhooks.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(false)
    }

    /// The path below which they are.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(HOOKS_PATH)
    }

    /// The most bytes of a request's body.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes.unwrap_or(HOOKS_MAX_BODY_BYTES)
    }
}

impl HookMappingConfig {
    /// What is done.
    #[must_use]
    pub fn action(&self) -> HookAction {
        self.action.unwrap_or_default()
    }
}
