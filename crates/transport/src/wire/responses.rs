//! The Responses API, for a client that keeps the conversation itself.

mod event;

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::CallKind;

pub use self::event::{
    ContentPart, IncompleteDetails, InputTokensDetails, OutputItem, OutputTokensDetails,
    ResponseEvent, ResponseObject, ResponseUsage,
};

/// The body of `POST responses`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponsesRequest<'a> {
    /// The model's name, as the server lists it.
    pub model: Cow<'a, str>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether the server stores the answer. Always sent, because the default is to store it.
    pub store: bool,
    /// A key that requests with a common prefix share; only for servers known to accept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_key: Option<String>,
    /// The most tokens of the answer, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// Instructions before the conversation, as a first system message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Cow<'a, str>>,
    /// The tools offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ResponsesTool<'a>>,
    /// Whether and which tool must be called; only with tools. Without it the model decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ResponsesToolChoice<'a>>,
    /// The conversation, oldest first.
    pub input: Vec<InputItem<'a>>,
}

/// A tool that the model may call: a function, without the nested object of chat completions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponsesTool<'a> {
    /// Always a function.
    #[serde(rename = "type")]
    pub kind: CallKind,
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does, for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// The JSON Schema of its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Cow<'a, Value>>,
    /// Whether the server must constrain the arguments to the schema. Set it always: the hosted API
    /// constrains by default, which changes what the schema means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// Which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponsesToolChoice<'a> {
    /// Some tool.
    Required,
    /// This function, written `{"type": "function", "name": …}`.
    Function(Cow<'a, str>),
}

impl Serialize for ResponsesToolChoice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Required => serializer.serialize_str("required"),
            Self::Function(name) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", &CallKind::Function)?;
                map.serialize_entry("name", name)?;
                map.end()
            }
        }
    }
}

/// One item of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InputItem<'a> {
    /// A message.
    Message(InputMessage<'a>),
    /// Reasoning before the items that follow.
    Reasoning {
        /// Its summaries; servers require the list even when it is empty.
        summary: [&'a str; 0],
        /// Its text.
        content: [InputPart<'a>; 1],
    },
    /// A tool call of the model.
    FunctionCall {
        /// The id that the result refers to.
        call_id: Cow<'a, str>,
        /// The function called.
        name: Cow<'a, str>,
        /// The arguments, as JSON text.
        arguments: Cow<'a, str>,
    },
    /// The result of one tool call.
    FunctionCallOutput {
        /// The call's id.
        call_id: Cow<'a, str>,
        /// The text.
        output: Cow<'a, str>,
    },
}

/// A message, tagged with its role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum InputMessage<'a> {
    /// Instructions.
    System {
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
        content: Vec<UserPart<'a>>,
    },
    /// What the model said: an item of an earlier answer.
    Assistant {
        /// Whether the message is complete, or the server is to continue it.
        status: ItemStatus,
        /// The text.
        content: [InputPart<'a>; 1],
    },
}

/// A part of a user message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserPart<'a> {
    /// Text.
    InputText {
        /// The text.
        text: Cow<'a, str>,
    },
    /// An image.
    InputImage {
        /// A `data:` URL.
        image_url: String,
    },
}

/// Whether an item is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// It is complete.
    Completed,
    /// It was cut off. vLLM continues a last message with this status.
    Incomplete,
}

/// A part of an earlier answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InputPart<'a> {
    /// Visible text.
    OutputText {
        /// The text.
        text: Cow<'a, str>,
    },
    /// Reasoning.
    ReasoningText {
        /// The text.
        text: Cow<'a, str>,
    },
}

#[cfg(test)]
mod tests;
