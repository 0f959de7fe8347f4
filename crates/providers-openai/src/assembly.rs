//! Assembles an answer from its chunks and decides how it ended.

mod segments;

use std::sync::Arc;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ReasoningContent, TokenUsage, ToolSpec,
};
use openclaw_provider::IncompleteAnswer;
use openclaw_transport::wire::{ChatChunk, ChatDelta, ChatUsage};

use crate::content::{ContentSegment, ContentSplitter, UnreadableCall};
use crate::dialect::{OfferedTools, TextToolCall};
use crate::tool_calls::{self, ToolCallAssembler};

/// Finish reasons of an answer that the server gave up, in lower case.
const ABORT_REASONS: [&str; 5] =
    ["error", "abort", "aborted", "network_error", "insufficient_system_resource"];

/// Finish reasons of an answer at its output limit. vLLM ends a repetitive answer with `repetition`.
const TRUNCATION_REASONS: [&str; 6] =
    ["length", "repetition", "max_tokens", "max_output_tokens", "model_length", "truncated"];

/// Finish reasons of a refused answer.
const FILTER_REASONS: [&str; 4] = ["content_filter", "safety", "prohibited_content", "sensitive"];

/// More tokens than any server counts: a reported count above is not believed.
const MAX_PLAUSIBLE_TOKENS: u32 = 100_000_000;

/// The shortest content, in bytes, that is recognised when the last chunk repeats it.
const MIN_REPETITION: usize = 5;

