//! `secrets` and `auth`: where keys are kept outside the config.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    secret::{SecretInput, SecretReferenceKind},
    template::EnvString,
};

/// Where secrets are that the config refers to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretsConfig {
    /// The places, by the name that `{ source, provider, id }` uses.
    pub providers: BTreeMap<String, SecretProviderConfig>,
    /// The places of references without `provider`.
    pub defaults: SecretDefaults,
}

/// The places of references without `provider`, by the reference's `source`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretDefaults {
    /// For `source: "env"`.
    pub env: Option<String>,
    /// For `source: "file"`.
    pub file: Option<String>,
    /// For `source: "exec"`.
    pub exec: Option<String>,
}

/// A place of secrets.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretProviderConfig {
    /// The kind of the place.
    pub source: Option<SecretReferenceKind>,
    /// Of `source: "env"`: the only variables that may be referred to. Empty is any.
    pub allowlist: Vec<String>,
    /// Of `source: "file"`: the file; `~` and `${VAR}` are replaced.
    pub path: Option<EnvString>,
    /// Of `source: "file"`: what the file holds.
    #[schemars(extend("default" = "json"))]
    pub mode: Option<SecretFileMode>,
    /// Of `source: "exec"`: the program, as an absolute path. It gets `{protocolVersion, provider,
    /// ids}` on standard input and answers `{protocolVersion, values}`.
    pub command: Option<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The longest that the program may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Whether the program's answer must be JSON. Otherwise a plain text is the secret.
    #[schemars(extend("default" = true))]
    pub json_only: Option<bool>,
    /// The variables that the program gets besides `PATH`, `HOME` and the like.
    pub pass_env: Vec<String>,
    /// Variables that are set for the program.
    pub env: BTreeMap<String, SecretInput>,
    /// If not empty, the folders that the program must be in.
    pub trusted_dirs: Vec<String>,
    /// Whether the program may be a symbolic link.
    #[schemars(extend("default" = false))]
    pub allow_symlink_command: Option<bool>,
    /// Whether the program may be one that other users can change.
    #[schemars(extend("default" = false))]
    pub allow_insecure_path: Option<bool>,
}

/// What a file of secrets holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SecretFileMode {
    /// JSON; the id of a reference is a JSON pointer.
    Json,
    /// One secret, the whole text. Its id is `value`.
    SingleValue,
}

/// The keys in the `auth-profiles.json` of the agents.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthConfig {
    /// The profiles, by id. The key of each is in the agent's `auth-profiles.json`.
    pub profiles: BTreeMap<String, AuthProfileConfig>,
    /// The profiles of each provider, by the provider's id; the first one with a key is used.
    pub order: BTreeMap<String, Vec<String>>,
}

/// A profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthProfileConfig {
    /// The id of the provider that the key is for.
    pub provider: Option<String>,
    /// The kind of the key: `api_key` or `token`. A profile of another kind, such as `oauth`, is
    /// not used.
    pub mode: Option<String>,
}
