//! Exact prompt counts by the server's own tokenizer and template.

use bytes::Bytes;
use openclaw_core::{ChatModel, ChatRequest};
use openclaw_providers_openai::{Knowledge, Lack, OpenAiModel, Params, messages, tools};
use openclaw_transport::{Client, wire};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: Vec<wire::Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<wire::Tool<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_template: Option<&'a Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    chat_template_kwargs: Map<String, Value>,
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
    model: &OpenAiModel,
    request: &ChatRequest,
) -> Option<u32> {
    let (info, facts) = (model.info(), model.knowledge().facts());
    let question = Question {
        model: info.reference.model(),
        messages: messages(request, &facts),
        tools: tools(request, &facts),
        chat_template: model.params().get("chat_template"),
        chat_template_kwargs: template_kwargs(model.params()),
    };
    ask(client, model.knowledge(), &question).await
}

/// What the template is told by a request with these parameters: vLLM tells it how much thought is
/// asked for as well, by two names.
fn template_kwargs(params: &Params) -> Map<String, Value> {
    let told = params.get("chat_template_kwargs").and_then(Value::as_object);
    let mut told = told.cloned().unwrap_or_default();
    let of_responses = || params.get("reasoning")?.get("effort");
    if let Some(effort) = params.get("reasoning_effort").or_else(of_responses) {
        told.insert("reasoning_effort".to_owned(), effort.clone());
        told.entry("enable_thinking").or_insert_with(|| (effort != "none").into());
    }
    told
}

/// Counts the tokens of a text that is a part of an answer; `None` when the server does not say.
pub(crate) async fn count_text(client: &Client, model: &OpenAiModel, text: &str) -> Option<u32> {
    let info = model.info();
    let model_id = info.reference.model();
    let question = TextQuestion { model: model_id, prompt: text, add_special_tokens: false };
    ask(client, model.knowledge(), &question).await
}

/// Asks, unless there was nobody to ask before.
async fn ask(client: &Client, knowledge: &Knowledge, question: &impl Serialize) -> Option<u32> {
    if knowledge.facts().lack(Lack::Tokenize) {
        return None;
    }
    let body = serde_json::to_vec(question).ok()?;
    let reply = client.post(client.endpoint().root("tokenize"), Bytes::from(body)).await;
    match reply.and_then(|reply| reply.json::<Answer>()) {
        Ok(answer) => Some(answer.count),
        Err(error) => {
            tracing::debug!(%error, "the server does not count tokens; an estimate is used");
            let exchange = error.exchange();
            let param = exchange.server.as_ref().and_then(|server| server.param.as_deref());
            // A model that is not there has the same status as a route that is not.
            if matches!(exchange.status, Some(404 | 405 | 501)) && param != Some("model") {
                knowledge.learn_lack(Lack::Tokenize);
            }
            None
        }
    }
}
