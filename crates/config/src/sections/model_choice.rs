//! A model and its fallbacks: a string, or an object.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::template::EnvString;

/// Which model to use: `"vllm/my-model"` or `{ primary: "vllm/my-model", fallbacks: [] }`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelChoice {
    /// The model, as `provider/model-id` or an alias; absent when only fallbacks are set.
    pub primary: Option<EnvString>,
    /// The models to try in order when the primary model does not answer.
    pub fallbacks: Vec<EnvString>,
    /// Whether `fallbacks` is there, so that an empty list is no fallback instead of the default.
    pub sets_fallbacks: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ModelChoiceTable {
    primary: Option<EnvString>,
    fallbacks: Option<Vec<EnvString>>,
}

impl<'de> Deserialize<'de> for ModelChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(
            "ModelChoice",
            &["primary", "fallbacks"],
            ModelChoiceVisitor,
        )
    }
}

struct ModelChoiceVisitor;

impl<'de> Visitor<'de> for ModelChoiceVisitor {
    type Value = ModelChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model as a string or an object with `primary`")
    }

    fn visit_str<E>(self, text: &str) -> Result<ModelChoice, E> {
        Ok(ModelChoice { primary: Some(EnvString::from(text)), ..ModelChoice::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ModelChoice, A::Error> {
        let ModelChoiceTable { primary, fallbacks } =
            ModelChoiceTable::deserialize(MapAccessDeserializer::new(map))?;
        let sets_fallbacks = fallbacks.is_some();
        Ok(ModelChoice { primary, fallbacks: fallbacks.unwrap_or_default(), sets_fallbacks })
    }
}

impl JsonSchema for ModelChoice {
    fn schema_name() -> Cow<'static, str> {
        "ModelChoice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Which model to use: its name, or an object with fallbacks.",
            "anyOf": [
                { "type": "string", "description": "The model, as `provider/model-id`." },
                {
                    "type": "object",
                    "properties": {
                        "primary": {
                            "type": ["string", "null"],
                            "description": "The model, as `provider/model-id` or an alias."
                        },
                        "fallbacks": {
                            "type": "array",
                            "items": { "type": "string" },
                            "description": "The models to try in order when the primary one does \
                                            not answer.",
                            "default": []
                        }
                    },
                    "additionalProperties": false
                }
            ]
        })
    }
}
