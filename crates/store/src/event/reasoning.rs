//! The names that reasoning came in, which the vocabulary wants for ever.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The names that are usual.
const USUAL: [&str; 5] = ["reasoning", "reasoning_content", "thinking", "<think>", "<thinking>"];

/// So many others are kept; a file can hold any number of them.
const MAX_OTHERS: usize = 32;

/// The longest other name, in bytes.
const MAX_LEN: usize = 32;

/// Other names that were met. They are never given back, and they are few.
static OTHERS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The name for ever; the first usual one stands for a name that is too long and for those above
/// the most that are kept.
pub(super) fn field(name: &str) -> &'static str {
    if let Some(usual) = USUAL.into_iter().find(|usual| *usual == name) {
        return usual;
    }
    let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = others.get(name) {
        return known;
    }
    if name.len() > MAX_LEN || others.len() >= MAX_OTHERS {
        let [first, ..] = USUAL;
        return first;
    }
    let name: &'static str = Box::leak(Box::from(name));
    others.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_are_kept_and_bounded() {
        assert_eq!(field("<think>"), "<think>");
        assert_eq!(field("<thought>"), "<thought>");
        assert_eq!(field(&"x".repeat(MAX_LEN + 1)), "reasoning");
        for number in 0..2 * MAX_OTHERS {
            field(&format!("name {number}"));
        }
        assert!(OTHERS.lock().unwrap().len() <= MAX_OTHERS);
        assert_eq!(field("<thought>"), "<thought>");
    }
}
