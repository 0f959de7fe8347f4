//! Writes the body of a chat completion request.
//!
//! The fields are an allow-list. What stays the same during a conversation comes first, so that
//! each request is a byte prefix of the next one, as far as the conversation goes. Text is always a
//! plain string, never a list of parts; nothing empty and no `null` is sent. Reasoning goes back as
//! it came: in its field, or between its tags before the text.
//!
//! Unsupported features are written differently, and always in the same way: until something new is
//! learned, the prefix stays stable.

mod messages;
mod schema_keywords;
mod text_tools;

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, ToolChoice, ToolName, ToolSpec};
use openclaw_provider::SerializedRequest;
use openclaw_transport::wire;
use serde::Serialize;

use crate::api::ChatApi;
use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::openai_servers::{self, VendorExtension};
use crate::params::RequestParams;

pub use self::messages::chat_messages;
pub(crate) use self::messages::{MessageList, is_short_id, json_len};
pub(crate) use self::schema_keywords::{REFUSABLE_KEYWORDS, contains_keyword};

/// The body of `POST …/chat/completions`, streaming, with token usage requested.
#[must_use]
pub fn chat_completion_body(
    model: &str,
    request: &ChatRequest,
    max_output_tokens: Option<u32>,
    capabilities: &ServerCapabilities,
) -> Bytes {
    let mut serialized = serialize_chat_request(model, request, capabilities);
    let api = ChatApi::ChatCompletions;
    serialized.set_trailer(&api.trailer(
        capabilities,
        max_output_tokens,
        &RequestParams::default(),
    ));
    serialized.body().clone()
}

/// Serialises the prompt of a chat completion request: without the fields of its
/// [trailer](ChatApi::trailer), so that vLLM counts the tokens of the same bytes.
pub(crate) fn serialize_chat_request(
    model: &str,
    request: &ChatRequest,
    capabilities: &ServerCapabilities,
) -> SerializedRequest {
    let tools = chat_tools(request, capabilities);
    let tool_choice = forced_tool(request, capabilities).and_then(|name| {
        let forced = wire::ChatToolChoice::Function(Cow::Borrowed(name.as_str()));
        let choice = if capabilities.is_unsupported(ServerFeature::NamedToolChoice) {
            wire::ChatToolChoice::Required
        } else {
            forced
        };
        (!capabilities.is_unsupported(ServerFeature::ToolChoice)).then_some(choice)
    });
    let list = MessageList::new(request, capabilities);
    let volatile_text_len = list.volatile_text_len();
    let (messages, stable_messages) = (list.messages, list.stable_messages);
    let body = wire::ChatCompletionRequest {
        model: Cow::Borrowed(model),
        stream: false,
        stream_options: None,
        max_tokens: None,
        max_completion_tokens: None,
        tools,
        tool_choice,
        store: capabilities.supports_extension(VendorExtension::DisableStore).then_some(false),
        prompt_cache_key: capabilities
            .supports_extension(VendorExtension::PromptCacheKey)
            .then(|| openai_servers::prompt_cache_key(request)),
        messages,
    };
    // Serialising strings, numbers and JSON values cannot fail.
    let json = serde_json::to_vec(&body).unwrap_or_default();
    let volatile_messages = body.messages.get(stable_messages..).unwrap_or_default();
    SerializedRequest::new(json, volatile_text_len + list_end_len(volatile_messages))
        .with_images(&request.history)
}

/// The length of these last items of a body's last list, each with the comma before it, and of the
/// brackets that close list and body.
pub(crate) fn list_end_len(items: &[impl Serialize]) -> usize {
    "]}".len() + items.iter().map(|item| ",".len() + json_len(item)).sum::<usize>()
}

