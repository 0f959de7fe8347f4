//! `openclaw doctor` and `openclaw models probe`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::models::ProbedReport;
use super::status::{GatewayReport, LocalNodeReport};

/// `doctor`: an examination, and what `--fix` did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DoctorResult {
    /// The examination.
    #[serde(flatten)]
    pub examination: Examination,
    /// What `--fix` did or would do.
    pub fix: FixReport,
    /// The gateway of this machine; null when none is configured and none runs.
    pub gateway: Option<GatewayReport>,
    /// This machine as a node; null when it never was one.
    pub node: Option<LocalNodeReport>,
}

/// `models probe`: an examination, and what is remembered of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProbeResult {
    /// The examination.
    #[serde(flatten)]
    pub examination: Examination,
    /// What is remembered; null when nothing could be.
    pub learned: Option<ProbedReport>,
}

/// An examination of a setup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Examination {
    /// Whether no check failed.
    pub ok: bool,
    /// The model, as `provider/model-id`.
    pub model: Option<String>,
    /// The provider's id.
    pub provider: Option<String>,
    /// The server's address.
    pub base_url: Option<String>,
    /// The server's version.
    pub server_version: Option<String>,
    /// The checks, in order.
    pub checks: Vec<CheckReport>,
    /// How many checks ended in each way.
    pub counts: CheckCounts,
    /// The changes of the config that would fix the failures.
    pub edits: Vec<EditReport>,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// Its id.
    pub id: String,
    /// What it asks.
    pub title: String,
    /// `pass`, `fail`, `unknown` or `skipped`.
    pub status: String,
    /// What was found.
    pub evidence: String,
    /// What to do; null when nothing is.
    pub fix: Option<FixAdvice>,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FixAdvice {
    /// On the server.
    pub server: Option<String>,
    /// In the config.
    pub config: Option<String>,
}

/// How many checks ended in each way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckCounts {
    /// Passed.
    pub pass: usize,
    /// Failed.
    pub fail: usize,
    /// Undecided.
    pub unknown: usize,
    /// Not made.
    pub skipped: usize,
}

/// A change of the config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditReport {
    /// The key.
    pub path: String,
    /// The new value.
    pub value: Value,
}

/// What `--fix` did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FixReport {
    /// Whether the config was changed.
    pub applied: bool,
    /// The change in the format of `diff -u`; null without one.
    pub diff: Option<String>,
    /// Why the config could not be changed.
    pub error: Option<String>,
}
