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

#[derive(Serialize)]
struct TextQuestion<'a> {
    model: &'a str,
    prompt: &'a str,
    add_special_tokens: bool,
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
    ask(client, &question).await.map(TokenCount::Exact)
}

/// Counts the tokens of a text that is a part of an answer; `None` when the server does not say.
pub(crate) async fn count_text(client: &Client, model: &str, text: &str) -> Option<u32> {
    ask(client, &TextQuestion { model, prompt: text, add_special_tokens: false }).await
}

async fn ask(client: &Client, question: &impl Serialize) -> Option<u32> {
    let body = serde_json::to_vec(question).ok()?;
    let reply = client.post(client.endpoint().root("tokenize"), Bytes::from(body)).await;
    match reply.and_then(|reply| reply.json::<Answer>()) {
        Ok(answer) => Some(answer.count),
        Err(error) => {
            tracing::debug!(%error, "the server does not count tokens; an estimate is used");
            None
        }
    }
}
