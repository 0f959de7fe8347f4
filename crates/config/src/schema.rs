//! The JSON Schema of the config.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::sections::{Config, KEPT_KEYS};

impl Config {
    /// The JSON Schema (draft 2020-12) of the config, with every description and default.
    ///
    /// It names more than it checks the types of: keys that are accepted and that nothing acts on
    /// yet may have any value.
    #[must_use]
    pub fn json_schema() -> Value {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.into_root_schema_for::<Self>().to_value();
        if let Some(root) = schema.as_object_mut() {
            root.insert("title".to_owned(), json!("OpenClaw config"));
            complete("Config", root);
        }
        let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
        for (name, definition) in definitions.into_iter().flatten() {
            if let Some(definition) = definition.as_object_mut() {
                complete(name, definition);
            }
        }
        schema
    }
}

/// Adds the keys that are only accepted, and closes the object to all others.
fn complete(name: &str, definition: &mut Map<String, Value>) {
    let Some(properties) = definition.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for property in properties.values_mut().filter_map(Value::as_object_mut) {
        if property.get("default") == Some(&Value::Null) {
            property.remove("default");
        }
    }
    let kept = KEPT_KEYS.iter().filter(|(owner, _)| *owner == name).flat_map(|(_, keys)| *keys);
    for key in kept {
        let note = json!({ "description": "Accepted; nothing acts on it yet." });
        properties.insert((*key).to_owned(), note);
    }
    definition.insert("additionalProperties".to_owned(), Value::Bool(false));
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use super::*;

    #[test]
    fn a_kept_key_belongs_to_a_struct_that_does_not_read_it() {
        let typed = schema_for!(Config).to_value();
        for (owner, keys) in KEPT_KEYS {
            let definition = match *owner {
                "Config" => &typed,
                owner => typed.pointer(&format!("/$defs/{owner}")).unwrap(),
            };
            let properties = definition.get("properties");
            for key in *keys {
                let read = properties.is_some_and(|properties| properties.get(key).is_some());
                assert!(!read, "{owner}.{key}");
            }
        }
    }
}
