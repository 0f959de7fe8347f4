//! Interns the names of reasoning fields, because core's message type holds them as `&'static str`.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The usual names.
const KNOWN_FIELDS: [&str; 5] =
    ["reasoning", "reasoning_content", "thinking", "<think>", "<thinking>"];

/// How many other names are interned at most; a file could hold any number.
const MAX_INTERNED_FIELDS: usize = 32;

/// The longest other name that is interned, in bytes.
const MAX_FIELD_LEN: usize = 32;

/// Other names that occurred. They are leaked; their number is bounded.
static INTERNED_FIELDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Returns the interned name. The first usual name replaces names that are too long or too many.
pub(super) fn intern_field_name(name: &str) -> &'static str {
    if let Some(usual) = KNOWN_FIELDS.into_iter().find(|usual| *usual == name) {
        return usual;
    }
    let mut interned = INTERNED_FIELDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = interned.get(name) {
        return known;
    }
    if name.len() > MAX_FIELD_LEN || interned.len() >= MAX_INTERNED_FIELDS {
        let [first, ..] = KNOWN_FIELDS;
        return first;
    }
    let name: &'static str = Box::leak(Box::from(name));
    interned.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_are_kept_and_bounded() {
        assert_eq!(intern_field_name("<think>"), "<think>");
        assert_eq!(intern_field_name("<thought>"), "<thought>");
        assert_eq!(intern_field_name(&"x".repeat(MAX_FIELD_LEN + 1)), "reasoning");
        for number in 0..2 * MAX_INTERNED_FIELDS {
            intern_field_name(&format!("name {number}"));
        }
        assert!(INTERNED_FIELDS.lock().unwrap().len() <= MAX_INTERNED_FIELDS);
        assert_eq!(intern_field_name("<thought>"), "<thought>");
    }
}
