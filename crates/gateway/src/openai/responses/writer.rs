//! An answer as the events of the Responses API.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::ResponseKeeper;
use super::object::{ResponseHead, ResponseItem, text_part};
use crate::openai::answer::{AnswerEnd, AnswerEvent, AnswerProblem, ClientCall, EventWriter};

/// Writes a response as a stream.
#[derive(Debug)]
pub(super) struct ResponseStream {
    head: ResponseHead,
    keeper: Option<ResponseKeeper>,
    /// The complete parts of the output.
    items: Vec<ResponseItem>,
    /// The message that is being written.
    open: Option<ResponseItem>,
    next_seq: u64,
    /// The events that were not sent yet.
    text: String,
}

impl ResponseStream {
    pub(super) fn new(head: ResponseHead, keeper: ResponseKeeper) -> Self {
        Self {
            head,
            keeper: Some(keeper),
            items: Vec::new(),
            open: None,
            next_seq: 0,
            text: String::new(),
        }
    }

    fn emit(&mut self, kind: &str, mut event: Value) {
        if let Some(event) = event.as_object_mut() {
            event.insert("type".to_owned(), kind.into());
            event.insert("sequence_number".to_owned(), self.next_seq.into());
        }
        self.next_seq += 1;
        // Writing to a string does not fail.
        let _ = write!(self.text, "event: {kind}\ndata: {event}\n\n");
    }

    fn add_text(&mut self, delta: &str) {
        let place = self.items.len();
        if self.open.is_none() {
            let item =
                ResponseItem::Message { id: self.head.item_id("msg", place), text: String::new() };
            let added = json!({ "output_index": place, "item": item.to_object("in_progress") });
            self.emit("response.output_item.added", added);
            let ResponseItem::Message { id, .. } = &item else { return };
            let part = json!({
                "item_id": id, "output_index": place, "content_index": 0, "part": text_part(""),
            });
            self.emit("response.content_part.added", part);
            self.open = Some(item);
        }
        let Some(ResponseItem::Message { id, text }) = &mut self.open else { return };
        text.push_str(delta);
        let event = json!({
            "item_id": id, "output_index": place, "content_index": 0, "delta": delta, "logprobs": [],
        });
        self.emit("response.output_text.delta", event);
    }

    fn close_message(&mut self) {
        let Some(item) = self.open.take() else { return };
        let place = self.items.len();
        if let ResponseItem::Message { id, text } = &item {
            let done = json!({
                "item_id": id, "output_index": place, "content_index": 0, "text": text, "logprobs": [],
            });
            self.emit("response.output_text.done", done);
            let part = json!({
                "item_id": id, "output_index": place, "content_index": 0, "part": text_part(text),
            });
            self.emit("response.content_part.done", part);
        }
        let done = json!({ "output_index": place, "item": item.to_object("completed") });
        self.emit("response.output_item.done", done);
        self.items.push(item);
    }

    fn add_call(&mut self, call: ClientCall) {
        self.close_message();
        let place = self.items.len();
        let (id, name, arguments) =
            (self.head.item_id("fc", place), call.name.clone(), call.arguments.clone());
        let item = ResponseItem::Call { id: id.clone(), call };
        let added = json!({ "output_index": place, "item": item.to_object("in_progress") });
        self.emit("response.output_item.added", added);
        let delta = json!({ "item_id": id, "output_index": place, "delta": arguments });
        self.emit("response.function_call_arguments.delta", delta);
        let done = json!({
            "item_id": id, "output_index": place, "name": name, "arguments": arguments,
        });
        self.emit("response.function_call_arguments.done", done);
        let done = json!({ "output_index": place, "item": item.to_object("completed") });
        self.emit("response.output_item.done", done);
        self.items.push(item);
    }

    fn finish(&mut self, end: &AnswerEnd) {
        if self.items.is_empty() && self.open.is_none() {
            self.add_text("");
        }
        self.close_message();
        let response = self.head.finished_object(&self.items, end);
        let kind = match response.get("status").and_then(Value::as_str) {
            Some("incomplete") => "response.incomplete",
            _ => "response.completed",
        };
        self.emit(kind, json!({ "response": response }));
        if let Some(keeper) = self.keeper.take() {
            keeper.remember(&self.head.id, &self.items);
        }
    }

    fn fail(&mut self, problem: &AnswerProblem) {
        self.close_message();
        let response = self.head.failed_object(&self.items, problem);
        self.emit("response.failed", json!({ "response": response }));
    }
}

impl EventWriter for ResponseStream {
    fn begin(&mut self) -> String {
        let response = self.head.open_object();
        self.emit("response.created", json!({ "response": response }));
        self.emit("response.in_progress", json!({ "response": response }));
        std::mem::take(&mut self.text)
    }

    fn write(&mut self, event: AnswerEvent) -> String {
        match event {
            AnswerEvent::Text(text) => self.add_text(&text),
            AnswerEvent::Call(call) => self.add_call(call),
            // The parts of this API for reasoning are for summaries only.
            AnswerEvent::Reasoning(_) | AnswerEvent::Waiting(_) => {}
            AnswerEvent::Finished(end) => self.finish(&end),
            AnswerEvent::Failed(problem) => self.fail(&problem),
        }
        std::mem::take(&mut self.text)
    }
}
