//! The list of models.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lenient::text_field;

/// The answer to `GET models`: an object with the list `data` or `models`, or the list alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelList {
    /// The models, in the server's order, without those that have no name.
    pub data: Vec<ModelCard>,
}

impl<'de> Deserialize<'de> for ModelList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        if let Value::Object(object) = &mut value {
            let list = ["data", "models"]
                .into_iter()
                .find_map(|key| object.get(key).filter(|list| list.is_array() || list.is_object()));
            value = list.cloned().unwrap_or_default();
        }
        let cards = match value {
            Value::Array(cards) => cards,
            Value::Object(_) => vec![value],
            _ => Vec::new(),
        };
        Ok(Self { data: cards.into_iter().filter_map(ModelCard::from_value).collect() })
    }
}

/// One model. Many servers send only `id`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ModelCard {
    /// The model's name in requests.
    #[serde(default, deserialize_with = "name_or_empty")]
    pub id: String,
    /// The owner that the server names.
    #[serde(default, deserialize_with = "text_field")]
    pub owned_by: Option<String>,
    /// What it was loaded from; often a path on the server.
    #[serde(default, deserialize_with = "text_field")]
    pub root: Option<String>,
    /// The model that it is an adapter of.
    #[serde(default, deserialize_with = "text_field")]
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

impl ModelCard {
    /// Reads a model: an object, or its name alone. `None` without a name, which is in `id`, or
    /// else in `name` or `model`.
    fn from_value(value: Value) -> Option<Self> {
        let card = match value {
            Value::String(id) => Self { id, ..Self::default() },
            card => {
                let other_name = ["name", "model"]
                    .into_iter()
                    .find_map(|key| card.get(key).and_then(Value::as_str).map(str::to_owned));
                let mut card = serde_json::from_value::<Self>(card).ok()?;
                if card.id.trim().is_empty() {
                    card.id = other_name?;
                }
                card
            }
        };
        (!card.id.trim().is_empty()).then_some(card)
    }
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

fn name_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text_field(deserializer)?.unwrap_or_default())
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
