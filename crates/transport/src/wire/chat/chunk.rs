//! Chunks of a chat completion. No field of another type fails a chunk.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::lenient::{
    ContentTexts, count_field, count_or_zero, json_text_field, list_field, object_field,
    object_or_default, object_or_text, reason_field, reasoning_field, text_field,
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
    /// A finish reason that stands outside of the choices.
    #[serde(default, deserialize_with = "reason_field")]
    pub finish_reason: Option<String>,
    /// An error in place of a delta.
    #[serde(default)]
    pub error: Option<Value>,
}

/// A delta of one choice. A text in its place is its content.
#[derive(Debug, Clone, PartialEq, Default)]
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
#[derive(Default, Deserialize)]
struct RawChoice {
    #[serde(default, deserialize_with = "count_or_zero")]
    index: u32,
    #[serde(default, deserialize_with = "object_or_default")]
    delta: RawDelta,
    #[serde(default, deserialize_with = "object_field")]
    message: Option<RawDelta>,
    #[serde(default, deserialize_with = "text_field")]
    text: Option<String>,
    #[serde(default, deserialize_with = "reason_field")]
    finish_reason: Option<String>,
    /// The same in another spelling.
    #[serde(default, rename = "finishReason", deserialize_with = "reason_field")]
    camel_finish_reason: Option<String>,
    /// The same of another API. Some servers tell the stop sequence here, beside the finish reason.
    #[serde(default, deserialize_with = "reason_field")]
    stop_reason: Option<String>,
    /// The calls of a server that puts them beside the delta.
    #[serde(default, deserialize_with = "list_field")]
    tool_calls: Vec<ChatToolCallDelta>,
    #[serde(default)]
    error: Option<Value>,
}

impl<'de> Deserialize<'de> for ChunkChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object_or_text::<_, RawChoice, _>(deserializer, |text| {
            Self::from(RawChoice { text: Some(text), ..RawChoice::default() })
        })
    }
}

impl From<RawChoice> for ChunkChoice {
    fn from(mut raw: RawChoice) -> Self {
        let reason = raw.finish_reason.or(raw.camel_finish_reason);
        let reason = reason.or_else(|| raw.delta.finish_reason.take()).or(raw.stop_reason);
        let errors = [raw.error, raw.delta.error.take()];
        let error = errors.into_iter().flatten().find(|error| !error.is_null());
        let error = error.or_else(|| raw.message.as_mut()?.take_error(reason.as_deref()));
        let mut delta = ChatDelta::from(raw.delta);
        if delta.content.is_none() {
            delta.content = raw.text;
        }
        if delta.tool_calls.is_empty() {
            delta.tool_calls = raw.tool_calls;
        }
        let message = raw.message.map(ChatDelta::from).filter(|_| delta.is_empty());
        Self {
            index: raw.index,
            is_whole_message: message.is_some(),
            delta: message.unwrap_or(delta),
            finish_reason: reason,
            error,
        }
    }
}

/// A delta of the message. A text in its place is its content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
#[derive(Default, Deserialize)]
struct DeltaFields {
    #[serde(default)]
    content: ContentTexts,
    #[serde(default, deserialize_with = "reasoning_field")]
    reasoning: Option<String>,
    #[serde(default, deserialize_with = "reasoning_field")]
    reasoning_content: Option<String>,
    #[serde(default, deserialize_with = "reasoning_field")]
    reasoning_details: Option<String>,
    /// Reasoning, as the native API of Ollama names it.
    #[serde(default, deserialize_with = "reasoning_field")]
    thinking: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    refusal: Option<String>,
    #[serde(default, deserialize_with = "list_field")]
    tool_calls: Vec<ChatToolCallDelta>,
    /// The same in other spellings.
    #[serde(default, rename = "toolCalls", deserialize_with = "list_field")]
    camel_tool_calls: Vec<ChatToolCallDelta>,
    #[serde(default, deserialize_with = "list_field")]
    tool_call: Vec<ChatToolCallDelta>,
    /// The only call of a server from before tool calls.
    #[serde(default, deserialize_with = "object_field")]
    function_call: Option<FunctionCallDelta>,
    #[serde(default, deserialize_with = "reason_field")]
    finish_reason: Option<String>,
    #[serde(default)]
    error: Option<Value>,
}

