//! A program that knows a base URL gets a model, through this crate's exports alone.

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_providers_vllm::{
    ChatEvent, ChatModel, ChatRequest, Client, ClientOptions, Endpoint, FALLBACK_CONTEXT_WINDOW,
    LimitSource, ModelErrorKind, StreamExt, VllmModel, block_on,
};

use openclaw_test_support::raw_server::{RawServer, response};

#[test]
fn a_base_url_is_enough_to_talk() {
    let result: Result<String, Box<dyn std::error::Error>> = block_on(async {
        let server = MockVllm::builder().start().await?;
        server.push(Turn::pieces(["Because of ", "Rayleigh scattering."]));
        let model = VllmModel::connect(&server.base_url(), None).await?;
        let request = ChatRequest::from_user_message("Why is the sky blue?");
        let mut answer = model.stream_chat(request).await?;
        let mut shown = String::new();
        while let Some(event) = answer.next().await {
            if let ChatEvent::TextDelta(text) = event? {
                shown.push_str(&text);
            }
        }
        let sent = server.requests().pop().unwrap().json();
        assert_eq!(sent["messages"][0]["content"], "Why is the sky blue?");
        Ok(shown)
    });
    assert_eq!(result.unwrap(), "Because of Rayleigh scattering.");
}

#[tokio::test]
async fn the_first_served_model_is_taken_with_its_window() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("org/first", 2048))
        .model(ModelSpec::new("second", 4096))
        .start()
        .await
        .unwrap();
    let info = VllmModel::connect(&server.base_url(), None).await.unwrap().model_info();
    assert_eq!(info.reference.to_string(), "vllm/org/first");
    assert_eq!(info.limits.context_window, 2048);
    assert_eq!(info.limits.context_window_source, LimitSource::Server);
}

#[tokio::test]
async fn a_window_that_is_not_reported_is_assumed() {
    let server = listing(r#"{"data":[{"id":"tiny"}]}"#).await;
    let endpoint = Endpoint::parse(&server.base_url()).unwrap();
    let client = Client::new(ClientOptions::new(endpoint)).unwrap();
    let limits = VllmModel::discover_model(client).await.unwrap().model_info().limits;
    assert_eq!(limits.context_window, FALLBACK_CONTEXT_WINDOW);
    assert_eq!(limits.context_window_source, LimitSource::Fallback);
}

#[tokio::test]
async fn the_key_is_sent() {
    let server = MockVllm::builder().api_key("canary-key").start().await.unwrap();
    let base_url = server.base_url();
    assert!(VllmModel::connect(&base_url, Some("canary-key")).await.is_ok());
    for key in [None, Some("canary-wrong")] {
        let error = VllmModel::connect(&base_url, key).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Auth);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_a_usable_model_is_an_error() {
    for (list, kind) in
        [(r#"{"data":[]}"#, ModelErrorKind::UnknownModel), ("<html>", ModelErrorKind::Protocol)]
    {
        let server = listing(list).await;
        let error = VllmModel::connect(&server.base_url(), None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{list}");
    }
    let spaced = listing(r#"{"data":[{"id":"a b"}]}"#).await;
    let model = VllmModel::connect(&spaced.base_url(), None).await.unwrap();
    assert_eq!(model.model_info().reference.to_string(), "vllm/a b");
    let error = VllmModel::connect("ftp://127.0.0.1/v1", None).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Connect);
    assert_eq!(error.to_string(), "read the base URL");
}

/// A server whose list of models is this text.
async fn listing(list: &'static str) -> RawServer {
    RawServer::start(move |line| {
        (line == "GET /v1/models").then(|| response("200 OK", "application/json", list))
    })
    .await
}
