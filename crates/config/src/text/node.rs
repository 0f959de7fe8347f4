//! The tree of a config text: JSON values with their places, keys in the order of the file.

use std::collections::BTreeSet;

use crate::{
    diagnostic::Span,
    path::{KeyPath, Segment},
    pattern::{Step, path_of},
};

/// One value of a text.
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

/// What is called for each value: its path, the place of its key (its own for an element), and
/// itself; `false` skips what is below.
pub(crate) type Visit<'v, 'n> = dyn FnMut(&[Step<'n>], Span, &'n Node) -> bool + 'v;

impl Node {
    pub(crate) fn new(value: Value, span: Span) -> Self {
        Self { id: 0, span, value }
    }

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

    /// The text that it is.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number that it is.
    pub(crate) fn number(&self) -> Option<u64> {
        match self.value {
            Value::Unsigned(number) => Some(number),
            _ => None,
        }
    }

    /// Its entry with this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        let Value::Object(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key)
    }

    /// Calls `found` for every value whose path is `pattern`: its path, the place of its key and
    /// itself. Those among the `hidden` ones, and what is in them, are left out.
    pub(crate) fn select<'n>(
        &'n self,
        pattern: &str,
        hidden: &BTreeSet<u32>,
        found: &mut dyn FnMut(KeyPath, Span, &'n Node),
    ) {
        let pattern: Vec<&str> = pattern.split('.').collect();
        self.walk(&mut |steps, key_span, node| {
            let on_the_way = !hidden.contains(&node.id)
                && steps.last().zip(pattern.get(steps.len() - 1)).is_some_and(|(s, p)| s.fits(p));
            if on_the_way && steps.len() == pattern.len() {
                found(path_of(steps), key_span, node);
            }
            on_the_way && steps.len() < pattern.len()
        });
    }

    /// Calls `visit` for every value below this one, parents first.
    pub(crate) fn walk<'n>(&'n self, visit: &mut Visit<'_, 'n>) {
        self.walk_from(&mut Vec::new(), visit);
    }

    fn walk_from<'n>(&'n self, steps: &mut Vec<Step<'n>>, visit: &mut Visit<'_, 'n>) {
        self.each(&mut |step, key_span, node| {
            steps.push(step);
            if visit(steps, key_span, node) {
                node.walk_from(steps, visit);
            }
            steps.pop();
        });
    }

    fn each<'n>(&'n self, visit: &mut dyn FnMut(Step<'n>, Span, &'n Node)) {
        match &self.value {
            Value::Object(entries) => {
                for entry in entries {
                    visit(Step::Key(&entry.key), entry.key_span, &entry.node);
                }
            }
            Value::Array(elements) => {
                for (index, node) in elements.iter().enumerate() {
                    visit(Step::Index(index), node.span, node);
                }
            }
            _ => {}
        }
    }

    /// Calls `change` for this value and every one below it, parents first.
    pub(crate) fn change(&mut self, change: &mut dyn FnMut(&mut Node)) {
        change(self);
        match &mut self.value {
            Value::Object(entries) => {
                for entry in entries {
                    entry.node.change(change);
                }
            }
            Value::Array(elements) => {
                for node in elements {
                    node.change(change);
                }
            }
            _ => {}
        }
    }

    /// Numbers this value and all below it from `next` on, in the order of the text; gives the
    /// number behind the last one.
    pub(crate) fn number_all(&mut self, mut next: u32) -> u32 {
        self.change(&mut |node| {
            node.id = next;
            next += 1;
        });
        next
    }
}
