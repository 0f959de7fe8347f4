//! Exact token counts by the server's own tokenizer and chat template.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use openclaw_core::{ChatModel, ChatRequest, History, ToolName, ToolSpec};
use openclaw_provider::json_members;
use openclaw_providers_openai::{
    CapabilityStore, OpenAiModel, PreparedRequest, RequestParams, ServerFeature, chat_messages,
    chat_tools,
};
use openclaw_transport::{Client, wire};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The timeout of the check of the template. It is not one of the call's timeouts: the check is
/// made again with the next request, and its failure only means that the template is unknown.
const TEMPLATE_CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// The prompt of a request of the Responses API, in the form of the route. A chat completion has
/// that form already.
#[derive(Serialize)]
struct PromptCountRequest<'a> {
    model: &'a str,
    messages: Vec<wire::ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<wire::ChatTool<'a>>>,
    #[serde(flatten)]
    template: Map<String, Value>,
}

#[derive(Serialize)]
struct TextCountRequest<'a> {
    model: &'a str,
    prompt: &'a str,
    add_special_tokens: bool,
}

#[derive(Deserialize)]
struct TokenCountResponse {
    count: u32,
}

/// Counts the tokens of a request's prompt, tools and template included. `None` when the server
/// does not count: the route is often closed behind a proxy, and a missing count is no reason to
/// fail. The bytes that were prepared for the call are the ones counted.
pub(crate) async fn count_prompt(
    client: &Client,
    model: &OpenAiModel,
    request: &ChatRequest,
    prepared: &mut PreparedRequest,
) -> Option<u32> {
    let store = model.capability_store();
    if !may_count(store) {
        return None;
    }
    let template = template_fields(model.request_params());
    let fields = json_members(template.iter().map(|(name, value)| (name.as_str(), value)));
    let body = if let Some(body) = prepared.prompt_body(fields.as_bytes()) {
        body
    } else {
        let (info, facts) = (model.model_info(), store.current_capabilities());
        let question = PromptCountRequest {
            model: info.reference.model_id(),
            messages: chat_messages(request, &facts),
            tools: chat_tools(request, &facts),
            template,
        };
        serde_json::to_vec(&question).ok()?.into()
    };
    request_count(client, store, body).await
}

/// Finds out whether the chat template shows tools to the model: with a tool, a short prompt has
/// more tokens. `None` when the counts prove nothing.
pub(crate) async fn find_tool_template(client: &Client, model: &OpenAiModel) -> Option<bool> {
    let tool = ToolSpec {
        name: ToolName::new("lookup").ok()?,
        description: "Looks up a word.".into(),
        parameters: Arc::new(
            json!({ "type": "object", "properties": { "word": { "type": "string" } } }),
        ),
    };
    let mut history = History::new();
    history.push_user_message("Which tools are there?");
    let plain = ChatRequest::new(history);
    let offering = ChatRequest { tools: [tool].into(), ..plain.clone() };
    let counts = async {
        let count = async |request| {
            let mut prepared = model.prepare_request(request);
            count_prompt(client, model, request, &mut prepared).await
        };
        let with_tools = count(&offering).await?;
        let without_tools = count(&plain).await?;
        if with_tools != without_tools {
            return Some(with_tools > without_tools);
        }
        // A server that counts everything alike proves nothing.
        let word = count_text(client, model, "tools").await?;
        (word < with_tools).then_some(false)
    };
    tokio::time::timeout(TEMPLATE_CHECK_TIMEOUT, counts).await.ok().flatten()
}

/// The fields that tell how the chat template is used for a prompt.
fn template_fields(params: &RequestParams) -> Map<String, Value> {
    let template = params.get("chat_template").cloned();
    let kwargs = Some(template_kwargs(params)).filter(|kwargs| !kwargs.is_empty());
    let fields = [("chat_template", template), ("chat_template_kwargs", kwargs.map(Value::Object))];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The template's arguments for a request with these parameters. vLLM also passes the reasoning
/// effort to the template, under two names.
fn template_kwargs(params: &RequestParams) -> Map<String, Value> {
    let configured_kwargs = params.get("chat_template_kwargs").and_then(Value::as_object);
    let mut kwargs = configured_kwargs.cloned().unwrap_or_default();
    let responses_effort = || params.get("reasoning")?.get("effort");
    if let Some(effort) = params.get("reasoning_effort").or_else(responses_effort) {
        kwargs.insert("reasoning_effort".to_owned(), effort.clone());
        kwargs.entry("enable_thinking").or_insert_with(|| (effort != "none").into());
    }
    kwargs
}

/// Counts the tokens of a part of an answer; `None` when the server does not count.
pub(crate) async fn count_text(client: &Client, model: &OpenAiModel, text: &str) -> Option<u32> {
    let info = model.model_info();
    let model_id = info.reference.model_id();
    let store = model.capability_store();
    if !may_count(store) {
        return None;
    }
    let question = TextCountRequest { model: model_id, prompt: text, add_special_tokens: false };
    request_count(client, store, serde_json::to_vec(&question).ok()?.into()).await
}

/// Returns whether the route is not known to be missing.
fn may_count(store: &CapabilityStore) -> bool {
    !store.current_capabilities().is_unsupported(ServerFeature::TokenizeRoute)
}

/// Requests a count.
async fn request_count(client: &Client, store: &CapabilityStore, body: Bytes) -> Option<u32> {
    let reply = client.post(client.endpoint().root_url("tokenize"), body).await;
    match reply.and_then(|reply| reply.parse_json::<TokenCountResponse>()) {
        Ok(answer) => Some(answer.count),
        Err(error) => {
            tracing::debug!(%error, "the server does not count tokens; an estimate is used");
            let exchange = error.exchange();
            let param = exchange.server_error.as_ref().and_then(|server| server.param.as_deref());
            // An unknown model has the same status as a missing route.
            if matches!(exchange.status, Some(404 | 405 | 501)) && param != Some("model") {
                store.mark_unsupported(ServerFeature::TokenizeRoute);
            }
            None
        }
    }
}
