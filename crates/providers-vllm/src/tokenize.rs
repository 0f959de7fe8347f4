//! Exact prompt counts by the server's own tokenizer and template.

use bytes::Bytes;
use openclaw_core::{ChatRequest, TokenCount};
use openclaw_providers_openai::{messages, tools};
use openclaw_transport::{Client, wire};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: Vec<wire::Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<wire::Tool<'a>>>,
}

#[derive(Deserialize)]
struct Answer {
    count: u32,
}

/// Counts the prompt of a request, tools and template included; `None` when the server does not
/// say: the route is often closed behind a proxy, and a count is never worth failing for.
pub(crate) async fn count(
    client: &Client,
    model: &str,
    request: &ChatRequest,
) -> Option<TokenCount> {
    let question = Question { model, messages: messages(request), tools: tools(request) };
    let body = serde_json::to_vec(&question).ok()?;
    let reply = client.post(client.endpoint().root("tokenize"), Bytes::from(body)).await;
    match reply.and_then(|reply| reply.json::<Answer>()) {
        Ok(answer) => Some(TokenCount::Exact(answer.count)),
        Err(error) => {
            tracing::debug!(%error, "the server does not count tokens; an estimate is used");
            None
        }
    }
}
