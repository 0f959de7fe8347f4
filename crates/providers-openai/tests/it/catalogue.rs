//! Lists of models, and the search for the base URL.

use openclaw_core::ModelErrorKind;
use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_providers_openai::{ServedModel, find_api_base_url, list_models};
use openclaw_test_support::client::client;
use openclaw_test_support::raw_server::{RawServer, response};

#[tokio::test]
async fn an_adapter_has_its_parents_window() {
    let builder = MockVllm::builder().model(ModelSpec::new("base", 8192));
    let server = builder
        .model(ModelSpec::lora("adapter", "base"))
        .model(ModelSpec::lora("orphan", "gone"))
        .start()
        .await
        .unwrap();
    let found = list_models(&client(&server.base_url())).await.unwrap();
    let model = |id: &str, parent: Option<&str>, window| ServedModel {
        id: id.to_owned(),
        parent: parent.map(str::to_owned),
        context_window: window,
        context_window_source: window.map(|_| "/v1/models".into()),
        owned_by: Some("vllm".to_owned()),
        ..ServedModel::default()
    };
    let expected = [
        model("base", None, Some(8192)),
        model("adapter", Some("base"), Some(8192)),
        model("orphan", Some("gone"), None),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_api_is_found_beside_a_wrong_base() {
    for (right, base) in [("/v1", "/ui"), ("/v1", "/v1/v1"), ("/api/v1", "/v1")] {
        let server = RawServer::start(move |line| {
            Some(if line == format!("GET {right}/models") {
                response("200 OK", "application/json", r#"{"object":"list","data":[]}"#)
            } else {
                response("200 OK", "text/html", "<!doctype html><p>hello</p>")
            })
        })
        .await;
        let root = server.base_url().strip_suffix("/v1").unwrap().to_owned();
        let client = client(&format!("{root}{base}"));
        let error = list_models(&client).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Protocol, "{error}");
        assert_eq!(find_api_base_url(&client).await, Some(format!("{root}{right}")));
    }
    let server = RawServer::start(|_| Some(response("404 Not Found", "text/plain", "no"))).await;
    assert_eq!(find_api_base_url(&client(&server.base_url())).await, None);
}
