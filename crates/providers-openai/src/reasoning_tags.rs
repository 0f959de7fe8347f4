//! Reasoning written into the content between tags.
//!
//! The rules, as [`ContentSplitter`](crate::content::ContentSplitter) applies them:
//! - An opening tag counts at the beginning and, later, at the start of a line outside of code.
//! - A closing tag counts unless it is in a span of backticks. A fence does not protect it: a fence
//!   left open in reasoning would swallow the answer.
//! - Chat templates often write the opening tag themselves, and the answer then begins inside
//!   reasoning. Where that is the model's [`ReasoningPrefixHabit`], the beginning is reasoning up
//!   to a closing tag; without one, if the answer was not cut off, it was text after all.
//! - Otherwise, a closing tag without an opening one makes all text before it reasoning, unless the
//!   tag is in code.
//! - Reasoning that is never closed extends to the end.

use std::sync::atomic::{AtomicU8, Ordering};

/// The known pairs of tags.
const REASONING_TAGS: [TagPair; 3] = [
    TagPair { open: "<think>", close: "</think>" },
    TagPair { open: "<thinking>", close: "</thinking>" },
    TagPair { open: "<reasoning>", close: "</reasoning>" },
];

/// A pair of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TagPair {
    /// The opening tag.
    pub(crate) open: &'static str,
    /// The closing tag.
    pub(crate) close: &'static str,
}

/// The result of matching a tag at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagMatch {
    /// Not a tag.
    Mismatch,
    /// Perhaps a tag; the text is too short to tell.
    Partial,
    /// This tag.
    Complete(TagPair),
}

/// Matches an opening tag at the beginning of a text.
pub(crate) fn match_open_tag(text: &str) -> TagMatch {
    match_tag(text, &REASONING_TAGS, |tag| tag.open)
}

/// Matches a closing tag at the beginning of a text: that of `open_tag`, or any.
pub(crate) fn match_close_tag(text: &str, open_tag: Option<&TagPair>) -> TagMatch {
    match_tag(text, open_tag.map_or(&REASONING_TAGS, std::slice::from_ref), |tag| tag.close)
}

/// Returns the closing tag of an opening tag; `None` for other text.
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

/// Whether a model's answers begin inside reasoning, learned from earlier ones.
#[derive(Debug, Default)]
pub(crate) struct ReasoningPrefixHabit(AtomicU8);

const STARTS_IN_REASONING: u8 = 1;
const STARTS_IN_TEXT: u8 = 2;

impl ReasoningPrefixHabit {
    /// Returns whether the next answer is expected to begin inside reasoning. Before any answer,
    /// `is_reasoning_model` decides.
    pub(crate) fn starts_in_reasoning(&self, is_reasoning_model: bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            STARTS_IN_REASONING => true,
            STARTS_IN_TEXT => false,
            _ => is_reasoning_model,
        }
    }

    /// Records how an answer began; `None` when that is unknown.
    pub(crate) fn record_start(&self, started_in_reasoning: Option<bool>) {
        if let Some(in_thought) = started_in_reasoning {
            self.0.store(
                if in_thought { STARTS_IN_REASONING } else { STARTS_IN_TEXT },
                Ordering::Relaxed,
            );
        }
    }
}
