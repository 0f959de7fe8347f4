//! The list of models.

use serde::Deserialize;

use super::lenient;

/// The answer to `GET models`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ModelList {
    /// The models, in the server's order.
    #[serde(default, deserialize_with = "lenient")]
    pub data: Vec<ModelCard>,
}

/// One model. Servers that say only `id` are common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ModelCard {
    /// The name to ask for.
    #[serde(default, deserialize_with = "lenient")]
    pub id: String,
    /// Who serves it.
    #[serde(default)]
    pub owned_by: Option<String>,
    /// What it was loaded from; often a path on the server.
    #[serde(default)]
    pub root: Option<String>,
    /// The model that it is an adapter of.
    #[serde(default)]
    pub parent: Option<String>,
    /// The window in tokens.
    #[serde(default)]
    pub max_model_len: Option<u32>,
}
