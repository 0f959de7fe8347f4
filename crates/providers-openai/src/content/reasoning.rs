//! Enters and leaves reasoning.

use super::segment::{ContentSegment, push_segment};
use super::{ContentSplitter, SplitMode};
use crate::code_spans::CodeSpanTracker;
use crate::reasoning_tags::{self, TagMatch, TagPair};

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
        match reasoning_tags::match_open_tag(text) {
            TagMatch::Partial if !is_end => return false,
            TagMatch::Complete(tag) => {
                let marker = self.take_pending(whitespace_len + tag.open.len());
                push_segment(segments, ContentSegment::Marker(marker));
                self.enter_reasoning(tag);
            }
            _ if expects_reasoning => {
                self.mode = SplitMode::Reasoning(None);
                self.is_after_marker = true;
            }
            _ => self.mode = SplitMode::Text,
        }
        true
    }

    /// Enters reasoning after its opening tag.
    pub(super) fn enter_reasoning(&mut self, tag: TagPair) {
        self.mode = SplitMode::Reasoning(Some(tag));
        self.started_in_reasoning.get_or_insert(false);
        (self.resplit_buffer, self.code_tracker, self.is_after_marker) =
            (None, CodeSpanTracker::default(), true);
    }

    /// Handles a closing tag. Without an opening tag, all text before it becomes reasoning.
    pub(super) fn close_reasoning(&mut self, tag: TagPair, segments: &mut Vec<ContentSegment>) {
        let resplit_text = self.resplit_buffer.take().unwrap_or_default();
        if let SplitMode::Text = self.mode {
            let reasoning = resplit_text.strip_suffix(&self.pending).unwrap_or_default();
            segments.push(ContentSegment::Restart);
            push_segment(segments, ContentSegment::Reasoning(tag.open, reasoning.to_owned()));
            self.is_before_text = true;
        }
        if !matches!(self.mode, SplitMode::Reasoning(Some(_))) {
            self.started_in_reasoning = Some(true);
        }
        let marker = self.take_pending(tag.close.len());
        push_segment(segments, ContentSegment::Marker(marker));
        (self.mode, self.code_tracker, self.is_after_marker) =
            (SplitMode::Text, CodeSpanTracker::default(), true);
    }
}
