//! Schemas without the keywords that a server's grammar compiler refuses.
//!
//! Only what the server is told gets looser: a tool still judges its arguments by all of its
//! schema.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The keywords that some grammar compiler refuses, most often refused first. Without one of
/// them a schema allows more; none of them holds a schema that another refers to.
pub(crate) const KEYWORDS: [&str; 29] = [
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
];

/// Where a value stands in a schema.
#[derive(Clone, Copy)]
enum Place {
    /// It is a schema, or a list of them.
    Schema,
    /// It is a map from names to schemas.
    Names,
    /// It is data.
    Data,
}

impl Place {
    fn of(keyword: &str) -> Self {
        match keyword {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                Self::Names
            }
            "enum" | "const" | "default" | "examples" | "required" => Self::Data,
            _ => Self::Schema,
        }
    }
}

/// A schema without some keywords, wherever they stand as such.
pub(super) fn without<'a>(schema: &'a Value, keywords: &BTreeSet<String>) -> Cow<'a, Value> {
    if keywords.iter().any(|keyword| holds(schema, keyword)) {
        Cow::Owned(pruned(schema, keywords, Place::Schema))
    } else {
        Cow::Borrowed(schema)
    }
}

/// Whether a keyword stands in a schema, and not merely as the name of a property.
pub(crate) fn holds(schema: &Value, keyword: &str) -> bool {
    has(schema, keyword, Place::Schema)
}

fn has(value: &Value, keyword: &str, place: Place) -> bool {
    match (value, place) {
        (_, Place::Data) => false,
        (Value::Object(map), Place::Names) => {
            map.values().any(|schema| has(schema, keyword, Place::Schema))
        }
        (Value::Object(map), Place::Schema) => {
            map.iter().any(|(key, value)| key == keyword || has(value, keyword, Place::of(key)))
        }
        (Value::Array(list), _) => list.iter().any(|schema| has(schema, keyword, place)),
        _ => false,
    }
}

fn pruned(value: &Value, keywords: &BTreeSet<String>, place: Place) -> Value {
    match (value, place) {
        (_, Place::Data) => value.clone(),
        (Value::Object(map), Place::Names) => {
            let schemas = map
                .iter()
                .map(|(name, schema)| (name.clone(), pruned(schema, keywords, Place::Schema)));
            Value::Object(schemas.collect())
        }
        (Value::Object(map), Place::Schema) => {
            let kept = map.iter().filter(|(key, _)| !keywords.contains(*key));
            let kept =
                kept.map(|(key, value)| (key.clone(), pruned(value, keywords, Place::of(key))));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        (Value::Array(list), _) => {
            list.iter().map(|schema| pruned(schema, keywords, place)).collect()
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
        let found = without(&schema, &keywords);
        assert_eq!(*found, expected);
        assert!(matches!(without(&expected, &keywords), Cow::Borrowed(_)));
        assert!(!holds(&expected, "format") && holds(&schema, "format"));
    }
}
