//! Turns segments of the content into events and parts of the message.

use std::borrow::Cow;

use openclaw_core::{ChatEvent, ReasoningContent};

use super::AnswerAssembler;
use crate::content::ContentSegment;
use crate::reasoning_tags;

impl AnswerAssembler {
    /// Applies segments of the content.
    pub(super) fn apply_segments(
        &mut self,
        segments: &mut Vec<ContentSegment>,
        events: &mut Vec<ChatEvent>,
    ) {
        for segment in segments.drain(..) {
            match segment {
                ContentSegment::Text(text) => self.push_text(text, events),
                ContentSegment::Reasoning(tag, text) => self.push_reasoning(tag, text, events),
                ContentSegment::Marker(_) => {}
                ContentSegment::ToolCalls { dialect, calls, raw } => {
                    self.text_calls.0.extend(calls.into_iter().map(|call| (dialect, call)));
                    self.text_calls.1.push_str(&raw);
                }
                ContentSegment::Unreadable(call) => {
                    self.text_calls.1.push_str(&call.raw);
                    self.unreadable_call.get_or_insert(call);
                }
                ContentSegment::Restart => {
                    self.text.clear();
                    self.unreadable_call = None;
                    self.text_calls = Default::default();
                    events.push(ChatEvent::ReasoningReclassified);
                    let before =
                        self.reasoning.take().filter(|_| !self.separate_reasoning.is_empty());
                    if let Some(before) = before {
                        self.push_reasoning(before.field, self.separate_reasoning.clone(), events);
                    }
                }
            }
        }
    }

    /// Stops the detection of calls in text: with native tool calls, what looked like one is text.
    pub(super) fn prefer_native_calls(&mut self, events: &mut Vec<ChatEvent>) {
        self.content_splitter.stop_call_detection();
        let (_, raw) = std::mem::take(&mut self.text_calls);
        if !raw.is_empty() {
            self.push_text(raw, events);
        }
    }

    fn push_text(&mut self, text: String, events: &mut Vec<ChatEvent>) {
        self.text.push_str(&text);
        events.push(ChatEvent::TextDelta(text));
    }

    /// Adds reasoning that came in a field or after a tag.
    pub(super) fn push_reasoning(
        &mut self,
        source: impl Into<Cow<'static, str>>,
        text: String,
        events: &mut Vec<ChatEvent>,
    ) {
        let source = source.into();
        let reasoning = self
            .reasoning
            .get_or_insert_with(|| ReasoningContent { text: String::new(), field: source.clone() });
        if reasoning_tags::close_tag_for(&reasoning.field).is_some() {
            reasoning.field = source;
        }
        reasoning.text.push_str(&text);
        events.push(ChatEvent::ReasoningDelta(text));
    }
}
