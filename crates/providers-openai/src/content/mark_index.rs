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

/// The marks in order.
#[derive(Debug)]
pub(super) struct MarkIndex {
    marks: Vec<&'static str>,
    /// Whether text of one kind ends before a byte: a mark may begin with it, or it may change
    /// what is code or quoted.
    is_stop: [bool; 256],
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
        let mut marks: Vec<_> = marks.collect();
        marks.sort_unstable();
        marks.dedup();
        let mut is_stop = [false; 256];
        for (byte, is_stop) in (0..=u8::MAX).zip(&mut is_stop) {
            *is_stop = code_spans::may_quote(byte);
        }
        for byte in marks.iter().filter_map(|mark| mark.as_bytes().first()) {
            if let Some(is_stop) = is_stop.get_mut(usize::from(*byte)) {
                *is_stop = true;
            }
        }
        Self { marks, is_stop }
    }

    /// Looks for a mark at the beginning of a text.
    pub(super) fn look_up(&self, text: &[u8]) -> MarkLookup {
        // The marks that begin as the text does, of which the shortest is the first.
        let mut candidates = self.marks.as_slice();
        for (at, byte) in text.iter().enumerate() {
            let byte_of = |mark: &&str| mark.as_bytes().get(at).copied();
            let start = candidates.partition_point(|mark| byte_of(mark) < Some(*byte));
            let end = candidates.partition_point(|mark| byte_of(mark) <= Some(*byte));
            candidates = candidates.get(start..end).unwrap_or_default();
            match candidates.first() {
                None => return MarkLookup::NoMark,
                Some(mark) if mark.len() == at + 1 => return MarkLookup::Mark,
                Some(_) => {}
            }
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
