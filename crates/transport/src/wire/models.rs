//! The list of models.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::null_as_default;

/// The answer to `GET models`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ModelList {
    /// The models, in the server's order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: Vec<ModelCard>,
}

/// One model. Many servers send only `id`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ModelCard {
    /// The model's name in requests.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: String,
    /// The owner that the server names.
    #[serde(default)]
    pub owned_by: Option<String>,
    /// What it was loaded from; often a path on the server.
    #[serde(default)]
    pub root: Option<String>,
    /// The model that it is an adapter of.
    #[serde(default)]
    pub parent: Option<String>,
    /// The context window in tokens, as vLLM names it.
    #[serde(default, deserialize_with = "token_count_or_none")]
    pub max_model_len: Option<u32>,
    /// The context window in tokens, as some gateways name it.
    #[serde(default, deserialize_with = "token_count_or_none")]
    pub context_length: Option<u32>,
    /// The context window in tokens, as other gateways name it.
    #[serde(default, deserialize_with = "token_count_or_none")]
    pub context_window: Option<u32>,
    /// Further fields of llama.cpp.
    #[serde(default, deserialize_with = "meta_or_default")]
    pub meta: ModelMeta,
}

/// The fields that llama.cpp adds to a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ModelMeta {
    /// The context window in tokens that it was loaded with.
    #[serde(default, deserialize_with = "token_count_or_none")]
    pub n_ctx: Option<u32>,
    /// The context window in tokens that it was trained with, which may be more than it was loaded
    /// with.
    #[serde(default, deserialize_with = "token_count_or_none")]
    pub n_ctx_train: Option<u32>,
}

/// Reads a number of tokens; anything else, and zero, is the same as absent.
fn token_count_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    Ok(count.filter(|count| *count > 0))
}

fn meta_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ModelMeta, D::Error> {
    // Other servers may send another type in this field.
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}
