//! Enters and leaves reasoning.

use super::segment::{ContentSegment, push_segment};
use super::{ContentSplitter, SplitMode};
use crate::code_spans::CodeSpanTracker;
use crate::reasoning_tags::{self, ReasoningTags, TagMatch};

impl ContentSplitter {
    /// Decides whether the answer begins with reasoning.
    pub(super) fn start_content(
        &mut self,
        expects_reasoning: bool,
        is_end: bool,
        segments: &mut Vec<ContentSegment>,
    ) -> bool {
        let text = self.pending.trim_ascii_start();
        let whitespace_len = self.pending.len() - text.len();
        match reasoning_tags::match_open_tag(text, self.allows_provisional, true) {
            TagMatch::Partial if !is_end => return false,
            TagMatch::Complete(tags, len) => {
                let marker = self.take_pending(whitespace_len + len);
                push_segment(segments, ContentSegment::Marker(marker));
                self.enter_reasoning(tags);
            }
            _ if expects_reasoning => {
                self.mode = SplitMode::Reasoning(None);
                self.is_after_marker = true;
            }
            _ => self.mode = SplitMode::Text,
        }
        true
    }

    /// Enters reasoning after its opening mark.
    pub(super) fn enter_reasoning(&mut self, tags: &'static ReasoningTags) {
        self.mode = SplitMode::Reasoning(Some(tags));
        if !tags.is_provisional {
            self.started_in_reasoning.get_or_insert(false);
            // Needed only if the answer begins with this mark, which may then be nested.
            let begins_here = self.raw_before_pending().is_some_and(|raw| {
                let raw = raw.trim_ascii_start();
                matches!(reasoning_tags::match_mark(raw, tags.open), TagMatch::Complete((), len) if raw.len() == len)
            });
            if !begins_here {
                self.resplit_buffer = None;
            }
        }
        (self.code_tracker, self.is_after_marker) = (CodeSpanTracker::default(), true);
    }

    /// The text so far, without what is pending, if it may have to be split again.
    fn raw_before_pending(&self) -> Option<&str> {
        self.resplit_buffer.as_deref()?.strip_suffix(self.pending.as_str())
    }

    /// Handles a closing mark of this length. Without an opening one, or when another one was open,
    /// all text before it becomes reasoning.
    pub(super) fn close_reasoning(&mut self, len: usize, segments: &mut Vec<ContentSegment>) {
        let is_nested =
            matches!(self.mode, SplitMode::Reasoning(Some(tags)) if self.has_nested_open(tags));
        if let SplitMode::Text = self.mode {
            let raw = self.raw_before_pending().unwrap_or_default();
            let reasoning = without_open_tag(raw).to_owned();
            let source = reasoning_tags::source_of_close_tag(&self.pending);
            segments.push(ContentSegment::Restart);
            push_segment(segments, ContentSegment::Reasoning(source, reasoning));
            self.is_before_text = true;
        }
        if !is_nested {
            self.resplit_buffer = None;
        }
        let started_in_reasoning = !matches!(self.mode, SplitMode::Reasoning(Some(_)));
        if started_in_reasoning && self.started_in_reasoning != Some(false) {
            self.started_in_reasoning = Some(true);
        } else {
            self.started_in_reasoning.get_or_insert(false);
        }
        let marker = self.take_pending(len);
        push_segment(segments, ContentSegment::Marker(marker));
        (self.mode, self.code_tracker, self.is_after_marker) =
            (SplitMode::Text, CodeSpanTracker::default(), true);
        self.template.answer_tags = super::AnswerTags::Expected;
    }

    /// Whether the reasoning that the answer begins with has its opening mark inside once more.
    fn has_nested_open(&self, tags: &ReasoningTags) -> bool {
        let raw = self.raw_before_pending().unwrap_or_default();
        without_open_tag(raw).contains(tags.open)
    }
}

/// A text without the opening mark that it begins with.
fn without_open_tag(text: &str) -> &str {
    match reasoning_tags::match_open_tag(text.trim_ascii_start(), true, true) {
        TagMatch::Complete(_, len) => text.trim_ascii_start().get(len..).unwrap_or_default(),
        TagMatch::Partial | TagMatch::Mismatch => text,
    }
}
