//! The chat completions API.

mod chunk;

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub use self::chunk::{
    ChatChunk, ChatDelta, ChatToolCallDelta, ChatUsage, ChunkChoice, FunctionCallDelta,
    PromptTokensDetails,
};

/// The body of `POST chat/completions`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatCompletionRequest<'a> {
    /// The model's name, as the server lists it.
    pub model: Cow<'a, str>,
    /// Whether the answer is streamed; left out when it is not, which is the default of servers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
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

/// A message of a request. Its content is a plain string, unless it has images.
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
    /// What the user says, with images.
    #[serde(rename = "user")]
    UserParts {
        /// The parts in their order.
        content: Vec<ChatContentPart<'a>>,
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

/// A part of a user message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChatContentPart<'a> {
    /// Text.
    Text {
        /// The text.
        text: Cow<'a, str>,
    },
    /// An image.
    ImageUrl {
        /// Where it is.
        image_url: ImageUrl,
    },
}

/// The address of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageUrl {
    /// A `data:` URL.
    pub url: String,
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
