//! The conformance suite, run for the model of this crate, and requests to it.

use std::sync::Arc;

use openclaw_core::{ChatRequest, History, ModelInfo};
use openclaw_mock_vllm::MockVllm;
use openclaw_providers_openai::ChatApi;
use openclaw_providers_vllm::VllmModel;
use openclaw_test_support::client::{client, info};
use openclaw_test_support::conformance;

#[tokio::test]
async fn the_model_conforms() {
    conformance::suite(ChatApi::ChatCompletions.route(), |client, info| {
        Arc::new(VllmModel::new(client, info))
    })
    .await;
    conformance::suite(ChatApi::Responses.route(), |client, info| {
        Arc::new(VllmModel::new(client, info).with_api(ChatApi::Responses))
    })
    .await;
}

/// A question without tools.
pub(crate) fn question(text: &str) -> ChatRequest {
    let mut history = History::new();
    history.push_user_message(text);
    ChatRequest::new(history)
}

/// The model `tiny` of a server, with the most tokens that an answer may have.
pub(crate) fn model(base_url: &str, window: u32, output: Option<u32>) -> VllmModel {
    let info = info("tiny", window);
    let limits = openclaw_core::ModelLimits { max_output_tokens: output, ..info.limits };
    VllmModel::new(client(base_url), ModelInfo { limits, ..info })
}

/// The paths of the requests that a server got, in order.
pub(crate) fn paths(server: &MockVllm) -> Vec<String> {
    server.requests().iter().map(|seen| seen.path.clone()).collect()
}

/// How many chat completions a server was asked for.
pub(crate) fn chats(server: &MockVllm) -> usize {
    paths(server).iter().filter(|path| path.ends_with("/chat/completions")).count()
}
