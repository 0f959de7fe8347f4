//! Generates `docs/reference/config.md`: every key of the config, from its JSON Schema.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Document;

/// The depth limit when following a schema, for types that contain themselves.
const DEEPEST: usize = 12;

/// The schema's description of a key that is accepted and has no effect.
const WITHOUT_EFFECT: &str = "Accepted; nothing acts on it yet.";

/// One key of the config.
#[derive(Debug)]
struct Key {
    path: String,
    /// The accepted types in words, one for each alternative.
    kinds: Vec<String>,
    default: String,
    description: String,
}

/// Renders the page for the schema of the whole config.
pub(super) fn render(schema: &Value) -> String {
    let mut page = Document::new("Config keys");
    page.line("");
    page.line("`<name>` stands for a name of your choice and `[]` for each entry of a list.");
    let (idle, known): (Vec<Key>, Vec<Key>) =
        keys(schema).into_iter().partition(|key| key.description == WITHOUT_EFFECT);
    let mut section = String::new();
    for key in &known {
        let top = key.path.split(['.', '[']).next().unwrap_or_default();
        if top != section {
            top.clone_into(&mut section);
            page.section(&section);
            page.table(["key", "type", "default", "what it does"]);
        }
        let kinds = key.kinds.join(" or ");
        page.row([&format!("`{}`", key.path), &kinds, &key.default, &key.description]);
    }
    page.section("Keys without effect");
    page.line("These are accepted with any value, and nothing acts on them yet.\n");
    for key in &idle {
        page.line(&format!("- `{}`", key.path));
    }
    page.finish()
}

fn keys(schema: &Value) -> Vec<Key> {
    let mut walk = Walk { root: schema, keys: Vec::new() };
    walk.below("", schema, 0);
    walk.keys
}

/// Walks through a schema and collects its keys.
#[derive(Debug)]
struct Walk<'a> {
    root: &'a Value,
    keys: Vec<Key>,
}

