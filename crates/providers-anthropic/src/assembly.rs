//! Puts an answer together from its events and decides how it ended.

mod blocks;

use openclaw_core::{AssistantMessage, ChatEvent, EmittedCall, Outcome, Reasoning, Usage};

use self::blocks::{Blocks, CallEnd};
use crate::thoughts::Thought;
use crate::wire::{self, Block, Event, Message};

/// What reasoning of this API came in.
pub(crate) const THINKING: &str = "thinking";

/// An answer under way.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    blocks: Blocks,
    usage: wire::Usage,
    is_counted: bool,
    stop_reason: Option<String>,
    done: bool,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Finished {
    /// What was held back, and the end.
    pub(crate) events: Vec<ChatEvent>,
    /// The thoughts that the message began with, if they may be shown again.
    pub(crate) thoughts: Option<Vec<Thought>>,
}

/// A stream that ended before its answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incomplete {
    /// The stream said that it was done, and nothing else.
    Nothing,
    /// The stream broke off.
    CutOff,
}

impl Assembly {
    /// Tells whether the server said why the answer ended: nothing of it is still to come.
    pub(crate) fn is_whole(&self) -> bool {
        self.stop_reason.is_some()
    }

    /// Whether something of the answer came.
    pub(crate) fn has_content(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Takes one event and returns what it means to the reader.
    pub(crate) fn event(&mut self, event: Event) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        match event.kind.as_deref().unwrap_or_default() {
            "message_start" => {
                let message = event.message.unwrap_or_default();
                self.count(message.usage);
            }
            "content_block_start" => {
                let block = event.content_block.unwrap_or_default();
                self.blocks.begin(event.index, block, &mut events);
            }
            "content_block_delta" => self.blocks.delta(event.index, event.delta, &mut events),
            "content_block_stop" => self.blocks.end(event.index, &mut events),
            "message_delta" => {
                let reason = event.delta.stop_reason.filter(|reason| !reason.is_empty());
                self.stop_reason = reason.or(self.stop_reason.take());
                self.count(event.usage);
            }
            "message_stop" => self.done = true,
            // Others may be added to the API at any time.
            _ => {}
        }
        if events.is_empty() {
            events.push(ChatEvent::Heartbeat);
        }
        events
    }

    /// Takes an answer that was not streamed.
    pub(crate) fn whole(&mut self, message: Message) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        for (at, block) in (0..).zip(message.content) {
            let block = Block { input: block.input.filter(|input| !input.is_null()), ..block };
            self.blocks.begin(Some(at), block, &mut events);
            self.blocks.end(Some(at), &mut events);
        }
        self.stop_reason = message.stop_reason.filter(|reason| !reason.is_empty());
        self.count(message.usage);
        self.done = true;
        events
    }

    /// Ends the answer.
    pub(crate) fn finish(&mut self) -> Result<Finished, Incomplete> {
        let nothing = self.blocks.is_empty();
        if self.stop_reason.is_none() && (nothing || !self.done) {
            return Err(if nothing && self.done {
                Incomplete::Nothing
            } else {
                Incomplete::CutOff
            });
        }
        let reason = self.stop_reason.as_deref();
        let cut = matches!(reason, Some("max_tokens" | "model_context_window_exceeded"));
        let refused = reason == Some("refusal");
        // The server wants to be asked again for the rest.
        let paused = reason == Some("pause_turn");
        let end = match reason {
            Some("refusal") => CallEnd::Withheld,
            _ if cut => CallEnd::Cut,
            None | Some("stop_sequence") => CallEnd::Unsure,
            Some(_) => CallEnd::Whole,
        };
        let mut events = Vec::new();
        let blocks = std::mem::take(&mut self.blocks).finish(end, &mut events);
        let thought = Some(blocks.thought).filter(|text| !text.is_empty());
        let reasoning = thought.map(|text| Reasoning { text, field: THINKING });
        let message = AssistantMessage { text: blocks.text, reasoning, calls: blocks.calls };
        let outcome = if !message.calls.is_empty() {
            Outcome::Calls
        } else if refused {
            Outcome::Refused
        } else if !message.is_empty() {
            if cut || paused { Outcome::Truncated } else { Outcome::Reply }
        } else if blocks.has_thought {
            if cut { Outcome::ReasoningCut } else { Outcome::ReasoningOnly }
        } else if cut {
            Outcome::Truncated
        } else {
            Outcome::Empty
        };
        let is_ready = |call: &EmittedCall| matches!(call, EmittedCall::Ready(_));
        let thoughts = blocks
            .leading
            .filter(|_| outcome == Outcome::Calls && message.calls.iter().all(is_ready));
        events.push(ChatEvent::Finished { message, outcome, usage: self.usage() });
        Ok(Finished { events, thoughts })
    }

    /// Later counts replace earlier ones, as far as they say anything.
    fn count(&mut self, usage: Option<wire::Usage>) {
        let Some(usage) = usage else { return };
        self.is_counted = true;
        let all = &mut self.usage;
        all.input = usage.input.or(all.input);
        all.cache_read = usage.cache_read.or(all.cache_read);
        all.cache_created = usage.cache_created.or(all.cache_created);
        all.output = usage.output.or(all.output);
    }

    fn usage(&self) -> Option<Usage> {
        let wire::Usage { input, cache_read, cache_created, output } = self.usage;
        let parts = [input, cache_read, cache_created].into_iter().flatten();
        self.is_counted.then(|| Usage {
            input: parts.fold(0, u32::saturating_add),
            output: output.unwrap_or_default(),
            cached: cache_read,
        })
    }
}

#[cfg(test)]
mod tests;
