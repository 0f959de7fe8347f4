//! Assembles an answer from its events and decides how it ended.

mod blocks;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, EmittedToolCall, ReasoningContent, TokenUsage,
};
use openclaw_provider::IncompleteAnswer;

use self::blocks::{AnswerEnding, BlockAssembler};
use crate::thinking_cache::ThinkingBlock;
use crate::wire::{self, MessageEvent, MessageResponse, ResponseBlock};

/// The field in which reasoning of this API came.
pub(crate) const REASONING_FIELD: &str = "thinking";

/// The state of an answer that is being received.
#[derive(Debug, Default)]
pub(crate) struct AnswerAssembler {
    blocks: BlockAssembler,
    usage: wire::MessageUsage,
    has_usage: bool,
    stop_reason: Option<String>,
    is_stopped: bool,
    /// The bytes of content so far: text, thinking and tool calls.
    received_bytes: u64,
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct FinishedAnswer {
    /// The remaining events, the last of which ends the answer.
    pub(crate) events: Vec<ChatEvent>,
    /// The thinking blocks that the message began with, if they may be sent back.
    pub(crate) thinking_blocks: Option<Vec<ThinkingBlock>>,
}

impl AnswerAssembler {
    /// Returns whether the server gave a stop reason, after which nothing of the answer follows.
    pub(crate) fn has_stop_reason(&self) -> bool {
        self.stop_reason.is_some()
    }

    /// Returns whether any content arrived.
    pub(crate) fn has_content(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// The bytes of content that the server sent so far.
    pub(crate) fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Returns whether the answer has more tool calls than these.
    pub(crate) fn has_too_many_calls(&self, max_tool_calls: usize) -> bool {
        self.blocks.call_count() > max_tool_calls
    }

    /// Ends an answer with too many tool calls before the last one, which had only begun.
    pub(crate) fn stop_at_call_limit(&mut self) {
        self.blocks.drop_last_call();
        self.stop_reason = Some("tool_use".to_owned());
    }

    /// Applies an event and returns the resulting chat events.
    pub(crate) fn apply_event(&mut self, event: MessageEvent) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        self.received_bytes = self.received_bytes.saturating_add(content_bytes(&event));
        match event.kind.as_deref().unwrap_or_default() {
            "message_start" => {
                let message = event.message.unwrap_or_default();
                self.record_usage(message.usage);
            }
            "content_block_start" => {
                let block = event.content_block.unwrap_or_default();
                self.blocks.begin_block(event.index, block, &mut events);
            }
            "content_block_delta" => self.blocks.apply_delta(event.index, event.delta, &mut events),
            "content_block_stop" => self.blocks.end_block(event.index, &mut events),
            "message_delta" => {
                let reason = event.delta.stop_reason.filter(|reason| !reason.is_empty());
                self.stop_reason = reason.or(self.stop_reason.take());
                self.record_usage(event.usage);
            }
            "message_stop" => self.is_stopped = true,
            // New kinds may be added to the API at any time.
            _ => {}
        }
        if events.is_empty() {
            events.push(ChatEvent::Heartbeat);
        }
        events
    }

    /// Applies an answer that was not streamed.
    pub(crate) fn apply_message(&mut self, message: MessageResponse) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        for (at, block) in (0..).zip(message.content) {
            let block =
                ResponseBlock { input: block.input.filter(|input| !input.is_null()), ..block };
            self.blocks.begin_block(Some(at), block, &mut events);
            self.blocks.end_block(Some(at), &mut events);
        }
        self.stop_reason = message.stop_reason.filter(|reason| !reason.is_empty());
        self.record_usage(message.usage);
        self.is_stopped = true;
        events
    }

