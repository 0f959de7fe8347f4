//! Errors.

use serde::{Deserialize, Serialize};

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErrorReport {
    /// The kind, in snake case.
    pub kind: String,
    /// The message, which begins with "failed to".
    pub message: String,
    /// The causes, nearest first.
    pub causes: Vec<String>,
    /// What a person could do about it, as sentences.
    pub hints: Vec<String>,
    /// The failed request, where there was one.
    #[serde(flatten)]
    pub exchange: Option<ExchangeReport>,
    /// What is known of a turn that failed for another reason than its model.
    #[serde(flatten)]
    pub turn: Option<TurnFailure>,
}

impl ErrorReport {
    /// An error without causes or hints.
    #[must_use]
    pub fn from_message(kind: &str, message: String) -> Self {
        Self {
            kind: kind.to_owned(),
            message,
            causes: Vec::new(),
            hints: Vec::new(),
            exchange: None,
            turn: None,
        }
    }
}

/// A failed request to a model server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExchangeReport {
    /// The HTTP method.
    pub method: String,
    /// The address.
    pub url: String,
    /// The HTTP status; null without an answer.
    pub status: Option<u16>,
    /// The server's own error; null when it sent none.
    pub server: Option<ServerErrorReport>,
    /// The server's id of the request; null when it sent none.
    pub request_id: Option<String>,
    /// The model that was asked for; null for a request without one.
    pub model: Option<String>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

/// An error as a server sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerErrorReport {
    /// Its message.
    pub message: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The parameter that it is about.
    pub param: Option<String>,
    /// Its code.
    pub code: Option<String>,
}

/// A turn that failed for another reason than its model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnFailure {
    /// Lines for a person.
    pub details: Vec<String>,
    /// What the model said before; null when nothing.
    pub kept_text: Option<String>,
}
