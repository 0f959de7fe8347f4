//! Models of the Messages API, by config and by the key alone.

use openclaw_core::{LimitSource, ModelErrorKind};
use openclaw_mock_vllm::{MockVllm, Reply, Turn};
use openclaw_models::{ConnectReport, ModelConnection, SetupErrorKind};
use serde_json::Value;

use crate::lab::{Lab, ask, hints, lab_on, model_kind, setup_kind};

#[tokio::test]
async fn a_provider_or_one_of_its_models_speaks_the_messages_api() {
    let server = MockVllm::builder().api_key("lab-key").start().await.unwrap();
    let key = r#"apiKey: "lab-key""#;
    for more in [
        format!(r#"{key}, api: "anthropic-messages""#),
        format!(r#"{key}, models: [{{ id: "tiny", api: "anthropic-messages", maxTokens: 64 }}]"#),
    ] {
        let lab = Lab::new(&lab_on(&server.base_url(), &more), &[]);
        let ModelConnection { model: chain, report } = lab.connect(Some("lab/tiny")).await;
        assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
        let seen = server.requests().pop().unwrap();
        assert_eq!(seen.path, "/v1/messages");
        assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
        assert_eq!(seen.header("x-api-key"), Some("lab-key"));
        let info = lab.info(Some("lab/tiny")).await;
        assert_eq!(
            (info.limits.context_window, info.limits.context_window_source),
            (4096, LimitSource::Server)
        );
        assert_eq!(report, ConnectReport::default());
    }
}

#[tokio::test]
async fn a_vllm_that_is_lost_is_waited_for_in_this_api_too() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["one ", "two ", "never"])).hang_up_at(4));
    server.push(Turn::text("all of it"));
    let api = r#"api: "anthropic-messages""#;
    let lab = Lab::new(&lab_on(&server.base_url(), api), &[]);
    let chain = lab.models.connect_model(Some("lab/tiny")).await.unwrap().model;
    assert_eq!(ask(&chain, "hi").await.unwrap(), "all of it");
}

#[tokio::test]
async fn the_provider_of_that_name_has_its_key_and_its_api_by_itself() {
    let server = MockVllm::builder().api_key("hosted-key").start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{ anthropic: {{ baseUrl: "{}" }} }} }}, agents: {{ defaults: {{ models: {{
            "anthropic/tiny": {{ params: {{ temperature: 0, max_tokens: 32, system: "x" }} }} }} }} }} }}"#,
        server.base_url()
    );
    let lab = Lab::new(&config, &[("ANTHROPIC_API_KEY", "hosted-key")]);
    let ModelConnection { model: chain, report } = lab.connect(Some("anthropic/tiny")).await;
    assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
    let seen = server.requests().pop().unwrap();
    assert_eq!(seen.path, "/v1/messages");
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&32.into(), &0.into()));
    assert_eq!(body.get("system"), None);
    let is_named = |warning: &String| warning.contains("`system`");
    assert!(!report.warnings.is_empty() && report.warnings.iter().all(is_named), "{report:?}");
    let wrong = Lab::new(&config, &[("ANTHROPIC_API_KEY", "another-key")]);
    let error = wrong.error(Some("anthropic/tiny")).await;
    assert_eq!(model_kind(&error), ModelErrorKind::Auth);
    assert!(hints(&error).contains("ANTHROPIC_API_KEY"), "{}", hints(&error));
    assert!(!format!("{error:?}").contains("another-key"));
}

/// With a key in the environment hosted models can be named; the service is not asked for a list.
#[tokio::test]
async fn without_a_key_there_is_none_and_with_one_nothing_is_listed() {
    let error = Lab::new("{}", &[]).error(Some("anthropic/x")).await;
    assert_eq!(setup_kind(&error), SetupErrorKind::UnknownProvider);
    assert!(hints(&error).contains("`ANTHROPIC_API_KEY`"), "{}", hints(&error));
    let lab = Lab::new("{}", &[("ANTHROPIC_API_KEY", "hosted-key")]);
    let catalogue = lab.models.model_catalogue(None).await;
    assert!(catalogue.models.is_empty() && catalogue.failures.is_empty(), "{catalogue:?}");
}
