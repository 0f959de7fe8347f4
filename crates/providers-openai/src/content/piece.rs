//! What content is split into.

use crate::dialect::Written;

/// A part of the content. All of them since the last [`Piece::Restart`], in order, are the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// For the reader.
    Text(String),
    /// Reasoning, and the tag that opens such reasoning.
    Thought(&'static str, String),
    /// A tag, or the white space beside one.
    Mark(String),
    /// Calls and the text they were written as.
    Calls { dialect: &'static str, calls: Vec<Written>, raw: String },
    /// All so far was split wrongly and comes again.
    Restart,
}

/// Adds a piece unless its text is empty.
pub(super) fn give(out: &mut Vec<Piece>, piece: Piece) {
    let (Piece::Text(text) | Piece::Thought(_, text) | Piece::Mark(text)) = &piece else { return };
    if !text.is_empty() {
        out.push(piece);
    }
}
