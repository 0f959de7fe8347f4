//! The conformance suite for the model of this crate, and tests of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, History, LimitSource, ModelErrorKind,
    ModelInfo, ModelLimits, ServerLiveness, TokenCount,
};
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use openclaw_providers_anthropic::{API_VERSION, MessagesModel, list_models, with_api_headers};
use openclaw_test_support::client::{client, options, read};
use openclaw_test_support::conformance;
use openclaw_test_support::raw_server::{RawServer, hold, response};
use openclaw_transport::{Client, ClientOptions, Endpoint};
use serde_json::{Value, json};

use crate::talk::{answer_all, clock, keyed, model, question, ready};

#[tokio::test]
async fn the_model_conforms() {
    conformance::suite("messages", |client, info| {
        // The API requires a limit for each answer; this one fits the server's window.
        let limits = ModelLimits { max_output_tokens: Some(256), ..info.limits };
        Arc::new(MessagesModel::new(client, ModelInfo { limits, ..info }))
    })
    .await;
}

#[tokio::test]
async fn the_key_goes_where_the_host_expects_it() {
    let server = MockVllm::builder().api_key("a-key-of-ours").start().await.unwrap();
    server.push(Turn::text("yes"));
    let model = model(keyed(&server.base_url(), "a-key-of-ours"), 4096, None);
    read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap();
    let seen = server.requests().pop().unwrap();
    assert_eq!(seen.headers["x-api-key"], "a-key-of-ours");
    assert_eq!(seen.headers["authorization"], "Bearer a-key-of-ours");
    assert_eq!(seen.headers["anthropic-version"], API_VERSION);
    let hosted = ClientOptions::new(Endpoint::parse("https://api.anthropic.com").unwrap())
        .with_bearer(Some("a-key-of-ours".into()))
        .with_headers(vec![("anthropic-beta".to_owned(), "x".into())]);
    let hosted = with_api_headers(hosted);
    assert!(hosted.bearer.is_none());
    let names: Vec<_> = hosted.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["anthropic-version", "x-api-key", "anthropic-beta"]);
    assert!(!format!("{hosted:?}").contains("a-key-of-ours"));
}

#[tokio::test]
async fn a_turn_with_a_thought_goes_there_and_back() {
    let server = MockVllm::builder().reasoning_parser(true).start().await.unwrap();
    server.push(
        Turn::empty()
            .then_reasoning("hm")
            .then_call(openclaw_mock_vllm::Call::new("now", "{\"zone\": \"utc\"}")),
    );
    server.push(Turn::text("noon"));
    let model = model(client(&server.base_url()), 4096, None);
    let mut history = History::new();
    history.push_user_message("What time is it?");
    let ask = |history: &History| ChatRequest {
        system_prompt: Some("Be brief.".into()),
        tools: [clock()].into(),
        ..ChatRequest::new(history.clone())
    };
    let (_, end) = read(model.stream_chat(ask(&history)).await.unwrap()).await;
    let (message, outcome, _) = end.unwrap();
    assert_eq!((outcome, ready(&message.calls).len()), (AnswerOutcome::ToolCalls, 1));
    history.push_assistant_message(message).unwrap();
    answer_all(&mut history, "12:00");
    let (_, end) = read(model.stream_chat(ask(&history)).await.unwrap()).await;
    assert_eq!(end.unwrap().0.text, "noon");
    let body: Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
    let said = body["messages"][1]["content"].as_array().unwrap();
    assert_eq!((&said[0]["type"], &said[0]["thinking"]), (&json!("thinking"), &json!("hm")));
    assert_eq!(said[0]["signature"].as_str().map(str::len), Some(32));
    assert_eq!(said[1]["type"], "tool_use");
    assert_eq!(body["messages"][2]["content"][0]["type"], "tool_result");
    assert_eq!(body["max_tokens"], 1024, "a quarter of the window");
}

#[tokio::test]
async fn a_limit_that_is_refused_is_made_to_fit_and_remembered() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(client(&server.base_url()), 1_000_000, Some(100_000));
    for _ in 0..2 {
        server.push(Turn::text("yes"));
        let (events, end) = read(model.stream_chat(question("hi")).await.unwrap()).await;
        assert_eq!(end.unwrap().0.text, "yes");
        let is_first = server.requests().len() == 2;
        let adapted = events.iter().any(|event| matches!(event, ChatEvent::RequestAdapted { .. }));
        assert_eq!(adapted, is_first, "{events:?}");
    }
    assert_eq!(server.requests().len(), 3);
    let limits = model.model_info().limits;
    assert_eq!((limits.context_window, limits.context_window_source), (4096, LimitSource::Server));
    let refusal = |message: &str| {
        let body = json!({"type": "error",
            "error": {"type": "invalid_request_error", "message": message}});
        let content_type = "application/json".to_owned();
        Reply::status(400, ErrorBody::Raw { content_type, body: body.to_string() })
    };
    let fresh = || self::model(client(&server.base_url()), 4096, Some(4000));
    for (message, cap) in [
        ("max_tokens: 4000 > 512, which is the maximum allowed number of output tokens for x", 512),
        ("input length and `max_tokens` exceed context limit: 100 + 4000 > 4050, decrease", 3950),
    ] {
        server.push(refusal(message));
        server.push(Turn::text("yes"));
        let (_, end) = read(fresh().stream_chat(question("hi")).await.unwrap()).await;
        end.unwrap();
        let body: Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
        assert_eq!(body["max_tokens"], cap, "{message}");
    }
    server.push(refusal("prompt is too long: 208310 tokens > 200000 maximum"));
    let error = fresh().stream_chat(question("hi")).await.err().unwrap();
    let kind = ModelErrorKind::ContextOverflow {
        context_window: Some(200_000),
        prompt_tokens: Some(208_310),
    };
    assert_eq!(error.kind(), kind);
}

