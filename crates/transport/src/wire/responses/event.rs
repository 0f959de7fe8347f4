//! What a server answers.

use serde::Deserialize;
use serde_json::Value;

use super::super::null_as_default;

/// One event of a streamed answer. Which fields it has depends on its kind; a whole answer that
/// was not streamed is a [`Response`].
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ResponseEvent {
    /// What happened, e.g. `response.output_text.delta`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The place in the answer of the item that it is about.
    #[serde(default)]
    pub output_index: Option<u32>,
    /// The id of that item.
    #[serde(default)]
    pub item_id: Option<String>,
    /// The place of a text in its item.
    #[serde(default)]
    pub content_index: Option<u32>,
    /// The place of a summary in its item.
    #[serde(default)]
    pub summary_index: Option<u32>,
    /// A piece of a text or of arguments.
    #[serde(default)]
    pub delta: Option<String>,
    /// All of a text.
    #[serde(default)]
    pub text: Option<String>,
    /// All of the text of a refusal.
    #[serde(default)]
    pub refusal: Option<String>,
    /// All of a call's arguments.
    #[serde(default)]
    pub arguments: Option<String>,
    /// The function of a call.
    #[serde(default)]
    pub name: Option<String>,
    /// A text that begins or is all there.
    #[serde(default)]
    pub part: Option<ContentPart>,
    /// An item that begins or is all there.
    #[serde(default)]
    pub item: Option<OutputItem>,
    /// The answer as far as it is known.
    #[serde(default)]
    pub response: Option<ResponseObject>,
}

/// A text of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ContentPart {
    /// `output_text`, `refusal`, `reasoning_text` or `summary_text`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The text.
    #[serde(default)]
    pub text: Option<String>,
    /// The text of a refusal.
    #[serde(default)]
    pub refusal: Option<String>,
}

/// An item of an answer. Items of kinds that a client without the server's own tools does not
/// meet have their kind only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct OutputItem {
    /// `message`, `reasoning` or `function_call`, or another.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// The texts of a message or of reasoning.
    #[serde(default, deserialize_with = "null_as_default")]
    pub content: Vec<ContentPart>,
    /// The summaries of reasoning.
    #[serde(default, deserialize_with = "null_as_default")]
    pub summary: Vec<ContentPart>,
    /// The id that the result of a call refers to.
    #[serde(default)]
    pub call_id: Option<String>,
    /// The function of a call.
    #[serde(default)]
    pub name: Option<String>,
    /// The arguments of a call, as JSON text.
    #[serde(default)]
    pub arguments: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ResponseObject {
    /// `completed`, `incomplete`, `failed`, `cancelled`, `in_progress` or `queued`.
    #[serde(default)]
    pub status: Option<String>,
    /// Why it is incomplete.
    #[serde(default)]
    pub incomplete_details: Option<IncompleteDetails>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<Value>,
    /// Its items.
    #[serde(default, deserialize_with = "null_as_default")]
    pub output: Vec<OutputItem>,
    /// The tokens counted.
    #[serde(default)]
    pub usage: Option<ResponseUsage>,
}

/// Why an answer is incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct IncompleteDetails {
    /// `max_output_tokens` or `content_filter`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What the server counted, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct ResponseUsage {
    /// The prompt, its cached part included.
    #[serde(default, deserialize_with = "null_as_default")]
    pub input_tokens: u32,
    /// More on the prompt.
    #[serde(default)]
    pub input_tokens_details: Option<InputTokensDetails>,
    /// The answer, its reasoning included.
    #[serde(default, deserialize_with = "null_as_default")]
    pub output_tokens: u32,
    /// More on the answer.
    #[serde(default)]
    pub output_tokens_details: Option<OutputTokensDetails>,
}

/// More on the tokens of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct InputTokensDetails {
    /// The part that came from the prefix cache.
    #[serde(default)]
    pub cached_tokens: Option<u32>,
}

/// More on the tokens of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct OutputTokensDetails {
    /// The part that was reasoning.
    #[serde(default)]
    pub reasoning_tokens: Option<u32>,
}
