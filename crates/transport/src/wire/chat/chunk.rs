//! Chunks of a chat completion. No field of another type fails a chunk.

use serde::Deserialize;
use serde_json::Value;

use super::super::lenient::{
    ContentTexts, count_field, count_or_zero, json_text_field, list_field, object_field,
    object_or_default, reason_field, reasoning_field, text_field,
};

/// One event of a streamed answer, or an answer that was not streamed.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ChatChunk {
    /// The deltas; empty in the event that carries the usage.
    #[serde(default, deserialize_with = "list_field")]
    pub choices: Vec<ChunkChoice>,
    /// The token usage.
    #[serde(default, deserialize_with = "object_field")]
    pub usage: Option<ChatUsage>,
    /// An error in place of a delta.
    #[serde(default)]
    pub error: Option<Value>,
}

/// A delta of one choice.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "RawChoice")]
pub struct ChunkChoice {
    /// The index of the choice.
    pub index: u32,
    /// The delta. The `message` of an answer that was not streamed, and the `text` of a plain
    /// completion, are read as one.
    pub delta: ChatDelta,
    /// Whether the delta is the whole message, which may repeat what came before.
    pub is_whole_message: bool,
    /// The finish reason that the server gave.
    pub finish_reason: Option<String>,
    /// An error in place of the rest of the answer.
    pub error: Option<Value>,
}

/// A choice as serialised.
#[derive(Deserialize)]
struct RawChoice {
    #[serde(default, deserialize_with = "count_or_zero")]
    index: u32,
    #[serde(default, deserialize_with = "object_or_default")]
    delta: ChatDelta,
    #[serde(default, deserialize_with = "object_field")]
    message: Option<ChatDelta>,
    #[serde(default, deserialize_with = "text_field")]
    text: Option<String>,
    #[serde(default, deserialize_with = "reason_field")]
    finish_reason: Option<String>,
    #[serde(default)]
    error: Option<Value>,
}

impl From<RawChoice> for ChunkChoice {
    fn from(raw: RawChoice) -> Self {
        let mut delta = raw.delta;
        if delta.content.is_none() {
            delta.content = raw.text;
        }
        let message = raw.message.filter(|_| delta.is_empty());
        Self {
            index: raw.index,
            is_whole_message: message.is_some(),
            delta: message.unwrap_or(delta),
            finish_reason: raw.finish_reason,
            error: raw.error.filter(|error| !error.is_null()),
        }
    }
}

/// A delta of the message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "RawDelta")]
pub struct ChatDelta {
    /// Visible text.
    pub content: Option<String>,
    /// Reasoning, under its newer name.
    pub reasoning: Option<String>,
    /// Reasoning, under its older name, or in parts of the content.
    pub reasoning_content: Option<String>,
    /// The text of reasoning in blocks, as `OpenRouter` sends it. Encrypted blocks have none.
    pub reasoning_details: Option<String>,
    /// The text of a refusal.
    pub refusal: Option<String>,
    /// Deltas of tool calls.
    pub tool_calls: Vec<ChatToolCallDelta>,
}

impl ChatDelta {
    /// Returns whether the delta adds nothing to the message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let texts = [
            &self.content,
            &self.reasoning,
            &self.reasoning_content,
            &self.reasoning_details,
            &self.refusal,
        ];
        self.tool_calls.is_empty() && texts.into_iter().flatten().all(String::is_empty)
    }
}

/// A delta as serialised.
#[derive(Deserialize)]
struct RawDelta {
    #[serde(default)]
    content: ContentTexts,
    #[serde(default, deserialize_with = "reasoning_field")]
    reasoning: Option<String>,
    #[serde(default, deserialize_with = "reasoning_field")]
    reasoning_content: Option<String>,
    #[serde(default, deserialize_with = "reasoning_field")]
    reasoning_details: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    refusal: Option<String>,
    #[serde(default, deserialize_with = "list_field")]
    tool_calls: Vec<ChatToolCallDelta>,
    /// The only call of a server from before tool calls.
    #[serde(default, deserialize_with = "object_field")]
    function_call: Option<FunctionCallDelta>,
}

