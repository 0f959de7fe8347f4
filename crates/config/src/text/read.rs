//! Reads JSON5 text into a [`Document`].

use std::{collections::HashMap, fmt, sync::Arc};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::{
    fast,
    node::{Entry, Node, Value},
    spans, syntax,
};
use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    pattern::{Step, path_of},
};

/// The longest text that is read; a config is a few kilobytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// How deep objects and arrays may nest; the deepest known key is eleven levels down.
const MAX_DEPTH: usize = 64;

/// A valid config text and its tree.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) text: Arc<str>,
    pub(crate) root: Node,
    /// Keys that stand twice in one object: the last one counts.
    pub(crate) duplicates: Vec<Diagnostic>,
}

/// Reads a text whose top is an object, or says where it is broken.
pub(crate) fn read(text: &str) -> Result<Document, Box<Diagnostic>> {
    let root = read_tree(text)?;
    if !matches!(root.value, Value::Object(_)) {
        let message = "expected an object in `{` and `}`";
        return Err(Box::new(Diagnostic::new(Severity::Error, root.span, message)));
    }
    let (root, duplicates) = settled(root);
    Ok(Document { text: text.into(), root, duplicates })
}

/// Reads a value of any kind, or says where its text is broken.
pub(crate) fn read_value(text: &str) -> Result<Node, Box<Diagnostic>> {
    read_tree(text).map(|root| settled(root).0)
}

fn read_tree(text: &str) -> Result<Node, Box<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {MAX_BYTES} bytes");
        return Err(Box::new(Diagnostic::new(Severity::Error, Span::default(), message)));
    }
    match fast::read(text, MAX_DEPTH) {
        Some(root) => Ok(root),
        None => read_slowly(text),
    }
}

/// Drops the entries that later ones replace, and numbers the values.
fn settled(mut root: Node) -> (Node, Vec<Diagnostic>) {
    let mut is_clean = true;
    let mut next = 0;
    root.change(&mut |node| {
        node.id = next;
        next += 1;
        is_clean = is_clean
            && match &node.value {
                Value::Object(entries) => !has_duplicates(entries),
                _ => true,
            };
    });
    if is_clean {
        return (root, Vec::new());
    }
    let found = duplicates(&root);
    root.change(&mut drop_duplicates);
    root.number_all(0);
    (root, found)
}

/// Reads any text; only here a text is found to be broken.
pub(super) fn read_slowly(text: &str) -> Result<Node, Box<Diagnostic>> {
    let Top(value) = json5::from_str(text).map_err(|error| syntax::explain(text, &error))?;
    let mut root = Node::new(value, Span::default());
    let _ = spans::attach(&mut root, text);
    Ok(root)
}

fn duplicates(root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut look = |steps: &[Step<'_>], node: &Node| {
        let Value::Object(entries) = &node.value else { return };
        if !has_duplicates(entries) {
            return;
        }
        let last = last_of_each(entries);
        for (index, entry) in entries.iter().enumerate() {
            if last.get(entry.key.as_str()) != Some(&index) {
                let path = path_of(steps).key(&entry.key);
                let message = "the key stands twice, the last one counts";
                found.push(
                    Diagnostic::new(Severity::Warning, entry.key_span, message)
                        .at(path)
                        .with_help(Some("remove one of the two".to_owned())),
                );
            }
        }
    };
    look(&[], root);
    root.walk(&mut |steps, _, node| {
        look(steps, node);
        true
    });
    found
}

fn has_duplicates(entries: &[Entry]) -> bool {
    /// Up to here comparing all with all is faster than a map.
    const FEW: usize = 24;
    if entries.len() > FEW {
        return last_of_each(entries).len() < entries.len();
    }
    entries
        .iter()
        .enumerate()
        .any(|(index, entry)| entries.iter().take(index).any(|earlier| earlier.key == entry.key))
}

fn last_of_each(entries: &[Entry]) -> HashMap<&str, usize> {
    entries.iter().enumerate().map(|(index, entry)| (entry.key.as_str(), index)).collect()
}

/// Drops every entry that a later one with its key replaces.
fn drop_duplicates(node: &mut Node) {
    let Value::Object(entries) = &mut node.value else { return };
    let last = last_of_each(entries);
    let keep: Vec<bool> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| last.get(entry.key.as_str()) == Some(&index))
        .collect();
    let mut keep = keep.into_iter();
    entries.retain(|_| keep.next().unwrap_or(true));
}

/// A value that the `json5` crate reads.
pub(super) struct Top(pub(super) Value);

impl<'de> de::Deserialize<'de> for Top {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Below(MAX_DEPTH).deserialize(deserializer).map(Top)
    }
}

/// Reads one value with at most this many levels below it, which bounds the recursion.
#[derive(Clone, Copy)]
struct Below(usize);

impl Below {
    fn down<E: de::Error>(self) -> Result<Self, E> {
        self.0
            .checked_sub(1)
            .map(Below)
            .ok_or_else(|| E::custom(format!("nested more than {MAX_DEPTH} levels deep")))
    }
}

impl<'de> DeserializeSeed<'de> for Below {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(u64::try_from(value).map_or(Value::Negative(value), Value::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let below = self.down()?;
        let mut nodes = Vec::new();
        while let Some(value) = elements.next_element_seed(below)? {
            nodes.push(Node::new(value, Span::default()));
        }
        Ok(Value::Array(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let below = self.down()?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            let value = map.next_value_seed(below)?;
            let node = Node::new(value, Span::default());
            entries.push(Entry { key, key_span: Span::default(), node });
        }
        Ok(Value::Object(entries))
    }
}