/// The state of an answer that is being received.
#[derive(Debug)]
pub(crate) struct AnswerAssembler {
    offered_tools: Option<OfferedTools>,
    content_splitter: ContentSplitter,
    /// A reused buffer of split content; empty in between.
    segment_buffer: Vec<ContentSegment>,
    text: String,
    reasoning: Option<ReasoningContent>,
    /// The reasoning that came in a field of its own.
    separate_reasoning: String,
    native_calls: ToolCallAssembler,
    /// Tool calls written as text, each with its dialect, and the text they came as.
    text_calls: (Vec<(&'static str, TextToolCall)>, String),
    /// The first tool call in the text that cannot be read.
    unreadable_call: Option<UnreadableCall>,
    /// In lower case.
    finish_reason: Option<String>,
    /// The index of the choice that is read.
    choice_index: Option<u32>,
    /// The content as it was sent.
    raw_content: String,
    /// The number of deltas that it came in.
    raw_content_pieces: usize,
    /// Whether the server sent something that was not understood.
    has_gap: bool,
    has_refusal: bool,
    usage: Option<TokenUsage>,
    has_end_marker: bool,
    /// The bytes of content so far: text, reasoning and tool calls.
    received_bytes: u64,
    max_tool_calls: usize,
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnusableAnswer {
    /// The stream ended too early.
    Incomplete(IncompleteAnswer),
    /// The answer has a tool call that cannot be read, and none that can.
    UnreadableCall(UnreadableCall),
}

impl AnswerAssembler {
    /// Starts the answer to a request that offers these tools. With `starts_in_reasoning` its
    /// content may begin inside reasoning, without an opening tag.
    pub(crate) fn new(
        tools: Arc<[ToolSpec]>,
        starts_in_reasoning: bool,
        max_tool_calls: usize,
    ) -> Self {
        let offered_tools = OfferedTools::new(tools);
        Self {
            content_splitter: ContentSplitter::new(offered_tools.clone(), starts_in_reasoning),
            segment_buffer: Vec::new(),
            text: String::new(),
            reasoning: None,
            separate_reasoning: String::new(),
            native_calls: ToolCallAssembler::new(offered_tools.clone(), max_tool_calls),
            offered_tools,
            text_calls: Default::default(),
            unreadable_call: None,
            finish_reason: None,
            choice_index: None,
            raw_content: String::new(),
            raw_content_pieces: 0,
            has_gap: false,
            has_refusal: false,
            usage: None,
            has_end_marker: false,
            received_bytes: 0,
            max_tool_calls,
        }
    }

    /// The bytes of content that the server sent so far, with what is not shown yet.
    pub(crate) fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Returns whether the server sends more tool calls than are read: the answer ends here.
    pub(crate) fn has_too_many_calls(&self) -> bool {
        self.native_calls.is_over_limit() || self.text_calls.0.len() > self.max_tool_calls
    }

    /// Ends an answer with too many tool calls behind those that are read.
    pub(crate) fn stop_at_call_limit(&mut self) {
        self.finish_reason.get_or_insert_with(|| "tool_calls".to_owned());
    }

    /// Records the end marker of the stream.
    pub(crate) fn record_end_marker(&mut self) {
        self.has_end_marker = true;
    }

    /// Returns whether the server gave a finish reason, after which nothing of the answer follows.
    pub(crate) fn has_finish_reason(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Returns whether the server ended the answer itself, and not because of an error.
    pub(crate) fn is_complete(&self) -> bool {
        self.has_finish_reason() && !self.is_aborted()
    }

    /// Whether any content arrived, even white space.
    fn has_content(&self) -> bool {
        self.raw_content_pieces > 0 || self.has_refusal
    }

    fn is_aborted(&self) -> bool {
        self.finish_reason.as_deref().is_some_and(|reason| ABORT_REASONS.contains(&reason))
    }

    /// Records that the server sent something that was not understood: without a finish reason the
    /// answer is then not known to be whole.
    pub(crate) fn record_gap(&mut self) {
        self.has_gap = true;
    }

    /// Whether the answer began inside reasoning; `None` if that is unknown.
    pub(crate) fn started_in_reasoning(&self) -> Option<bool> {
        self.content_splitter.started_in_reasoning()
    }

    /// Adds a chunk and returns its events.
    pub(crate) fn add_chunk(&mut self, chunk: ChatChunk) -> Vec<ChatEvent> {
        self.usage = chunk.usage.and_then(|usage| to_token_usage(&usage)).or(self.usage);
        let mut events = Vec::new();
        if self.choice_index.is_none() {
            // Some servers number choices from 1.
            self.choice_index = chunk.choices.iter().map(|choice| choice.index).min();
        }
        let index = self.choice_index;
        for choice in chunk.choices.into_iter().filter(|choice| Some(choice.index) == index) {
            let is_last = choice.finish_reason.is_some();
            let delta = if choice.is_whole_message || is_last {
                self.without_repetition(choice.delta, choice.is_whole_message)
            } else {
                choice.delta
            };
            self.apply_delta(delta, &mut events);
            let reason = choice.finish_reason.map(|reason| reason.to_ascii_lowercase());
            self.finish_reason = reason.or(self.finish_reason.take());
        }
        if events.is_empty() {
            events.push(ChatEvent::Heartbeat);
        }
        events
    }

    /// Adds a delta and appends its events.
    pub(crate) fn add_delta(&mut self, delta: ChatDelta, events: &mut Vec<ChatEvent>) {
        let count_before = events.len();
        self.apply_delta(delta, events);
        if events.len() == count_before {
            events.push(ChatEvent::Heartbeat);
        }
    }

    /// Appends the events of the line breaks held back, when the answer breaks off: what continues
    /// it begins behind them.
    pub(crate) fn release_at_break(&mut self, events: &mut Vec<ChatEvent>) {
        let mut segments = Vec::new();
        self.content_splitter.release_at_break(&mut segments);
        self.apply_segments(&mut segments, events);
    }

    /// Ends the answer and returns the events held back, and the end.
    pub(crate) fn finish_answer(&mut self) -> Result<Vec<ChatEvent>, UnusableAnswer> {
        let is_empty_answer =
            !self.has_content() && self.reasoning.is_none() && self.native_calls.is_empty();
        let is_ended = self.finish_reason.is_some()
            || (self.has_end_marker && !is_empty_answer && !self.has_gap);
        if !is_ended {
            let is_without_content = is_empty_answer && self.has_end_marker;
            return Err(UnusableAnswer::Incomplete(if is_without_content {
                IncompleteAnswer::NoContent
            } else {
                IncompleteAnswer::Disconnected
            }));
        }
        if self.is_aborted() {
            return Err(UnusableAnswer::Incomplete(IncompleteAnswer::Aborted));
        }
        let has_reason_in = |reasons: &[&str]| {
            self.finish_reason.as_deref().is_some_and(|reason| reasons.contains(&reason))
        };
        let is_truncated = has_reason_in(&TRUNCATION_REASONS);
        let is_filtered = self.has_refusal || has_reason_in(&FILTER_REASONS);
        let mut events = Vec::new();
        let mut segments = Vec::new();
        self.content_splitter.finish_content(is_truncated, &mut segments);
        self.apply_segments(&mut segments, &mut events);
        let calls = match &self.offered_tools {
            Some(offered) if self.native_calls.is_empty() => {
                let (mut text_calls, _) = std::mem::take(&mut self.text_calls);
                text_calls.truncate(self.max_tool_calls);
                tool_calls::finish_text_calls(text_calls, offered, is_truncated, &mut events)
            }
            offered => std::mem::take(&mut self.native_calls).finish_calls(
                offered.as_ref(),
                is_truncated,
                &mut events,
            ),
        };
        if let (true, false, Some(call)) =
            (calls.is_empty(), is_truncated, self.unreadable_call.take())
        {
            return Err(UnusableAnswer::UnreadableCall(call));
        }
        let text = std::mem::take(&mut self.text);
        let message = AssistantMessage { text, reasoning: self.reasoning.take(), calls };
        let outcome = if !message.calls.is_empty() {
            AnswerOutcome::ToolCalls
        } else if is_filtered {
            AnswerOutcome::Refused
        } else if !message.is_empty() {
            if is_truncated { AnswerOutcome::Truncated } else { AnswerOutcome::Reply }
        } else if message.reasoning.is_some() {
            if is_truncated {
                AnswerOutcome::ReasoningTruncated
            } else {
                AnswerOutcome::ReasoningOnly
            }
        } else if is_truncated {
            // The missing part is unknown, e.g. a tool call that a parser swallowed.
            AnswerOutcome::Truncated
        } else {
            AnswerOutcome::Empty
        };
        events.push(ChatEvent::Finished { message, outcome, usage: self.usage });
        Ok(events)
    }

    /// Removes from the last delta of an answer, or from a whole message, what came before.
    fn without_repetition(&self, mut delta: ChatDelta, is_whole_message: bool) -> ChatDelta {
        let raw_content = &self.raw_content;
        if is_whole_message {
            delta.content = delta.content.and_then(|text| unseen_rest(raw_content, text));
            for field in
                [&mut delta.reasoning, &mut delta.reasoning_content, &mut delta.reasoning_details]
            {
                *field = field.take().and_then(|text| unseen_rest(&self.separate_reasoning, text));
            }
            if !self.native_calls.is_empty() {
                delta.tool_calls.clear();
            }
            if self.has_refusal {
                delta.refusal = None;
            }
        } else if self.raw_content_pieces > 1
            && raw_content.len() >= MIN_REPETITION
            && delta.content.as_ref() == Some(raw_content)
        {
            delta.content = None;
        }
        delta
    }

    fn apply_delta(&mut self, delta: ChatDelta, events: &mut Vec<ChatEvent>) {
        self.received_bytes = self.received_bytes.saturating_add(content_bytes(&delta));
        // A server that fills several of them repeats the same text.
        let fields = [
            ("reasoning", delta.reasoning),
            ("reasoning_content", delta.reasoning_content),
            ("reasoning_details", delta.reasoning_details),
        ];
        let reasoning_delta = fields.into_iter().find_map(|(field, text)| {
            text.filter(|text| !text.is_empty()).map(|text| (field, text))
        });
        if let Some((field, text)) = reasoning_delta {
            self.content_splitter.record_separate_reasoning();
            self.separate_reasoning.push_str(&text);
            self.push_reasoning(field, text, events);
        }
        if let Some(content) = delta.content.as_deref().filter(|text| !text.is_empty()) {
            self.raw_content.push_str(content);
            self.raw_content_pieces += 1;
        }
        let mut segments = std::mem::take(&mut self.segment_buffer);
        for text in
            [delta.content, delta.refusal.inspect(|text| self.has_refusal |= !text.is_empty())]
        {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.content_splitter.push(&text, &mut segments);
            }
        }
        self.apply_segments(&mut segments, events);
        self.segment_buffer = segments;
        for call in delta.tool_calls {
            if self.native_calls.is_empty() {
                self.prefer_native_calls(events);
            }
            events.push(self.native_calls.add_delta(call));
        }
    }
}

/// The bytes of a delta's content.
fn content_bytes(delta: &ChatDelta) -> u64 {
    let texts = [
        &delta.content,
        &delta.reasoning,
        &delta.reasoning_content,
        &delta.reasoning_details,
        &delta.refusal,
    ];
    let calls = delta.tool_calls.iter().flat_map(|call| {
        let function = &call.function;
        [&call.id, &function.name, &function.arguments].into_iter().flatten()
    });
    texts
        .into_iter()
        .flatten()
        .chain(calls)
        .fold(0, |bytes, text| bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX)))
}

/// The part of a whole text that was not received yet; `None` if there is none, or if what was
/// received is another text.
fn unseen_rest(received: &str, whole: String) -> Option<String> {
    if received.is_empty() {
        return Some(whole);
    }
    whole.strip_prefix(received).filter(|rest| !rest.is_empty()).map(str::to_owned)
}

/// Converts the reported usage; `None` if it reports nothing or cannot be true.
fn to_token_usage(usage: &ChatUsage) -> Option<TokenUsage> {
    let counts = [usage.prompt_tokens, usage.completion_tokens];
    if counts == [0, 0] || counts.into_iter().any(|count| count > MAX_PLAUSIBLE_TOKENS) {
        return None;
    }
    Some(TokenUsage {
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
        cached_tokens: usage.prompt_tokens_details.and_then(|details| details.cached_tokens),
    })
}

#[cfg(test)]
mod tests;
