//! Edits on the value tree, independent of the text.

use std::collections::BTreeMap;

use super::error::{EditError, EditErrorKind, describe_kind};
use crate::{
    diagnostic::TextSpan,
    path::{KeyPath, PathSegment},
    text::{Json5Node, Json5Value, ObjectEntry},
};

/// Sets a value at a path, and creates missing containers on the way.
pub(super) fn set_in(
    root: &mut Json5Value,
    path: &KeyPath,
    new: &Json5Value,
) -> Result<(), EditError> {
    let refuse = |kind| EditError::new(kind, path);
    let mut at = KeyPath::root();
    let mut value = root;
    for segment in path.segments() {
        if matches!(value, Json5Value::Null) {
            *value = match segment {
                PathSegment::Key(_) => Json5Value::Object(Vec::new()),
                PathSegment::Index(_) => Json5Value::Array(Vec::new()),
            };
        }
        value = match (value, segment) {
            (Json5Value::Object(entries), PathSegment::Key(key)) => {
                let place = entries.iter().position(|entry| entry.key == *key);
                if place.is_none() {
                    entries.push(ObjectEntry::without_span(
                        key.clone(),
                        unplaced_node(Json5Value::Null),
                    ));
                }
                let place = place.unwrap_or(entries.len() - 1);
                entries.get_mut(place).map(|entry| &mut entry.node.value)
            }
            (Json5Value::Array(elements), PathSegment::Index(index)) => {
                let length = elements.len();
                if *index > length {
                    return Err(refuse(EditErrorKind::OutOfRange { at, length }));
                }
                if *index == length {
                    elements.push(unplaced_node(Json5Value::Null));
                }
                elements.get_mut(*index).map(|element| &mut element.value)
            }
            (other, _) => {
                let found = describe_kind(other);
                return Err(refuse(EditErrorKind::NotContainer { at, found }));
            }
        }
        .ok_or_else(|| refuse(EditErrorKind::UnsafeEdit))?;
        at.push(segment.clone());
    }
    if at.is_root() && !matches!(new, Json5Value::Object(_)) {
        return Err(refuse(EditErrorKind::WholeDocument));
    }
    *value = new.clone();
    Ok(())
}

/// Removes the value at a path; returns whether there was one.
pub(super) fn remove_in(root: &mut Json5Value, path: &KeyPath) -> bool {
    let Some((last, above)) = path.segments().split_last() else { return false };
    let container = above.iter().try_fold(root, |value, segment| match (value, segment) {
        (Json5Value::Object(entries), PathSegment::Key(key)) => {
            entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node.value)
        }
        (Json5Value::Array(elements), PathSegment::Index(index)) => {
            elements.get_mut(*index).map(|element| &mut element.value)
        }
        _ => None,
    });
    match (container, last) {
        (Some(Json5Value::Object(entries)), PathSegment::Key(key)) => {
            let before = entries.len();
            entries.retain(|entry| entry.key != *key);
            entries.len() < before
        }
        (Some(Json5Value::Array(elements)), PathSegment::Index(index))
            if *index < elements.len() =>
        {
            elements.remove(*index);
            true
        }
        _ => false,
    }
}

/// Whether two values are bitwise equal; the order of keys does not matter.
pub(super) fn values_equal(one: &Json5Value, other: &Json5Value) -> bool {
    match (one, other) {
        (Json5Value::Null, Json5Value::Null) => true,
        (Json5Value::Bool(one), Json5Value::Bool(other)) => one == other,
        (Json5Value::Unsigned(one), Json5Value::Unsigned(other)) => one == other,
        (Json5Value::Negative(one), Json5Value::Negative(other)) => one == other,
        (Json5Value::Float(one), Json5Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Json5Value::Text(one), Json5Value::Text(other)) => one == other,
        (Json5Value::Array(one), Json5Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| values_equal(&one.value, &other.value))
        }
        (Json5Value::Object(one), Json5Value::Object(other)) => {
            let other: BTreeMap<&str, &Json5Node> =
                other.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect();
            one.len() == other.len()
                && one.iter().all(|ObjectEntry { key, node, .. }| {
                    other
                        .get(key.as_str())
                        .is_some_and(|other| values_equal(&node.value, &other.value))
                })
        }
        _ => false,
    }
}

/// Wraps a value in an object or a list that contains nothing else.
pub(super) fn wrap_in_container(segment: &PathSegment, value: &Json5Value) -> Json5Value {
    let node = unplaced_node(value.clone());
    match segment {
        PathSegment::Key(key) => {
            Json5Value::Object(vec![ObjectEntry::without_span(key.clone(), node)])
        }
        PathSegment::Index(_) => Json5Value::Array(vec![node]),
    }
}

/// A node without a position in a text.
pub(super) fn unplaced_node(value: Json5Value) -> Json5Node {
    Json5Node { id: 0, span: TextSpan::default(), value }
}

impl ObjectEntry {
    /// An entry without a position in a text.
    pub(super) fn without_span(key: String, node: Json5Node) -> Self {
        Self { key, key_span: TextSpan::default(), node }
    }
}
