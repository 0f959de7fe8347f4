//! An index of all marks that count in text, for a quick look at each place.

use std::sync::LazyLock;

use crate::code_spans;
use crate::{dialect, reasoning_tags, template_tokens};

/// Tags around an answer behind its reasoning.
pub(super) const ANSWER_TAGS: [(&str, &str); 2] =
    [("<answer>", "</answer>"), ("<response>", "</response>")];

/// The marks of all families and templates.
pub(super) static TEXT_MARKS: LazyLock<MarkIndex> =
    LazyLock::new(|| MarkIndex::from_marks(all_marks()));

/// All marks that count in text.
pub(super) fn all_marks() -> impl Iterator<Item = &'static str> {
    let answer_tags = ANSWER_TAGS.iter().flat_map(|(open, close)| [*open, *close]);
    dialect::opening_marks()
        .chain(reasoning_tags::marks_in_text())
        .chain(template_tokens::token_starts())
        .chain(answer_tags)
}

/// A tree of the marks, byte by byte.
#[derive(Debug)]
pub(super) struct MarkIndex {
    nodes: Vec<MarkNode>,
    /// Whether text of one kind ends before a byte: a mark may begin with it, or it may change
    /// what is code or quoted.
    is_stop: [bool; 256],
}

#[derive(Debug, Default)]
struct MarkNode {
    /// The next bytes, and their nodes.
    next: Vec<(u8, usize)>,
    /// Whether a mark ends here.
    is_end: bool,
}

/// What a text begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkLookup {
    /// No mark.
    NoMark,
    /// A mark.
    Mark,
    /// The whole text is the beginning of one.
    Partial,
}

impl MarkIndex {
    fn from_marks(marks: impl Iterator<Item = &'static str>) -> Self {
        let mut index = Self { nodes: vec![MarkNode::default()], is_stop: [false; 256] };
        for mark in marks {
            index.insert(mark.as_bytes());
        }
        for (byte, is_stop) in (0..=u8::MAX).zip(&mut index.is_stop) {
            *is_stop = code_spans::may_quote(byte);
        }
        let first_bytes = index.nodes.first().into_iter().flat_map(|root| &root.next);
        for (byte, _) in first_bytes {
            if let Some(is_stop) = index.is_stop.get_mut(usize::from(*byte)) {
                *is_stop = true;
            }
        }
        index
    }

    fn insert(&mut self, mark: &[u8]) {
        let mut at = 0;
        for &byte in mark {
            let known = self.nodes.get(at).and_then(|node| node.find_next(byte));
            at = known.unwrap_or_else(|| {
                let new = self.nodes.len();
                self.nodes.push(MarkNode::default());
                if let Some(node) = self.nodes.get_mut(at) {
                    node.next.push((byte, new));
                }
                new
            });
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.is_end = true;
        }
    }

    /// Looks for a mark at the beginning of a text.
    pub(super) fn look_up(&self, text: &[u8]) -> MarkLookup {
        let mut at = 0;
        for &byte in text {
            let next = self.nodes.get(at).and_then(|node| node.find_next(byte));
            let Some(next) = next else { return MarkLookup::NoMark };
            if self.nodes.get(next).is_some_and(|node| node.is_end) {
                return MarkLookup::Mark;
            }
            at = next;
        }
        MarkLookup::Partial
    }

    /// The length of the text before the first byte that a mark may begin with, or that may change
    /// what is code or quoted.
    pub(super) fn plain_len(&self, text: &[u8]) -> usize {
        let is_stop = |byte: &u8| self.is_stop.get(usize::from(*byte)) == Some(&true);
        text.iter().position(is_stop).unwrap_or(text.len())
    }
}

impl MarkNode {
    fn find_next(&self, byte: u8) -> Option<usize> {
        self.next.iter().find(|(next, _)| *next == byte).map(|(_, node)| *node)
    }
}
