//! The primary model and its fallbacks.

use openclaw_core::{ChatModel, ModelErrorKind};
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply};

use crate::lab::{Lab, ask, model_kind, nowhere};
use crate::raw::{RawServer, response};

/// A config with the primary `first/tiny` and the fallback `second/tiny`.
fn two(first: &str, second: &str) -> String {
    format!(
        r#"{{ models: {{ providers: {{ first: {{ baseUrl: "{first}" }}, second: {{ baseUrl: "{second}" }} }} }},
             agents: {{ defaults: {{ model: {{ primary: "first/tiny", fallbacks: ["first/tiny", "second/tiny"] }} }} }} }}"#
    )
}

#[tokio::test]
async fn a_primary_that_is_not_there_is_passed_over_when_connecting() {
    let second = MockVllm::builder().start().await.unwrap();
    let first = nowhere().await;
    let lab = Lab::new(&two(&first.url, &second.base_url()), &[]);
    let chain = lab.runtime.connect(None).await.unwrap();
    assert_eq!(chain.info().reference.to_string(), "second/tiny");
    assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
    let failed = chain.attempts().failed();
    let [attempt] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!((attempt.reference.to_string().as_str(), attempt.kind), ("first/tiny", "connect"));
}

#[tokio::test]
async fn a_primary_that_refuses_is_passed_over_and_stays_so() {
    let unauthorized = || Reply::status(401, ErrorBody::Text("Unauthorized".to_owned()));
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.runtime.connect(None).await.unwrap();
    assert_eq!(ask(&chain, "reply exactly: one").await.unwrap(), "one");
    assert!(chain.attempts().failed().is_empty());
    assert!(second.requests().is_empty(), "a fallback is not asked before it is needed");
    first.push(unauthorized());
    assert_eq!(ask(&chain, "reply exactly: two").await.unwrap(), "two");
    assert_eq!(chain.info().reference.to_string(), "second/tiny");
    let before = first.requests().len();
    assert_eq!(ask(&chain, "reply exactly: three").await.unwrap(), "three");
    assert_eq!(first.requests().len(), before);
    let kinds: Vec<_> = chain.attempts().failed().iter().map(|attempt| attempt.kind).collect();
    assert_eq!(kinds, ["auth"]);
    second.push(unauthorized());
    let error = ask(&chain, "four").await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Auth, "the last one's error is the answer");
}

#[tokio::test]
async fn a_refusal_of_the_request_is_not_passed_on() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.runtime.connect(None).await.unwrap();
    let error = ask(&chain, &"many words ".repeat(4_000)).await.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::ContextOverflow { .. }), "{error}");
    assert!(second.requests().is_empty() && chain.attempts().failed().is_empty());
}

#[tokio::test]
async fn a_clock_of_our_own_passes_nothing_over() {
    let list = r#"{"object":"list","data":[{"id":"tiny","max_model_len":4096}]}"#;
    let first = RawServer::start(move |line| {
        (line == "GET /v1/models").then(|| response("200 OK", "application/json", list))
    })
    .await;
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.runtime.connect(None).await.unwrap();
    // From here on there is nothing to wait for but the clock.
    tokio::time::pause();
    let error = ask(&chain, "hi").await.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::Timeout { .. }), "{error}");
    assert!(error.to_string().contains("agents.defaults.llm.idleTimeoutSeconds"), "{error}");
    assert!(second.requests().is_empty() && chain.attempts().failed().is_empty());
}

#[tokio::test]
async fn when_nobody_is_there_the_last_error_is_told() {
    let (first, second) = (nowhere().await, nowhere().await);
    let lab = Lab::new(&two(&first.url, &second.url), &[]);
    assert_eq!(model_kind(&lab.error(None).await), ModelErrorKind::Connect);
}
