//! The names that reasoning came in, which the vocabulary wants for ever.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The names that are usual.
const KNOWN_FIELDS: [&str; 5] =
    ["reasoning", "reasoning_content", "thinking", "<think>", "<thinking>"];

/// So many others are kept; a file can hold any number of them.
const MAX_INTERNED_FIELDS: usize = 32;

/// The longest other name, in bytes.
const MAX_FIELD_LEN: usize = 32;

/// Other names that were met. They are never given back, and they are few.
static INTERNED_FIELDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The name for ever; the first usual one stands for a name that is too long and for those above
/// the most that are kept.
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
