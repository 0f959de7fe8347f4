//! `env`: variables for values of the config.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::secret::SecretInput;

/// Variables that the config may refer to, for those that the environment does not have:
/// `env: { NAME: "value", vars: { OTHER: "value" } }`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct EnvConfig {
    /// The values in `env.vars`, by name.
    pub vars: BTreeMap<String, SecretInput>,
    /// The values in `env` itself, by name. They win over those in `vars`.
    pub values: BTreeMap<String, SecretInput>,
}

impl<'de> Deserialize<'de> for EnvConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvVisitor)
    }
}

struct EnvVisitor;

impl<'de> Visitor<'de> for EnvVisitor {
    type Value = EnvConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of variables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EnvConfig, A::Error> {
        let mut config = EnvConfig::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "vars" => config.vars = map.next_value()?,
                "shellEnv" => {
                    let _: IgnoredAny = map.next_value()?;
                }
                _ => {
                    config.values.insert(key, map.next_value()?);
                }
            }
        }
        Ok(config)
    }
}

impl JsonSchema for EnvConfig {
    fn schema_name() -> Cow<'static, str> {
        "EnvConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let secret = generator.subschema_for::<SecretInput>();
        json_schema!({
            "description": "Variables that the config may refer to, for those that the environment \
                            does not have. Commands do not get them.",
            "type": "object",
            "properties": {
                "vars": {
                    "type": "object",
                    "description": "Variables by name; those beside `vars` win.",
                    "additionalProperties": secret.clone()
                },
                "shellEnv": {
                    "type": "object",
                    "description": "Reading the variables of a login shell."
                }
            },
            "additionalProperties": secret
        })
    }
}
