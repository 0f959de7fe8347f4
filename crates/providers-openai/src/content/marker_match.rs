//! Recognises tags, tool calls and tokens of chat templates in the content.

use super::mark_index::{ANSWER_TAGS, MarkLookup, TEXT_MARKS};
use super::{AnswerTags, ContentSplitter, SplitMode};
use crate::dialect::{self, CallFamily, CallMatch, TextToolCall, UnreadableMatch};
use crate::reasoning_tags::{self, ReasoningTags, TagMatch};
use crate::template_tokens::{self, TokenMatch};

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

impl ContentSplitter {
    /// Matches the pending text at `offset`, where `byte` is.
    pub(super) fn match_at(&self, offset: usize, byte: u8, is_end: bool) -> MarkerMatch {
        let rest = || self.pending.get(offset..).unwrap_or_default();
        match self.mode {
            SplitMode::Reasoning(tags) if reasoning_tags::may_start_close_tag(byte, tags) => {
                self.match_in_reasoning(rest(), tags, is_end)
            }
            SplitMode::Text => match self.look_up_mark(rest(), byte) {
                MarkLookup::NoMark => MarkerMatch::PlainText,
                _ if self.code_tracker.is_quoted() => MarkerMatch::PlainText,
                MarkLookup::Partial if !is_end => MarkerMatch::Undecided,
                MarkLookup::Mark | MarkLookup::Partial => self.match_in_text(rest(), is_end),
            },
            _ => MarkerMatch::PlainText,
        }
    }

    /// Looks for a mark where `byte` is. Before any text, other formats are possible too.
    fn look_up_mark(&self, rest: &str, byte: u8) -> MarkLookup {
        // Within a character there is no text to look at.
        if rest.is_empty() || (self.is_before_text && byte.is_ascii_whitespace()) {
            MarkLookup::NoMark
        } else if self.is_before_text {
            MarkLookup::Mark
        } else {
            TEXT_MARKS.look_up(rest.as_bytes())
        }
    }

    /// The length of the text at an offset that is decided without a look at each byte.
    pub(super) fn plain_len(&self, offset: usize) -> usize {
        let is_in_text =
            self.is_text_mode() && !self.is_before_text && !self.template.is_after_token;
        let is_in_reasoning = matches!(self.mode, SplitMode::Reasoning(None));
        if !(is_in_text || is_in_reasoning) || !self.code_tracker.is_within_line() {
            return 0;
        }
        TEXT_MARKS.plain_len(self.pending.as_bytes().get(offset..).unwrap_or_default())
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
        if self.template.answer_tags == AnswerTags::Expected && self.is_before_text {
            // It was closed once more.
            match reasoning_tags::match_close_tag(rest, None) {
                TagMatch::Complete((), len) => return MarkerMatch::ModelHead(len),
                found => is_undecided |= found == TagMatch::Partial,
            }
        } else if is_start {
            match template_tokens::match_start_token(rest) {
                TagMatch::Complete((), len) => return MarkerMatch::ModelHead(len),
                found => is_undecided |= found == TagMatch::Partial,
            }
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
            TokenMatch::EndOfAnswer => MarkerMatch::OtherHead,
            TokenMatch::OtherHead(_) if is_line_start || self.template.is_after_token => {
                MarkerMatch::OtherHead
            }
            // What follows it on a line of its own is a message too.
            TokenMatch::OtherHead(len) => match rest.as_bytes().get(len) {
                Some(b'\n') => MarkerMatch::OtherHead,
                None if !is_end => MarkerMatch::Undecided,
                _ => MarkerMatch::Token(len),
            },
            TokenMatch::Token(len) => MarkerMatch::Token(len),
            TokenMatch::ModelHead(len) => MarkerMatch::ModelHead(len),
        }
    }
}
