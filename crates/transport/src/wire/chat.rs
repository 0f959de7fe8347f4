//! The chat completions API.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{null_as_default, text_or_number};

/// The body of `POST chat/completions`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatCompletionRequest<'a> {
    /// The model's name, as the server lists it.
    pub model: Cow<'a, str>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Options of the stream; only with `stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
    /// The most tokens of the answer, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// The same under its newer name, which some servers want instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    /// The tools offered. An empty list is left out as well: servers refuse one.
    #[serde(skip_serializing_if = "is_none_or_empty")]
    pub tools: Option<Vec<ChatTool<'a>>>,
    /// Whether and which tool must be called; only with tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ChatToolChoice<'a>>,
    /// Whether the server stores the conversation; only for servers known to accept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// A key that requests with a common prefix share; only for servers known to accept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_key: Option<String>,
    /// The conversation, oldest first.
    pub messages: Vec<ChatMessage<'a>>,
}

/// Options of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StreamOptions {
    /// Whether the last event reports the token usage.
    pub include_usage: bool,
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatTool<'a> {
    /// Always a function.
    #[serde(rename = "type")]
    pub kind: CallKind,
    /// The function.
    pub function: FunctionSpec<'a>,
}

/// The kind of a tool or a tool call. There is only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// A function with JSON arguments.
    #[default]
    Function,
}

/// A function that the model may call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionSpec<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does, for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// The JSON Schema of its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Cow<'a, Value>>,
    /// Whether the server must constrain the arguments to the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// Whether and which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatToolChoice<'a> {
    /// The model decides.
    Auto,
    /// No tool may be called.
    None,
    /// Some tool must be called.
    Required,
    /// This function must be called.
    Function(Cow<'a, str>),
}

/// A message of a request. Its content is always a plain string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum ChatMessage<'a> {
    /// Instructions.
    System {
        /// The text.
        content: Cow<'a, str>,
    },
    /// Instructions, for servers known to accept this role.
    Developer {
        /// The text.
        content: Cow<'a, str>,
    },
    /// What the user says.
    User {
        /// The text.
        content: Cow<'a, str>,
    },
    /// What the model said.
    Assistant {
        /// The visible text; may be absent only beside tool calls.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Cow<'a, str>>,
        /// The reasoning, for servers that name it `reasoning`.
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<Cow<'a, str>>,
        /// The reasoning, for servers that name it `reasoning_content`.
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<Cow<'a, str>>,
        /// Its tool calls.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ChatToolCall<'a>>,
    },
    /// The result of one tool call.
    Tool {
        /// The call's id.
        tool_call_id: Cow<'a, str>,
        /// The tool's name, for servers that want it.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Cow<'a, str>>,
        /// The text.
        content: Cow<'a, str>,
    },
}

/// A tool call of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChatToolCall<'a> {
    /// The id that the result refers to.
    pub id: Cow<'a, str>,
    /// Always a function.
    #[serde(rename = "type")]
    pub kind: CallKind,
    /// The function called.
    pub function: FunctionCall<'a>,
}

/// The function of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionCall<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// The arguments, as JSON text.
    pub arguments: Cow<'a, str>,
}

impl Serialize for ChatToolChoice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct FunctionName<'a> {
            name: &'a str,
        }
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::None => serializer.serialize_str("none"),
            Self::Required => serializer.serialize_str("required"),
            Self::Function(name) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", &CallKind::Function)?;
                map.serialize_entry("function", &FunctionName { name })?;
                map.end()
            }
        }
    }
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn is_none_or_empty<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_none_or(Vec::is_empty)
}

/// One event of a streamed answer, or an answer that was not streamed.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ChatChunk {
    /// The deltas; empty in the event that carries the usage.
    #[serde(default, deserialize_with = "null_as_default")]
    pub choices: Vec<ChunkChoice>,
    /// The token usage.
    #[serde(default)]
    pub usage: Option<ChatUsage>,
    /// An error in place of a delta.
    #[serde(default)]
    pub error: Option<Value>,
}

/// A delta of one choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "RawChoice")]
pub struct ChunkChoice {
    /// The index of the choice.
    pub index: u32,
    /// The delta; the `message` of an answer that was not streamed is read as one.
    pub delta: ChatDelta,
    /// The finish reason that the server gave.
    pub finish_reason: Option<String>,
}

/// A choice as serialised.
#[derive(Deserialize)]
struct RawChoice {
    #[serde(default, deserialize_with = "null_as_default")]
    index: u32,
    delta: Option<ChatDelta>,
    message: Option<ChatDelta>,
    finish_reason: Option<String>,
}

impl From<RawChoice> for ChunkChoice {
    fn from(raw: RawChoice) -> Self {
        Self {
            index: raw.index,
            delta: raw.delta.or(raw.message).unwrap_or_default(),
            finish_reason: raw.finish_reason,
        }
    }
}

/// A delta of the message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ChatDelta {
    /// Visible text.
    #[serde(default)]
    pub content: Option<String>,
    /// Reasoning, under its newer name.
    #[serde(default)]
    pub reasoning: Option<String>,
    /// Reasoning, under its older name.
    #[serde(default)]
    pub reasoning_content: Option<String>,
    /// The text of reasoning in blocks, as `OpenRouter` sends it. Encrypted blocks have none.
    #[serde(default, deserialize_with = "reasoning_blocks_text")]
    pub reasoning_details: Option<String>,
    /// The text of a refusal.
    #[serde(default)]
    pub refusal: Option<String>,
    /// Deltas of tool calls.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tool_calls: Vec<ChatToolCallDelta>,
}

/// A delta of a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ChatToolCallDelta {
    /// The index of the tool call; absent in an answer that was not streamed.
    #[serde(default)]
    pub index: Option<u32>,
    /// The id, usually in the first delta only.
    #[serde(default, deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// The function's part of the delta.
    #[serde(default, deserialize_with = "null_as_default")]
    pub function: FunctionCallDelta,
}

/// A delta of a tool call's function.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct FunctionCallDelta {
    /// The name, usually in the first delta only.
    #[serde(default)]
    pub name: Option<String>,
    /// A piece of the arguments' JSON text.
    #[serde(default)]
    pub arguments: Option<String>,
}

/// The token usage that the server reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct ChatUsage {
    /// Tokens of the prompt, its cached part included.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prompt_tokens: u32,
    /// Tokens of the answer, its reasoning included.
    #[serde(default, deserialize_with = "null_as_default")]
    pub completion_tokens: u32,
    /// The sum of both.
    #[serde(default, deserialize_with = "null_as_default")]
    pub total_tokens: u32,
    /// Details of the prompt's tokens.
    #[serde(default)]
    pub prompt_tokens_details: Option<PromptTokensDetails>,
}

/// Details of the prompt's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct PromptTokensDetails {
    /// Tokens that came from the prefix cache.
    #[serde(default)]
    pub cached_tokens: Option<u32>,
}

/// Joins the texts and summaries of reasoning blocks; other blocks have none.
fn reasoning_blocks_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let blocks = Value::deserialize(deserializer)?;
    let texts = blocks.as_array().into_iter().flatten().filter_map(|block| {
        let text = block.get("text").and_then(Value::as_str);
        text.or_else(|| block.get("summary")?.as_str())
    });
    Ok(Some(texts.collect::<String>()).filter(|text| !text.is_empty()))
}
