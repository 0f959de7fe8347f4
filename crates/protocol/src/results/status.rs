//! `openclaw status`.

use serde::{Deserialize, Serialize};

use super::models::ModelsStatus;

/// `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The models and their servers, as `models status` has them.
    #[serde(flatten)]
    pub models: ModelsStatus,
    /// The price of the default model; null without one.
    pub price: Option<PriceReport>,
    /// The gateway of this machine.
    pub gateway: GatewayReport,
    /// This machine as a node; null when it never was one.
    pub node: Option<LocalNodeReport>,
    /// The stored sessions.
    pub sessions: SessionTotals,
    /// The scheduled jobs; null when there is no store yet.
    pub cron: Option<JobsReport>,
}

/// The scheduled jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobsReport {
    /// Whether the config lets jobs run.
    pub enabled: bool,
    /// How many there are.
    pub jobs: usize,
    /// When the next one is due, in milliseconds since the Unix epoch.
    pub next_wake_at_ms: Option<i64>,
    /// The jobs whose last runs failed.
    pub failing: Vec<FailingJob>,
}

/// A job whose last runs failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FailingJob {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The failures in a row.
    pub consecutive_errors: u32,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceReport {
    /// The prompt.
    pub input: f64,
    /// The answer.
    pub output: f64,
    /// The part of the prompt that was read from a cache.
    pub cache_read: f64,
}

/// The gateway of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayReport {
    /// Its address.
    pub url: String,
    /// Whether it answers.
    pub reachable: bool,
    /// Why it does not; null when nothing listens.
    pub error: Option<String>,
}

/// This machine as a node of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LocalNodeReport {
    /// Its id; null before it ran.
    pub node_id: Option<String>,
    /// Its name for people; null when its files cannot be used.
    pub display_name: Option<String>,
    /// The address of its gateway; null when its files cannot be used.
    pub gateway: Option<String>,
    /// Whether it runs.
    pub running: bool,
    /// Whether it is connected.
    pub connected: bool,
    /// `approved`, `pending-approval`, `pending-reapproval`, `unapproved` or `unknown`.
    pub approval_state: String,
    /// The command that comes next; null when there is none.
    pub next_command: Option<String>,
    /// Why more is not known; null when all is.
    pub error: Option<String>,
}

/// All stored sessions together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionTotals {
    /// How many there are.
    pub count: usize,
    /// When one was used last, in milliseconds since the Unix epoch.
    pub updated_at: Option<u64>,
    /// The input tokens of all model calls.
    pub input_tokens: u64,
    /// The output tokens of all model calls.
    pub output_tokens: u64,
    /// The cached input tokens of all model calls.
    pub cached_tokens: u64,
    /// What they cost, in US dollars by the prices of the config; null when no model of theirs has
    /// a price.
    pub cost_usd: Option<f64>,
}