impl<'a> Walk<'a> {
    /// Adds the keys below `schema`, which is at `path`.
    fn below(&mut self, path: &str, schema: &'a Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        for form in self.forms(schema, 0) {
            for (name, child) in
                form.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let dot = if path.is_empty() { "" } else { "." };
                self.key(&format!("{path}{dot}{name}"), child, depth);
            }
            if let Some(child) = form.get("additionalProperties").filter(|child| child.is_object())
            {
                self.key(&format!("{path}.<name>"), child, depth);
            }
            if let Some(child) = form.get("items") {
                self.below(&format!("{path}[]"), child, depth + 1);
            }
        }
    }

    fn key(&mut self, path: &str, schema: &'a Value, depth: usize) {
        let forms = self.forms(schema, 0);
        let said = |field: &str| {
            schema.get(field).or_else(|| forms.iter().find_map(|form| form.get(field)))
        };
        let description = said("description").and_then(Value::as_str).unwrap_or_default();
        let default = said("default").filter(|default| !default.is_null());
        let mut kinds: Vec<String> = forms.iter().flat_map(|form| self.kinds(form)).collect();
        // Several alternatives of the parent object may have this key.
        if let Some(present) = self.keys.iter_mut().find(|key| key.path == path) {
            present.kinds.append(&mut kinds);
            present.kinds.sort();
            present.kinds.dedup();
        } else {
            let mut seen = BTreeSet::new();
            kinds.retain(|kind| seen.insert(kind.clone()));
            self.keys.push(Key {
                path: path.to_owned(),
                kinds,
                default: default.map(|default| format!("`{default}`")).unwrap_or_default(),
                description: description.split("\n\n").next().unwrap_or_default().to_owned(),
            });
        }
        self.below(path, schema, depth + 1);
    }

    /// Returns the alternatives that `schema` allows, with references resolved and without `null`.
    fn forms(&self, schema: &'a Value, depth: usize) -> Vec<&'a Value> {
        if depth > DEEPEST || schema.get("type").and_then(Value::as_str) == Some("null") {
            return Vec::new();
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map(|target| self.forms(target, depth + 1)).unwrap_or_default();
        }
        let several = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|word| schema.get(word));
        match several.and_then(Value::as_array) {
            Some(forms) => forms.iter().flat_map(|form| self.forms(form, depth + 1)).collect(),
            None => vec![schema],
        }
    }

    /// Describes one alternative in words; several for a choice of constants.
    fn kinds(&self, form: &'a Value) -> Vec<String> {
        if let Some(constant) = form.get("const") {
            return vec![format!("`{constant}`")];
        }
        if let Some(choices) = form.get("enum").and_then(Value::as_array) {
            return choices.iter().filter(|c| !c.is_null()).map(|c| format!("`{c}`")).collect();
        }
        let name = |kind: &str| match kind {
            "array" => {
                let items = form.get("items").map(|items| self.forms(items, 0)).unwrap_or_default();
                let kinds: Vec<String> = items.iter().flat_map(|item| self.kinds(item)).collect();
                format!("list of {}", kinds.join(" or "))
            }
            kind => kind.to_owned(),
        };
        let kinds = match form.get("type") {
            Some(Value::String(kind)) => vec![name(kind)],
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                kinds.filter(|kind| *kind != "null").map(name).collect()
            }
            _ if form.get("properties").is_some() => vec!["object".to_owned()],
            _ => vec!["any".to_owned()],
        };
        let bounds = [("minimum", "from"), ("maximum", "to")].map(|(field, word)| {
            form.get(field).map(|bound| format!(" {word} {bound}")).unwrap_or_default()
        });
        kinds.into_iter().map(|kind| format!("{kind}{}", bounds.concat())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{keys, render};

    #[test]
    fn every_form_of_a_key_is_followed() {
        let schema = json!({
            "type": "object",
            "properties": {
                "models": { "$ref": "#/$defs/Models" },
                "mode": { "enum": ["a", "b"], "default": "a" },
                "idle": { "description": "Accepted; nothing acts on it yet." },
                "source": { "oneOf": [
                    { "type": "object", "properties": { "from": { "const": "b" } } },
                    { "type": "object", "properties": { "from": { "const": "a" } } },
                ] },
            },
            "$defs": {
                "Models": {
                    "description": "The models.",
                    "properties": {
                        "providers": {
                            "type": "object",
                            "additionalProperties": { "$ref": "#/$defs/Provider" },
                        },
                    },
                },
                "Provider": {
                    "type": "object",
                    "properties": {
                        "key": { "anyOf": [
                            { "type": "string" },
                            { "type": "object", "properties": { "id": { "type": "string" } } },
                            { "type": "null" },
                        ] },
                        "limits": { "type": "array", "items": {
                            "type": "object",
                            "properties": { "n": { "type": ["integer", "null"], "minimum": 1 } },
                        } },
                        "parent": { "$ref": "#/$defs/Provider" },
                    },
                },
            },
        });
        let keys = keys(&schema);
        let line = |path: &str| {
            let key = keys.iter().find(|key| key.path == path).unwrap();
            format!("{} {} {}", key.kinds.join(" or "), key.default, key.description)
        };
        assert_eq!(line("mode"), "`\"a\"` or `\"b\"` `\"a\"` ");
        assert_eq!(line("models"), "object  The models.");
        assert_eq!(line("models.providers.<name>.key"), "string or object  ");
        assert_eq!(line("models.providers.<name>.key.id"), "string  ");
        assert_eq!(line("models.providers.<name>.limits"), "list of object  ");
        assert_eq!(line("models.providers.<name>.limits[].n"), "integer from 1  ");
        assert_eq!(line("models.providers.<name>.parent.parent.key"), "string or object  ");
        assert_eq!(line("source.from"), "`\"a\"` or `\"b\"`  ");
        let page = render(&schema);
        assert!(page.ends_with("\n- `idle`\n"), "{page}");
        assert_eq!(page.matches("\n## ").count(), 4, "{page}");
    }
}
