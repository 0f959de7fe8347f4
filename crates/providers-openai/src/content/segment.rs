//! The segments that content is split into.

use std::fmt;

use crate::dialect::{CallFamily, TextToolCall};

/// The longest excerpt of an unreadable call in a message, in bytes.
const MAX_EXCERPT_BYTES: usize = 160;

/// A tool call that cannot be read. Displays as what failed.
#[derive(Debug, Clone)]
pub(crate) struct UnreadableCall {
    /// The family whose mark it begins with.
    pub(crate) family: &'static CallFamily,
    /// What was written.
    pub(crate) raw: String,
}

impl fmt::Display for UnreadableCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.raw.split_whitespace().collect::<Vec<_>>().join(" ");
        let excerpt = line.get(..line.floor_char_boundary(MAX_EXCERPT_BYTES)).unwrap_or_default();
        let ellipsis = if excerpt.len() < line.len() { "…" } else { "" };
        write!(
            f,
            "read a tool call that came as text: it is written in the format `{}`, but names no \
             offered tool or has no readable arguments: {excerpt}{ellipsis}",
            self.family.name
        )
    }
}

impl PartialEq for UnreadableCall {
    fn eq(&self, other: &Self) -> bool {
        self.family.name == other.family.name && self.raw == other.raw
    }
}

impl Eq for UnreadableCall {}

/// A segment of the content. The segments since the last [`ContentSegment::Restart`] make up the
/// content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentSegment {
    /// Visible text.
    Text(String),
    /// Reasoning, with its opening tag.
    Reasoning(&'static str, String),
    /// A tool call that cannot be read.
    Unreadable(UnreadableCall),
    /// A tag, a token of a chat template, or white space around one.
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
