//! The events of a streamed answer.

use std::collections::VecDeque;
use std::fmt::Write as _;

use bytes::Bytes;

use super::wire::{
    Envelope, Status, function_call, message, output_text, reasoning, reasoning_text,
};
use crate::body::EventSource;
use crate::chat::{Delta, Usage};
use crate::response::quoted;
use crate::turn::Finish;

/// Writes the events of an answer one by one.
#[derive(Debug)]
pub(crate) struct Events {
    envelope: Envelope,
    deltas: std::vec::IntoIter<Delta>,
    finish: Finish,
    /// Events that are due, and what each says in tokens.
    queue: VecDeque<(Bytes, u32)>,
    sequence: u32,
    open: Option<Open>,
    items: Vec<String>,
    said: u32,
    has_ended: bool,
}

/// An item under way.
#[derive(Debug)]
struct Open {
    kind: Kind,
    id: String,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    Call { index: usize, call_id: String, name: String },
}

impl Events {
    pub(crate) fn new(envelope: Envelope, deltas: Vec<Delta>, finish: Finish) -> Self {
        let mut events = Self {
            envelope,
            deltas: deltas.into_iter(),
            finish,
            queue: VecDeque::new(),
            sequence: 0,
            open: None,
            items: Vec::new(),
            said: 0,
            has_ended: false,
        };
        let object = events.envelope.object(&[], Status::InProgress);
        for kind in ["response.created", "response.in_progress"] {
            events.push(kind, &format!("\"response\":{object},"), "");
        }
        events
    }

    /// Puts an event into the queue; the number and the kind stand between its fields.
    fn push(&mut self, kind: &str, before: &str, after: &str) {
        let mut event = String::with_capacity(before.len() + after.len() + 128);
        let number = self.sequence;
        // Writing to a String cannot fail.
        let _ = write!(
            event,
            "event: {kind}\ndata: {{{before}\"sequence_number\":{number},{after}\"type\":\"{kind}\"}}\n\n"
        );
        self.sequence += 1;
        self.queue.push_back((event.into(), 0));
    }

    /// The place of the item under way.
    fn place(&self) -> usize {
        self.items.len()
    }

