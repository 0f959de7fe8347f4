//! Changes of a text at places that are counted in the old one.

use crate::diagnostic::Span;

/// Some bytes and what comes in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) span: Span,
    pub(super) text: String,
}

impl Patch {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { span: Span { start: at, end: at }, text: text.into() }
    }

    pub(super) fn delete(start: usize, end: usize) -> Self {
        Self { span: Span { start, end }, text: String::new() }
    }
}

/// Makes the changes; absent when they overlap or are not at the edges of characters. Of two at
/// the same place the first comes first.
pub(super) fn apply(text: &str, mut patches: Vec<Patch>) -> Option<String> {
    patches.sort_by_key(|patch| patch.span);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for Patch { span, text: new } in patches {
        changed.push_str(text.get(done..span.start)?);
        changed.push_str(&new);
        done = span.end;
    }
    changed.push_str(text.get(done..)?);
    Some(changed)
}
