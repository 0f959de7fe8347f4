//! Assembles an answer from its chunks and decides how it ended.

mod segments;

use std::sync::Arc;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ReasoningContent, TokenUsage, ToolSpec,
};
use openclaw_transport::wire::{ChatChunk, ChatDelta};

use crate::content::{ContentSegment, ContentSplitter, UnreadableCall};
use crate::dialect::{OfferedTools, TextToolCall};
use crate::tool_calls::{self, ToolCallAssembler};

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
    finish_reason: Option<String>,
    /// Whether any content arrived, even white space.
    has_content: bool,
    has_refusal: bool,
    usage: Option<TokenUsage>,
    has_end_marker: bool,
}

/// A stream that ended without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IncompleteAnswer {
    /// The stream ended properly, without content.
    NoContent,
    /// The server reports that it aborted the answer.
    Aborted,
    /// The stream broke off.
    Disconnected,
    /// The answer has a tool call that cannot be read, and none that can.
    UnreadableCall(UnreadableCall),
}

impl AnswerAssembler {
    /// Starts the answer to a request that offers these tools. With `starts_in_reasoning` its
    /// content may begin inside reasoning, without an opening tag.
    pub(crate) fn new(tools: Arc<[ToolSpec]>, starts_in_reasoning: bool) -> Self {
        let offered_tools = OfferedTools::new(tools);
        Self {
            content_splitter: ContentSplitter::new(offered_tools.clone(), starts_in_reasoning),
            offered_tools,
            segment_buffer: Vec::new(),
            text: String::new(),
            reasoning: None,
            separate_reasoning: String::new(),
            native_calls: ToolCallAssembler::default(),
            text_calls: Default::default(),
            unreadable_call: None,
            finish_reason: None,
            has_content: false,
            has_refusal: false,
            usage: None,
            has_end_marker: false,
        }
    }

    /// Records the end marker of the stream.
    pub(crate) fn record_end_marker(&mut self) {
        self.has_end_marker = true;
    }

    /// Returns whether the server gave a finish reason, after which nothing of the answer follows.
    pub(crate) fn has_finish_reason(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Whether the answer began inside reasoning; `None` if that is unknown.
    pub(crate) fn started_in_reasoning(&self) -> Option<bool> {
        self.content_splitter.started_in_reasoning()
    }

    /// Adds a chunk and returns its events.
    pub(crate) fn add_chunk(&mut self, chunk: ChatChunk) -> Vec<ChatEvent> {
        if let Some(usage) = chunk.usage {
            let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
            self.usage = Some(TokenUsage {
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
                cached_tokens: cached,
            });
        }
        let mut events = Vec::new();
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.apply_delta(choice.delta, &mut events);
            let reason = choice.finish_reason.filter(|reason| !reason.is_empty());
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

    /// Ends the answer and returns the events held back, and the end.
    pub(crate) fn finish_answer(&mut self) -> Result<Vec<ChatEvent>, IncompleteAnswer> {
        let is_empty_answer =
            !self.has_content && self.reasoning.is_none() && self.native_calls.is_empty();
        let is_ended = self.finish_reason.is_some() || (self.has_end_marker && !is_empty_answer);
        if !is_ended {
            return Err(if is_empty_answer && self.has_end_marker {
                IncompleteAnswer::NoContent
            } else {
                IncompleteAnswer::Disconnected
            });
        }
        if matches!(self.finish_reason.as_deref(), Some("error" | "abort")) {
            return Err(IncompleteAnswer::Aborted);
        }
        // vLLM ends a repetitive answer with `repetition`.
        let is_truncated = matches!(self.finish_reason.as_deref(), Some("length" | "repetition"));
        let is_filtered =
            self.has_refusal || self.finish_reason.as_deref() == Some("content_filter");
        let mut events = Vec::new();
        let mut segments = Vec::new();
        self.content_splitter.finish_content(is_truncated, &mut segments);
        self.apply_segments(&mut segments, &mut events);
        let calls = match &self.offered_tools {
            Some(offered) if self.native_calls.is_empty() => {
                let (text_calls, _) = std::mem::take(&mut self.text_calls);
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
            return Err(IncompleteAnswer::UnreadableCall(call));
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

    fn apply_delta(&mut self, delta: ChatDelta, events: &mut Vec<ChatEvent>) {
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
        let mut segments = std::mem::take(&mut self.segment_buffer);
        for text in
            [delta.content, delta.refusal.inspect(|text| self.has_refusal |= !text.is_empty())]
        {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.has_content = true;
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

#[cfg(test)]
mod tests;
