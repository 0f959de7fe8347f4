//! `openclaw prompt explain`.

use serde::{Deserialize, Serialize};

/// What an agent's first request is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptReport {
    /// The model, as `provider/model-id`.
    pub model: String,
    /// The profile's name.
    pub profile: String,
    /// The context window, in tokens.
    pub context_window: u32,
    /// `exact`, `calibrated` or `estimate`.
    pub count_method: String,
    /// The sections of the system prompt.
    pub sections: Vec<PromptPartReport>,
    /// Whether the tools are described to the model as text, because the server or the model's
    /// chat template does not take them.
    pub tools_as_text: bool,
    /// The tools.
    pub tools: Vec<PromptPartReport>,
    /// The tokens around a message.
    pub frame_tokens: u32,
    /// The tokens of the whole request.
    pub total_tokens: u32,
}

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptPartReport {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// Its tokens.
    pub tokens: u32,
}
