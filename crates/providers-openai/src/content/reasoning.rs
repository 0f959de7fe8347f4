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
            self.resplit_buffer = None;
        }
        (self.code_tracker, self.is_after_marker) = (CodeSpanTracker::default(), true);
    }

    /// Handles a closing mark of this length. Without an opening one, all text before it becomes
    /// reasoning.
    pub(super) fn close_reasoning(&mut self, len: usize, segments: &mut Vec<ContentSegment>) {
        let resplit_text = self.resplit_buffer.take().unwrap_or_default();
        if let SplitMode::Text = self.mode {
            let reasoning = resplit_text.strip_suffix(&self.pending).unwrap_or_default();
            let source = reasoning_tags::source_of_close_tag(&self.pending);
            let reasoning = ContentSegment::Reasoning(source, reasoning.to_owned());
            segments.push(ContentSegment::Restart);
            push_segment(segments, reasoning);
            self.is_before_text = true;
        }
        let started_in_reasoning = !matches!(self.mode, SplitMode::Reasoning(Some(_)));
        if started_in_reasoning {
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
}
