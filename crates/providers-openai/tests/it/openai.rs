//! The conformance suite, run for the model of this crate.

use std::sync::Arc;

use openclaw_core::{ChatModel, ServerLiveness};
use openclaw_mock_vllm::MockVllm;
use openclaw_providers_openai::{ChatApi, OpenAiModel};
use openclaw_test_support::client::{client, info};
use openclaw_test_support::conformance;
use openclaw_test_support::raw_server::{RawServer, hold, response};

#[tokio::test]
async fn the_model_conforms() {
    conformance::suite(ChatApi::ChatCompletions.route(), |client, info| {
        Arc::new(OpenAiModel::new(client, info))
    })
    .await;
    conformance::suite(ChatApi::Responses.route(), |client, info| {
        Arc::new(OpenAiModel::new(client, info).with_api(ChatApi::Responses))
    })
    .await;
}

#[tokio::test]
async fn liveness_is_whether_the_api_answers() {
    let serving = ServerLiveness::Serving { running_requests: None, queued_requests: None };
    let server = MockVllm::builder().api_key("another").start().await.unwrap();
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
    assert_eq!(model.check_liveness().await, serving, "even if it wants another key");
    server.kill();
    let _port = hold(server.port()).await;
    assert_eq!(model.check_liveness().await, ServerLiveness::Unreachable);
    let table = [
        ("404 Not Found", serving),
        ("503 Service Unavailable", ServerLiveness::Loading),
        ("418 I'm a teapot", ServerLiveness::Unreachable),
    ];
    for (status, expected) in table {
        let server =
            RawServer::start(move |_| Some(response(status, "application/json", "{}"))).await;
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
        assert_eq!(model.check_liveness().await, expected, "{status}");
    }
}