    fn delta(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) => self.say(Kind::Message, &text),
            Delta::Reasoning(text) => self.say(Kind::Reasoning, &text),
            Delta::CallStart { index, id, name } => {
                let call_id = self.envelope.call_id(id);
                self.turn_to(Kind::Call { index, call_id, name });
            }
            Delta::Arguments { text, .. } => {
                let kind = self.open.as_ref().map(|open| open.kind.clone());
                if let Some(kind) = kind.filter(|_| !text.is_empty()) {
                    self.say(kind, &text);
                }
            }
            Delta::Muted => {}
        }
    }

    fn say(&mut self, kind: Kind, text: &str) {
        if kind == Kind::Message && text.is_empty() {
            return;
        }
        let (name, content, logprobs) = match &kind {
            Kind::Message => ("output_text", "\"content_index\":0,", "\"logprobs\":[],"),
            Kind::Reasoning => ("reasoning_text", "\"content_index\":0,", ""),
            Kind::Call { .. } => ("function_call_arguments", "", ""),
        };
        self.turn_to(kind);
        let place = self.place();
        let Some(open) = &mut self.open else { return };
        open.text.push_str(text);
        let (id, text) = (open.id.clone(), quoted(text));
        let fields = format!(
            "{content}\"delta\":{text},\"item_id\":\"{id}\",{logprobs}\"output_index\":{place},"
        );
        self.push(&format!("response.{name}.delta"), &fields, "");
        if let Some((_, tokens)) = self.queue.back_mut() {
            *tokens = 1;
        }
    }

    /// Begins another item, unless this one is under way.
    fn turn_to(&mut self, kind: Kind) {
        if self.open.as_ref().is_some_and(|open| open.kind == kind) {
            return;
        }
        self.close();
        let place = self.place();
        let (id, item, part) = match &kind {
            Kind::Message => {
                let id = self.envelope.item_id("msg");
                let item = message(&id, None, "in_progress");
                (id, item, Some(output_text("", "[]")))
            }
            Kind::Reasoning => {
                let id = self.envelope.item_id("rs");
                let item = reasoning(&id, None, "\"in_progress\"");
                (id, item, Some(reasoning_text("")))
            }
            Kind::Call { call_id, name, .. } => {
                let id = self.envelope.item_id("fc");
                let item = function_call(&id, (call_id, name), "", "in_progress");
                (id, item, None)
            }
        };
        let fields = format!("\"item\":{item},\"output_index\":{place},");
        self.push("response.output_item.added", &fields, "");
        if let Some(part) = part {
            let fields = part_fields(&id, place, &part);
            self.push("response.content_part.added", &fields, "");
        }
        self.open = Some(Open { kind, id, text: String::new() });
    }

    /// Ends the item under way: everything it said is said again.
    fn close(&mut self) {
        let Some(Open { kind, id, text }) = self.open.take() else { return };
        let place = self.place();
        let (said, at) = (quoted(&text), format!("\"item_id\":\"{id}\","));
        let (part, item) = match &kind {
            Kind::Message => {
                let before =
                    format!("\"content_index\":0,{at}\"logprobs\":[],\"output_index\":{place},");
                self.push("response.output_text.done", &before, &format!("\"text\":{said},"));
                (Some(output_text(&text, "null")), message(&id, Some(&text), "completed"))
            }
            Kind::Reasoning => {
                let before = format!("\"content_index\":0,{at}\"output_index\":{place},");
                self.push("response.reasoning_text.done", &before, &format!("\"text\":{said},"));
                (Some(reasoning_text(&text)), reasoning(&id, Some(&text), "\"completed\""))
            }
            Kind::Call { call_id, name, .. } => {
                self.push_arguments(&id, name, &said);
                (None, function_call(&id, (call_id, name), &text, "completed"))
            }
        };
        if let Some(part) = part {
            let fields = part_fields(&id, place, &part);
            self.push("response.content_part.done", &fields, "");
        }
        let fields = format!("\"item\":{item},\"output_index\":{place},");
        self.push("response.output_item.done", &fields, "");
        self.items.push(item);
    }

    /// The arguments of a call as a whole. Here the name stands behind the kind.
    fn push_arguments(&mut self, id: &str, name: &str, arguments: &str) {
        let (place, number, name) = (self.place(), self.sequence, quoted(name));
        let kind = "response.function_call_arguments.done";
        let event = format!(
            "event: {kind}\ndata: {{\"arguments\":{arguments},\"item_id\":\"{id}\",\
             \"output_index\":{place},\"sequence_number\":{number},\"type\":\"{kind}\",\
             \"name\":{name}}}\n\n"
        );
        self.sequence += 1;
        self.queue.push_back((event.into(), 0));
    }
}

fn part_fields(id: &str, place: usize, part: &str) -> String {
    format!("\"content_index\":0,\"item_id\":\"{id}\",\"output_index\":{place},\"part\":{part},")
}

impl EventSource for Events {
    fn next(&mut self) -> Option<Bytes> {
        while self.queue.is_empty() && !self.has_ended {
            match self.deltas.next() {
                Some(delta) => self.delta(delta),
                None if self.open.is_some() => self.close(),
                None => {
                    self.has_ended = true;
                    self.said = self.envelope.usage.completion;
                    let object = self.envelope.object(&self.items, Status::Ended(self.finish));
                    self.push("response.completed", &format!("\"response\":{object},"), "");
                }
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
        None
    }

    fn error(&self, message: &str, engine_dies: bool) -> Option<Bytes> {
        // A dead engine is an exception that nothing catches: the connection breaks off.
        (!engine_dies).then(|| {
            format!(
                "event: error\ndata: {{\"code\":\"server_error\",\"message\":{},\"param\":null,\
                 \"sequence_number\":{},\"type\":\"error\"}}\n\n",
                quoted(message),
                self.sequence
            )
            .into()
        })
    }
}
