//! Events and answers of the Responses API.

use serde::Deserialize;
use serde_json::Value;

use super::super::lenient::{
    count_field, count_or_zero, json_text_field, list_field, object_field, text_field,
};

/// One event of a streamed answer. Its fields depend on its kind. An answer that was not streamed
/// is a [`ResponseObject`].
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ResponseEvent {
    /// What happened, e.g. `response.output_text.delta`.
    #[serde(default, rename = "type", deserialize_with = "text_field")]
    pub kind: Option<String>,
    /// The index in the answer of the item that the event is about.
    #[serde(default, deserialize_with = "count_field")]
    pub output_index: Option<u32>,
    /// The id of that item.
    #[serde(default, deserialize_with = "text_field")]
    pub item_id: Option<String>,
    /// The index of a text in its item.
    #[serde(default, deserialize_with = "count_field")]
    pub content_index: Option<u32>,
    /// The index of a summary in its item.
    #[serde(default, deserialize_with = "count_field")]
    pub summary_index: Option<u32>,
    /// A delta of a text or of arguments.
    #[serde(default, deserialize_with = "text_field")]
    pub delta: Option<String>,
    /// The complete text.
    #[serde(default, deserialize_with = "text_field")]
    pub text: Option<String>,
    /// The complete text of a refusal.
    #[serde(default, deserialize_with = "text_field")]
    pub refusal: Option<String>,
    /// The complete arguments of a tool call.
    #[serde(default, deserialize_with = "json_text_field")]
    pub arguments: Option<String>,
    /// The function of a tool call.
    #[serde(default, deserialize_with = "text_field")]
    pub name: Option<String>,
    /// A text that begins or is complete.
    #[serde(default, deserialize_with = "object_field")]
    pub part: Option<ContentPart>,
    /// An item that begins or is complete.
    #[serde(default, deserialize_with = "object_field")]
    pub item: Option<OutputItem>,
    /// The answer so far.
    #[serde(default, deserialize_with = "object_field")]
    pub response: Option<ResponseObject>,
}

/// A text of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ContentPart {
    /// `output_text`, `refusal`, `reasoning_text` or `summary_text`.
    #[serde(default, rename = "type", deserialize_with = "text_field")]
    pub kind: Option<String>,
    /// The text.
    #[serde(default, deserialize_with = "text_field")]
    pub text: Option<String>,
    /// The text of a refusal.
    #[serde(default, deserialize_with = "text_field")]
    pub refusal: Option<String>,
}

/// An item of an answer. For the kinds of a server's built-in tools only `kind` is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct OutputItem {
    /// `message`, `reasoning` or `function_call`, or another.
    #[serde(default, rename = "type", deserialize_with = "text_field")]
    pub kind: Option<String>,
    /// Its id.
    #[serde(default, deserialize_with = "text_field")]
    pub id: Option<String>,
    /// The texts of a message or of reasoning.
    #[serde(default, deserialize_with = "list_field")]
    pub content: Vec<ContentPart>,
    /// The summaries of reasoning.
    #[serde(default, deserialize_with = "list_field")]
    pub summary: Vec<ContentPart>,
    /// The id that the result of a tool call refers to.
    #[serde(default, deserialize_with = "text_field")]
    pub call_id: Option<String>,
    /// The function of a tool call.
    #[serde(default, deserialize_with = "text_field")]
    pub name: Option<String>,
    /// The arguments of a tool call, as JSON text.
    #[serde(default, deserialize_with = "json_text_field")]
    pub arguments: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ResponseObject {
    /// `completed`, `incomplete`, `failed`, `cancelled`, `in_progress` or `queued`.
    #[serde(default, deserialize_with = "text_field")]
    pub status: Option<String>,
    /// Why it is incomplete.
    #[serde(default, deserialize_with = "object_field")]
    pub incomplete_details: Option<IncompleteDetails>,
    /// The error, if it failed.
    #[serde(default)]
    pub error: Option<Value>,
    /// Its items.
    #[serde(default, deserialize_with = "list_field")]
    pub output: Vec<OutputItem>,
    /// The token usage.
    #[serde(default, deserialize_with = "object_field")]
    pub usage: Option<ResponseUsage>,
}

/// Why an answer is incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct IncompleteDetails {
    /// `max_output_tokens` or `content_filter`.
    #[serde(default, deserialize_with = "text_field")]
    pub reason: Option<String>,
}

/// The token usage that the server reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct ResponseUsage {
    /// Tokens of the prompt, its cached part included.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub input_tokens: u32,
    /// Details of the prompt's tokens.
    #[serde(default, deserialize_with = "object_field")]
    pub input_tokens_details: Option<InputTokensDetails>,
    /// Tokens of the answer, its reasoning included.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub output_tokens: u32,
    /// Details of the answer's tokens.
    #[serde(default, deserialize_with = "object_field")]
    pub output_tokens_details: Option<OutputTokensDetails>,
}

/// Details of a prompt's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct InputTokensDetails {
    /// Tokens that came from the prefix cache.
    #[serde(default, deserialize_with = "count_field")]
    pub cached_tokens: Option<u32>,
}

/// Details of an answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct OutputTokensDetails {
    /// Tokens of reasoning.
    #[serde(default, deserialize_with = "count_field")]
    pub reasoning_tokens: Option<u32>,
}
