//! Writes the body of a Messages request.
//!
//! The fields are an allow-list, in a fixed order. What stays the same during a conversation gets a
//! cache marker: the last tool, the system prompt, and the end of the history so far, which the
//! next request continues.
//!
//! The prompt is serialised once a call. What differs between the request and the one that counts
//! its tokens comes after it.

mod messages;

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, MessageRef, ToolChoice};
use openclaw_provider::{SerializedRequest, json_members};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::messages::MessageList;
use crate::params::MessagesParams;
use crate::thinking_cache::ThinkingCache;

pub(crate) use self::messages::RequestBlock;

/// Writes the requests to one model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestWriter<'a> {
    pub(crate) model: &'a str,
    /// The cache marker, if the server supports it.
    pub(crate) cache_control: Option<CacheControl>,
    pub(crate) thinking_cache: &'a ThinkingCache,
}

/// A cache marker: the server caches everything up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CacheControl {
    /// Cached for the server's default time, which is five minutes at Anthropic.
    pub const SHORT: Self = Self { kind: "ephemeral", ttl: None };

    /// Cached for an hour.
    pub const LONG: Self = Self { ttl: Some("1h"), ..Self::SHORT };
}

#[derive(Debug, Serialize)]
struct RequestBody<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolDefinition<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoiceField<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[RequestBlock<'a>; 1]>,
    messages: Vec<messages::RequestMessage<'a>>,
}

#[derive(Debug, Serialize)]
struct ToolDefinition<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: Cow<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToolChoiceField<'a> {
    Tool { name: &'a str },
    None,
}

/// The serialised prompt of one call, from which its bodies are made.
#[derive(Debug)]
pub(crate) struct PromptBody {
    serialized: SerializedRequest,
    /// Whether all messages with calls since the last user message have their thinking blocks.
    includes_thinking: bool,
}

impl PromptBody {
    /// The body of a streaming request with this limit for its answer.
    pub(crate) fn chat_body(&mut self, params: &MessagesParams, max_tokens: u32) -> Bytes {
        let params = params.chat_fields(self.includes_thinking, max_tokens);
        self.body_with(format!(",\"max_tokens\":{max_tokens},\"stream\":true"), &params)
    }

    /// The body of a token counting request.
    pub(crate) fn count_body(&mut self, params: &MessagesParams) -> Bytes {
        let params = params.count_fields(self.includes_thinking);
        self.body_with(String::new(), &params)
    }

    fn body_with(&mut self, mut trailer: String, params: &Map<String, Value>) -> Bytes {
        trailer += &json_members(params.iter().map(|(name, value)| (name.as_str(), value)));
        self.serialized.set_trailer(trailer.as_bytes());
        self.serialized.body().clone()
    }
}

impl<'a> RequestWriter<'a> {
    /// Serialises the prompt of a request.
    pub(crate) fn write_prompt(self, request: &'a ChatRequest) -> PromptBody {
        let MessageList { messages, includes_thinking } = MessageList::new(request, self);
        let (tools, tool_choice) = tool_fields(request, self.cache_control);
        let system = request.system_prompt.as_deref().filter(|text| !text.trim().is_empty());
        let body = RequestBody {
            model: self.model,
            tools,
            tool_choice,
            system: system.map(|text| [RequestBlock::from_text(text.into(), self.cache_control)]),
            messages,
        };
        // Serialising strings, numbers and JSON values cannot fail.
        let json = serde_json::to_vec(&body).unwrap_or_default();
        PromptBody { serialized: SerializedRequest::new(json, 0), includes_thinking }
    }
}

/// The tools, and the tool choice. A history with tool calls is refused without tools: the tools
/// that it names are then offered with the choice `none`.
fn tool_fields(
    request: &ChatRequest,
    cache_control: Option<CacheControl>,
) -> (Vec<ToolDefinition<'_>>, Option<ToolChoiceField<'_>>) {
    let offered = request.tools.iter().map(|tool| ToolDefinition {
        name: tool.name.as_str(),
        description: &tool.description,
        input_schema: object_schema(&tool.parameters),
        cache_control: None,
    });
    let mut tools: Vec<_> = offered.collect();
    let mut choice = match &request.tool_choice {
        ToolChoice::Named(name) => tools
            .iter()
            .any(|tool| tool.name == name.as_str())
            .then_some(ToolChoiceField::Tool { name: name.as_str() }),
        ToolChoice::Auto => None,
    };
    if tools.is_empty() {
        for message in request.history.messages() {
            let MessageRef::Assistant { calls, .. } = message else { continue };
            for call in calls {
                let name = call.name.as_str();
                if tools.iter().all(|tool: &ToolDefinition<'_>| tool.name != name) {
                    let input_schema = Cow::Owned(json!({"type": "object"}));
                    tools.push(ToolDefinition {
                        name,
                        description: "",
                        input_schema,
                        cache_control: None,
                    });
                }
            }
        }
        choice = (!tools.is_empty()).then_some(ToolChoiceField::None);
    }
    if let Some(last) = tools.last_mut() {
        last.cache_control = cache_control;
    }
    (tools, choice)
}

/// Adds the type `object` to a schema without a type, as this API requires.
fn object_schema(parameters: &Value) -> Cow<'_, Value> {
    match parameters {
        Value::Object(fields) if fields.contains_key("type") => Cow::Borrowed(parameters),
        other => {
            let mut fields = other.as_object().cloned().unwrap_or_default();
            fields.insert("type".to_owned(), "object".into());
            Cow::Owned(Value::Object(fields))
        }
    }
}

#[cfg(test)]
mod tests;
