//! Reads JSON5 text into a [`Document`].

use std::{collections::HashMap, fmt, sync::Arc};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::{
    node::{Entry, Node, Value},
    spans, syntax,
};
use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    path::{KeyPath, Segment},
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
    let broken = |span, message: String| Box::new(Diagnostic::new(Severity::Error, span, message));
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {MAX_BYTES} bytes");
        return Err(broken(Span::default(), message));
    }
    let Top(value) = json5::from_str(text).map_err(|error| syntax::explain(text, &error))?;
    let mut root = Node { id: 0, span: Span::default(), value };
    let _ = spans::attach(&mut root, text);
    if !matches!(root.value, Value::Object(_)) {
        return Err(broken(root.span, "expected an object in `{` and `}`".to_owned()));
    }
    let mut duplicates = Vec::new();
    settle(&mut root, &mut 0, &mut KeyPath::root(), &mut |path, span| {
        let message = "the key stands twice, the last one counts";
        duplicates.push(
            Diagnostic::new(Severity::Warning, span, message)
                .at(path.clone())
                .with_help(Some("remove one of the two".to_owned())),
        );
    });
    Ok(Document { text: text.into(), root, duplicates })
}

/// Reads a value of any kind, whose parts have no places, or says where its text is broken.
pub(crate) fn read_value(text: &str) -> Result<Node, Box<Diagnostic>> {
    let Top(value) = json5::from_str(text).map_err(|error| syntax::explain(text, &error))?;
    let mut root = Node { id: 0, span: Span::default(), value };
    let _ = spans::attach(&mut root, text);
    settle(&mut root, &mut 0, &mut KeyPath::root(), &mut |_, _| {});
    Ok(root)
}

/// Numbers the values and drops every entry that a later one with its key replaces.
fn settle(
    node: &mut Node,
    next: &mut u32,
    path: &mut KeyPath,
    duplicate: &mut dyn FnMut(&KeyPath, Span),
) {
    node.id = *next;
    *next += 1;
    match &mut node.value {
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                path.push(Segment::Index(index));
                settle(element, next, path, duplicate);
                path.pop();
            }
        }
        Value::Object(entries) => {
            let last: HashMap<String, Span> =
                entries.iter().map(|entry| (entry.key.clone(), entry.key_span)).collect();
            entries.retain_mut(|entry| {
                path.push(Segment::Key(entry.key.clone()));
                let keep = last.get(&entry.key) == Some(&entry.key_span);
                if keep {
                    settle(&mut entry.node, next, path, duplicate);
                } else {
                    duplicate(path, entry.key_span);
                }
                path.pop();
                keep
            });
        }
        _ => {}
    }
}

struct Top(Value);

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
            nodes.push(Node { id: 0, span: Span::default(), value });
        }
        Ok(Value::Array(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let below = self.down()?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            let value = map.next_value_seed(below)?;
            let (key_span, span) = (Span::default(), Span::default());
            entries.push(Entry { key, key_span, node: Node { id: 0, span, value } });
        }
        Ok(Value::Object(entries))
    }
}
