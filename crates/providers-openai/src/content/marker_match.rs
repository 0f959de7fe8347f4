//! Recognises tags and tool calls in the content.

use super::{ContentSplitter, SplitMode};
use crate::dialect::{self, CallMatch, TextToolCall};
use crate::reasoning_tags::{self, TagMatch, TagPair};

/// The match at an offset of the pending text.
pub(super) enum MarkerMatch {
    /// Plain text.
    PlainText,
    /// Undecided until more text arrives.
    Undecided,
    /// A tag that opens reasoning.
    OpensReasoning(TagPair),
    /// A tag that closes reasoning.
    ClosesReasoning(TagPair),
    /// Tool calls written as text.
    ToolCalls { dialect: &'static str, len: usize, calls: Vec<TextToolCall> },
}

impl ContentSplitter {
    /// Matches the pending text at `offset`, where `byte` is.
    pub(super) fn match_at(&self, offset: usize, byte: u8, is_end: bool) -> MarkerMatch {
        let rest = || self.pending.get(offset..).unwrap_or_default();
        match self.mode {
            SplitMode::Reasoning(tag) if byte == b'<' => {
                self.match_in_reasoning(rest(), tag, is_end)
            }
            SplitMode::Text if self.may_start_marker(byte) && !self.code_tracker.is_in_code() => {
                self.match_in_text(rest(), is_end)
            }
            _ => MarkerMatch::PlainText,
        }
    }

    fn may_start_marker(&self, byte: u8) -> bool {
        matches!(byte, b'<' | b'[') || (self.is_before_text && !byte.is_ascii_whitespace())
    }

    fn match_in_reasoning(&self, rest: &str, tag: Option<TagPair>, is_end: bool) -> MarkerMatch {
        match reasoning_tags::match_close_tag(rest, tag.as_ref()) {
            TagMatch::Complete(tag) if self.code_tracker.is_in_span() => {
                // Backticks that are not closed on this line open no span.
                let after = rest.bytes().skip(tag.close.len());
                match after.into_iter().find(|byte| matches!(byte, b'`' | b'\n')) {
                    Some(b'`') => MarkerMatch::PlainText,
                    None if !is_end => MarkerMatch::Undecided,
                    _ => MarkerMatch::ClosesReasoning(tag),
                }
            }
            TagMatch::Complete(tag) => MarkerMatch::ClosesReasoning(tag),
            TagMatch::Partial if !is_end => MarkerMatch::Undecided,
            TagMatch::Partial | TagMatch::Mismatch => MarkerMatch::PlainText,
        }
    }

    fn match_in_text(&self, rest: &str, is_end: bool) -> MarkerMatch {
        let mut is_undecided = false;
        if self.code_tracker.is_at_line_start() {
            match reasoning_tags::match_open_tag(rest) {
                TagMatch::Complete(tag) => return MarkerMatch::OpensReasoning(tag),
                found => is_undecided |= found == TagMatch::Partial,
            }
        }
        if self.resplit_buffer.is_some() {
            match reasoning_tags::match_close_tag(rest, None) {
                TagMatch::Complete(tag) => return MarkerMatch::ClosesReasoning(tag),
                found => is_undecided |= found == TagMatch::Partial,
            }
        }
        if let Some(offered) = &self.offered_tools {
            match dialect::match_calls(rest, offered, self.is_before_text, is_end) {
                CallMatch::Calls { dialect, len, calls } => {
                    return MarkerMatch::ToolCalls { dialect, len, calls };
                }
                CallMatch::Undecided => is_undecided = true,
                CallMatch::NoCall => {}
            }
        }
        if is_undecided && !is_end { MarkerMatch::Undecided } else { MarkerMatch::PlainText }
    }
}
