//! The events of a streamed answer.

use std::collections::VecDeque;

use bytes::Bytes;

use super::wire::{Calls, Envelope};
use crate::body::EventSource;
use crate::chat::{Delta, Usage};
use crate::python;
use crate::response::quoted;
use crate::turn::Finish;

/// The last event of a stream.
const STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// Writes the events of an answer one by one.
#[derive(Debug)]
pub(crate) struct Events {
    envelope: Envelope,
    deltas: std::vec::IntoIter<Delta>,
    finish: Finish,
    /// Events that are due, and what each says in tokens.
    queue: VecDeque<(Bytes, u32)>,
    /// The place of the block under way, or of the next one.
    place: usize,
    open: Option<Kind>,
    /// Text that came while a call was under way.
    held: String,
    /// The arguments of the last call.
    arguments: Option<String>,
    said: u32,
    has_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call(usize),
}

impl Events {
    pub(crate) fn new(envelope: Envelope, deltas: Vec<Delta>, finish: Finish) -> Self {
        let (id, model) = (quoted(&envelope.id), quoted(&envelope.model));
        let prompt = envelope.usage.prompt;
        let mut events = Self {
            envelope,
            deltas: deltas.into_iter(),
            finish,
            queue: VecDeque::new(),
            place: 0,
            open: None,
            held: String::new(),
            arguments: None,
            said: 0,
            has_ended: false,
        };
        let message = format!(
            "\"message\":{{\"id\":{id},\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\
             \"model\":{model},\"stop_reason\":null,\"stop_sequence\":null,\
             \"usage\":{{\"input_tokens\":{prompt},\"output_tokens\":0}}}}"
        );
        events.push("message_start", &message, 0);
        events
    }

    fn push(&mut self, kind: &str, fields: &str, tokens: u32) {
        let event = format!("event: {kind}\ndata: {{\"type\":\"{kind}\",{fields}}}\n\n");
        self.queue.push_back((event.into(), tokens));
    }

    fn delta(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) if matches!(self.open, Some(Kind::Call(_))) => {
                self.held.push_str(&text);
            }
            Delta::Text(text) => {
                self.turn_to(Kind::Text, "{\"type\":\"text\",\"text\":\"\"}");
                self.say("text_delta", "text", &text);
            }
            Delta::Reasoning(text) => {
                self.turn_to(Kind::Thinking, "{\"type\":\"thinking\",\"thinking\":\"\"}");
                self.say("thinking_delta", "thinking", &text);
            }
            Delta::CallStart { index, id, name } => {
                let (id, name) = (quoted(&self.envelope.call_id(id)), quoted(&name));
                let block =
                    format!("{{\"type\":\"tool_use\",\"id\":{id},\"name\":{name},\"input\":{{}}}}");
                self.turn_to(Kind::Call(index), &block);
                self.arguments = Some(String::new());
            }
            Delta::Arguments { text, .. } if !text.is_empty() => {
                self.arguments.get_or_insert_default().push_str(&text);
                self.say("input_json_delta", "partial_json", &text);
            }
            Delta::Arguments { .. } | Delta::Muted => {}
        }
    }

    fn say(&mut self, kind: &str, field: &str, text: &str) {
        let (place, text) = (self.place, quoted(text));
        let fields =
            format!("\"delta\":{{\"type\":\"{kind}\",\"{field}\":{text}}},\"index\":{place}");
        self.push("content_block_delta", &fields, 1);
    }

    /// Begins another block, unless this one is under way.
    fn turn_to(&mut self, kind: Kind, block: &str) {
        if self.open == Some(kind) {
            return;
        }
        self.close();
        let fields = format!("\"content_block\":{block},\"index\":{}", self.place);
        self.push("content_block_start", &fields, 0);
        self.open = Some(kind);
    }

    /// Ends the block under way, and says what was held back behind it.
    fn close(&mut self) {
        let Some(kind) = self.open.take() else { return };
        if kind == Kind::Thinking {
            let signature = self.envelope.signature();
            self.say("signature_delta", "signature", &signature);
            if let Some((_, tokens)) = self.queue.back_mut() {
                *tokens = 0;
            }
        }
        let fields = format!("\"index\":{}", self.place);
        self.push("content_block_stop", &fields, 0);
        self.place += 1;
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.delta(Delta::Text(held));
            self.close();
        }
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.said = self.envelope.usage.completion;
        let calls = match &self.arguments {
            None => Calls::None,
            Some(arguments) if python::redump(arguments).is_some() => Calls::Whole,
            Some(_) => Calls::Some,
        };
        let (reason, stop) = self.envelope.reason(self.finish, calls);
        let stop = stop.map_or_else(|| "null".to_owned(), quoted);
        let usage = self.envelope.spent();
        let fields = format!(
            "\"delta\":{{\"stop_reason\":\"{reason}\",\"stop_sequence\":{stop}}},\"usage\":{usage}"
        );
        self.push("message_delta", &fields, 0);
        self.queue.push_back((Bytes::from_static(STOP.as_bytes()), 0));
    }
}

impl EventSource for Events {
    fn next(&mut self) -> Option<Bytes> {
        while self.queue.is_empty() && !self.has_ended {
            match self.deltas.next() {
                Some(delta) => self.delta(delta),
                None if self.open.is_some() => self.close(),
                None => self.end(),
            }
        }
        let (event, tokens) = self.queue.pop_front()?;
        self.said = self.said.saturating_add(tokens).min(self.envelope.usage.completion);
        Some(event)
    }

    fn usage(&self) -> &Usage {
        &self.envelope.usage
    }

    fn said(&self) -> u32 {
        self.said
    }

    fn finish(&self) -> Finish {
        self.finish
    }

    fn is_done(&self) -> bool {
        self.has_ended
    }

    fn end_mark(&self) -> Option<&'static str> {
        Some(STOP)
    }

    fn marks_errors(&self) -> bool {
        false
    }

    fn error(&self, message: &str, _engine_dies: bool) -> Option<Bytes> {
        let message = quoted(message);
        let event = format!(
            "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"internal_error\",\
             \"message\":{message}}}}}\n\n"
        );
        Some(event.into())
    }
}
