//! Text patches at offsets of the old text.

use crate::diagnostic::TextSpan;

/// A byte range and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPatch {
    pub(super) span: TextSpan,
    pub(super) text: String,
}

impl TextPatch {
    pub(super) fn insert_at(at: usize, text: impl Into<String>) -> Self {
        Self { span: TextSpan { start: at, end: at }, text: text.into() }
    }

    pub(super) fn delete_range(start: usize, end: usize) -> Self {
        Self { span: TextSpan { start, end }, text: String::new() }
    }
}

/// Applies patches; `None` when they overlap or split a character. Of two patches at the same
/// offset the first goes first.
pub(super) fn apply_patches(text: &str, mut patches: Vec<TextPatch>) -> Option<String> {
    patches.sort_by_key(|patch| patch.span);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for TextPatch { span, text: new } in patches {
        changed.push_str(text.get(done..span.start)?);
        changed.push_str(&new);
        done = span.end;
    }
    changed.push_str(text.get(done..)?);
    Some(changed)
}
