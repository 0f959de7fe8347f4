//! Stops an answer that repeats itself without end.

use openclaw_core::ChatEvent;
use openclaw_runtime::{RepeatedPart, RepetitionDetector, RepetitionLimit};

/// Watches an answer while it is streamed.
pub(super) struct RepetitionGuard {
    limit: Option<RepetitionLimit>,
    detector: Option<RepetitionDetector>,
    /// The visible text so far.
    text: String,
}

/// An answer that was stopped.
pub(super) struct RepetitiveAnswer {
    /// The part that was repeated.
    pub(super) part: RepeatedPart,
    /// An excerpt of it.
    pub(super) sample: String,
    /// The visible text until then.
    pub(super) text: String,
}

impl RepetitionGuard {
    /// Starts with a limit in lines; 0 is no limit.
    pub(super) fn new(max_lines: u32) -> Self {
        let limit = RepetitionLimit::from_lines(max_lines);
        Self { limit, detector: limit.map(RepetitionDetector::new), text: String::new() }
    }

    /// Records an event, and returns whether the answer is to be stopped after it.
    pub(super) fn observe_event(&mut self, event: &ChatEvent) -> Option<RepetitiveAnswer> {
        let (part, text) = match event {
            ChatEvent::TextDelta(text) => (RepeatedPart::Text, text),
            ChatEvent::ReasoningDelta(text) => (RepeatedPart::Reasoning, text),
            ChatEvent::ToolCallDelta { arguments, .. } => (RepeatedPart::Arguments, arguments),
            ChatEvent::AnswerReset | ChatEvent::ReasoningReclassified => {
                *self = Self::new(self.limit.map_or(0, |limit| limit.lines.get()));
                return None;
            }
            _ => return None,
        };
        if part == RepeatedPart::Text {
            self.text.push_str(text);
        }
        let detector = self.detector.as_mut()?;
        let repetition = detector.observe_text(part, text)?;
        if part == RepeatedPart::Text {
            let read = self.text.len().saturating_sub(repetition.unread_bytes);
            self.text.truncate(self.text.floor_char_boundary(read));
        }
        let sample = detector.repeated_sample(repetition.period).trim().to_owned();
        Some(RepetitiveAnswer { part, sample, text: std::mem::take(&mut self.text) })
    }
}
