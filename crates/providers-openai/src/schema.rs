//! Reads the types of arguments from a tool's JSON Schema.

use serde_json::Value;

/// The most references followed in a row.
const MAX_REFERENCE_DEPTH: u8 = 8;

/// The schema of a tool's arguments; empty for an unknown tool.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ArgumentSchema<'a>(Option<&'a Value>);

/// The JSON types that an argument may have; empty if the schema names none.
#[derive(Debug, Clone, Default)]
pub(crate) struct JsonTypes<'a>(Vec<&'a str>);

impl<'a> ArgumentSchema<'a> {
    /// The schema of arguments.
    pub(crate) fn new(root: &'a Value) -> Self {
        Self(Some(root))
    }

    /// Returns whether there is an argument of this name.
    pub(crate) fn has_argument(self, key: &str) -> bool {
        self.find_property(key).is_some()
    }

    /// The types of an argument.
    pub(crate) fn argument_types(self, key: &str) -> JsonTypes<'a> {
        let mut types = JsonTypes::default();
        if let Some(property) = self.find_property(key) {
            self.collect_types(property, MAX_REFERENCE_DEPTH, &mut types);
        }
        types
    }

    fn find_property(self, key: &str) -> Option<&'a Value> {
        self.0?.get("properties")?.get(key)
    }

    fn collect_types(self, schema: &'a Value, depth: u8, types: &mut JsonTypes<'a>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match schema.get("type") {
            Some(Value::String(name)) => types.0.push(name),
            Some(Value::Array(names)) => types.0.extend(names.iter().filter_map(Value::as_str)),
            _ => {}
        }
        if types.0.is_empty() {
            let listed_values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            let listed_types: Vec<&'static str> =
                listed_values.chain(schema.get("const")).map(json_type_name).collect();
            types.0.extend(listed_types);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
                self.collect_types(part, depth, types);
            }
        }
        let pointer =
            schema.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix('#'));
        if let Some(target) = pointer.and_then(|pointer| self.0?.pointer(pointer)) {
            self.collect_types(target, depth, types);
        }
    }
}

impl JsonTypes<'_> {
    /// Parses an unquoted value: as a string where the schema allows one, else as JSON. A value of
    /// no allowed type stays a string.
    pub(crate) fn parse_value(&self, text: &str) -> Value {
        let word = text.trim();
        if self.allows_type("null") && matches!(word, "null" | "None") {
            return Value::Null;
        }
        if self.0.is_empty() || self.allows_type("string") {
            return Value::String(text.to_owned());
        }
        let value = match word {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            _ => serde_json::from_str(word).ok(),
        };
        value
            .filter(|value| self.accepts_value(value))
            .unwrap_or_else(|| Value::String(text.to_owned()))
    }

    /// Returns whether a value has one of the types; false if the schema names none.
    pub(crate) fn accepts_value(&self, value: &Value) -> bool {
        let is_integer = value.is_i64() || value.is_u64();
        self.allows_type(json_type_name(value)) || (is_integer && self.allows_type("integer"))
    }

    /// Returns whether the schema names this type.
    pub(crate) fn allows_type(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// Returns whether the schema names types, and none of them is a string.
    pub(crate) fn forbids_text(&self) -> bool {
        !self.0.is_empty() && !self.allows_type("string")
    }
}

/// The JSON type of a value; whole numbers are `number` too.
fn json_type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_by_its_type() {
        let root = json!({
            "$defs": {"Mode": {"type": "object"}, "Loop": {"$ref": "#/$defs/Loop"}},
            "properties": {
                "text": {"type": "string"},
                "maybe": {"type": ["string", "null"]},
                "count": {"type": "integer"},
                "ratio": {"type": "number"},
                "all": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                "mode": {"$ref": "#/$defs/Mode"},
                "loop": {"$ref": "#/$defs/Loop"},
                "level": {"enum": [1, 2]},
                "any": {},
            },
        });
        let schema = ArgumentSchema::new(&root);
        let table = [
            ("text", "5", json!("5")),
            ("text", "null", json!("null")),
            ("maybe", "null", json!(null)),
            ("maybe", "true", json!("true")),
            ("count", " 5\n", json!(5)),
            ("count", "5.5", json!("5.5")),
            ("count", "many", json!("many")),
            ("ratio", "5.5", json!(5.5)),
            ("all", "True", json!(true)),
            ("all", "None", json!(null)),
            ("mode", "{\"a\": 1}", json!({"a": 1})),
            ("mode", "[]", json!("[]")),
            ("loop", "1", json!("1")),
            ("level", "2", json!(2)),
            ("any", "1", json!("1")),
            ("unknown", "1", json!("1")),
        ];
        for (key, text, expected) in table {
            assert_eq!(schema.argument_types(key).parse_value(text), expected, "{key}: {text}");
        }
    }
}
