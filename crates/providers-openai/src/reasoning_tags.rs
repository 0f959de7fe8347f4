//! Reasoning written into the content between tags.
//!
//! The rules, as [`Content`](crate::content::Content) applies them:
//! - A tag that opens counts at the beginning and, later, at the start of a line outside of code.
//! - A tag that closes counts unless it stands in a span of backticks. A fence does not protect
//!   it: one left open in a thought would swallow the answer.
//! - Templates often write the opening tag themselves, and the answer then begins in the middle of
//!   a thought. Where that is the model's [`Habit`], the beginning is reasoning until a tag closes
//!   it; if none does and the answer was not cut off, it was text after all.
//! - Elsewhere, a tag that closes what nothing opened makes all before it reasoning, unless it
//!   stands in code.
//! - Reasoning that is never closed is reasoning to the end.

use std::sync::atomic::{AtomicU8, Ordering};

/// The tags in use: what opens reasoning and what closes it.
const REASONING_TAGS: [TagPair; 3] = [
    TagPair { open: "<think>", close: "</think>" },
    TagPair { open: "<thinking>", close: "</thinking>" },
    TagPair { open: "<reasoning>", close: "</reasoning>" },
];

/// A pair of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TagPair {
    /// What opens.
    pub(crate) open: &'static str,
    /// What closes.
    pub(crate) close: &'static str,
}

/// What the beginning of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagMatch {
    /// Not a tag.
    Mismatch,
    /// Perhaps a tag; the text is too short to tell.
    Partial,
    /// This tag.
    Complete(TagPair),
}

/// Tells whether a text begins with a tag that opens reasoning.
pub(crate) fn match_open_tag(text: &str) -> TagMatch {
    match_tag(text, &REASONING_TAGS, |tag| tag.open)
}

/// Tells whether a text begins with a tag that closes reasoning: that of `opened`, or any.
pub(crate) fn match_close_tag(text: &str, open_tag: Option<&TagPair>) -> TagMatch {
    match_tag(text, open_tag.map_or(&REASONING_TAGS, std::slice::from_ref), |tag| tag.close)
}

/// The tag that closes what `open` opens; `None` for what opens nothing.
pub(crate) fn close_tag_for(open: &str) -> Option<&'static str> {
    REASONING_TAGS.iter().find(|tag| tag.open == open).map(|tag| tag.close)
}

fn match_tag(text: &str, tags: &[TagPair], tag_text: fn(&TagPair) -> &'static str) -> TagMatch {
    match tags.iter().find(|tag| text.starts_with(tag_text(tag))) {
        Some(tag) => TagMatch::Complete(*tag),
        None if tags.iter().any(|tag| tag_text(tag).starts_with(text)) => TagMatch::Partial,
        None => TagMatch::Mismatch,
    }
}

/// How a model's answers begin, learnt from the ones before.
#[derive(Debug, Default)]
pub(crate) struct ReasoningPrefixHabit(AtomicU8);

const STARTS_IN_REASONING: u8 = 1;
const STARTS_IN_TEXT: u8 = 2;

impl ReasoningPrefixHabit {
    /// Tells whether the next answer is expected to begin in the middle of a thought; as long as
    /// nothing was learnt, `reasons` decides.
    pub(crate) fn starts_in_reasoning(&self, is_reasoning_model: bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            STARTS_IN_REASONING => true,
            STARTS_IN_TEXT => false,
            _ => is_reasoning_model,
        }
    }

    /// Remembers how an answer began; `None` when it did not show.
    pub(crate) fn record_start(&self, started_in_reasoning: Option<bool>) {
        if let Some(in_thought) = started_in_reasoning {
            self.0.store(
                if in_thought { STARTS_IN_REASONING } else { STARTS_IN_TEXT },
                Ordering::Relaxed,
            );
        }
    }
}
