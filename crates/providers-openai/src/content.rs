//! Splits the streamed content of an answer into text, reasoning and tool calls written as text.
//!
//! A possible start of a tag or call is held back until it is decided, so that no reader sees one.
//! The result depends on the text alone, not on how it was cut into deltas.

mod mark_index;
mod marker_match;
mod reasoning;
mod segment;

pub(crate) use self::segment::{ContentSegment, UnreadableCall};

use self::marker_match::MarkerMatch;
use self::segment::push_segment;
use crate::code_spans::CodeSpanTracker;
use crate::dialect::OfferedTools;
use crate::reasoning_tags::ReasoningTags;

/// Pending text shorter than this, in bytes, is scanned again with each delta.
const RESCAN_EVERY_PIECE_BELOW: usize = 512;

/// The opening tag of reasoning whose tag the chat template wrote.
const IMPLICIT_OPEN_TAG: &str = "<think>";

/// Splits the content of one answer.
#[derive(Debug)]
pub(crate) struct ContentSplitter {
    offered_tools: Option<OfferedTools>,
    mode: SplitMode,
    /// The text that is not decided yet.
    pending: String,
    /// The length from which the pending text is scanned again.
    rescan_len: usize,
    code_tracker: CodeSpanTracker,
    held_blanks: HeldBlanks,
    /// All text so far, while it may have to be split again.
    resplit_buffer: Option<String>,
    /// Whether the text so far is only white space.
    is_before_text: bool,
    /// Whether following white space belongs to the tag before it.
    is_after_marker: bool,
    started_in_reasoning: Option<bool>,
    /// Whether a phrase may open reasoning.
    allows_provisional: bool,
    template: TemplateContext,
}

/// White space at the end of the text, which belongs to a token of a template if one follows.
#[derive(Debug, Default)]
struct HeldBlanks {
    text: String,
    /// Whether nothing but white space came behind the last token of a template.
    follow_token: bool,
}

/// What tokens of a chat template and tags of a family mean at a place.
#[derive(Debug, Clone, Copy)]
struct TemplateContext {
    /// What encloses the answer behind its reasoning.
    answer_tags: AnswerTags,
    /// Whether only white space follows a token of a template.
    is_after_token: bool,
    /// Whether the text so far has an open `<s>`, which `</s>` closes.
    has_strike_tag: bool,
}

/// Tags that enclose an answer behind its reasoning, in some families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerTags {
    /// None: text that looks like them is text.
    Unexpected,
    /// They may begin here, right behind reasoning.
    Expected,
    /// The opening one was read; this one closes the answer.
    Open(&'static str),
}

#[derive(Debug, Clone, Copy)]
enum SplitMode {
    Start {
        expects_reasoning: bool,
    },
    /// Inside reasoning; `None` if no tag opened it.
    Reasoning(Option<&'static ReasoningTags>),
    Text,
    /// Behind the end of the model's message: what follows was never its own.
    Discard,
}

impl ContentSplitter {
    /// Splits the content of an answer that may use the offered tools and may begin inside
    /// reasoning.
    pub(crate) fn new(offered_tools: Option<OfferedTools>, expects_reasoning: bool) -> Self {
        Self {
            offered_tools,
            mode: SplitMode::Start { expects_reasoning },
            pending: String::new(),
            rescan_len: 0,
            code_tracker: CodeSpanTracker::default(),
            held_blanks: HeldBlanks::default(),
            resplit_buffer: Some(String::new()),
            is_before_text: true,
            is_after_marker: false,
            started_in_reasoning: None,
            allows_provisional: true,
            template: TemplateContext {
                answer_tags: AnswerTags::Unexpected,
                is_after_token: false,
                has_strike_tag: false,
            },
        }
    }

    /// Records that reasoning comes in its own field: the content then does not begin with it.
    pub(crate) fn record_separate_reasoning(&mut self) {
        if let SplitMode::Start { expects_reasoning } = &mut self.mode {
            *expects_reasoning = false;
            self.started_in_reasoning = Some(false);
        }
    }

    /// Stops looking for tool calls.
    pub(crate) fn stop_call_detection(&mut self) {
        self.offered_tools = None;
        self.rescan_len = 0;
    }

    /// Whether the content began inside reasoning; `None` while that is unknown.
    pub(crate) fn started_in_reasoning(&self) -> Option<bool> {
        self.started_in_reasoning
    }

