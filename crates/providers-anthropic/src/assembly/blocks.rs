//! The blocks of an answer: texts, thoughts and calls.

use openclaw_core::{
    Arguments, BrokenCall, ChatEvent, EmittedCall, ToolCall, ToolCallId, ToolName,
};

use crate::thoughts::Thought;
use crate::wire::{Block, Delta};

const CUT: &str = "The answer reached its output limit in the middle of this call.";
const UNSURE: &str = "The answer ended before the arguments of this call.";
const WITHHELD: &str = "The server withheld the answer that this call is part of.";

/// How an answer with calls ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallEnd {
    /// As an answer does that has all of its calls.
    Whole,
    /// In the middle of the last block.
    Cut,
    /// In a way that may have cut the last block.
    Unsure,
    /// Nothing of it is to be used.
    Withheld,
}

/// The blocks so far.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    parts: Vec<Part>,
    text: Flow,
    thought: Flow,
    calls: u32,
}

/// What the blocks came to.
#[derive(Debug)]
pub(super) struct Blocked {
    pub(super) text: String,
    pub(super) thought: String,
    /// Whether there was a thought, be it hidden.
    pub(super) has_thought: bool,
    pub(super) calls: Vec<EmittedCall>,
    /// The thoughts, if all of them came before anything else and can be shown again.
    pub(super) leading: Option<Vec<Thought>>,
}

#[derive(Debug)]
struct Part {
    index: u32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text,
    Thinking {
        text: String,
        signature: String,
    },
    Redacted {
        data: String,
    },
    Call(PartialCall),
    /// A block of another kind: nothing of it is read.
    Other,
}

#[derive(Debug)]
struct PartialCall {
    place: u32,
    id: ToolCallId,
    name: ToolName,
    arguments: String,
    /// Arguments that came whole.
    input: Option<String>,
}

/// A text that is put together from blocks, with a blank line between two of them.
#[derive(Debug, Default)]
struct Flow {
    text: String,
    /// The part that wrote last.
    part: usize,
}

impl Flow {
    fn push(&mut self, part: usize, mut piece: String) -> String {
        let apart = self.part != part
            && !self.text.is_empty()
            && !self.text.ends_with(char::is_whitespace)
            && !piece.starts_with(char::is_whitespace);
        if apart {
            piece.insert_str(0, "\n\n");
        }
        self.part = part;
        self.text.push_str(&piece);
        piece
    }
}

impl Blocks {
    /// Whether nothing of an answer came.
    pub(super) fn is_empty(&self) -> bool {
        let has_thought = |part: &Part| matches!(part.kind, Kind::Redacted { .. });
        self.text.text.is_empty()
            && self.thought.text.is_empty()
            && self.calls == 0
            && !self.parts.iter().any(has_thought)
    }

    /// Begins a block.
    pub(super) fn begin(&mut self, index: Option<u32>, block: Block, events: &mut Vec<ChatEvent>) {
        let at = index
            .unwrap_or_else(|| self.parts.last().map_or(0, |part| part.index.saturating_add(1)));
        let delta = Delta { text: block.text, thinking: block.thinking, ..Delta::default() };
        let kind = match block.kind.as_deref() {
            Some("text") => Kind::Text,
            Some("thinking") => {
                let signature = block.signature.unwrap_or_default();
                Kind::Thinking { text: String::new(), signature }
            }
            Some("redacted_thinking") => Kind::Redacted { data: block.data.unwrap_or_default() },
            Some("tool_use") => {
                let id = block.id.as_deref().and_then(ToolCallId::new);
                let name = block.name.as_deref().unwrap_or_default();
                let input = block.input.filter(|input| {
                    !input.is_null() && input.as_object().is_none_or(|input| !input.is_empty())
                });
                self.call(id, name, input.map(|input| input.to_string()), events)
            }
            _ => Kind::Other,
        };
        self.parts.push(Part { index: at, kind });
        self.delta(Some(at), delta, events);
    }

    /// Adds to a block; to one that was never begun as well.
    pub(super) fn delta(&mut self, index: Option<u32>, delta: Delta, events: &mut Vec<ChatEvent>) {
        let Some(at) = self.find(index).or_else(|| self.unannounced(index, &delta, events)) else {
            return;
        };
        let Some(part) = self.parts.get_mut(at) else { return };
        match &mut part.kind {
            Kind::Text => {
                if let Some(piece) = delta.text.filter(|piece| !piece.is_empty()) {
                    events.push(ChatEvent::TextDelta(self.text.push(at, piece)));
                }
            }
            Kind::Thinking { text, signature } => {
                signature.push_str(&delta.signature.unwrap_or_default());
                if let Some(piece) = delta.thinking.filter(|piece| !piece.is_empty()) {
                    text.push_str(&piece);
                    events.push(ChatEvent::ReasoningDelta(self.thought.push(at, piece)));
                }
            }
            Kind::Call(call) => {
                if let Some(piece) = delta.partial_json.filter(|piece| !piece.is_empty()) {
                    call.arguments.push_str(&piece);
                    events.push(call.piece(piece));
                }
            }
            Kind::Redacted { .. } | Kind::Other => {}
        }
    }

