//! What an edit means for the values, whatever the text looks like.

use std::collections::BTreeMap;

use super::error::{EditError, EditErrorKind, kind_of};
use crate::{
    diagnostic::Span,
    path::{KeyPath, Segment},
    text::{Entry, Node, Value},
};

/// Sets a value at a path, making what is missing on the way.
pub(super) fn put(root: &mut Value, path: &KeyPath, new: &Value) -> Result<(), EditError> {
    let refuse = |kind| EditError::new(kind, path);
    let mut at = KeyPath::root();
    let mut value = root;
    for segment in path.segments() {
        if matches!(value, Value::Null) {
            *value = match segment {
                Segment::Key(_) => Value::Object(Vec::new()),
                Segment::Index(_) => Value::Array(Vec::new()),
            };
        }
        value = match (value, segment) {
            (Value::Object(entries), Segment::Key(key)) => {
                let place = entries.iter().position(|entry| entry.key == *key);
                if place.is_none() {
                    entries.push(Entry::unplaced(key.clone(), unplaced(Value::Null)));
                }
                let place = place.unwrap_or(entries.len() - 1);
                entries.get_mut(place).map(|entry| &mut entry.node.value)
            }
            (Value::Array(elements), Segment::Index(index)) => {
                let length = elements.len();
                if *index > length {
                    return Err(refuse(EditErrorKind::OutOfRange { at, length }));
                }
                if *index == length {
                    elements.push(unplaced(Value::Null));
                }
                elements.get_mut(*index).map(|element| &mut element.value)
            }
            (other, _) => {
                let found = kind_of(other);
                return Err(refuse(EditErrorKind::NotInside { at, found }));
            }
        }
        .ok_or_else(|| refuse(EditErrorKind::Unfaithful))?;
        at.push(segment.clone());
    }
    if at.is_root() && !matches!(new, Value::Object(_)) {
        return Err(refuse(EditErrorKind::WholeDocument));
    }
    *value = new.clone();
    Ok(())
}

/// Removes the value at a path; tells whether there was one.
pub(super) fn take(root: &mut Value, path: &KeyPath) -> bool {
    let Some((last, above)) = path.segments().split_last() else { return false };
    let container = above.iter().try_fold(root, |value, segment| match (value, segment) {
        (Value::Object(entries), Segment::Key(key)) => {
            entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node.value)
        }
        (Value::Array(elements), Segment::Index(index)) => {
            elements.get_mut(*index).map(|element| &mut element.value)
        }
        _ => None,
    });
    match (container, last) {
        (Some(Value::Object(entries)), Segment::Key(key)) => {
            let before = entries.len();
            entries.retain(|entry| entry.key != *key);
            entries.len() < before
        }
        (Some(Value::Array(elements)), Segment::Index(index)) if *index < elements.len() => {
            elements.remove(*index);
            true
        }
        _ => false,
    }
}

/// Whether two values are the same to the last bit; the order of keys does not matter.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Unsigned(one), Value::Unsigned(other)) => one == other,
        (Value::Negative(one), Value::Negative(other)) => one == other,
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| same(&one.value, &other.value))
        }
        (Value::Object(one), Value::Object(other)) => {
            let other: BTreeMap<&str, &Node> =
                other.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect();
            one.len() == other.len()
                && one.iter().all(|Entry { key, node, .. }| {
                    other.get(key.as_str()).is_some_and(|other| same(&node.value, &other.value))
                })
        }
        _ => false,
    }
}

/// The object or the list that has just this value in it.
pub(super) fn wrapped(segment: &Segment, value: &Value) -> Value {
    let node = unplaced(value.clone());
    match segment {
        Segment::Key(key) => Value::Object(vec![Entry::unplaced(key.clone(), node)]),
        Segment::Index(_) => Value::Array(vec![node]),
    }
}

/// A node that stands nowhere in a text.
pub(super) fn unplaced(value: Value) -> Node {
    Node { id: 0, span: Span::default(), value }
}

impl Entry {
    /// An entry that stands nowhere in a text.
    pub(super) fn unplaced(key: String, node: Node) -> Self {
        Self { key, key_span: Span::default(), node }
    }
}
