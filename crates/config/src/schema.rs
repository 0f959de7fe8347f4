//! The JSON Schema of the config.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    alias::{self, KeyAlias},
    openclaw_keys::{KeyLookup, KnownKeys},
    path::KeyPath,
    pattern::to_segment_refs,
    sections::Config,
};

/// The description of keys that are accepted without effect.
const UNSUPPORTED_DESCRIPTION: &str = "Accepted; nothing acts on it yet.";

impl Config {
    /// The JSON Schema (draft 2020-12) of the config, with every description and default.
    ///
    /// Keys that are accepted without effect may have any value, and the keys below them are not
    /// described.
    #[must_use]
    pub fn json_schema() -> Value {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.into_root_schema_for::<Self>().to_value();
        let mut places = BTreeMap::new();
        find_definition_paths(&schema, &schema, &KeyPath::root(), &mut places);
        if let Some(root) = schema.as_object_mut() {
            root.insert("title".to_owned(), json!("OpenClaw config"));
            complete_definition(&[KeyPath::root()], root);
        }
        let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
        for (name, definition) in definitions.into_iter().flatten() {
            if let (Some(definition), Some(places)) =
                (definition.as_object_mut(), places.get(name.as_str()))
            {
                complete_definition(places, definition);
            }
        }
        schema
    }
}

/// The paths of each definition.
type DefinitionPaths = BTreeMap<String, Vec<KeyPath>>;

/// Finds the paths of each definition with properties. A map's key is `*` and an element has index
/// 0.
fn find_definition_paths(schema: &Value, node: &Value, at: &KeyPath, places: &mut DefinitionPaths) {
    for form in node.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        find_definition_paths(schema, form, at, places);
    }
    if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        let name = reference.rsplit('/').next().unwrap_or_default();
        if let Some(definition) = schema.pointer(pointer) {
            places.entry(name.to_owned()).or_default().push(at.clone());
            find_definition_paths(schema, definition, at, places);
        }
    }
    for (key, property) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        find_definition_paths(schema, property, &at.clone().with_key(key), places);
    }
    for (word, below) in
        [("additionalProperties", at.clone().with_key("*")), ("items", at.clone().with_index(0))]
    {
        if let Some(value) = node.get(word).filter(|value| value.is_object()) {
            find_definition_paths(schema, value, &below, places);
        }
    }
}

/// Adds the keys without effect of every place, marks deprecated spellings, and disallows all other
/// keys.
fn complete_definition(places: &[KeyPath], definition: &mut Map<String, Value>) {
    let Some(properties) = definition.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for property in properties.values_mut().filter_map(Value::as_object_mut) {
        if property.get("default") == Some(&Value::Null) {
            property.remove("default");
        }
        if property.get("format").is_some_and(|format| format == "uint32") {
            property.insert("maximum".to_owned(), json!(u32::MAX));
        }
    }
    for key in places.iter().flat_map(known_child_keys) {
        let unsupported = || json!({ "description": UNSUPPORTED_DESCRIPTION });
        properties.entry(key).or_insert_with(unsupported);
    }
    let Some(place) = places.first() else { return };
    for (key, property) in properties.iter_mut() {
        let path = place.clone().with_key(key);
        if let (Some(KeyAlias { .. }), Some(property)) =
            (alias::find_alias(&to_segment_refs(&path)), property.as_object_mut())
        {
            property.insert("deprecated".to_owned(), Value::Bool(true));
        }
    }
    definition.entry("additionalProperties").or_insert(Value::Bool(false));
}

/// The keys that are known at a place.
fn known_child_keys(place: &KeyPath) -> Vec<&'static str> {
    match KnownKeys::lookup_path(&to_segment_refs(place)) {
        KeyLookup::Known(known) => known.child_keys(),
        KeyLookup::Anything | KeyLookup::Unknown => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_with_properties_has_the_keys_of_each_place() {
        let schema = Config::json_schema();
        let mut places = DefinitionPaths::new();
        find_definition_paths(&schema, &schema, &KeyPath::root(), &mut places);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            if let Some(properties) = definition.get("properties") {
                for key in places[name].iter().flat_map(known_child_keys) {
                    assert!(properties.get(key).is_some(), "{name}.{key}");
                }
                let is_map = definition["additionalProperties"].is_object();
                assert!(is_map || definition["additionalProperties"] == json!(false), "{name}");
            }
        }
    }
}
