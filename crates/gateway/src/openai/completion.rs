//! An answer in the form of a chat completion, whole or as a stream of events.

use std::sync::Arc;

use openclaw_protocol::parts::TokenCounts;
use serde_json::{Value, json};

use super::answer::{AnswerEnd, AnswerEvent, ClientCall, EventWriter};
use super::request::ChatCompletion;
use crate::state::GatewayState;

/// What all parts of a chat completion have.
#[derive(Debug, Clone)]
pub(crate) struct CompletionHead {
    pub(crate) id: String,
    pub(crate) model: String,
    /// In seconds since the Unix epoch.
    pub(crate) created: u64,
    pub(crate) include_usage: bool,
}

/// The tokens in the names of the API.
fn usage_object(usage: Option<&TokenCounts>) -> Value {
    let Some(usage) = usage else { return Value::Null };
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": { "cached_tokens": usage.cache_read.unwrap_or_default() },
    })
}

fn call_object(call: &ClientCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": { "name": call.name, "arguments": call.arguments },
    })
}

/// A whole chat completion.
pub(crate) fn completion_object(
    head: &CompletionHead,
    reasoning: &str,
    calls: &[ClientCall],
    end: &AnswerEnd,
) -> Value {
    let content = if end.text.is_empty() && !calls.is_empty() {
        Value::Null
    } else {
        Value::from(end.text.clone())
    };
    let mut message = json!({ "role": "assistant", "content": content });
    if let Some(message) = message.as_object_mut() {
        if !calls.is_empty() {
            let calls: Vec<Value> = calls.iter().map(call_object).collect();
            message.insert("tool_calls".to_owned(), calls.into());
        }
        if !reasoning.is_empty() {
            message.insert("reasoning_content".to_owned(), reasoning.into());
        }
    }
    json!({
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "choices": [{ "index": 0, "message": message, "finish_reason": end.reason.name() }],
        "usage": usage_object(end.usage.as_ref()),
    })
}

/// Writes a chat completion as a stream.
#[derive(Debug)]
pub(crate) struct CompletionStream {
    state: Arc<GatewayState>,
    head: CompletionHead,
    /// The chat of an agent, which is remembered with its answer.
    chat: Option<ChatCompletion>,
    session_key: Option<String>,
    /// All text that was sent: the client sends it back with its next message.
    sent: String,
    call_count: usize,
}

impl CompletionStream {
    pub(crate) fn new(
        state: Arc<GatewayState>,
        head: CompletionHead,
        chat: Option<ChatCompletion>,
        session_key: Option<String>,
    ) -> Self {
        Self { state, head, chat, session_key, sent: String::new(), call_count: 0 }
    }

    fn chunk(&self, delta: &Value, finish: Option<&str>) -> String {
        let choice = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
        self.event(&choice, None)
    }

    fn event(&self, choices: &Value, usage: Option<Value>) -> String {
        let mut chunk = json!({
            "id": self.head.id,
            "object": "chat.completion.chunk",
            "created": self.head.created,
            "model": self.head.model,
            "choices": choices,
        });
        if let (Some(usage), Some(chunk)) = (usage, chunk.as_object_mut()) {
            chunk.insert("usage".to_owned(), usage);
        }
        format!("data: {chunk}\n\n")
    }

    fn finish(&mut self, end: &AnswerEnd) -> String {
        if let (Some(chat), Some(key)) = (&self.chat, &self.session_key) {
            self.state.conversations.remember(chat, &self.sent, key);
        }
        let mut text = self.chunk(&json!({}), Some(end.reason.name()));
        if self.head.include_usage {
            text.push_str(&self.event(&json!([]), Some(usage_object(end.usage.as_ref()))));
        }
        text.push_str("data: [DONE]\n\n");
        text
    }
}

impl EventWriter for CompletionStream {
    fn begin(&mut self) -> String {
        self.chunk(&json!({ "role": "assistant", "content": "" }), None)
    }

    fn write(&mut self, event: AnswerEvent) -> String {
        match event {
            AnswerEvent::Text(text) => {
                self.sent.push_str(&text);
                self.chunk(&json!({ "content": text }), None)
            }
            AnswerEvent::Reasoning(text) => self.chunk(&json!({ "reasoning_content": text }), None),
            AnswerEvent::Call(call) => {
                let mut object = call_object(&call);
                if let Some(object) = object.as_object_mut() {
                    object.insert("index".to_owned(), self.call_count.into());
                }
                self.call_count += 1;
                self.chunk(&json!({ "tool_calls": [object] }), None)
            }
            AnswerEvent::Waiting(_) => String::new(),
            AnswerEvent::Finished(end) => self.finish(&end),
            AnswerEvent::Failed(problem) => format!("data: {}\n\n", problem.to_object()),
        }
    }
}
