//! Reads the types of arguments from a tool's JSON Schema.

use serde_json::Value;

use crate::dialect;

/// The most references followed in a row.
const MAX_REFERENCE_DEPTH: u8 = 8;

/// The schema of a value, such as a tool's arguments; empty for an unknown tool.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ArgumentSchema<'a> {
    /// The document that references point into.
    root: Option<&'a Value>,
    /// The schema itself.
    node: Option<&'a Value>,
}

/// The JSON types that a value may have; empty if the schema names none.
#[derive(Debug, Clone, Default)]
pub(crate) struct JsonTypes<'a>(Vec<&'a str>);

impl<'a> ArgumentSchema<'a> {
    /// The schema of arguments.
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root: Some(root), node: Some(root) }
    }

    /// Returns whether there is an argument of this name.
    pub(crate) fn has_argument(self, key: &str) -> bool {
        self.property(key).node.is_some()
    }

    /// The types of an argument.
    pub(crate) fn argument_types(self, key: &str) -> JsonTypes<'a> {
        self.property(key).types()
    }

    /// The schema of a field of an object; empty if it names none.
    pub(crate) fn property(self, key: &str) -> Self {
        let variants = self.variants();
        let named = variants.iter().find_map(|variant| variant.get("properties")?.get(key));
        let others = || variants.iter().find_map(|variant| variant.get("additionalProperties"));
        // The top level names its arguments; what it does not name is none.
        let is_top =
            self.node.is_some_and(|node| self.root.is_some_and(|root| std::ptr::eq(node, root)));
        let node = named.or_else(|| if is_top { None } else { others() });
        Self { root: self.root, node: node.filter(|node| node.is_object()) }
    }

    /// The schema of the elements of a list; empty if it names none.
    pub(crate) fn items(self) -> Self {
        let variants = self.variants();
        let node = variants.iter().find_map(|variant| variant.get("items"));
        Self { root: self.root, node: node.filter(|node| node.is_object()) }
    }

    /// The types of the value.
    pub(crate) fn types(self) -> JsonTypes<'a> {
        let mut types = JsonTypes::default();
        for variant in self.variants() {
            let before = types.0.len();
            match variant.get("type") {
                Some(Value::String(name)) => types.0.push(name),
                Some(Value::Array(names)) => types.0.extend(names.iter().filter_map(Value::as_str)),
                _ => {}
            }
            if types.0.len() == before {
                let listed = variant.get("enum").and_then(Value::as_array).into_iter().flatten();
                let listed: Vec<&'static str> =
                    listed.chain(variant.get("const")).map(json_type_name).collect();
                types.0.extend(listed);
            }
            if variant.get("nullable") == Some(&Value::Bool(true)) {
                types.0.push("null");
            }
        }
        types
    }

    /// The schema and all that it refers to or is a choice of.
    fn variants(self) -> Vec<&'a Value> {
        let mut variants = Vec::new();
        if let Some(node) = self.node {
            self.collect_variants(node, MAX_REFERENCE_DEPTH, &mut variants);
        }
        variants
    }

    fn collect_variants(self, schema: &'a Value, depth: u8, variants: &mut Vec<&'a Value>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        variants.push(schema);
        for key in ["anyOf", "oneOf", "allOf"] {
            for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
                self.collect_variants(part, depth, variants);
            }
        }
        let pointer =
            schema.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix('#'));
        if let Some(target) = pointer.and_then(|pointer| self.root?.pointer(pointer)) {
            self.collect_variants(target, depth, variants);
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
            _ => serde_json::from_str(word).ok().or_else(|| parse_python_value(word)),
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

/// Reads a list or an object as Python writes it.
fn parse_python_value(text: &str) -> Option<Value> {
    if !text.starts_with(['[', '{']) {
        return None;
    }
    let mut object = dialect::parse_python_object(&format!("{{\"value\": {text}}}"))?;
    object.remove("value")
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
