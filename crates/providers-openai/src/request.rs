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
use openclaw_provider::PromptBytes;
use openclaw_transport::wire;

use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::openai_servers::{self, VendorExtension};

pub use self::messages::chat_messages;
pub(crate) use self::schema_keywords::{REFUSABLE_KEYWORDS, contains_keyword};

/// The body of `POST …/chat/completions`, streaming, with token usage requested.
#[must_use]
pub fn chat_completion_body(
    model: &str,
    request: &ChatRequest,
    max_output_tokens: Option<u32>,
    capabilities: &ServerCapabilities,
) -> Bytes {
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
    let uses_completion_tokens = capabilities.is_unsupported(ServerFeature::MaxTokensField);
    let usage = wire::StreamOptions { include_usage: true };
    let body = wire::ChatCompletionRequest {
        model: Cow::Borrowed(model),
        stream: true,
        stream_options: (!capabilities.is_unsupported(ServerFeature::StreamUsage)).then_some(usage),
        max_tokens: max_output_tokens.filter(|_| !uses_completion_tokens),
        max_completion_tokens: max_output_tokens.filter(|_| uses_completion_tokens),
        tools,
        tool_choice,
        store: capabilities.supports_extension(VendorExtension::DisableStore).then_some(false),
        prompt_cache_key: capabilities
            .supports_extension(VendorExtension::PromptCacheKey)
            .then(|| openai_servers::prompt_cache_key(request)),
        messages: chat_messages(request, capabilities),
    };
    // Serialising strings, numbers and JSON values cannot fail.
    serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
}

/// Returns the part of a body that the next request begins with, and the length of the suffix that
/// is sent only once. Both are used to estimate the prompt's tokens.
pub(crate) fn prompt_bytes(
    request: &ChatRequest,
    capabilities: &ServerCapabilities,
) -> PromptBytes {
    let Some(suffix) = &request.suffix else {
        let body = chat_completion_body("", request, None, capabilities);
        return PromptBytes { body, suffix_len: 0 };
    };
    let cacheable_request = ChatRequest { suffix: None, ..request.clone() };
    let body = chat_completion_body("", &cacheable_request, None, capabilities);
    PromptBytes { body, suffix_len: suffix.len() }
}

/// The `tools` field of a request. `None` when there are no tools, because servers refuse an empty
/// list, and when the tools are described in the prompt.
#[must_use]
pub fn chat_tools<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> Option<Vec<wire::ChatTool<'a>>> {
    if uses_text_tools(capabilities) {
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

/// Returns whether tools, calls and results are sent as text.
pub(crate) fn uses_text_tools(capabilities: &ServerCapabilities) -> bool {
    capabilities.is_unsupported(ServerFeature::AutoToolChoice)
        || capabilities.is_unsupported(ServerFeature::ToolRole)
}

/// The tool that must be called, if it is one of those sent.
fn forced_tool<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> Option<&'a ToolName> {
    let ToolChoice::Named(name) = &request.tool_choice else { return None };
    let is_sent = !uses_text_tools(capabilities)
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