/// The `tools` field of a request. `None` when there are no tools, because servers refuse an empty
/// list, and when the tools are described in the prompt.
#[must_use]
pub fn chat_tools<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> Option<Vec<wire::ChatTool<'a>>> {
    if !sends_native_tools(request, capabilities) {
        return None;
    }
    let forced_name = forced_tool(request, capabilities);
    // `required` applies to any tool sent, so only the forced one is.
    let sends_forced_only = capabilities.is_unsupported(ServerFeature::NamedToolChoice)
        && !capabilities.is_unsupported(ServerFeature::ToolChoice);
    let only_tool = forced_name.filter(|_| sends_forced_only);
    let sent_tools = accepted_tools(request, capabilities)
        .filter(|tool| only_tool.is_none_or(|name| tool.name == *name));
    let tools: Vec<_> = sent_tools
        .map(|tool| {
            let is_forced = forced_name == Some(&tool.name)
                && !capabilities.is_unsupported(ServerFeature::ToolChoice);
            wire::ChatTool {
                kind: wire::CallKind::Function,
                function: wire::FunctionSpec {
                    name: Cow::Borrowed(tool.name.as_str()),
                    description: Some(Cow::Borrowed(&tool.description)),
                    parameters: Some(schema_keywords::without_keywords(
                        &tool.parameters,
                        &capabilities.refused_schema_keywords,
                    )),
                    // The server's grammar then makes the call fit the schema.
                    strict: (is_forced && !capabilities.is_unsupported(ServerFeature::StrictMode))
                        .then_some(true),
                },
            }
        })
        .collect();
    (!tools.is_empty()).then_some(tools)
}

/// Returns whether tools are sent in their field. To a template that ignores them, they are sent
/// as text, and in the field only so that the server's grammar forces a call.
pub(crate) fn sends_native_tools(request: &ChatRequest, capabilities: &ServerCapabilities) -> bool {
    let is_refused = [ServerFeature::AutoToolChoice, ServerFeature::ToolRole]
        .into_iter()
        .any(|feature| capabilities.is_unsupported(feature));
    let is_ignored = capabilities.is_unsupported(ServerFeature::ToolTemplate);
    !is_refused && (!is_ignored || matches!(request.tool_choice, ToolChoice::Named(_)))
}

/// The tool that must be called, if it is one of those sent.
fn forced_tool<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> Option<&'a ToolName> {
    let ToolChoice::Named(name) = &request.tool_choice else { return None };
    let is_sent = sends_native_tools(request, capabilities)
        && accepted_tools(request, capabilities).any(|it| it.name == *name);
    is_sent.then_some(name)
}

/// The tools whose schemas the server does not refuse.
fn accepted_tools<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> impl Iterator<Item = &'a ToolSpec> {
    request.tools.iter().filter(|tool| !capabilities.refused_tools.contains(tool.name.as_str()))
}

#[cfg(test)]
mod tests {
    use openclaw_core::{AssistantMessage, History};
    use proptest::prelude::*;

    use super::*;
    use crate::ChatApi;

    proptest! {
        #[test]
        fn the_next_request_begins_with_the_stable_part(
            texts in proptest::collection::vec("[a-z\n\"é]{0,9}", 0..6),
            ends_with_answer: bool,
            suffix in proptest::option::of("[a-z\n\"é]{1,9}"),
            is_text_tools: bool,
            is_responses: bool,
        ) {
            let mut capabilities = ServerCapabilities::default();
            if is_text_tools {
                capabilities.unsupported_features.insert(ServerFeature::ToolRole);
            }
            let mut history = History::new();
            for text in &texts {
                history.push_user_message(text);
                history.push_assistant_message(AssistantMessage::from_text(format!("a{text}"))).unwrap();
            }
            if !ends_with_answer {
                history.push_user_message("last \"question\"");
            }
            let api = if is_responses { ChatApi::Responses } else { ChatApi::ChatCompletions };
            let serialize = |request: &ChatRequest| api.serialize_request("m", request, &capabilities);
            let once = ChatRequest { suffix: suffix.map(Into::into), ..ChatRequest::new(history.clone()) };
            let sent = serialize(&once);
            let (stable, rest) = sent.body().split_at(sent.stable_len());
            if !ends_with_answer {
                history.push_assistant_message(AssistantMessage::from_text("yes")).unwrap();
            }
            history.push_user_message("more");
            let next = serialize(&ChatRequest::new(history));
            prop_assert!(next.body().starts_with(stable), "{:?}\n{:?}", sent.body(), next.body());
            // What is left out of it is the suffix, an answer after it, and JSON around them.
            prop_assert!(once.suffix.is_some() || rest == b"]}", "{rest:?}");
            let least = stable.len() + usize::from(!ends_with_answer);
            prop_assert!(next.stable_len() >= least);
        }
    }
}
