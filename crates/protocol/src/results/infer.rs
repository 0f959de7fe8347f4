//! `openclaw infer model run`.

use serde::{Deserialize, Serialize};

use super::agent::AnswerPayload;
use super::errors::ErrorReport;
use crate::parts::{AttemptReport, TokenCounts};

/// An answer to one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InferResult {
    /// True.
    pub ok: bool,
    /// `model.run`.
    pub capability: String,
    /// `local`.
    pub transport: String,
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The models that did not answer.
    pub attempts: Vec<AttemptReport>,
    /// The answer.
    pub outputs: Vec<AnswerPayload>,
    /// Whether the output limit cut the answer off.
    pub truncated: bool,
    /// The tokens; null when the server does not count.
    pub usage: Option<TokenCounts>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InferFailure {
    /// False.
    pub ok: bool,
    /// `model.run`.
    pub capability: String,
    /// `local`.
    pub transport: String,
    /// The provider's id; null when no model is known.
    pub provider: Option<String>,
    /// The model's id; null when no model is known.
    pub model: Option<String>,
    /// The models that did not answer.
    pub attempts: Vec<AttemptReport>,
    /// What was said by a model that was stopped because it repeated itself; empty otherwise.
    pub outputs: Vec<AnswerPayload>,
    /// Why.
    pub error: ErrorReport,
}
