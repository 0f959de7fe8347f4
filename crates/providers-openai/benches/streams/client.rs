//! The measured client: one model on one connection.

use std::time::Duration;

use futures_util::StreamExt as _;
use openclaw_core::{
    ChatEvent, ChatModel as _, ChatRequest, History, LimitSource, ModelCapabilities, ModelInfo,
    ModelLimits, ModelRef,
};
use openclaw_providers_openai::OpenAiModel;
use openclaw_transport::{CallTimeouts, Client, ClientOptions, Endpoint, TimeLimit};

use crate::{Result, report};

/// Reads one stream and prints how many tokens it had.
pub(crate) async fn run(address: &str, id: &str) -> Result<()> {
    let model = self::model(address, id)?;
    // In a task of its own, as in a program that does more than this.
    let tokens = tokio::spawn(async move { read(&model, request("hi"), || {}).await }).await??;
    report(tokens, id)
}

/// Streams one answer and counts its text deltas; `each` is called at every one.
pub(crate) async fn read(
    model: &OpenAiModel,
    request: ChatRequest,
    mut each: impl FnMut(),
) -> Result<u64> {
    let mut stream = model.stream_chat(request).await?;
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
    history.push_user_message(message);
    ChatRequest::new(history)
}

/// A model with the timeouts that users have.
pub(crate) fn model(address: &str, id: &str) -> Result<OpenAiModel> {
    let limit = |seconds| {
        Some(TimeLimit { duration: Duration::from_secs(seconds), source: "the bench".into() })
    };
    let clocks = CallTimeouts {
        connect: limit(10),
        response_headers: limit(120),
        first_token: limit(120),
        between_tokens: limit(120),
        total: limit(3600),
    };
    let endpoint = Endpoint::parse(&format!("http://{address}/v1"))?;
    let client = Client::new(ClientOptions::new(endpoint).with_timeouts(clocks))?;
    let info = ModelInfo {
        reference: ModelRef::new("bench", id)?,
        limits: ModelLimits {
            context_window: 1_000_000,
            context_window_source: LimitSource::Server,
            max_output_tokens: None,
        },
        capabilities: ModelCapabilities {
            tools: true,
            tools_as_text: false,
            images: false,
            reasoning: false,
        },
    };
    Ok(OpenAiModel::new(client, info))
}