    /// Adds text and appends the segments that it decides.
    pub(crate) fn push(&mut self, text: &str, segments: &mut Vec<ContentSegment>) {
        self.pending.push_str(text);
        if let Some(raw) = &mut self.resplit_buffer {
            raw.push_str(text);
        }
        if self.pending.len() >= self.rescan_len {
            self.process_pending(false, segments);
        }
    }

    /// Ends the content. If the answer was truncated, it may end inside its reasoning.
    pub(crate) fn finish_content(
        &mut self,
        is_truncated: bool,
        segments: &mut Vec<ContentSegment>,
    ) {
        self.process_pending(true, segments);
        self.release_blanks(self.held_blanks.follow_token, segments);
        let may_be_text = matches!(self.mode, SplitMode::Reasoning(tags) if tags.is_none_or(|tags| tags.is_provisional));
        if let (true, false, Some(raw)) = (may_be_text, is_truncated, self.resplit_buffer.take()) {
            segments.push(ContentSegment::Restart);
            *self = Self::new(self.offered_tools.take(), false);
            self.allows_provisional = false;
            self.push(&raw, segments);
            self.process_pending(true, segments);
            self.release_blanks(self.held_blanks.follow_token, segments);
            self.started_in_reasoning = Some(false);
        }
    }

    /// Passes on the white space held back, when the answer breaks off and its continuation follows.
    pub(crate) fn release_at_break(&mut self, segments: &mut Vec<ContentSegment>) {
        self.release_blanks(self.held_blanks.follow_token, segments);
    }

    fn process_pending(&mut self, is_end: bool, segments: &mut Vec<ContentSegment>) {
        self.rescan_len = 0;
        while !self.pending.is_empty() {
            if self.is_after_marker {
                let blank = self.pending.len() - self.pending.trim_ascii_start().len();
                let blank = self.take_pending(blank);
                push_segment(segments, ContentSegment::Marker(blank));
                self.is_after_marker = self.pending.is_empty();
                continue;
            }
            let has_progress = match self.mode {
                SplitMode::Start { expects_reasoning } => {
                    self.start_content(expects_reasoning, is_end, segments)
                }
                SplitMode::Reasoning(_) | SplitMode::Text => self.scan_pending(is_end, segments),
                SplitMode::Discard => {
                    let rest = std::mem::take(&mut self.pending);
                    push_segment(segments, ContentSegment::Marker(rest));
                    false
                }
            };
            if !has_progress {
                break;
            }
        }
    }

    /// Passes plain text on and handles the first tag or call. Returns whether to scan again.
    fn scan_pending(&mut self, is_end: bool, segments: &mut Vec<ContentSegment>) -> bool {
        let (tracker_before, mut at) = (self.code_tracker, 0);
        let marker_match = loop {
            let plain_len = self.plain_len(at);
            if plain_len > 0 {
                let plain = self.pending.as_bytes().get(at..at + plain_len).unwrap_or_default();
                self.code_tracker.skip_plain_text(plain);
                at += plain_len;
            }
            let Some(&byte) = self.pending.as_bytes().get(at) else { break MarkerMatch::PlainText };
            match self.match_at(at, byte, is_end) {
                MarkerMatch::PlainText => {
                    self.code_tracker.advance_byte(byte);
                    self.template.is_after_token &= byte.is_ascii_whitespace();
                    self.track_strike_tag(at, byte);
                    self.is_before_text &= byte.is_ascii_whitespace() || !self.is_text_mode();
                    at += 1;
                }
                marker_match => break marker_match,
            }
        };
        if self.is_before_text
            && self.is_text_mode()
            && !is_end
            && matches!(marker_match, MarkerMatch::PlainText | MarkerMatch::Undecided)
        {
            // White space before a call belongs to it.
            self.code_tracker = tracker_before;
            self.wait_for_more();
            return false;
        }
        let before = self.take_pending(at);
        match self.mode {
            SplitMode::Reasoning(tags) => {
                let source = tags.map_or(IMPLICIT_OPEN_TAG, ReasoningTags::source);
                push_segment(segments, ContentSegment::Reasoning(source, before));
            }
            _ if self.is_before_text => push_segment(segments, ContentSegment::Marker(before)),
            _ => self.push_text(before, segments),
        }
        match marker_match {
            MarkerMatch::Undecided => {
                self.wait_for_more();
                return false;
            }
            // All of it was text.
            MarkerMatch::PlainText => return true,
            _ => {}
        }
        self.apply_match(marker_match, segments);
        true
    }

