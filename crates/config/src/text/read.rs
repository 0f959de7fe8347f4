//! Parses JSON5 text into a [`Json5Document`].

use std::{collections::HashMap, fmt, sync::Arc};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::{
    fast,
    node::{Json5Node, Json5Value, ObjectEntry},
    spans, syntax,
};
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan},
    pattern::{PathSegmentRef, to_key_path},
};

/// The longest accepted text, in bytes; a config has a few kilobytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The nesting limit of objects and arrays; the deepest known key is at level eleven.
const MAX_DEPTH: usize = 64;

/// A valid config text and its tree.
#[derive(Clone)]
pub(crate) struct Json5Document {
    pub(crate) text: Arc<str>,
    pub(crate) root: Json5Node,
    /// Warnings about duplicate keys, of which the last one counts.
    pub(crate) duplicates: Vec<Diagnostic>,
}

/// Parses a text whose top level is an object, or reports where it is broken.
pub(crate) fn parse_document(text: &str) -> Result<Json5Document, Box<Diagnostic>> {
    let root = parse_tree(text)?;
    if !matches!(root.value, Json5Value::Object(_)) {
        let message = "expected an object in `{` and `}`";
        return Err(Box::new(Diagnostic::new(Severity::Error, root.span, message)));
    }
    let (root, duplicates) = dedup_keys(root);
    Ok(Json5Document { text: text.into(), root, duplicates })
}

/// Parses a value of any type, or reports where its text is broken.
pub(crate) fn parse_value(text: &str) -> Result<Json5Node, Box<Diagnostic>> {
    parse_tree(text).map(|root| dedup_keys(root).0)
}

fn parse_tree(text: &str) -> Result<Json5Node, Box<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {MAX_BYTES} bytes");
        return Err(Box::new(Diagnostic::new(Severity::Error, TextSpan::default(), message)));
    }
    match fast::parse_fast(text, MAX_DEPTH) {
        Some(root) => Ok(root),
        None => parse_with_json5(text),
    }
}

/// Drops duplicate keys and numbers the values.
fn dedup_keys(mut root: Json5Node) -> (Json5Node, Vec<Diagnostic>) {
    let mut is_clean = true;
    let mut next = 0;
    root.visit_all_mut(&mut |node| {
        node.id = next;
        next += 1;
        is_clean = is_clean
            && match &node.value {
                Json5Value::Object(entries) => !has_duplicate_keys(entries),
                _ => true,
            };
    });
    if is_clean {
        return (root, Vec::new());
    }
    let found = find_duplicate_keys(&root);
    root.visit_all_mut(&mut drop_duplicate_keys);
    root.assign_ids(0);
    (root, found)
}

/// Parses any text with the `json5` crate, which alone decides that a text is broken.
pub(super) fn parse_with_json5(text: &str) -> Result<Json5Node, Box<Diagnostic>> {
    let RootValue(value) =
        json5::from_str(text).map_err(|error| syntax::explain_syntax_error(text, &error))?;
    let mut root = Json5Node::new(value, TextSpan::default());
    let _ = spans::attach_spans(&mut root, text);
    Ok(root)
}

fn find_duplicate_keys(root: &Json5Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut check_node = |steps: &[PathSegmentRef<'_>], node: &Json5Node| {
        let Json5Value::Object(entries) = &node.value else { return };
        if !has_duplicate_keys(entries) {
            return;
        }
        let last = last_index_by_key(entries);
        for (index, entry) in entries.iter().enumerate() {
            if last.get(entry.key.as_str()) != Some(&index) {
                let path = to_key_path(steps).with_key(&entry.key);
                let message = "the key stands twice, the last one counts";
                found.push(
                    Diagnostic::new(Severity::Warning, entry.key_span, message)
                        .at_path(path)
                        .with_kind(DiagnosticKind::DuplicateKey)
                        .with_help(Some("remove one of the two".to_owned())),
                );
            }
        }
    };
    check_node(&[], root);
    root.walk_nodes(&mut |steps, _, node| {
        check_node(steps, node);
        true
    });
    found
}

fn has_duplicate_keys(entries: &[ObjectEntry]) -> bool {
    /// Up to this many keys, comparing all pairs is faster than a map.
    const LINEAR_SEARCH_LIMIT: usize = 24;
    if entries.len() > LINEAR_SEARCH_LIMIT {
        return last_index_by_key(entries).len() < entries.len();
    }
    entries
        .iter()
        .enumerate()
        .any(|(index, entry)| entries.iter().take(index).any(|earlier| earlier.key == entry.key))
}

fn last_index_by_key(entries: &[ObjectEntry]) -> HashMap<&str, usize> {
    entries.iter().enumerate().map(|(index, entry)| (entry.key.as_str(), index)).collect()
}

/// Drops every entry that a later one with the same key replaces.
fn drop_duplicate_keys(node: &mut Json5Node) {
    let Json5Value::Object(entries) = &mut node.value else { return };
    let last = last_index_by_key(entries);
    let keep: Vec<bool> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| last.get(entry.key.as_str()) == Some(&index))
        .collect();
    let mut keep = keep.into_iter();
    entries.retain(|_| keep.next().unwrap_or(true));
}

/// A value parsed by the `json5` crate.
pub(super) struct RootValue(pub(super) Json5Value);

impl<'de> de::Deserialize<'de> for RootValue {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DepthLimitedSeed(MAX_DEPTH).deserialize(deserializer).map(RootValue)
    }
}

/// Parses a value with at most this many levels below it, which bounds the recursion.
#[derive(Clone, Copy)]
struct DepthLimitedSeed(usize);

impl DepthLimitedSeed {
    fn enter_level<E: de::Error>(self) -> Result<Self, E> {
        self.0
            .checked_sub(1)
            .map(DepthLimitedSeed)
            .ok_or_else(|| E::custom(format!("nested more than {MAX_DEPTH} levels deep")))
    }
}

impl<'de> DeserializeSeed<'de> for DepthLimitedSeed {
    type Value = Json5Value;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Json5Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DepthLimitedSeed {
    type Value = Json5Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json5Value, E> {
        Ok(Json5Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json5Value, E> {
        Ok(Json5Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json5Value, E> {
        Ok(Json5Value::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json5Value, E> {
        Ok(u64::try_from(value).map_or(Json5Value::Negative(value), Json5Value::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json5Value, E> {
        Ok(Json5Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json5Value, E> {
        Ok(Json5Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json5Value, E> {
        Ok(Json5Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json5Value, A::Error> {
        let below = self.enter_level()?;
        let mut nodes = Vec::new();
        while let Some(value) = elements.next_element_seed(below)? {
            nodes.push(Json5Node::new(value, TextSpan::default()));
        }
        Ok(Json5Value::Array(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json5Value, A::Error> {
        let below = self.enter_level()?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            let value = map.next_value_seed(below)?;
            let node = Json5Node::new(value, TextSpan::default());
            entries.push(ObjectEntry { key, key_span: TextSpan::default(), node });
        }
        Ok(Json5Value::Object(entries))
    }
}
