//! What a tool's JSON Schema says of the types of its arguments.

use serde_json::Value;

/// References are followed no deeper than this.
const DEPTH: u8 = 8;

/// The schema of a tool's arguments; empty if the tool is not known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Schema<'a>(Option<&'a Value>);

/// The JSON types that an argument may have; none if the schema does not say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Types<'a>(Vec<&'a str>);

impl<'a> Schema<'a> {
    /// The schema of arguments.
    pub(crate) fn new(root: &'a Value) -> Self {
        Self(Some(root))
    }

    /// Tells whether there is an argument of this name.
    pub(crate) fn has(self, key: &str) -> bool {
        self.property(key).is_some()
    }

    /// The types of an argument.
    pub(crate) fn types(self, key: &str) -> Types<'a> {
        let mut types = Types::default();
        if let Some(property) = self.property(key) {
            self.collect(property, DEPTH, &mut types);
        }
        types
    }

    fn property(self, key: &str) -> Option<&'a Value> {
        self.0?.get("properties")?.get(key)
    }

    fn collect(self, schema: &'a Value, depth: u8, types: &mut Types<'a>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match schema.get("type") {
            Some(Value::String(name)) => types.0.push(name),
            Some(Value::Array(names)) => types.0.extend(names.iter().filter_map(Value::as_str)),
            _ => {}
        }
        if types.0.is_empty() {
            let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            let listed: Vec<&'static str> =
                listed.chain(schema.get("const")).map(type_of).collect();
            types.0.extend(listed);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
                self.collect(part, depth, types);
            }
        }
        let place = schema.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix('#'));
        if let Some(target) = place.and_then(|place| self.0?.pointer(place)) {
            self.collect(target, depth, types);
        }
    }
}

impl Types<'_> {
    /// Reads a value that stands there without quotes: a text where a text may be, JSON elsewhere.
    /// What is of no allowed type is left as the text it is.
    pub(crate) fn read(&self, text: &str) -> Value {
        let word = text.trim();
        if self.allow("null") && matches!(word, "null" | "None") {
            return Value::Null;
        }
        if self.0.is_empty() || self.allow("string") {
            return Value::String(text.to_owned());
        }
        let value = match word {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            _ => serde_json::from_str(word).ok(),
        };
        value.filter(|value| self.take(value)).unwrap_or_else(|| Value::String(text.to_owned()))
    }

    /// Tells whether a value has one of the types; none has, if the schema does not say.
    pub(crate) fn take(&self, value: &Value) -> bool {
        let is_whole = value.is_i64() || value.is_u64();
        self.allow(type_of(value)) || (is_whole && self.allow("integer"))
    }

    /// Tells whether the schema names this type.
    pub(crate) fn allow(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// Tells whether the schema names types, and a text is none of them.
    pub(crate) fn forbid_text(&self) -> bool {
        !self.0.is_empty() && !self.allow("string")
    }
}

/// The name of a value's type; that of a whole number is `number`.
fn type_of(value: &Value) -> &'static str {
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
        let schema = Schema::new(&root);
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
            assert_eq!(schema.types(key).read(text), expected, "{key}: {text}");
        }
    }
}
