//! Writes a request as its server reads it.
//!
//! The fields are an allow-list. What stays the same over a conversation comes first, so that a
//! request is a byte prefix of the next one as far as the conversation is. Text is always a plain
//! string, never a list of parts; nothing empty and nothing `null` is sent. Reasoning goes back the
//! way it came: in its field, or between its tags before the text.
//!
//! What a server was found not to do is written in another way, and always in the same one: as
//! long as nothing new is learnt, the prefix holds.

mod keywords;
mod messages;
mod offer;

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, ToolChoice, ToolName, ToolSpec};
use openclaw_transport::wire;

use crate::knowledge::{Facts, Lack};
use crate::native::{self, Extra};

pub(crate) use self::keywords::{KEYWORDS, holds};
pub use self::messages::messages;

/// The body of `POST …/chat/completions`, streaming, with usage asked for.
#[must_use]
pub fn body(model: &str, request: &ChatRequest, cap: Option<u32>, facts: &Facts) -> Bytes {
    let tools = tools(request, facts);
    let tool_choice = named(request, facts).and_then(|name| {
        let forced = wire::ToolChoice::Function(Cow::Borrowed(name.as_str()));
        let choice =
            if facts.lack(Lack::NamedToolChoice) { wire::ToolChoice::Required } else { forced };
        (!facts.lack(Lack::ToolChoice)).then_some(choice)
    });
    let is_newer = facts.lack(Lack::MaxTokens);
    let usage = wire::StreamOptions { include_usage: true };
    let body = wire::ChatRequest {
        model: Cow::Borrowed(model),
        stream: true,
        stream_options: (!facts.lack(Lack::StreamUsage)).then_some(usage),
        max_tokens: cap.filter(|_| !is_newer),
        max_completion_tokens: cap.filter(|_| is_newer),
        tools,
        tool_choice,
        store: facts.takes(Extra::Store).then_some(false),
        prompt_cache_key: facts.takes(Extra::PromptCacheKey).then(|| native::cache_key(request)),
        messages: messages(request, facts),
    };
    // Serialising strings, numbers and JSON values cannot fail.
    serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
}

/// What a prompt is sized by: the body that the next one begins with, and the bytes that are sent
/// after it and never again.
pub(crate) fn lasting(request: &ChatRequest, facts: &Facts) -> (Bytes, usize) {
    let Some(tail) = &request.tail else { return (body("", request, None, facts), 0) };
    let lasting = ChatRequest { tail: None, ..request.clone() };
    (body("", &lasting, None, facts), tail.len())
}

/// The tools of a request that go into its field; `None` when there are none, because servers
/// refuse an empty list, and when the tools are offered in text.
#[must_use]
pub fn tools<'a>(request: &'a ChatRequest, facts: &Facts) -> Option<Vec<wire::Tool<'a>>> {
    if takes_no_tools(facts) {
        return None;
    }
    let named = named(request, facts);
    // `required` means one of those sent.
    let is_alone = facts.lack(Lack::NamedToolChoice) && !facts.lack(Lack::ToolChoice);
    let only = named.filter(|_| is_alone);
    let sent = sendable(request, facts).filter(|tool| only.is_none_or(|name| tool.name == *name));
    let tools: Vec<_> = sent
        .map(|tool| {
            let is_forced = named == Some(&tool.name) && !facts.lack(Lack::ToolChoice);
            wire::Tool {
                kind: wire::CallKind::Function,
                function: wire::Function {
                    name: Cow::Borrowed(tool.name.as_str()),
                    description: Some(Cow::Borrowed(&tool.description)),
                    parameters: Some(keywords::without(&tool.parameters, &facts.schema_keywords)),
                    // The server's grammar then forces a call that fits the schema.
                    strict: (is_forced && !facts.lack(Lack::Strict)).then_some(true),
                },
            }
        })
        .collect();
    (!tools.is_empty()).then_some(tools)
}

/// Whether tools, calls and results are written as text.
pub(crate) fn takes_no_tools(facts: &Facts) -> bool {
    facts.lack(Lack::AutoToolChoice) || facts.lack(Lack::ToolRole)
}

/// The tool that must be called, if it is one of those sent.
fn named<'a>(request: &'a ChatRequest, facts: &Facts) -> Option<&'a ToolName> {
    let ToolChoice::Named(name) = &request.tool_choice else { return None };
    let is_sent = !takes_no_tools(facts) && sendable(request, facts).any(|it| it.name == *name);
    is_sent.then_some(name)
}

/// The tools whose schemas the server does not refuse.
fn sendable<'a>(request: &'a ChatRequest, facts: &Facts) -> impl Iterator<Item = &'a ToolSpec> {
    request.tools.iter().filter(|tool| !facts.refused_tools.contains(tool.name.as_str()))
}