    /// Ends the answer.
    pub(crate) fn finish_answer(&mut self) -> Result<FinishedAnswer, IncompleteAnswer> {
        let is_empty = self.blocks.is_empty();
        if self.stop_reason.is_none() && (is_empty || !self.is_stopped) {
            return Err(if is_empty && self.is_stopped {
                IncompleteAnswer::NoContent
            } else {
                IncompleteAnswer::Disconnected
            });
        }
        let reason = self.stop_reason.as_deref();
        let is_truncated = matches!(reason, Some("max_tokens" | "model_context_window_exceeded"));
        let is_refusal = reason == Some("refusal");
        // The server expects a further request for the rest.
        let is_paused = reason == Some("pause_turn");
        let end = match reason {
            Some("refusal") => AnswerEnding::Withheld,
            _ if is_truncated => AnswerEnding::Truncated,
            None | Some("stop_sequence") => AnswerEnding::Uncertain,
            Some(_) => AnswerEnding::Complete,
        };
        let mut events = Vec::new();
        let blocks = std::mem::take(&mut self.blocks).finish_blocks(end, &mut events);
        let reasoning_text = Some(blocks.reasoning).filter(|text| !text.is_empty());
        let reasoning =
            reasoning_text.map(|text| ReasoningContent { text, field: REASONING_FIELD.into() });
        let message = AssistantMessage { text: blocks.text, reasoning, calls: blocks.calls };
        let outcome = if !message.calls.is_empty() {
            AnswerOutcome::ToolCalls
        } else if is_refusal {
            AnswerOutcome::Refused
        } else if !message.is_empty() {
            if is_truncated || is_paused { AnswerOutcome::Truncated } else { AnswerOutcome::Reply }
        } else if blocks.has_thinking {
            if is_truncated {
                AnswerOutcome::ReasoningTruncated
            } else {
                AnswerOutcome::ReasoningOnly
            }
        } else if is_truncated {
            AnswerOutcome::Truncated
        } else {
            AnswerOutcome::Empty
        };
        let is_ready = |call: &EmittedToolCall| matches!(call, EmittedToolCall::Valid(_));
        let thinking_blocks = blocks
            .leading_thinking
            .filter(|_| outcome == AnswerOutcome::ToolCalls && message.calls.iter().all(is_ready));
        events.push(ChatEvent::Finished { message, outcome, usage: self.token_usage() });
        Ok(FinishedAnswer { events, thinking_blocks })
    }

    /// Later counts replace earlier ones, where present.
    fn record_usage(&mut self, usage: Option<wire::MessageUsage>) {
        let Some(usage) = usage else { return };
        self.has_usage = true;
        let total = &mut self.usage;
        total.input_tokens = usage.input_tokens.or(total.input_tokens);
        total.cache_read = usage.cache_read.or(total.cache_read);
        total.cache_created = usage.cache_created.or(total.cache_created);
        total.output_tokens = usage.output_tokens.or(total.output_tokens);
    }

    fn token_usage(&self) -> Option<TokenUsage> {
        let wire::MessageUsage { input_tokens, cache_read, cache_created, output_tokens } =
            self.usage;
        let parts = [input_tokens, cache_read, cache_created].into_iter().flatten();
        self.has_usage.then(|| TokenUsage {
            input_tokens: parts.fold(0, u32::saturating_add),
            output_tokens: output_tokens.unwrap_or_default(),
            cached_tokens: cache_read,
        })
    }
}

/// The bytes of an event's content.
fn content_bytes(event: &MessageEvent) -> u64 {
    let delta = &event.delta;
    let pieces = [&delta.text, &delta.thinking, &delta.signature, &delta.partial_json];
    let block = event.content_block.iter().flat_map(|block| {
        let fields =
            [&block.text, &block.thinking, &block.signature, &block.data, &block.id, &block.name];
        fields.into_iter().flatten()
    });
    let input = event.content_block.as_ref().and_then(|block| block.input.as_ref());
    let input_bytes = input.map_or(0, |input| input.to_string().len());
    let texts = pieces.into_iter().flatten().chain(block).map(String::len);
    texts
        .chain([input_bytes])
        .fold(0, |bytes, len| bytes.saturating_add(u64::try_from(len).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