#[tokio::test]
async fn prompts_are_counted_by_the_server_only_near_the_limit() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(client(&server.base_url()), 4096, Some(64));
    let small = model.count_tokens(&question("hi")).await.unwrap();
    assert!(matches!(small, TokenCount::Estimate(_)), "{small:?}");
    assert!(server.requests().is_empty());
    let long = question(&"words and ".repeat(1100));
    let TokenCount::Exact(counted) = model.count_tokens(&long).await.unwrap() else {
        panic!("not an exact count");
    };
    assert_eq!(server.requests().pop().unwrap().path, "/v1/messages/count_tokens");
    server.push(Turn::text("yes"));
    let (_, end) = read(model.stream_chat(long).await.unwrap()).await;
    assert_eq!(end.unwrap().2.unwrap().input_tokens, counted);
    let body: Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
    assert_eq!(body["max_tokens"], 64);
}

#[tokio::test]
async fn a_server_that_does_not_count_is_asked_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let server = RawServer::start(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Some(response("404 Not Found", "application/json", "{\"detail\":\"Not Found\"}"))
    })
    .await;
    let model = model(client(&server.base_url()), 1000, Some(64));
    for _ in 0..3 {
        let count = model.count_tokens(&question(&"words ".repeat(500))).await.unwrap();
        assert!(matches!(count, TokenCount::Estimate(_)), "{count:?}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_prompt_without_room_for_an_answer_is_not_sent() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(client(&server.base_url()), 1000, Some(64));
    let error = model.stream_chat(question(&"words and ".repeat(600))).await.err().unwrap();
    let kind = error.kind();
    let expected = matches!(
        kind,
        ModelErrorKind::ContextOverflow { context_window: Some(1000), prompt_tokens: Some(prompt) } if prompt > 936
    );
    assert!(expected, "{kind:?}");
    assert!(server.requests().iter().all(|seen| seen.path.ends_with("/count_tokens")));
}

#[tokio::test]
async fn models_are_listed_page_by_page() {
    let server = RawServer::start(|line| {
        let page = if line.contains("after_id=b") {
            json!({"data": [{"id": "c", "max_model_len": 4096}], "has_more": false})
        } else {
            json!({"data": [
                {"type": "model", "id": "a", "display_name": "A", "max_input_tokens": 200_000,
                 "max_tokens": 64_000},
                {"type": "model", "id": "b", "display_name": null, "max_tokens": "many"},
            ], "has_more": true, "first_id": "a", "last_id": "b"})
        };
        assert!(line.starts_with("GET /v1/models?limit=1000"), "{line}");
        Some(response("200 OK", "application/json", &page.to_string()))
    })
    .await;
    let listed = list_models(&client(&server.base_url())).await.unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|model| {
            (
                model.id.as_str(),
                model.name.as_deref(),
                model.context_window,
                model.max_output_tokens,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("a", Some("A"), Some(200_000), Some(64_000)),
            ("b", None, None, None),
            ("c", None, Some(4096), None),
        ]
    );
    let server = MockVllm::builder().start().await.unwrap();
    let listed = list_models(&client(&server.base_url())).await.unwrap();
    assert_eq!((listed[0].id.as_str(), listed[0].context_window), ("tiny", Some(4096)));
}

#[tokio::test]
async fn liveness_is_whether_the_api_answers() {
    let serving = ServerLiveness::Serving { running_requests: None, queued_requests: None };
    let server = MockVllm::builder().api_key("another").start().await.unwrap();
    let subject = model(client(&server.base_url()), 4096, None);
    assert_eq!(subject.check_liveness().await, serving, "even if it wants another key");
    server.kill();
    let _port = hold(server.port()).await;
    assert_eq!(subject.check_liveness().await, ServerLiveness::Unreachable);
    for (status, expected) in [
        ("404 Not Found", serving),
        ("529 Overloaded", serving),
        ("503 Service Unavailable", ServerLiveness::Loading),
        ("418 I'm a teapot", ServerLiveness::Unreachable),
    ] {
        let server =
            RawServer::start(move |_| Some(response(status, "application/json", "{}"))).await;
        let subject = model(Client::new(options(&server.base_url())).unwrap(), 4096, None);
        assert_eq!(subject.check_liveness().await, expected, "{status}");
    }
}
