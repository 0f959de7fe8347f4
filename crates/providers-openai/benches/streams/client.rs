//! The client that is measured: one model on one connection.

use std::time::Duration;

use futures_util::StreamExt as _;
use openclaw_core::{
    Abilities, ChatEvent, ChatModel as _, ChatRequest, History, LimitSource, ModelInfo,
    ModelLimits, ModelRef,
};
use openclaw_providers_openai::OpenAiModel;
use openclaw_transport::{Client, ClientOptions, Clocks, Endpoint, Limit, RetryPolicy};

use crate::{Result, report};

/// Reads one stream and prints how many tokens it had.
pub(crate) async fn run(address: &str, id: &str) -> Result<()> {
    let model = self::model(address, id)?;
    // As a task of its own, as in a program that has more to do than this.
    let tokens = tokio::spawn(async move { read(&model, request("hi"), || {}).await }).await??;
    report(tokens, id)
}

/// Streams one answer and counts its pieces of text; `each` is called at every one.
pub(crate) async fn read(
    model: &OpenAiModel,
    request: ChatRequest,
    mut each: impl FnMut(),
) -> Result<u64> {
    let mut stream = model.chat(request).await?;
    let mut tokens = 0;
    while let Some(event) = stream.next().await {
        if let ChatEvent::TextDelta(_) = event? {
            tokens += 1;
            each();
        }
    }
    Ok(tokens)
}

pub(crate) fn request(message: &str) -> ChatRequest {
    let mut history = History::new();
    history.push_user(message);
    ChatRequest::new(history)
}

/// A model with the clocks that a user has.
pub(crate) fn model(address: &str, id: &str) -> Result<OpenAiModel> {
    let limit = |seconds| {
        Some(Limit { duration: Duration::from_secs(seconds), source: "the bench".into() })
    };
    let clocks = Clocks {
        connect: limit(10),
        response_headers: limit(120),
        first_token: limit(120),
        between_tokens: limit(120),
        total: limit(3600),
    };
    let client = Client::new(ClientOptions {
        endpoint: Endpoint::parse(&format!("http://{address}/v1"))?,
        bearer: None,
        headers: Vec::new(),
        clocks,
        retry: RetryPolicy::NEVER,
        user_agent: "bench".to_owned(),
        turnstile: None,
    })?;
    let info = ModelInfo {
        reference: ModelRef::new("bench", id)?,
        limits: ModelLimits { window: 1_000_000, window_source: LimitSource::Live, output: None },
        abilities: Abilities { tools: true, images: false, reasoning: false },
    };
    Ok(OpenAiModel::new(client, info))
}
