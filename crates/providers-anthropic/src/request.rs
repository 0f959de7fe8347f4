//! Writes the body of a Messages request.
//!
//! The fields are an allow-list, in a fixed order. What stays the same during a conversation gets a
//! cache marker: the last tool, the system prompt, and the end of the history so far, which the
//! next request continues.

mod messages;

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, MessageRef, ToolChoice};
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
    pub(crate) params: &'a MessagesParams,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(flatten)]
    params: Map<String, Value>,
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

impl<'a> RequestWriter<'a> {
    /// The body of a streaming request with this limit for its answer.
    pub(crate) fn chat_body(self, request: &'a ChatRequest, max_tokens: u32) -> Bytes {
        self.write(request, Some(max_tokens))
    }

    /// The body of a token counting request.
    pub(crate) fn count_body(self, request: &'a ChatRequest) -> Bytes {
        self.write(request, None)
    }

    fn write(self, request: &'a ChatRequest, max_tokens: Option<u32>) -> Bytes {
        let MessageList { messages, includes_thinking } = MessageList::new(request, self);
        let (tools, tool_choice) = tool_fields(request, self.cache_control);
        let system = request.system_prompt.as_deref().filter(|text| !text.trim().is_empty());
        let params = match max_tokens {
            Some(max_tokens) => self.params.chat_fields(includes_thinking, max_tokens),
            None => self.params.count_fields(includes_thinking),
        };
        let body = RequestBody {
            model: self.model,
            max_tokens,
            stream: max_tokens.is_some(),
            params,
            tools,
            tool_choice,
            system: system.map(|text| [RequestBlock::from_text(text.into(), self.cache_control)]),
            messages,
        };
        // Serialising strings, numbers and JSON values cannot fail.
        serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
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