    /// Ends a block.
    pub(super) fn end(&mut self, index: Option<u32>, events: &mut Vec<ChatEvent>) {
        let part = self.find(index).and_then(|at| self.parts.get_mut(at));
        if let Some(Part { kind: Kind::Call(call), .. }) = part {
            call.settle(events);
        }
    }

    /// Ends all of them.
    pub(super) fn finish(self, end: CallEnd, events: &mut Vec<ChatEvent>) -> Blocked {
        let last = self.parts.len().saturating_sub(1);
        let is_thought =
            |part: &Part| matches!(part.kind, Kind::Thinking { .. } | Kind::Redacted { .. });
        let has_thought = self.parts.iter().any(is_thought);
        let first_said = self.parts.iter().position(|part| !is_thought(part));
        let is_late = self.parts.iter().skip(first_said.unwrap_or_default()).any(is_thought);
        let mut thoughts = Some(Vec::new()).filter(|_| has_thought && !is_late);
        let mut calls = Vec::new();
        for (at, part) in self.parts.into_iter().enumerate() {
            match part.kind {
                Kind::Thinking { text, signature } if signature.is_empty() || text.is_empty() => {
                    thoughts = None;
                }
                Kind::Thinking { text: thinking, signature } => {
                    if let Some(thoughts) = &mut thoughts {
                        thoughts.push(Thought::Thinking { thinking, signature });
                    }
                }
                Kind::Redacted { data } => {
                    if let Some(thoughts) = &mut thoughts {
                        thoughts.push(Thought::RedactedThinking { data });
                    }
                }
                Kind::Call(mut call) => {
                    call.settle(events);
                    calls.push(call.finish(end, at == last));
                }
                Kind::Text | Kind::Other => {}
            }
        }
        Blocked {
            text: self.text.text,
            thought: self.thought.text,
            has_thought,
            calls,
            leading: thoughts,
        }
    }

    /// Makes a block for a piece of one that was never begun; `None` when it is of no use.
    fn unannounced(
        &mut self,
        index: Option<u32>,
        delta: &Delta,
        events: &mut Vec<ChatEvent>,
    ) -> Option<usize> {
        let kind = match delta {
            Delta { text: Some(_), .. } => Kind::Text,
            Delta { thinking: Some(_), .. } => {
                Kind::Thinking { text: String::new(), signature: String::new() }
            }
            Delta { partial_json: Some(_), .. } => self.call(None, "", None, events),
            _ => return None,
        };
        self.parts.push(Part { index: index.unwrap_or_default(), kind });
        Some(self.parts.len() - 1)
    }

    fn call(
        &mut self,
        id: Option<ToolCallId>,
        name: &str,
        input: Option<String>,
        events: &mut Vec<ChatEvent>,
    ) -> Kind {
        let place = self.calls;
        self.calls = self.calls.saturating_add(1);
        let name = ToolName::from_model(name);
        let number = usize::try_from(place).unwrap_or_default();
        let id = id.unwrap_or_else(|| ToolCallId::numbered(number));
        events.push(ChatEvent::ToolCallDelta {
            index: place,
            id: Some(id.clone()),
            name: Some(name.clone()),
            arguments: String::new(),
        });
        Kind::Call(PartialCall { place, id, name, arguments: String::new(), input })
    }

    fn find(&self, index: Option<u32>) -> Option<usize> {
        self.parts.iter().rposition(|part| index.is_none_or(|index| part.index == index))
    }
}

impl PartialCall {
    fn piece(&self, arguments: String) -> ChatEvent {
        ChatEvent::ToolCallDelta { index: self.place, id: None, name: None, arguments }
    }

    /// Takes the arguments that came whole, if none came in pieces.
    fn settle(&mut self, events: &mut Vec<ChatEvent>) {
        if let Some(input) = self.input.take().filter(|_| self.arguments.is_empty()) {
            events.push(self.piece(input.clone()));
            self.arguments = input;
        }
    }

    fn finish(self, end: CallEnd, is_last: bool) -> EmittedCall {
        let Self { id, name, arguments: raw, .. } = self;
        let fault = match end {
            CallEnd::Withheld => Some(WITHHELD),
            CallEnd::Cut if is_last => Some(CUT),
            CallEnd::Unsure if is_last && raw.trim().is_empty() => Some(UNSURE),
            _ => None,
        };
        let problem = match fault {
            Some(fault) => fault.to_owned(),
            None => match Arguments::parse(&raw) {
                Ok(arguments) => return EmittedCall::Ready(ToolCall { id, name, arguments }),
                Err(error) => format!("Its arguments are {error}."),
            },
        };
        EmittedCall::Broken(BrokenCall { id, name, raw, problem })
    }
}
