//! Writes a request as its server reads it.
//!
//! The fields are an allow-list, in a fixed order. What stays the same over a conversation is
//! marked for the server's cache: the last tool, the system prompt, and the end of what was said
//! so far, which the next request goes on from.

mod messages;

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, MessageRef, ToolChoice};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::messages::Messages;
use crate::params::Params;
use crate::thoughts::Thoughts;

pub(crate) use self::messages::Block;

/// How requests to one model are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) model: &'a str,
    /// Marks what the server may keep in its cache, if anything does.
    pub(crate) mark: Option<CacheMark>,
    pub(crate) params: &'a Params,
    pub(crate) thoughts: &'a Thoughts,
}

/// A mark behind which the server keeps all that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CacheMark {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CacheMark {
    /// For as long as the server keeps such things by itself, which is five minutes at Anthropic.
    pub const SHORT: Self = Self { kind: "ephemeral", ttl: None };

    /// For an hour.
    pub const LONG: Self = Self { ttl: Some("1h"), ..Self::SHORT };
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(flatten)]
    params: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[Block<'a>; 1]>,
    messages: Vec<messages::Message<'a>>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: Cow<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheMark>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choice<'a> {
    Tool { name: &'a str },
    None,
}

impl<'a> Writer<'a> {
    /// The body of a streaming request whose answer may have `cap` tokens.
    pub(crate) fn body(self, request: &'a ChatRequest, cap: u32) -> Bytes {
        self.write(request, Some(cap))
    }

    /// The body of a request for the size of the prompt.
    pub(crate) fn count_body(self, request: &'a ChatRequest) -> Bytes {
        self.write(request, None)
    }

    fn write(self, request: &'a ChatRequest, cap: Option<u32>) -> Bytes {
        let Messages { messages, shows_thoughts } = Messages::new(request, self);
        let (tools, tool_choice) = tools(request, self.mark);
        let system = request.system.as_deref().filter(|text| !text.trim().is_empty());
        let params = match cap {
            Some(cap) => self.params.fields(shows_thoughts, cap),
            None => self.params.of_prompt(shows_thoughts),
        };
        let body = Body {
            model: self.model,
            max_tokens: cap,
            stream: cap.is_some(),
            params,
            tools,
            tool_choice,
            system: system.map(|text| [Block::text(text.into(), self.mark)]),
            messages,
        };
        // Serialising strings, numbers and JSON values cannot fail.
        serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
    }
}

/// The tools, and which must be called. A conversation with calls is refused without any: the
/// tools that it names are then offered and must not be called.
fn tools(request: &ChatRequest, mark: Option<CacheMark>) -> (Vec<Tool<'_>>, Option<Choice<'_>>) {
    let offered = request.tools.iter().map(|tool| Tool {
        name: tool.name.as_str(),
        description: &tool.description,
        input_schema: schema(&tool.parameters),
        cache_control: None,
    });
    let mut tools: Vec<_> = offered.collect();
    let mut choice = match &request.tool_choice {
        ToolChoice::Named(name) => tools
            .iter()
            .any(|tool| tool.name == name.as_str())
            .then_some(Choice::Tool { name: name.as_str() }),
        ToolChoice::Auto => None,
    };
    if tools.is_empty() {
        for message in request.history.messages() {
            let MessageRef::Assistant { calls, .. } = message else { continue };
            for call in calls {
                let name = call.name.as_str();
                if tools.iter().all(|tool: &Tool<'_>| tool.name != name) {
                    let input_schema = Cow::Owned(json!({"type": "object"}));
                    tools.push(Tool { name, description: "", input_schema, cache_control: None });
                }
            }
        }
        choice = (!tools.is_empty()).then_some(Choice::None);
    }
    if let Some(last) = tools.last_mut() {
        last.cache_control = mark;
    }
    (tools, choice)
}

/// A schema that says that it is of an object, as this API wants it.
fn schema(parameters: &Value) -> Cow<'_, Value> {
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
