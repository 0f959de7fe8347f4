//! `openclaw config …`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `config validate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ValidationResult {
    /// Whether the config can be used.
    pub valid: bool,
    /// The config file.
    pub path: String,
    /// Whether there is one.
    pub exists: bool,
    /// What is wrong with it.
    pub problems: Vec<ConfigProblem>,
    /// The keys that have no effect; absent when the file cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<Vec<String>>,
}

/// `config restore --list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptVersionList {
    /// The kept versions of the config file, newest first.
    pub versions: Vec<KeptVersionEntry>,
}

/// A kept version of the config file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptVersionEntry {
    /// Its number.
    pub number: u64,
    /// The file with its text, without the keys.
    pub path: String,
    /// When it was kept, in milliseconds since 1970; absent when the system does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_at_ms: Option<u64>,
}

/// Something wrong with a config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ConfigProblem {
    /// In the text.
    Text(TextProblem),
    /// With the file.
    File(FileProblem),
}

/// Something wrong with the text of a config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TextProblem {
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The key.
    pub path: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Something wrong with a config file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileProblem {
    /// The file.
    pub file: String,
    /// `error`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
}

/// `config explain`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyReport {
    /// The key.
    pub path: String,
    /// The value in effect; null without one.
    pub value: Option<Value>,
    /// The default; null without one.
    pub default: Option<Value>,
    /// The type, in words.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What the key does.
    pub description: Option<String>,
    /// Whether the key acts: `full`, `partial` (some keys below it do) or `none`.
    pub effect: String,
    /// Why it does not act; null when it does.
    pub effect_reason: Option<String>,
    /// Whether it is set.
    pub set: bool,
    /// The place that sets it.
    pub origin: String,
    /// The layer of that place.
    pub layer: String,
    /// The values that it overrides.
    pub overrides: Vec<OverriddenReport>,
}

/// A value that another one overrides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OverriddenReport {
    /// The place that sets it.
    pub origin: String,
    /// The value as JSON text.
    pub value: String,
}

/// A change by `config set` or `config unset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangeResult {
    /// True.
    pub ok: bool,
    /// The config file.
    pub path: String,
    /// Whether it differs from before.
    pub changed: bool,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The change in the format of `diff -u`; null unless nothing was written.
    pub diff: Option<String>,
    /// What is wrong with the config.
    pub problems: Vec<ConfigProblem>,
}

/// A change that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangeRefusal {
    /// False.
    pub ok: bool,
    /// Why.
    pub error: String,
    /// What would be wrong with the config.
    pub problems: Vec<ConfigProblem>,
}
