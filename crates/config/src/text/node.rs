//! The tree of a config text: JSON values with positions, keys in file order.

use std::collections::BTreeSet;

use crate::{
    diagnostic::TextSpan,
    path::{KeyPath, PathSegment},
    pattern::{PathSegmentRef, to_key_path},
};

/// A value of a text.
#[derive(Clone)]
pub(crate) struct Json5Node {
    /// Unique within the tree.
    pub(crate) id: u32,
    pub(crate) span: TextSpan,
    pub(crate) value: Json5Value,
}

#[derive(Clone)]
pub(crate) enum Json5Value {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text(String),
    Array(Vec<Json5Node>),
    Object(Vec<ObjectEntry>),
}

/// A key of an object and its value.
#[derive(Clone)]
pub(crate) struct ObjectEntry {
    pub(crate) key: String,
    pub(crate) key_span: TextSpan,
    pub(crate) node: Json5Node,
}

/// Called for each value with its path, the span of its key (for an element its own) and the value;
/// returning `false` skips the values in it.
pub(crate) type NodeVisitor<'v, 'n> =
    dyn FnMut(&[PathSegmentRef<'n>], TextSpan, &'n Json5Node) -> bool + 'v;

impl Json5Node {
    pub(crate) fn new(value: Json5Value, span: TextSpan) -> Self {
        Self { id: 0, span, value }
    }

    /// Finds the value at a path, with the span of its key (for an element its own).
    ///
    /// `None` when the value or one of its containers is in `hidden`.
    pub(crate) fn find_path(
        &self,
        path: &KeyPath,
        hidden: &BTreeSet<u32>,
    ) -> Option<(TextSpan, &Json5Node)> {
        let top = Some((self.span, self)).filter(|_| !hidden.contains(&self.id))?;
        path.segments().iter().try_fold(top, |(_, node), segment| {
            let found = match (&node.value, segment) {
                (Json5Value::Object(entries), PathSegment::Key(key)) => entries
                    .iter()
                    .find(|entry| entry.key == *key)
                    .map(|entry| (entry.key_span, &entry.node)),
                (Json5Value::Array(elements), PathSegment::Index(index)) => {
                    elements.get(*index).map(|node| (node.span, node))
                }
                _ => None,
            };
            found.filter(|(_, node)| !hidden.contains(&node.id))
        })
    }

    /// The text, if it is a string.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Json5Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole number.
    pub(crate) fn as_number(&self) -> Option<u64> {
        match self.value {
            Json5Value::Unsigned(number) => Some(number),
            _ => None,
        }
    }

    /// Finds the entry with a key.
    pub(crate) fn find_entry(&self, key: &str) -> Option<&ObjectEntry> {
        let Json5Value::Object(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key)
    }

    /// Calls `found` for every value whose path matches `pattern`, with its path and the span of
    /// its key. Skips values in `hidden` and everything in them.
    pub(crate) fn select_matching<'n>(
        &'n self,
        pattern: &str,
        hidden: &BTreeSet<u32>,
        found: &mut dyn FnMut(KeyPath, TextSpan, &'n Json5Node),
    ) {
        let pattern: Vec<&str> = pattern.split('.').collect();
        self.walk_nodes(&mut |steps, key_span, node| {
            let on_the_way = !hidden.contains(&node.id)
                && steps
                    .last()
                    .zip(pattern.get(steps.len() - 1))
                    .is_some_and(|(s, p)| s.matches_pattern(p));
            if on_the_way && steps.len() == pattern.len() {
                found(to_key_path(steps), key_span, node);
            }
            on_the_way && steps.len() < pattern.len()
        });
    }

    /// Visits every value below this one, parents first.
    pub(crate) fn walk_nodes<'n>(&'n self, visit: &mut NodeVisitor<'_, 'n>) {
        self.walk_nodes_from(&mut Vec::new(), visit);
    }

    fn walk_nodes_from<'n>(
        &'n self,
        steps: &mut Vec<PathSegmentRef<'n>>,
        visit: &mut NodeVisitor<'_, 'n>,
    ) {
        self.visit_children(&mut |step, key_span, node| {
            steps.push(step);
            if visit(steps, key_span, node) {
                node.walk_nodes_from(steps, visit);
            }
            steps.pop();
        });
    }

    fn visit_children<'n>(
        &'n self,
        visit: &mut dyn FnMut(PathSegmentRef<'n>, TextSpan, &'n Json5Node),
    ) {
        match &self.value {
            Json5Value::Object(entries) => {
                for entry in entries {
                    visit(PathSegmentRef::Key(&entry.key), entry.key_span, &entry.node);
                }
            }
            Json5Value::Array(elements) => {
                for (index, node) in elements.iter().enumerate() {
                    visit(PathSegmentRef::Index(index), node.span, node);
                }
            }
            _ => {}
        }
    }

    /// Visits this value and every one below it, parents first.
    pub(crate) fn visit_all_mut(&mut self, change: &mut dyn FnMut(&mut Json5Node)) {
        change(self);
        match &mut self.value {
            Json5Value::Object(entries) => {
                for entry in entries {
                    entry.node.visit_all_mut(change);
                }
            }
            Json5Value::Array(elements) => {
                for node in elements {
                    node.visit_all_mut(change);
                }
            }
            _ => {}
        }
    }

    /// Numbers this value and all below it in text order, starting with `next`; returns the next
    /// free number.
    pub(crate) fn assign_ids(&mut self, mut next: u32) -> u32 {
        self.visit_all_mut(&mut |node| {
            node.id = next;
            next += 1;
        });
        next
    }
}
