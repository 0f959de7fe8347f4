//! Removes keywords from schemas that a server's grammar compiler refuses.
//!
//! Only the copy for the server gets looser: tools still check their arguments against the full
//! schema.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keywords that some grammar compiler refuses, most often refused first. Without one a schema
/// allows more; none of them contains a schema that others refer to.
pub(crate) const REFUSABLE_KEYWORDS: [&str; 43] = [
    "patternProperties",
    "propertyNames",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "multipleOf",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "allOf",
    "oneOf",
    "not",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "default",
    "examples",
    "$schema",
    "additionalProperties",
    "$id",
    "$comment",
    "title",
    "const",
    "anyOf",
    "if",
    "then",
    "else",
    "nullable",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
];

/// The position of a value in a schema.
#[derive(Clone, Copy)]
enum SchemaPosition {
    /// A schema, or a list of schemas.
    Schema,
    /// A map from names to schemas.
    NamedSchemas,
    /// Data.
    Data,
}

impl SchemaPosition {
    fn under_keyword(keyword: &str) -> Self {
        match keyword {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                Self::NamedSchemas
            }
            "enum" | "const" | "default" | "examples" | "required" => Self::Data,
            _ => Self::Schema,
        }
    }
}

/// Returns a schema without the given keywords, except where they name properties.
pub(super) fn without_keywords<'a>(
    schema: &'a Value,
    keywords: &BTreeSet<String>,
) -> Cow<'a, Value> {
    if keywords.iter().any(|keyword| contains_keyword(schema, keyword)) {
        Cow::Owned(prune_keywords(schema, keywords, SchemaPosition::Schema))
    } else {
        Cow::Borrowed(schema)
    }
}

/// Returns whether a schema uses a keyword, not merely as a property's name.
pub(crate) fn contains_keyword(schema: &Value, keyword: &str) -> bool {
    has_keyword_at(schema, keyword, SchemaPosition::Schema)
}

fn has_keyword_at(value: &Value, keyword: &str, position: SchemaPosition) -> bool {
    match (value, position) {
        (_, SchemaPosition::Data) => false,
        (Value::Object(map), SchemaPosition::NamedSchemas) => {
            map.values().any(|schema| has_keyword_at(schema, keyword, SchemaPosition::Schema))
        }
        (Value::Object(map), SchemaPosition::Schema) => map.iter().any(|(key, value)| {
            key == keyword || has_keyword_at(value, keyword, SchemaPosition::under_keyword(key))
        }),
        (Value::Array(list), _) => {
            list.iter().any(|schema| has_keyword_at(schema, keyword, position))
        }
        _ => false,
    }
}

fn prune_keywords(value: &Value, keywords: &BTreeSet<String>, position: SchemaPosition) -> Value {
    match (value, position) {
        (_, SchemaPosition::Data) => value.clone(),
        (Value::Object(map), SchemaPosition::NamedSchemas) => {
            let schemas = map.iter().map(|(name, schema)| {
                (name.clone(), prune_keywords(schema, keywords, SchemaPosition::Schema))
            });
            Value::Object(schemas.collect())
        }
        (Value::Object(map), SchemaPosition::Schema) => {
            let kept_entries = map.iter().filter(|(key, _)| !keywords.contains(*key));
            let pruned_entries = kept_entries.map(|(key, value)| {
                (key.clone(), prune_keywords(value, keywords, SchemaPosition::under_keyword(key)))
            });
            Value::Object(pruned_entries.collect::<Map<_, _>>())
        }
        (Value::Array(list), _) => {
            list.iter().map(|schema| prune_keywords(schema, keywords, position)).collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keywords_go_and_names_and_data_stay() {
        let schema = json!({
            "type": "object",
            "properties": {
                "format": {"type": "string", "format": "uri", "enum": ["format"]},
                "all": {"items": {"anyOf": [{"minItems": 1}, {"type": "null"}]}, "minItems": 2},
                "data": {"default": {"format": 1}, "const": {"minItems": 1}},
            },
            "required": ["format"],
        });
        let keywords = ["format", "minItems"].map(str::to_owned).into();
        let expected = json!({
            "type": "object",
            "properties": {
                "format": {"type": "string", "enum": ["format"]},
                "all": {"items": {"anyOf": [{}, {"type": "null"}]}},
                "data": {"default": {"format": 1}, "const": {"minItems": 1}},
            },
            "required": ["format"],
        });
        let found = without_keywords(&schema, &keywords);
        assert_eq!(*found, expected);
        assert!(matches!(without_keywords(&expected, &keywords), Cow::Borrowed(_)));
        assert!(!contains_keyword(&expected, "format") && contains_keyword(&schema, "format"));
    }
}
