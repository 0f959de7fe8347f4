//! Puts an answer together from its pieces and decides how it ended.
//!
//! Servers disagree on how calls arrive: all at index 0 with different ids, the name in every
//! piece, no index, `null` arguments. What counts is a new id or a new index; all else continues
//! the call before.

use openclaw_core::{
    Arguments, AssistantMessage, BrokenCall, ChatEvent, EmittedCall, Outcome, Reasoning, ToolCall,
    ToolCallId, ToolName, Usage,
};
use openclaw_transport::wire::{ChatChunk, Delta, ToolCallDelta};

/// An answer under way.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    text: String,
    reasoning: Option<Reasoning>,
    calls: Vec<PartialCall>,
    finish_reason: Option<String>,
    refused: bool,
    usage: Option<Usage>,
    done: bool,
}

/// A stream that ended before its answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incomplete {
    /// The stream said that it was done, and nothing else.
    Nothing,
    /// The stream broke off.
    CutOff,
}

#[derive(Debug)]
struct PartialCall {
    index: u32,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Assembly {
    /// Notes the end mark of the stream.
    pub(crate) fn done(&mut self) {
        self.done = true;
    }

    /// Tells whether the server said why the answer ended: nothing of it is still to come.
    pub(crate) fn is_whole(&self) -> bool {
        self.finish_reason.is_some()
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

    /// Ends the answer.
    pub(crate) fn finish(self) -> Result<ChatEvent, Incomplete> {
        let nothing = self.text.is_empty() && self.reasoning.is_none() && self.calls.is_empty();
        let ended = self.finish_reason.is_some() || (self.done && !nothing);
        if !ended {
            return Err(if nothing && self.done {
                Incomplete::Nothing
            } else {
                Incomplete::CutOff
            });
        }
        let cut = self.finish_reason.as_deref() == Some("length");
        let filtered = self.refused || self.finish_reason.as_deref() == Some("content_filter");
        let last = self.calls.len().saturating_sub(1);
        let calls = self.calls.into_iter().enumerate();
        let calls = calls.map(|(n, call)| call.finish(n, cut && n == last)).collect();
        let message = AssistantMessage { text: self.text, reasoning: self.reasoning, calls };
        let outcome = if !message.calls.is_empty() {
            Outcome::Calls
        } else if filtered {
            Outcome::Refused
        } else if !message.is_empty() {
            if cut { Outcome::Truncated } else { Outcome::Reply }
        } else if message.reasoning.is_some() {
            Outcome::ReasoningOnly
        } else {
            Outcome::Empty
        };
        Ok(ChatEvent::Finished { message, outcome, usage: self.usage })
    }

    fn delta(&mut self, delta: Delta, events: &mut Vec<ChatEvent>) {
        let fields =
            [("reasoning", delta.reasoning), ("reasoning_content", delta.reasoning_content)];
        let thought = fields.into_iter().find_map(|(field, text)| {
            text.filter(|text| !text.is_empty()).map(|text| (field, text))
        });
        if let Some((field, text)) = thought {
            let reasoning =
                self.reasoning.get_or_insert_with(|| Reasoning { text: String::new(), field });
            reasoning.text.push_str(&text);
            events.push(ChatEvent::ReasoningDelta(text));
        }
        if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
            self.text.push_str(&text);
            events.push(ChatEvent::TextDelta(text));
        }
        if let Some(text) = delta.refusal.filter(|text| !text.is_empty()) {
            self.refused = true;
            self.text.push_str(&text);
            events.push(ChatEvent::TextDelta(text));
        }
        events.extend(delta.tool_calls.into_iter().map(|call| self.call(call)));
    }

    fn call(&mut self, delta: ToolCallDelta) -> ChatEvent {
        let id = delta.id.filter(|id| !id.trim().is_empty());
        let (name, arguments) = (delta.function.name, delta.function.arguments);
        let index = delta.index.unwrap_or_else(|| match (&id, self.calls.last()) {
            (Some(id), Some(last)) if last.id.as_ref() != Some(id) => last.index.saturating_add(1),
            (_, last) => last.map_or(0, |last| last.index),
        });
        let place = self.calls.iter().rposition(|call| call.index == index);
        let known = place.filter(|&place| {
            let before = self.calls.get(place).and_then(|call| call.id.as_ref());
            id.is_none() || before.is_none() || before == id.as_ref()
        });
        let place = known.unwrap_or(self.calls.len());
        let fresh = known.is_none();
        if fresh {
            let name = name.clone().unwrap_or_default();
            let (id, arguments) = (id.clone(), String::new());
            self.calls.push(PartialCall { index, id, name, arguments });
        }
        let piece = arguments.unwrap_or_default();
        if let Some(call) = self.calls.get_mut(place) {
            call.arguments.push_str(&piece);
            if call.name.is_empty() {
                call.name = name.clone().unwrap_or_default();
            }
            if call.id.is_none() {
                call.id.clone_from(&id);
            }
        }
        ChatEvent::ToolCallDelta {
            index: u32::try_from(place).unwrap_or(u32::MAX),
            id: fresh.then(|| id.as_deref().and_then(ToolCallId::new)).flatten(),
            name: fresh.then(|| name.as_deref().map(ToolName::from_model)).flatten(),
            arguments: piece,
        }
    }
}

impl PartialCall {
    fn finish(self, number: usize, cut: bool) -> EmittedCall {
        let id = self.id.as_deref().and_then(ToolCallId::new);
        let id = id.unwrap_or_else(|| ToolCallId::numbered(number));
        let name = ToolName::from_model(&self.name);
        let problem = if cut {
            "The answer reached its output limit in the middle of this call.".to_owned()
        } else {
            match Arguments::parse(&self.arguments) {
                Ok(arguments) => return EmittedCall::Ready(ToolCall { id, name, arguments }),
                Err(error) => format!("Its arguments are {error}."),
            }
        };
        EmittedCall::Broken(BrokenCall { id, name, raw: self.arguments, problem })
    }
}

#[cfg(test)]
mod tests;
