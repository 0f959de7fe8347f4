//! What one process learns and the next one knows.

use std::fs;
use std::io::Write;

use openclaw_core::{ChatModel, LimitSource, ModelErrorKind};
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ConnectReport, LearnedCapabilities, ModelConnection, ModelRegistry};
use openclaw_providers_openai::{ServerCapabilities, ServerFeature};
use openclaw_test_support::raw_server::{RawServer, hold, response};

use crate::lab::{Lab, ask, lab_on, model_kind, nowhere};

/// A server that looks like llama.cpp and lists `m` without a window.
async fn llama(window: u32) -> RawServer {
    RawServer::start(move |line| {
        let props = format!(r#"{{"default_generation_settings":{{"n_ctx":{window}}}}}"#);
        Some(match line {
            "GET /v1/models" => response("200 OK", "application/json", r#"{"data":[{"id":"m"}]}"#),
            "GET /props" => response("200 OK", "application/json", &props),
            "GET /version" => response("200 OK", "application/json", r#"{"version":"b1"}"#),
            _ => response("404 Not Found", "text/plain", "no"),
        })
    })
    .await
}

fn learnt(models: &ModelRegistry) -> Vec<LearnedCapabilities> {
    models.learned_capabilities("lab").unwrap()
}

#[tokio::test]
async fn the_window_of_another_server_is_asked_for_and_named() {
    let server = llama(8192).await;
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let ModelConnection { model, report } = lab.connect(Some("lab/m")).await;
    let limits = model.model_info().limits;
    assert_eq!((limits.context_window, limits.context_window_source), (8192, LimitSource::Server));
    assert_eq!(report, ConnectReport::default());
    let catalogue = lab.models.model_catalogue(None).await;
    let [model] = &catalogue.models[..] else { panic!("{catalogue:?}") };
    assert_eq!(model.window, Some((8192, LimitSource::Server)));
    assert_eq!(model.window_from.as_deref(), Some("/props of llama.cpp"));
    assert_eq!((model.window_age, model.age, model.available), (None, None, true));
}

#[tokio::test]
async fn a_server_that_is_down_is_listed_as_it_was_last() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = lab_on(&server.base_url(), "");
    let lab = Lab::new(&config, &[]);
    assert_eq!(lab.models.model_catalogue(None).await.models.len(), 1);
    server.kill();
    let _port = hold(server.port()).await;
    let lab = lab.restart(&config);
    let catalogue = lab.models.model_catalogue(None).await;
    let [model] = &catalogue.models[..] else { panic!("{catalogue:?}") };
    assert_eq!(model.reference.to_string(), "lab/tiny");
    assert_eq!(model.window, Some((4096, LimitSource::Cached)));
    assert_eq!(model.window_from.as_deref(), Some("/v1/models"));
    assert!(model.window_age.is_some() && model.age.is_some() && !model.available);
    assert_eq!(model_kind(&catalogue.failures[0].error), ModelErrorKind::Connect);
    let error = lab.error(None).await;
    assert_eq!(model_kind(&error), ModelErrorKind::Connect, "it is not the only model there is");
    let forgotten = Lab::new(&config, &[]).models.model_catalogue(None).await;
    assert!(forgotten.models.is_empty());
}

#[tokio::test]
async fn the_last_window_is_used_where_a_server_does_not_say_now() {
    let server = llama(8192).await;
    let more = r#"models: [{ id: "m" }]"#;
    let lab = Lab::new(&lab_on(&server.base_url(), more), &[]);
    lab.info(Some("lab/m")).await;
    let file = lab.state().join("cache/servers.json");
    let remembered = fs::read_to_string(&file).unwrap();
    // The same address now belongs to a server with no routes but the model list.
    let mute = RawServer::start(|line| {
        Some(match line {
            "GET /v1/models" => response("200 OK", "application/json", r#"{"data":[{"id":"m"}]}"#),
            _ => response("404 Not Found", "text/plain", "no"),
        })
    })
    .await;
    let moved = remembered.replace(&server.base_url(), &mute.base_url());
    fs::File::create(&file).unwrap().write_all(moved.as_bytes()).unwrap();
    let lab = lab.restart(&lab_on(&mute.base_url(), more));
    let ModelConnection { model, report } = lab.connect(Some("lab/m")).await;
    let limits = model.model_info().limits;
    assert_eq!((limits.context_window, limits.context_window_source), (8192, LimitSource::Cached));
    assert_eq!(report, ConnectReport::default());
}

#[tokio::test]
async fn what_is_learnt_outlives_the_run_but_not_the_servers_version() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = lab_on(&server.base_url(), "");
    let lab = Lab::new(&config, &[]);
    lab.info(Some("lab/tiny")).await;
    let reference = lab.models.resolve_model(Some("lab/tiny")).unwrap();
    let facts = ServerCapabilities {
        unsupported_features: [ServerFeature::StreamUsage].into(),
        ..ServerCapabilities::default()
    };
    let has_usage = async |lab: &Lab| {
        let chain = lab.models.connect_model(Some("lab/tiny")).await.unwrap().model;
        ask(&chain, "hi").await.unwrap();
        let body = server.requests().pop().unwrap().json();
        body.get("stream_options").is_some()
    };
    assert!(has_usage(&lab).await);
    lab.models.store_capabilities(&reference, Some("another"), Some(4096), &facts).unwrap();
    let lab = lab.restart(&config);
    assert!(has_usage(&lab).await, "it was learnt of another version");
    lab.models.store_capabilities(&reference, None, Some(4096), &facts).unwrap();
    let [known] = &learnt(&lab.models)[..] else { panic!() };
    assert_eq!((known.model.as_str(), known.lacks[0].0), ("tiny", ServerFeature::StreamUsage));
    assert!(lab.models.clear_capabilities(&reference).unwrap() && learnt(&lab.models).is_empty());
}

#[tokio::test]
async fn the_config_says_what_a_server_does_not_do() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = r#"models: [{ id: "tiny", maxTokens: 64, compat: {
        supportsUsageInStreaming: false, maxTokensField: "max_completion_tokens" } }]"#;
    let lab = Lab::new(&lab_on(&server.base_url(), more), &[]);
    let chain = lab.models.connect_model(Some("lab/tiny")).await.unwrap().model;
    ask(&chain, "hi").await.unwrap();
    let body = server.requests().pop().unwrap().json();
    assert!(body.get("stream_options").is_none(), "{body}");
    assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &64.into()));
    assert!(learnt(&lab.models).is_empty(), "what the config says is not learnt");
}

#[tokio::test]
async fn no_key_and_no_header_is_remembered() {
    let server = MockVllm::builder().api_key("sk-canary").start().await.unwrap();
    let more = r#"apiKey: "sk-canary", headers: { "x-team": "secret-team" }"#;
    let lab = Lab::new(&lab_on(&server.base_url(), more), &[]);
    lab.info(Some("lab/tiny")).await;
    let text = fs::read_to_string(lab.state().join("cache/servers.json")).unwrap();
    assert!(
        text.contains("tiny") && !text.contains("canary") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn capabilities_of_an_unknown_server_are_not_stored() {
    let nowhere = nowhere().await;
    let lab = Lab::new(&lab_on(&nowhere.url, ""), &[]);
    lab.error(Some("lab/m")).await;
    assert!(!lab.state().join("cache").exists());
}
