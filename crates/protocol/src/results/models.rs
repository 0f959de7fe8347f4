//! `openclaw models …`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::errors::ErrorReport;

/// `models list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelList {
    /// How many models there are.
    pub count: usize,
    /// The models.
    pub models: Vec<ModelRow>,
    /// The providers that did not answer.
    pub failures: Vec<ListFailure>,
}

/// A model of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelRow {
    /// The model, as `provider/model-id`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it reads: `text`, or `text+image`.
    pub input: String,
    /// The context window, in tokens; null when unknown.
    pub context_window: Option<u32>,
    /// Where that is known from.
    pub context_window_source: Option<String>,
    /// The setting or the server that says so.
    pub context_window_from: Option<String>,
    /// How old it is, when it was remembered.
    pub context_window_age_seconds: Option<u64>,
    /// Whether its server is on this machine or the local network.
    pub local: bool,
    /// Whether its key is there and its server serves it.
    pub available: bool,
    /// How old the row is, when it was remembered.
    pub age_seconds: Option<u64>,
    /// What it is used for.
    pub tags: Vec<String>,
    /// Whether its server does not serve it.
    pub missing: bool,
    /// The model that it is an adapter of.
    pub parent: Option<String>,
}

/// A provider that did not answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListFailure {
    /// The provider's id.
    pub provider: String,
    /// Why.
    pub error: ErrorReport,
}

/// `models reset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BreakerReset {
    /// The models and servers whose breakers were closed.
    pub reset: Vec<String>,
}

/// `models status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelsStatus {
    /// The config file.
    pub config_path: String,
    /// Null.
    pub agent_dir: Option<String>,
    /// The default model, as the config has it.
    pub default_model: Option<String>,
    /// The default model, as `provider/model-id`.
    pub resolved_default: Option<String>,
    /// The fallbacks, in order.
    pub fallbacks: Vec<String>,
    /// Null.
    pub image_model: Option<String>,
    /// Empty.
    pub image_fallbacks: Vec<String>,
    /// The open circuit breakers.
    pub breakers: Vec<BreakerReport>,
    /// The aliases and what they stand for.
    pub aliases: BTreeMap<String, String>,
    /// The models that may be used; empty when all may.
    pub allowed: Vec<String>,
    /// The keys.
    pub auth: AuthReport,
    /// What each server answers, with `--probe` and `status --deep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<ServerReport>>,
}

/// An open circuit breaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BreakerReport {
    /// The model, as `provider/model-id`, or the provider's id for a whole server.
    pub name: String,
    /// `open` or `half-open`.
    pub state: String,
    /// The kind of the last error.
    pub kind: String,
    /// The last error, as a fragment that fits "failed to {…}".
    pub reason: String,
    /// How often it failed.
    pub failures: u32,
    /// When it failed last.
    pub age_seconds: u64,
    /// The rest of the cooldown; null when it is over.
    pub remaining_seconds: Option<u64>,
    /// The end of the cooldown, in milliseconds since the Unix epoch.
    pub until: Option<u64>,
    /// Whether the cooldown ends as soon as the server accepts connections.
    pub watched: bool,
}

/// The keys of the providers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuthReport {
    /// Null.
    pub store_path: Option<String>,
    /// The environment of the login shell, which is not read.
    pub shell_env_fallback: ShellEnvFallback,
    /// Empty.
    #[serde(rename = "providersWithOAuth")]
    pub providers_with_oauth: Vec<String>,
    /// The providers that a model names and that do not exist.
    pub missing_providers_in_use: Vec<String>,
    /// The providers.
    pub providers: Vec<ProviderReport>,
    /// Empty.
    pub unusable_profiles: Vec<String>,
    /// `OAuth`, which is not supported.
    pub oauth: OAuthReport,
}

/// The environment of the login shell, which is not read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShellEnvFallback {
    /// False.
    pub enabled: bool,
    /// Empty.
    pub applied_keys: Vec<String>,
}

/// `OAuth`, which is not supported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OAuthReport {
    /// Null.
    pub warn_after_ms: Option<u64>,
    /// Empty.
    pub profiles: Vec<String>,
    /// Empty.
    pub providers: Vec<String>,
}

/// A provider and its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProviderReport {
    /// The provider's id.
    pub provider: String,
    /// Where its key is from.
    pub effective: EffectiveAuth,
    /// Profiles, which are not supported.
    pub profiles: ProfileCounts,
    /// The key, when it is from the environment.
    pub env: Option<CredentialReport>,
    /// The key, when it is from the config.
    pub models_json: Option<CredentialReport>,
    /// The address; null when it is not known.
    pub base_url: Option<String>,
    /// Where the address is from.
    pub base_url_source: Option<String>,
    /// What was learned of its server.
    pub learned: Vec<LearnedReport>,
}

/// Where a key is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EffectiveAuth {
    /// `env`, `config`, `none` or `error`.
    pub kind: String,
    /// The variable, the setting or the error.
    pub detail: String,
}

/// The numbers of profiles, which are all zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProfileCounts {
    /// All.
    pub count: u32,
    /// With `OAuth`.
    pub oauth: u32,
    /// With a token.
    pub token: u32,
    /// With a key.
    pub api_key: u32,
    /// Their names.
    pub labels: Vec<String>,
}

/// A key, never in clear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CredentialReport {
    /// Its fingerprint.
    pub value: String,
    /// Where it is from.
    pub source: String,
}

/// What was learned of a server with a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LearnedReport {
    /// The model's id.
    pub model: String,
    /// The server's version; null when it does not say.
    pub server_version: Option<String>,
    /// How old the entry is.
    pub age_seconds: u64,
    /// What the server does not support.
    pub unsupported: Vec<AgedName>,
    /// The keywords of JSON Schema that the server refuses.
    pub schema_keywords: Vec<AgedName>,
    /// The context window that the server showed, in tokens.
    pub context_window: Option<u32>,
    /// The tokens of 1,000 bytes of prompt.
    pub tokens_per_kilobyte: Option<u32>,
}

/// What `models probe` learned of a server with a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProbedReport {
    /// The server's address.
    pub server: String,
    /// The model's id.
    pub model: String,
    /// The server's version; null when it does not say.
    pub version: Option<String>,
    /// How old the entry is.
    pub age_seconds: u64,
    /// What the server does not support.
    pub unsupported: Vec<AgedName>,
    /// The keywords of JSON Schema that the server refuses.
    pub schema_keywords: Vec<AgedName>,
    /// The context window that the server showed, in tokens.
    pub context_window: Option<u32>,
    /// The tokens of 1,000 bytes of prompt.
    pub tokens_per_kilobyte: Option<u32>,
}

/// Something learned, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgedName {
    /// What.
    pub name: String,
    /// How long ago.
    pub age_seconds: u64,
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerReport {
    /// The provider's id.
    pub provider: String,
    /// The models that it serves.
    pub models: Vec<String>,
    /// Why it does not answer.
    pub error: Option<String>,
}