    /// Passes text on, without the line breaks at its end, nor the white space behind a token.
    /// Other white space is not held: an answer whose connection is lost there goes on behind it.
    fn push_text(&mut self, text: String, segments: &mut Vec<ContentSegment>) {
        if text.is_empty() {
            return;
        }
        let mut text = if self.held_blanks.text.is_empty() {
            text
        } else {
            std::mem::take(&mut self.held_blanks.text) + &text
        };
        let end = text.trim_ascii_end().len();
        let blanks = text.get(end..).unwrap_or_default();
        let held = if self.held_blanks.follow_token { Some(0) } else { blanks.find(['\n', '\r']) };
        if let Some(held) = held.filter(|_| !self.code_tracker.is_in_code()) {
            self.held_blanks.text = text.split_off(end + held);
        }
        self.held_blanks.follow_token &= text.is_empty();
        push_segment(segments, ContentSegment::Text(text));
    }

    /// Passes held white space on, as text or as a part of the token that follows.
    fn release_blanks(&mut self, is_before_token: bool, segments: &mut Vec<ContentSegment>) {
        let blanks = std::mem::take(&mut self.held_blanks.text);
        let segment = if is_before_token { ContentSegment::Marker } else { ContentSegment::Text };
        push_segment(segments, segment(blanks));
    }

    /// Handles a match at the beginning of the pending text.
    fn apply_match(&mut self, marker_match: MarkerMatch, segments: &mut Vec<ContentSegment>) {
        let is_token = matches!(marker_match, MarkerMatch::Token(_) | MarkerMatch::OtherHead);
        let is_head = matches!(marker_match, MarkerMatch::ModelHead(_));
        self.release_blanks(is_token || (is_head && self.held_blanks.follow_token), segments);
        self.held_blanks.follow_token = is_token || is_head;
        match marker_match {
            MarkerMatch::PlainText | MarkerMatch::Undecided => {}
            MarkerMatch::OpensReasoning(tags, len) => {
                let mark = self.take_pending(len);
                push_segment(segments, ContentSegment::Marker(mark));
                self.enter_reasoning(tags);
            }
            MarkerMatch::ClosesReasoning(len) => self.close_reasoning(len, segments),
            MarkerMatch::ToolCalls { dialect, len, calls } => {
                let raw_call = self.take_pending(len);
                segments.push(ContentSegment::ToolCalls { dialect, calls, raw: raw_call });
                self.code_tracker = CodeSpanTracker::default();
                (self.is_before_text, self.is_after_marker) = (false, true);
            }
            MarkerMatch::Unreadable(family, len) => {
                let raw = self.take_pending(len);
                segments.push(ContentSegment::Unreadable(UnreadableCall { family, raw }));
                self.code_tracker = CodeSpanTracker::default();
                (self.is_before_text, self.is_after_marker) = (false, true);
            }
            MarkerMatch::Token(len) => {
                let token = self.take_pending(len);
                push_segment(segments, ContentSegment::Marker(token));
                self.is_after_marker |= self.is_before_text;
                self.template.is_after_token = true;
            }
            MarkerMatch::ModelHead(len) => {
                let head = self.take_pending(len);
                push_segment(segments, ContentSegment::Marker(head));
                self.is_after_marker = true;
            }
            MarkerMatch::OtherHead => self.mode = SplitMode::Discard,
            MarkerMatch::OpensAnswer(len, close) => {
                let tag = self.take_pending(len);
                push_segment(segments, ContentSegment::Marker(tag));
                (self.template.answer_tags, self.is_after_marker) = (AnswerTags::Open(close), true);
            }
        }
    }

    /// Notes an open `<s>` at an offset of the pending text, where `byte` is.
    fn track_strike_tag(&mut self, offset: usize, byte: u8) {
        if byte == b'<' && self.is_text_mode() {
            let rest = self.pending.get(offset..).unwrap_or_default();
            self.template.has_strike_tag |= rest.starts_with("<s>");
        }
    }

    /// Waits for more text. Long pending text is scanned again once it has grown by half, so that
    /// the work stays linear.
    fn wait_for_more(&mut self) {
        let pending_len = self.pending.len();
        self.rescan_len =
            if pending_len < RESCAN_EVERY_PIECE_BELOW { 0 } else { pending_len + pending_len / 2 };
    }

    fn is_text_mode(&self) -> bool {
        matches!(self.mode, SplitMode::Text)
    }

    fn take_pending(&mut self, len: usize) -> String {
        let rest = self.pending.split_off(len);
        std::mem::replace(&mut self.pending, rest)
    }
}

#[cfg(test)]
mod tests;
