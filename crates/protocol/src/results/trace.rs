//! `openclaw trace …`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A recorded exchange of `trace list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExchangeSummary {
    /// Its number.
    pub id: u64,
    /// When the request was sent, in milliseconds since the Unix epoch.
    pub at: u64,
    /// How long ago that is.
    pub age_seconds: u64,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The address.
    pub url: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The HTTP status; null without an answer.
    pub status: Option<u16>,
    /// How it ended, in a word or two.
    pub outcome: String,
    /// The size of the request.
    pub prompt_bytes: u64,
    /// The size of the answer.
    pub answer_bytes: u64,
    /// The tokens of the request; null when the server does not count.
    pub prompt_tokens: Option<u64>,
    /// The tokens of the answer; null when the server does not count.
    pub answer_tokens: Option<u64>,
    /// Until the first content.
    pub first_token_ms: Option<f64>,
    /// Until the end.
    pub total_ms: Option<f64>,
}

/// `trace replay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReplayResult {
    /// The recorded exchange.
    pub original: ExchangeSummary,
    /// The exchange with the other server.
    pub replay: ExchangeSummary,
    /// Whether both servers answered the same.
    pub same_answer: bool,
    /// All that was recorded of the exchange with the other server.
    pub record: Value,
}
