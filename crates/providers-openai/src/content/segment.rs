//! The segments that content is split into.

use crate::dialect::TextToolCall;

/// A segment of the content. The segments since the last [`ContentSegment::Restart`] make up the
/// content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentSegment {
    /// Visible text.
    Text(String),
    /// Reasoning, with its opening tag.
    Reasoning(&'static str, String),
    /// A tag, or white space around one.
    Marker(String),
    /// Tool calls, and the text they were written as.
    ToolCalls { dialect: &'static str, calls: Vec<TextToolCall>, raw: String },
    /// The earlier segments were wrong; all content follows again.
    Restart,
}

/// Adds a segment unless its text is empty.
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
