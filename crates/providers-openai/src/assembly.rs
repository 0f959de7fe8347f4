//! Puts an answer together from its pieces and decides how it ended.

mod pieces;

use std::sync::Arc;

use openclaw_core::{AssistantMessage, ChatEvent, Outcome, Reasoning, ToolSpec, Usage};
use openclaw_transport::wire::{ChatChunk, Delta};

use crate::calls::{self, Calls};
use crate::content::{Content, Piece};
use crate::dialect::{Offered, Written};

/// An answer under way.
#[derive(Debug)]
pub(crate) struct Assembly {
    offered: Option<Offered>,
    content: Content,
    /// What is split is put here; empty in between.
    pieces: Vec<Piece>,
    text: String,
    reasoning: Option<Reasoning>,
    /// The part of the reasoning that came in a field of its own.
    apart: String,
    calls: Calls,
    /// Calls written as text, each with its dialect, and all that text.
    written: (Vec<(&'static str, Written)>, String),
    finish_reason: Option<String>,
    /// Whether any content came, even of white space.
    has_content: bool,
    refused: bool,
    usage: Option<Usage>,
    done: bool,
}

/// A stream that ended before its answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incomplete {
    /// The stream said that it was done, and nothing else.
    Nothing,
    /// The server says that it did not go on with the answer.
    GivenUp,
    /// The stream broke off.
    CutOff,
}

impl Assembly {
    /// An answer to a request that offers these tools, and which may begin in the middle of a
    /// thought.
    pub(crate) fn new(tools: Arc<[ToolSpec]>, in_thought: bool) -> Self {
        let offered = Offered::new(tools);
        Self {
            content: Content::new(offered.clone(), in_thought),
            offered,
            pieces: Vec::new(),
            text: String::new(),
            reasoning: None,
            apart: String::new(),
            calls: Calls::default(),
            written: Default::default(),
            finish_reason: None,
            has_content: false,
            refused: false,
            usage: None,
            done: false,
        }
    }

    /// Notes the end mark of the stream.
    pub(crate) fn done(&mut self) {
        self.done = true;
    }

    /// Tells whether the server said why the answer ended: nothing of it is still to come.
    pub(crate) fn is_whole(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Whether the answer began in the middle of a thought; `None` if it did not show.
    pub(crate) fn in_thought(&self) -> Option<bool> {
        self.content.in_thought()
    }

    /// Takes one chunk and returns what it means to the reader.
    pub(crate) fn chunk(&mut self, chunk: ChatChunk) -> Vec<ChatEvent> {
        if let Some(usage) = chunk.usage {
            let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
            self.usage =
                Some(Usage { input: usage.prompt_tokens, output: usage.completion_tokens, cached });
        }
        let mut events = Vec::new();
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.delta(choice.delta, &mut events);
            let reason = choice.finish_reason.filter(|reason| !reason.is_empty());
            self.finish_reason = reason.or(self.finish_reason.take());
        }
        if events.is_empty() {
            events.push(ChatEvent::Heartbeat);
        }
        events
    }

    /// Takes a piece of a message and adds what it means to the reader.
    pub(crate) fn piece(&mut self, delta: Delta, events: &mut Vec<ChatEvent>) {
        let before = events.len();
        self.delta(delta, events);
        if events.len() == before {
            events.push(ChatEvent::Heartbeat);
        }
    }

    /// Ends the answer and returns what was held back, and the end.
    pub(crate) fn finish(&mut self) -> Result<Vec<ChatEvent>, Incomplete> {
        let nothing = !self.has_content && self.reasoning.is_none() && self.calls.is_empty();
        let ended = self.finish_reason.is_some() || (self.done && !nothing);
        if !ended {
            return Err(if nothing && self.done {
                Incomplete::Nothing
            } else {
                Incomplete::CutOff
            });
        }
        if matches!(self.finish_reason.as_deref(), Some("error" | "abort")) {
            return Err(Incomplete::GivenUp);
        }
        // vLLM ends what repeats itself by the second.
        let cut = matches!(self.finish_reason.as_deref(), Some("length" | "repetition"));
        let filtered = self.refused || self.finish_reason.as_deref() == Some("content_filter");
        let mut events = Vec::new();
        let mut pieces = Vec::new();
        self.content.end(cut, &mut pieces);
        self.take(&mut pieces, &mut events);
        let calls = match &self.offered {
            Some(offered) if self.calls.is_empty() => {
                let (written, _) = std::mem::take(&mut self.written);
                calls::finish_written(written, offered, cut, &mut events)
            }
            offered => std::mem::take(&mut self.calls).finish(offered.as_ref(), cut, &mut events),
        };
        let text = std::mem::take(&mut self.text);
        let message = AssistantMessage { text, reasoning: self.reasoning.take(), calls };
        let outcome = if !message.calls.is_empty() {
            Outcome::Calls
        } else if filtered {
            Outcome::Refused
        } else if !message.is_empty() {
            if cut { Outcome::Truncated } else { Outcome::Reply }
        } else if message.reasoning.is_some() {
            if cut { Outcome::ReasoningCut } else { Outcome::ReasoningOnly }
        } else if cut {
            // What was cut off is not known, e.g. a call that a parser swallowed.
            Outcome::Truncated
        } else {
            Outcome::Empty
        };
        events.push(ChatEvent::Finished { message, outcome, usage: self.usage });
        Ok(events)
    }

    fn delta(&mut self, delta: Delta, events: &mut Vec<ChatEvent>) {
        // Who has more than one of them says the same in each.
        let fields = [
            ("reasoning", delta.reasoning),
            ("reasoning_content", delta.reasoning_content),
            ("reasoning_details", delta.reasoning_details),
        ];
        let thought = fields.into_iter().find_map(|(field, text)| {
            text.filter(|text| !text.is_empty()).map(|text| (field, text))
        });
        if let Some((field, text)) = thought {
            self.content.thought_came_apart();
            self.apart.push_str(&text);
            self.think(field, text, events);
        }
        let mut pieces = std::mem::take(&mut self.pieces);
        for text in [delta.content, delta.refusal.inspect(|text| self.refused |= !text.is_empty())]
        {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.has_content = true;
                self.content.push(&text, &mut pieces);
            }
        }
        self.take(&mut pieces, events);
        self.pieces = pieces;
        for call in delta.tool_calls {
            if self.calls.is_empty() {
                self.only_native(events);
            }
            events.push(self.calls.delta(call));
        }
    }
}

#[cfg(test)]
mod tests;