/// A delta with what belongs to its choice.
#[derive(Default)]
struct RawDelta {
    delta: ChatDelta,
    finish_reason: Option<String>,
    error: Option<Value>,
    /// Whether a text stood in its place.
    is_text: bool,
}

impl RawDelta {
    /// The error in a whole message that ended for this reason. A text is one if the reason says
    /// so.
    fn take_error(&mut self, reason: Option<&str>) -> Option<Value> {
        let is_failed = self.is_text && reason == Some("error");
        let error = self.error.take().filter(|error| !error.is_null());
        error
            .or_else(|| if is_failed { self.delta.content.take().map(Value::String) } else { None })
    }
}

impl<'de> Deserialize<'de> for RawDelta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object_or_text::<_, DeltaFields, _>(deserializer, |text| Self {
            delta: ChatDelta { content: Some(text), ..ChatDelta::default() },
            is_text: true,
            ..Self::default()
        })
    }
}

impl<'de> Deserialize<'de> for ChatDelta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawDelta::deserialize(deserializer).map(Self::from)
    }
}

impl From<RawDelta> for ChatDelta {
    fn from(raw: RawDelta) -> Self {
        raw.delta
    }
}

impl From<DeltaFields> for RawDelta {
    fn from(raw: DeltaFields) -> Self {
        let lists = [raw.tool_calls, raw.camel_tool_calls, raw.tool_call];
        let mut tool_calls = lists.into_iter().find(|calls| !calls.is_empty()).unwrap_or_default();
        if tool_calls.is_empty()
            && let Some(function) = raw.function_call
        {
            tool_calls.push(ChatToolCallDelta { index: Some(0), id: None, function });
        }
        if tool_calls.is_empty() {
            let parts = raw.content.calls.into_iter();
            tool_calls.extend(parts.filter_map(|part| ChatToolCallDelta::deserialize(part).ok()));
        }
        let reasoning_content = raw.reasoning_content.or(raw.content.reasoning).or(raw.thinking);
        let delta = ChatDelta {
            content: raw.content.text,
            reasoning: raw.reasoning,
            reasoning_content,
            reasoning_details: raw.reasoning_details,
            refusal: raw.refusal.or(raw.content.refusal),
            tool_calls,
        };
        Self { delta, finish_reason: raw.finish_reason, error: raw.error, is_text: false }
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
    /// The id as the Responses API names it.
    #[serde(default, deserialize_with = "text_field")]
    call_id: Option<String>,
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
    args: Option<String>,
    #[serde(default, deserialize_with = "json_text_field")]
    input: Option<String>,
    #[serde(default, deserialize_with = "json_text_field")]
    parameters: Option<String>,
}

impl From<RawCallDelta> for ChatToolCallDelta {
    fn from(raw: RawCallDelta) -> Self {
        let RawFunction(FunctionFields { name, arguments, args, parameters }) = raw.function;
        let own = [raw.arguments, raw.args, raw.input, raw.parameters];
        let arguments = [arguments, args, parameters].into_iter().chain(own).flatten().next();
        let function = FunctionCallDelta { name: name.or(raw.name), arguments };
        Self { index: raw.index, id: raw.call_id.or(raw.id), function }
    }
}

/// A delta of a tool call's function.
#[derive(Default)]
struct RawFunction(FunctionFields);

impl<'de> Deserialize<'de> for RawFunction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object_or_text::<_, FunctionFields, _>(deserializer, |name| {
            Self(FunctionFields { name: Some(name), ..FunctionFields::default() })
        })
    }
}

impl From<FunctionFields> for RawFunction {
    fn from(fields: FunctionFields) -> Self {
        Self(fields)
    }
}

/// A delta of a tool call's function as serialised.
#[derive(Default, Deserialize)]
struct FunctionFields {
    #[serde(default, deserialize_with = "text_field")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json_text_field")]
    arguments: Option<String>,
    /// The arguments, from servers that name them as the model or another API does.
    #[serde(default, deserialize_with = "json_text_field")]
    args: Option<String>,
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
