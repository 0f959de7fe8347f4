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
const TAGS: [Tag; 3] = [
    Tag { open: "<think>", close: "</think>" },
    Tag { open: "<thinking>", close: "</thinking>" },
    Tag { open: "<reasoning>", close: "</reasoning>" },
];

/// A pair of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    /// What opens.
    pub(crate) open: &'static str,
    /// What closes.
    pub(crate) close: &'static str,
}

/// What the beginning of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// Not a tag.
    No,
    /// Perhaps a tag; the text is too short to tell.
    Maybe,
    /// This tag.
    Yes(Tag),
}

/// Tells whether a text begins with a tag that opens reasoning.
pub(crate) fn opening(text: &str) -> Match {
    first(text, &TAGS, |tag| tag.open)
}

/// Tells whether a text begins with a tag that closes reasoning: that of `opened`, or any.
pub(crate) fn closing(text: &str, opened: Option<&Tag>) -> Match {
    first(text, opened.map_or(&TAGS, std::slice::from_ref), |tag| tag.close)
}

/// The tag that closes what `open` opens; `None` for what opens nothing.
pub(crate) fn close_of(open: &str) -> Option<&'static str> {
    TAGS.iter().find(|tag| tag.open == open).map(|tag| tag.close)
}

fn first(text: &str, tags: &[Tag], mark: fn(&Tag) -> &'static str) -> Match {
    match tags.iter().find(|tag| text.starts_with(mark(tag))) {
        Some(tag) => Match::Yes(*tag),
        None if tags.iter().any(|tag| mark(tag).starts_with(text)) => Match::Maybe,
        None => Match::No,
    }
}

/// How a model's answers begin, learnt from the ones before.
#[derive(Debug, Default)]
pub(crate) struct Habit(AtomicU8);

const IN_THOUGHT: u8 = 1;
const IN_TEXT: u8 = 2;

impl Habit {
    /// Tells whether the next answer is expected to begin in the middle of a thought; as long as
    /// nothing was learnt, `reasons` decides.
    pub(crate) fn opens_in_thought(&self, reasons: bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            IN_THOUGHT => true,
            IN_TEXT => false,
            _ => reasons,
        }
    }

    /// Remembers how an answer began; `None` when it did not show.
    pub(crate) fn learn(&self, in_thought: Option<bool>) {
        if let Some(in_thought) = in_thought {
            self.0.store(if in_thought { IN_THOUGHT } else { IN_TEXT }, Ordering::Relaxed);
        }
    }
}
