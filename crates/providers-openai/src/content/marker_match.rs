//! Recognises tags, tool calls and tokens of chat templates in the content.

use std::sync::LazyLock;

use super::{AnswerTags, ContentSplitter, SplitMode};
use crate::dialect::{self, CallFamily, CallMatch, TextToolCall, UnreadableMatch};
use crate::reasoning_tags::{self, ReasoningTags, TagMatch};
use crate::template_tokens::{self, TokenMatch};

/// Tags around an answer behind its reasoning.
const ANSWER_TAGS: [(&str, &str); 2] = [("<answer>", "</answer>"), ("<response>", "</response>")];

/// The first two bytes of all marks that count in text.
static MARK_STARTS: LazyLock<MarkStarts> = LazyLock::new(MarkStarts::collect);

/// The match at an offset of the pending text.
pub(super) enum MarkerMatch {
    /// Plain text.
    PlainText,
    /// Undecided until more text arrives.
    Undecided,
    /// A mark of this length that opens reasoning.
    OpensReasoning(&'static ReasoningTags, usize),
    /// A mark of this length that closes reasoning.
    ClosesReasoning(usize),
    /// Tool calls written as text.
    ToolCalls { dialect: &'static str, len: usize, calls: Vec<TextToolCall> },
    /// A tool call of this length that cannot be read.
    Unreadable(&'static CallFamily, usize),
    /// A token of a template.
    Token(usize),
    /// The head of a message of the model.
    ModelHead(usize),
    /// The head of a message that is not the model's.
    OtherHead,
    /// The tag of this length that opens the answer, and the one that closes it.
    OpensAnswer(usize, &'static str),
}

/// Pairs of bytes that marks begin with, for a quick check.
struct MarkStarts {
    /// The second bytes by the first; a mark of one byte has none.
    pairs: Vec<[u8; 2]>,
    first_bytes: [bool; 256],
}

impl ContentSplitter {
    /// Matches the pending text at `offset`, where `byte` is.
    pub(super) fn match_at(&self, offset: usize, byte: u8, is_end: bool) -> MarkerMatch {
        let rest = || self.pending.get(offset..).unwrap_or_default();
        match self.mode {
            SplitMode::Reasoning(tags) if reasoning_tags::may_start_close_tag(byte, tags) => {
                self.match_in_reasoning(rest(), tags, is_end)
            }
            SplitMode::Text if self.may_start_marker(offset, byte) => {
                if self.code_tracker.is_quoted() {
                    MarkerMatch::PlainText
                } else {
                    self.match_in_text(rest(), is_end)
                }
            }
            _ => MarkerMatch::PlainText,
        }
    }

    fn may_start_marker(&self, offset: usize, byte: u8) -> bool {
        if self.is_before_text {
            return !byte.is_ascii_whitespace();
        }
        let next = self.pending.as_bytes().get(offset + 1);
        MARK_STARTS.may_start(byte, next.copied())
    }

    fn match_in_reasoning(
        &self,
        rest: &str,
        tags: Option<&'static ReasoningTags>,
        is_end: bool,
    ) -> MarkerMatch {
        match reasoning_tags::match_close_tag(rest, tags) {
            TagMatch::Complete((), len) if self.code_tracker.is_in_span() => {
                // Backticks that are not closed on this line open no span.
                let after = rest.bytes().skip(len);
                match after.into_iter().find(|byte| matches!(byte, b'`' | b'\n')) {
                    Some(b'`') => MarkerMatch::PlainText,
                    None if !is_end => MarkerMatch::Undecided,
                    _ => MarkerMatch::ClosesReasoning(len),
                }
            }
            TagMatch::Complete((), len) => MarkerMatch::ClosesReasoning(len),
            TagMatch::Partial if !is_end => MarkerMatch::Undecided,
            TagMatch::Partial | TagMatch::Mismatch => MarkerMatch::PlainText,
        }
    }

    /// Matches text outside of code and quotes. The order matters: a mark that is undecided keeps
    /// what is checked later from being decided.
    fn match_in_text(&self, rest: &str, is_end: bool) -> MarkerMatch {
        let is_line_start = self.code_tracker.is_at_line_start();
        let is_start = self.is_before_text && self.allows_provisional;
        let mut is_undecided = false;
        match reasoning_tags::match_open_tag(rest, is_start, is_line_start) {
            TagMatch::Complete(tags, len) => return MarkerMatch::OpensReasoning(tags, len),
            found => is_undecided |= found == TagMatch::Partial,
        }
        if self.resplit_buffer.is_some() {
            match reasoning_tags::match_close_tag(rest, None) {
                TagMatch::Complete((), len) => return MarkerMatch::ClosesReasoning(len),
                found => is_undecided |= found == TagMatch::Partial,
            }
        }
        if let Some(offered) = &self.offered_tools {
            match dialect::match_calls(rest, offered, self.is_before_text, is_end) {
                CallMatch::Calls { dialect, len, calls } => {
                    return MarkerMatch::ToolCalls { dialect, len, calls };
                }
                CallMatch::Undecided => is_undecided = true,
                CallMatch::NoCall => {}
            }
        }
        if is_undecided && !is_end {
            return MarkerMatch::Undecided;
        }
        match self.match_template(rest, is_line_start, is_end) {
            MarkerMatch::PlainText if self.offered_tools.is_some() => {
                match dialect::match_unreadable(rest, is_line_start, is_end) {
                    UnreadableMatch::Unreadable { family, len } => {
                        MarkerMatch::Unreadable(family, len)
                    }
                    UnreadableMatch::Undecided => MarkerMatch::Undecided,
                    UnreadableMatch::Other => MarkerMatch::PlainText,
                }
            }
            found => found,
        }
    }

    fn match_template(&self, rest: &str, is_line_start: bool, is_end: bool) -> MarkerMatch {
        if self.template.answer_tags == AnswerTags::Expected && self.is_before_text {
            for (open, close) in ANSWER_TAGS {
                if rest.starts_with(open) {
                    return MarkerMatch::OpensAnswer(open.len(), close);
                }
                if open.starts_with(rest) && !is_end {
                    return MarkerMatch::Undecided;
                }
            }
        }
        if let AnswerTags::Open(close) = self.template.answer_tags {
            let behind = rest.strip_prefix(close).map(str::trim_ascii_start);
            match behind {
                Some("") if is_end => return MarkerMatch::Token(rest.len()),
                Some("") => return MarkerMatch::Undecided,
                None if close.starts_with(rest) && !is_end => return MarkerMatch::Undecided,
                _ => {}
            }
        }
        if self.template.has_strike_tag && rest.starts_with("</s>") {
            return MarkerMatch::PlainText;
        }
        match template_tokens::match_token(rest, is_end) {
            TokenMatch::NoToken => MarkerMatch::PlainText,
            TokenMatch::Partial => MarkerMatch::Undecided,
            TokenMatch::OtherHead(_) if is_line_start || self.template.is_after_token => {
                MarkerMatch::OtherHead
            }
            TokenMatch::Token(len) | TokenMatch::OtherHead(len) => MarkerMatch::Token(len),
            TokenMatch::ModelHead(len) => MarkerMatch::ModelHead(len),
        }
    }
}

impl MarkStarts {
    fn collect() -> Self {
        let answer_tags = ANSWER_TAGS.iter().flat_map(|(open, close)| [*open, *close]);
        let marks = dialect::opening_marks()
            .chain(reasoning_tags::marks_in_text())
            .chain(template_tokens::token_starts())
            .chain(answer_tags);
        let mut pairs = Vec::new();
        let mut first_bytes = [false; 256];
        for mark in marks {
            if let [first, second, ..] = mark.as_bytes() {
                pairs.push([*first, *second]);
                if let Some(entry) = first_bytes.get_mut(usize::from(*first)) {
                    *entry = true;
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Self { pairs, first_bytes }
    }

    /// Whether a mark may begin with these bytes; `None` for the end of the text.
    fn may_start(&self, first: u8, second: Option<u8>) -> bool {
        self.first_bytes.get(usize::from(first)) == Some(&true)
            && second.is_none_or(|second| self.pairs.binary_search(&[first, second]).is_ok())
    }
}
