//! The tree of a config text: JSON values with their places, keys in the order of the file.

use std::collections::BTreeSet;

use crate::{
    diagnostic::Span,
    path::{KeyPath, Segment},
};

/// One value of the text.
#[derive(Clone)]
pub(crate) struct Node {
    /// Unique in its tree.
    pub(crate) id: u32,
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<Entry>),
}

/// A key of an object and its value.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Node {
    /// The entry or the element at a path: its key's place (its own for an element) and itself.
    ///
    /// Absent when it, or something that it is in, is among the `hidden` ones.
    pub(crate) fn find(&self, path: &KeyPath, hidden: &BTreeSet<u32>) -> Option<(Span, &Node)> {
        let top = Some((self.span, self)).filter(|_| !hidden.contains(&self.id))?;
        path.segments().iter().try_fold(top, |(_, node), segment| {
            let found = match (&node.value, segment) {
                (Value::Object(entries), Segment::Key(key)) => entries
                    .iter()
                    .find(|entry| entry.key == *key)
                    .map(|entry| (entry.key_span, &entry.node)),
                (Value::Array(elements), Segment::Index(index)) => {
                    elements.get(*index).map(|node| (node.span, node))
                }
                _ => None,
            };
            found.filter(|(_, node)| !hidden.contains(&node.id))
        })
    }

    /// Calls `visit` for every value below this one, parents first; `false` skips what is below.
    pub(crate) fn walk(&self, visit: &mut dyn FnMut(&KeyPath, Span, &Node) -> bool) {
        self.walk_from(&mut KeyPath::root(), visit);
    }

    fn walk_from(&self, path: &mut KeyPath, visit: &mut dyn FnMut(&KeyPath, Span, &Node) -> bool) {
        let mut step = |segment, key_span, node: &Node| {
            path.push(segment);
            if visit(path, key_span, node) {
                node.walk_from(path, visit);
            }
            path.pop();
        };
        match &self.value {
            Value::Object(entries) => {
                for entry in entries {
                    step(Segment::Key(entry.key.clone()), entry.key_span, &entry.node);
                }
            }
            Value::Array(elements) => {
                for (index, node) in elements.iter().enumerate() {
                    step(Segment::Index(index), node.span, node);
                }
            }
            _ => {}
        }
    }
}
