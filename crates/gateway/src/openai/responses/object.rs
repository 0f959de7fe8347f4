//! The objects of the Responses API.

use openclaw_protocol::parts::TokenCounts;
use serde_json::{Value, json};

use crate::openai::answer::{AnswerEnd, AnswerProblem, ClientCall, FinishReason};

/// The fields of a request that a response repeats, with what they are when they are not set.
const REPEATED_FIELDS: [(&str, &str); 12] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("store", "true"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "null"),
    ("user", "null"),
];

/// What all states of a response have.
#[derive(Debug, Clone)]
pub(crate) struct ResponseHead {
    pub(crate) id: String,
    /// The response without its output and its end.
    fields: Value,
}

/// A part of the output.
#[derive(Debug, Clone)]
pub(crate) enum ResponseItem {
    Message { id: String, text: String },
    Call { id: String, call: ClientCall },
}

impl ResponseHead {
    /// The head of the response to a request, which came at a time in seconds since the Unix epoch.
    pub(crate) fn new(id: String, request: &Value, created: u64) -> Self {
        let mut fields = json!({
            "id": id,
            "object": "response",
            "created_at": created,
            "model": request.get("model"),
            "truncation": "disabled",
            "reasoning": { "effort": request.pointer("/reasoning/effort"), "summary": null },
        });
        if let Some(fields) = fields.as_object_mut() {
            for (name, default) in REPEATED_FIELDS {
                let value = request.get(name).filter(|value| !value.is_null()).cloned();
                let value = value.or_else(|| serde_json::from_str(default).ok());
                fields.insert(name.to_owned(), value.unwrap_or_default());
            }
        }
        Self { id, fields }
    }

    /// The id of a part of the output, by its place.
    pub(crate) fn item_id(&self, kind: &str, place: usize) -> String {
        let id = self.id.trim_start_matches(super::ID_PREFIX);
        format!("{kind}_{id}_{place}")
    }

    /// The response while it is given.
    pub(crate) fn open_object(&self) -> Value {
        self.object("in_progress", &[], json!({}))
    }

    /// The response at its end.
    pub(crate) fn finished_object(&self, items: &[ResponseItem], end: &AnswerEnd) -> Value {
        let reason = match end.reason {
            FinishReason::Length => Some("max_output_tokens"),
            FinishReason::ContentFilter => Some("content_filter"),
            FinishReason::Stop | FinishReason::ToolCalls => None,
        };
        let status = if reason.is_some() { "incomplete" } else { "completed" };
        let details = reason.map(|reason| json!({ "reason": reason }));
        let usage = end.usage.as_ref().map(usage_object);
        self.object(status, items, json!({ "incomplete_details": details, "usage": usage }))
    }

    /// The response that failed.
    pub(crate) fn failed_object(&self, items: &[ResponseItem], problem: &AnswerProblem) -> Value {
        let code = problem.code.unwrap_or(problem.kind);
        let error = json!({ "error": { "code": code, "message": problem.message } });
        self.object("failed", items, error)
    }

    fn object(&self, status: &str, items: &[ResponseItem], end: Value) -> Value {
        let output: Vec<Value> = items.iter().map(|item| item.to_object("completed")).collect();
        let mut object = self.fields.clone();
        if let Some(object) = object.as_object_mut() {
            for (name, value) in [
                ("status", Value::from(status)),
                ("output", output.into()),
                ("error", Value::Null),
                ("incomplete_details", Value::Null),
                ("usage", Value::Null),
            ] {
                object.insert(name.to_owned(), value);
            }
            if let Value::Object(end) = end {
                object.extend(end);
            }
        }
        object
    }
}

impl ResponseItem {
    /// The output of an answer.
    pub(crate) fn list(head: &ResponseHead, text: &str, calls: &[ClientCall]) -> Vec<Self> {
        let mut items = Vec::new();
        if !text.is_empty() || calls.is_empty() {
            items.push(Self::Message { id: head.item_id("msg", 0), text: text.to_owned() });
        }
        for call in calls {
            items.push(Self::Call { id: head.item_id("fc", items.len()), call: call.clone() });
        }
        items
    }

    /// The object of the API, with the status `in_progress` or `completed`.
    pub(crate) fn to_object(&self, status: &str) -> Value {
        match self {
            Self::Message { id, text } => {
                let content = match status {
                    "in_progress" => Vec::new(),
                    _ => vec![text_part(text)],
                };
                json!({
                    "id": id,
                    "type": "message",
                    "status": status,
                    "role": "assistant",
                    "content": content,
                    "phase": "final_answer",
                })
            }
            Self::Call { id, call } => json!({
                "id": id,
                "type": "function_call",
                "status": status,
                "call_id": call.id,
                "name": call.name,
                "arguments": if status == "in_progress" { "" } else { &call.arguments },
            }),
        }
    }
}

/// A text of a message.
pub(crate) fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

fn usage_object(usage: &TokenCounts) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": { "cached_tokens": usage.cache_read.unwrap_or_default() },
        "output_tokens": usage.output,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": usage.total,
    })
}
