//! The conformance suite, run for the model of this crate.

use std::sync::Arc;

use openclaw_core::{ChatModel, Liveness};
use openclaw_mock_vllm::MockVllm;
use openclaw_providers_openai::{Api, OpenAiModel};

use crate::client::{client, info};
use crate::conformance;
use crate::raw::{RawServer, hold, response};

#[tokio::test]
async fn the_model_conforms() {
    conformance::suite(Api::ChatCompletions.route(), |client, info| {
        Arc::new(OpenAiModel::new(client, info))
    })
    .await;
    conformance::suite(Api::Responses.route(), |client, info| {
        Arc::new(OpenAiModel::new(client, info).with_api(Api::Responses))
    })
    .await;
}

#[tokio::test]
async fn liveness_is_whether_the_api_answers() {
    let serving = Liveness::Serving { running: None, waiting: None };
    let server = MockVllm::builder().api_key("another").start().await.unwrap();
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
    assert_eq!(model.liveness().await, serving, "even if it wants another key");
    server.kill();
    let _port = hold(server.port()).await;
    assert_eq!(model.liveness().await, Liveness::Unreachable);
    let table = [
        ("404 Not Found", serving),
        ("503 Service Unavailable", Liveness::Loading),
        ("418 I'm a teapot", Liveness::Unreachable),
    ];
    for (status, expected) in table {
        let server =
            RawServer::start(move |_| Some(response(status, "application/json", "{}"))).await;
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
        assert_eq!(model.liveness().await, expected, "{status}");
    }
}
