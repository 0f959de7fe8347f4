//! What content is split into.

use crate::dialect::TextToolCall;

/// A part of the content. All of them since the last [`Piece::Restart`], in order, are the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentSegment {
    /// For the reader.
    Text(String),
    /// Reasoning, and the tag that opens such reasoning.
    Reasoning(&'static str, String),
    /// A tag, or the white space beside one.
    Marker(String),
    /// Calls and the text they were written as.
    ToolCalls { dialect: &'static str, calls: Vec<TextToolCall>, raw: String },
    /// All so far was split wrongly and comes again.
    Restart,
}

/// Adds a piece unless its text is empty.
pub(super) fn push_segment(segments: &mut Vec<ContentSegment>, piece: ContentSegment) {
    let (ContentSegment::Text(text)
    | ContentSegment::Reasoning(_, text)
    | ContentSegment::Marker(text)) = &piece
    else {
        return;
    };
    if !text.is_empty() {
        segments.push(piece);
    }
}