impl From<RawDelta> for ChatDelta {
    fn from(raw: RawDelta) -> Self {
        let mut tool_calls = raw.tool_calls;
        if tool_calls.is_empty()
            && let Some(function) = raw.function_call
        {
            tool_calls.push(ChatToolCallDelta { index: Some(0), id: None, function });
        }
        Self {
            content: raw.content.text,
            reasoning: raw.reasoning,
            reasoning_content: raw.reasoning_content.or(raw.content.reasoning),
            reasoning_details: raw.reasoning_details,
            refusal: raw.refusal.or(raw.content.refusal),
            tool_calls,
        }
    }
}

/// A delta of a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "RawCallDelta")]
pub struct ChatToolCallDelta {
    /// The index of the tool call; absent in an answer that was not streamed.
    pub index: Option<u32>,
    /// The id, usually in the first delta only.
    pub id: Option<String>,
    /// The function's part of the delta.
    pub function: FunctionCallDelta,
}

/// A delta of a tool call as serialised.
#[derive(Deserialize)]
struct RawCallDelta {
    #[serde(default, deserialize_with = "count_field")]
    index: Option<u32>,
    #[serde(default, deserialize_with = "text_field")]
    id: Option<String>,
    #[serde(default, deserialize_with = "object_or_default")]
    function: RawFunction,
    /// The name, from servers that leave the object `function` out.
    #[serde(default, deserialize_with = "text_field")]
    name: Option<String>,
    /// The arguments, from the same servers.
    #[serde(default, deserialize_with = "json_text_field")]
    arguments: Option<String>,
    /// The arguments as other APIs name them.
    #[serde(default, deserialize_with = "json_text_field")]
    input: Option<String>,
    #[serde(default, deserialize_with = "json_text_field")]
    parameters: Option<String>,
}

impl From<RawCallDelta> for ChatToolCallDelta {
    fn from(raw: RawCallDelta) -> Self {
        let RawFunction { name, arguments, parameters } = raw.function;
        let arguments = [arguments, parameters, raw.arguments, raw.input, raw.parameters]
            .into_iter()
            .flatten()
            .next();
        let function = FunctionCallDelta { name: name.or(raw.name), arguments };
        Self { index: raw.index, id: raw.id, function }
    }
}

/// A delta of a tool call's function as serialised.
#[derive(Default, Deserialize)]
struct RawFunction {
    #[serde(default, deserialize_with = "text_field")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json_text_field")]
    arguments: Option<String>,
    /// The arguments, from servers that name them as the model does.
    #[serde(default, deserialize_with = "json_text_field")]
    parameters: Option<String>,
}

/// A delta of a tool call's function.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct FunctionCallDelta {
    /// The name, usually in the first delta only.
    #[serde(default, deserialize_with = "text_field")]
    pub name: Option<String>,
    /// A piece of the arguments' JSON text, or all of it where the server sends an object.
    #[serde(default, deserialize_with = "json_text_field")]
    pub arguments: Option<String>,
}

/// The token usage that the server reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct ChatUsage {
    /// Tokens of the prompt, its cached part included.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub prompt_tokens: u32,
    /// Tokens of the answer, its reasoning included.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub completion_tokens: u32,
    /// The sum of both.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub total_tokens: u32,
    /// Details of the prompt's tokens.
    #[serde(default, deserialize_with = "object_field")]
    pub prompt_tokens_details: Option<PromptTokensDetails>,
}

/// Details of the prompt's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct PromptTokensDetails {
    /// Tokens that came from the prefix cache.
    #[serde(default, deserialize_with = "count_field")]
    pub cached_tokens: Option<u32>,
}
