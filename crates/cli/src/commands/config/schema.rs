//! Looks up one key in the config's JSON Schema.

use openclaw_config::{Config, KeyPath, PathSegment};
use serde_json::Value;

/// A key's description in the schema.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SchemaProperty {
    pub(super) description: Option<String>,
    pub(super) default: Option<Value>,
    /// The accepted types: `a whole number`, `"lean" or "default"`.
    pub(super) kind: String,
    /// The accepted words, each with its description.
    pub(super) choices: Vec<(String, String)>,
}

/// Finds a key; `None` when the schema does not name it.
pub(super) fn find_property(path: &KeyPath) -> Option<SchemaProperty> {
    let schema = Config::json_schema();
    let resolver = SchemaResolver { schema: &schema };
    let node =
        path.segments().iter().try_fold(&schema, |node, step| resolver.child_node(node, step))?;
    let own = |key: &str| node.get(key).or_else(|| resolver.resolve_reference(node).get(key));
    let variants = resolver.value_variants(node);
    let choices = variants.iter().filter_map(|variant| {
        let description = variant.get("description")?.as_str()?;
        Some((variant.get("const")?.as_str()?.to_owned(), join_lines(description)))
    });
    Some(SchemaProperty {
        description: own("description").and_then(Value::as_str).map(join_lines),
        default: own("default").cloned(),
        kind: describe_kinds(&variants),
        choices: choices.collect(),
    })
}

struct SchemaResolver<'s> {
    schema: &'s Value,
}

impl<'s> SchemaResolver<'s> {
    fn resolve_reference(&self, node: &'s Value) -> &'s Value {
        let reference = node.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|name| self.schema.pointer(name.trim_start_matches('#')));
        target.unwrap_or(node)
    }

    /// Returns the alternatives of a value, without null, which only means "not set".
    fn value_variants(&self, node: &'s Value) -> Vec<&'s Value> {
        let node = self.resolve_reference(node);
        let forms = node.get("anyOf").or_else(|| node.get("oneOf")).and_then(Value::as_array);
        match forms {
            Some(forms) => forms
                .iter()
                .filter(|form| form.get("type").is_none_or(|kind| kind != "null"))
                .flat_map(|form| self.value_variants(form))
                .collect(),
            None => vec![node],
        }
    }

    fn child_node(&self, node: &'s Value, step: &PathSegment) -> Option<&'s Value> {
        self.value_variants(node).into_iter().find_map(|form| match step {
            PathSegment::Key(key) => {
                let named = form.get("properties").and_then(|properties| properties.get(key));
                named.or_else(|| form.get("additionalProperties").filter(|any| any.is_object()))
            }
            PathSegment::Index(_) => form.get("items"),
        })
    }
}

fn join_lines(text: &str) -> String {
    text.replace('\n', " ")
}

/// Lists the accepted types, without duplicates.
fn describe_kinds(variants: &[&Value]) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for kind in variants.iter().map(|form| describe_kind(form)) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    match kinds.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "anything".to_owned(),
    }
}

fn describe_kind(form: &Value) -> String {
    if let Some(word) = form.get("const") {
        return word.to_string();
    }
    if let Some(words) = form.get("enum").and_then(Value::as_array) {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    }
    let names: Vec<&str> = match form.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(name) => name.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    let words = names.into_iter().filter(|name| *name != "null").map(|name| match name {
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    });
    let words = words.collect::<Vec<_>>().join(" or ");
    if words.is_empty() { "anything".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_found_with_its_type_and_default() {
        let at = |path: &str| find_property(&path.parse().unwrap());
        let timeout = at("agents.defaults.timeoutSeconds").unwrap();
        assert_eq!(timeout.kind, "a whole number or a string");
        assert_eq!(timeout.default, Some(json!(172_800)));
        assert!(timeout.description.unwrap().contains("time limit of a whole run"));
        let mode = at("agents.defaults.localModelMode").unwrap();
        assert_eq!(mode.kind, "\"default\", \"lean\" or \"auto\"");
        assert_eq!(mode.choices.len(), 3);
        assert_eq!(at("agents.defaults.model").unwrap().kind, "a string or an object");
        assert_eq!(at("models.providers.vllm").unwrap().kind, "an object");
        let window = at("models.providers.vllm.models[0].contextWindow").unwrap();
        assert_eq!(window.kind, "a whole number");
        assert_eq!(at("").unwrap().kind, "an object");
        assert_eq!(at("agents.defaults.timeoutSecond"), None);
    }
}
