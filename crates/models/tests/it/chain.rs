//! The primary model and its fallbacks.

use std::error::Error;
use std::fs;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{ChatEvent, ChatModel, ChatRequest, History, ModelErrorKind};
use openclaw_mock_vllm::{ErrorBody, Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_models::{FallbackChain, ModelConnection, attempts_in_error};
use openclaw_test_support::raw_server::{RawServer, response};
use tokio::time::Instant;

use crate::lab::{Lab, ask, ask_with_attempts, model_kind, nowhere};

const CHAT: &str = "/v1/chat/completions";

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
    let ModelConnection { model: chain, report } = lab.connect(None).await;
    assert_eq!(chain.model_info().reference.to_string(), "second/tiny");
    let [attempt] = &report.attempts[..] else { panic!("{report:?}") };
    let (reference, kind) = (attempt.reference.to_string(), attempt.kind.as_ref());
    assert_eq!((reference.as_str(), kind), ("first/tiny", "connect"));
    let (answer, attempts) = ask_with_attempts(&chain, "reply exactly: yes").await;
    assert_eq!(answer.unwrap(), "yes");
    assert!(attempts.is_empty(), "it is told once: {attempts:?}");
}

#[tokio::test]
async fn a_primary_that_refuses_is_passed_over_and_stays_so() {
    let unauthorized = || Reply::status(401, ErrorBody::Text("Unauthorized".to_owned()));
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.models.connect_model(None).await.unwrap().model;
    let (answer, attempts) = ask_with_attempts(&chain, "reply exactly: one").await;
    assert_eq!((answer.unwrap().as_str(), attempts.len()), ("one", 0));
    assert!(second.requests().is_empty(), "a fallback is not asked before it is needed");
    first.push(unauthorized());
    let (answer, mut attempts) = ask_with_attempts(&chain, "reply exactly: two").await;
    assert_eq!(answer.unwrap(), "two");
    assert_eq!(chain.model_info().reference.to_string(), "second/tiny");
    let before = first.requests().len();
    let (answer, later) = ask_with_attempts(&chain, "reply exactly: three").await;
    assert_eq!(answer.unwrap(), "three");
    attempts.extend(later);
    assert_eq!(first.requests().len(), before);
    let kinds: Vec<_> = attempts.iter().map(|attempt| attempt.kind.as_ref()).collect();
    assert_eq!(kinds, ["auth", "on_cooldown"], "the second time it is not even tried");
    first.push(unauthorized());
    second.push(unauthorized());
    let error = ask(&chain, "four").await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Auth);
    let causes: Vec<_> = causes(&error).iter().map(|cause| cause[..11].to_owned()).collect();
    assert_eq!(causes, ["first/tiny:", "second/tiny"], "the newest comes first");
    assert_eq!(ask(&chain, "reply exactly: five").await.unwrap(), "five", "none is given up");
}

#[tokio::test]
async fn a_refusal_of_the_request_is_not_passed_on() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.models.connect_model(None).await.unwrap().model;
    let (answer, attempts) = ask_with_attempts(&chain, &"many words ".repeat(4_000)).await;
    let error = answer.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::ContextOverflow { .. }), "{error}");
    let is_asked = |server: &MockVllm| server.requests().iter().any(|seen| seen.path == CHAT);
    assert!(!is_asked(&second) && attempts.is_empty(), "its window is as small");
    first.push(Reply::status(400, ErrorBody::Text("I do not like it".to_owned())));
    let (answer, attempts) = ask_with_attempts(&chain, "hi").await;
    assert_eq!(answer.unwrap_err().kind(), ModelErrorKind::Rejected);
    assert!(!is_asked(&second) && attempts.is_empty());
}

#[tokio::test]
async fn a_prompt_that_is_too_long_goes_on_to_a_larger_window() {
    let first = MockVllm::builder().start().await.unwrap();
    let large = ModelSpec::new("tiny", 262_144);
    let second = MockVllm::builder().model(large).start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.models.connect_model(None).await.unwrap().model;
    let text = format!("{} reply exactly: long", "many words ".repeat(4_000));
    let (answer, failed) = ask_with_attempts(&chain, &text).await;
    assert_eq!(answer.unwrap(), "long");
    assert_eq!(chain.model_info().reference.to_string(), "second/tiny");
    let [attempt] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(attempt.kind, "context_overflow");
    assert_eq!(ask(&chain, "reply exactly: short").await.unwrap(), "short");
    assert_eq!(chain.model_info().reference.to_string(), "first/tiny", "an overflow is no fault");
}

#[tokio::test]
async fn a_fallback_that_is_too_small_says_so_with_its_own_window() {
    let large = ModelSpec::new("tiny", 262_144);
    let first = MockVllm::builder().model(large).start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.models.connect_model(None).await.unwrap().model;
    first.push(Reply::status(401, ErrorBody::Text("Unauthorized".to_owned())));
    let window = second_window(&lab).await;
    let error = ask(&chain, &"many words ".repeat(12_000)).await.unwrap_err();
    let ModelErrorKind::ContextOverflow { context_window: Some(said), .. } = error.kind() else {
        panic!("{error:?}")
    };
    assert_eq!(said, window);
    assert_eq!(
        chain.model_info().limits.context_window,
        window,
        "who makes it shorter goes by this window"
    );
}

async fn second_window(lab: &Lab) -> u32 {
    lab.info(Some("second/tiny")).await.limits.context_window
}

#[tokio::test]
async fn what_failed_twice_is_asked_last_by_the_next_run_until_it_is_reset() {
    let second = MockVllm::builder().start().await.unwrap();
    let port = nowhere().await;
    let config = two(&port.url, &second.base_url());
    let lab = Lab::new(&config, &[]);
    let _ = lab.models.connect_model(None).await.unwrap();
    assert!(lab.models.setup_status().breakers.is_empty(), "once is not enough");
    let lab = lab.restart(&config);
    let _ = lab.models.connect_model(None).await.unwrap();
    let lab = lab.restart(&config);
    let open = lab.models.setup_status().breakers;
    let [breaker] = &open[..] else { panic!("{open:?}") };
    assert_eq!((breaker.name.as_str(), breaker.kind.as_str()), ("first", "connect"));
    assert!(breaker.remaining.is_some());
    let failed = lab.connect(None).await.report.attempts;
    assert!(
        !failed.is_empty() && failed.iter().all(|attempt| attempt.kind == "on_cooldown"),
        "it is not even tried: {failed:?}"
    );
    second.kill();
    assert!(lab.models.connect_model(None).await.is_err());
    let error = lab.error(None).await;
    assert_eq!(attempts_in_error(&error).len(), 2, "with nothing else left it is tried: {error:?}");
    assert_eq!(lab.models.reset_breakers(Some("first/tiny")).unwrap().names, ["first"]);
    assert!(lab.models.reset_breakers(None).unwrap().names.contains(&"second".to_owned()));
    assert!(lab.models.setup_status().breakers.is_empty());
}

#[tokio::test]
async fn a_model_that_fails_before_it_speaks_leaves_no_trace() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let config = two(&first.base_url(), &second.base_url()).replacen(
        "first: {",
        "first: { onServerLoss: { wait: 0 }, ",
        1,
    );
    for event in [0, 1] {
        let lab = Lab::new(&config, &[]);
        let chain = lab.models.connect_model(None).await.unwrap().model;
        first.push(Reply::from(Turn::text("never")).error_at(event, "it went wrong"));
        let events = events(&chain, "reply exactly: yes").await;
        let is_clean = !events.iter().any(|event| {
            matches!(event, ChatEvent::AnswerReset | ChatEvent::RequestAdapted { .. })
        });
        assert!(is_clean, "{events:?}");
        assert_eq!(said(&events), "yes");
        let is_attempt = |event: &&ChatEvent| matches!(event, ChatEvent::ModelAttemptFailed(_));
        assert_eq!(events.iter().filter(is_attempt).count(), 1);
        assert_eq!(chain.model_info().reference.to_string(), "second/tiny");
    }
}

#[tokio::test]
async fn what_a_model_said_before_it_failed_is_void_when_another_one_speaks() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let config = two(&first.base_url(), &second.base_url());
    let lab =
        Lab::new(&config.replacen("first: {", "first: { onServerLoss: { wait: 0 }, ", 1), &[]);
    let chain = lab.models.connect_model(None).await.unwrap().model;
    first.push(Reply::from(Turn::pieces(["half ", "an ", "answer"])).error_at(3, "it went wrong"));
    let events = events(&chain, "reply exactly: whole").await;
    let at = |wanted: fn(&ChatEvent) -> bool| events.iter().position(wanted).unwrap();
    let adapted = at(|event| matches!(event, ChatEvent::RequestAdapted { .. }));
    let restarted = at(|event| matches!(event, ChatEvent::AnswerReset));
    let first_text = at(|event| matches!(event, ChatEvent::TextDelta(_)));
    assert!(first_text < adapted && adapted + 1 == restarted, "{events:?}");
    let ChatEvent::RequestAdapted { message } = &events[adapted] else { panic!("{events:?}") };
    assert!(
        message.contains("first/tiny failed") && message.contains("second/tiny answers"),
        "{message}"
    );
    assert_eq!(said(&events), "whole");
    let finished = events.iter().filter(|event| matches!(event, ChatEvent::Finished { .. }));
    assert_eq!(finished.count(), 1);
    // When the fallbacks fail as well, the partial answer is not reset.
    first.push(Reply::from(Turn::pieces(["half ", "an ", "answer"])).error_at(3, "it went wrong"));
    let _ = lab.models.reset_breakers(None).unwrap();
    second.push(Reply::status(401, ErrorBody::Text("Unauthorized".to_owned())));
    let mut history = History::new();
    history.push_user_message("again");
    let stream = chain.stream_chat(ChatRequest::new(history)).await.unwrap();
    let items: Vec<_> = stream.collect().await;
    assert!(items.last().unwrap().is_err());
    let is_void = items.iter().any(|item| matches!(item, Ok(ChatEvent::AnswerReset)));
    assert!(!is_void, "{items:?}");
}

#[tokio::test]
async fn a_long_rate_limit_is_not_waited_for_while_another_model_is_left() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.models.connect_model(None).await.unwrap().model;
    first.push(Reply::rate_limited(3600));
    let (answer, attempts) = ask_with_attempts(&chain, "reply exactly: now").await;
    assert_eq!(answer.unwrap(), "now");
    let kinds: Vec<_> = attempts.iter().map(|attempt| attempt.kind.as_ref()).collect();
    assert_eq!(kinds, ["rate_limited"]);
}

#[tokio::test]
async fn a_strict_run_has_no_fallback() {
    let second = MockVllm::builder().start().await.unwrap();
    let port = nowhere().await;
    let lab = Lab::new(&two(&port.url, &second.base_url()), &[]);
    let models = lab.models.clone().without_fallbacks();
    assert_eq!(model_kind(&models.connect_model(None).await.unwrap_err()), ModelErrorKind::Connect);
    assert!(second.requests().is_empty());
    let chain = lab.models.connect_model(Some("first/tiny")).await.unwrap().model;
    assert_eq!(chain.model_info().reference.to_string(), "second/tiny", "a named one has them");
}

/// Paused time advances only while the test waits for something.
#[tokio::test(start_paused = true)]
async fn a_refused_primary_is_not_waited_for() {
    let second = MockVllm::builder().start().await.unwrap();
    let port = nowhere().await;
    let lab = Lab::new(&two(&port.url, &second.base_url()), &[]);
    let begun = Instant::now();
    let ModelConnection { model: chain, report } = lab.connect(None).await;
    ask(&chain, "reply exactly: yes").await.unwrap();
    assert_eq!(report.attempts.len(), 1);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

async fn events(chain: &FallbackChain, text: &str) -> Vec<ChatEvent> {
    let mut history = History::new();
    history.push_user_message(text);
    let stream = chain.stream_chat(ChatRequest::new(history)).await.unwrap();
    stream.map(Result::unwrap).collect().await
}

fn said(events: &[ChatEvent]) -> String {
    let text = events.iter().fold(String::new(), |text, event| match event {
        ChatEvent::TextDelta(more) => text + more,
        ChatEvent::AnswerReset => String::new(),
        _ => text,
    });
    let Some(ChatEvent::Finished { message, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(message.text, text);
    text
}

fn causes(error: &dyn Error) -> Vec<String> {
    std::iter::successors(error.source(), |&cause| cause.source())
        .map(ToString::to_string)
        .collect()
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
    let chain = lab.models.connect_model(None).await.unwrap().model;
    // From here on only the clock is waited for.
    tokio::time::pause();
    let (answer, attempts) = ask_with_attempts(&chain, "hi").await;
    let error = answer.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::Timeout { .. }), "{error}");
    assert!(error.to_string().contains("agents.defaults.llm.idleTimeoutSeconds"), "{error}");
    assert!(second.requests().is_empty() && attempts.is_empty());
}

#[tokio::test]
async fn without_a_reachable_server_the_last_error_is_reported() {
    let (first, second) = (nowhere().await, nowhere().await);
    let lab = Lab::new(&two(&first.url, &second.url), &[]);
    let error = lab.error(None).await;
    assert_eq!(model_kind(&error), ModelErrorKind::Connect);
    let tried: Vec<_> = attempts_in_error(&error).iter().map(|a| a.reference.to_string()).collect();
    assert_eq!(tried, ["first/tiny", "second/tiny"]);
}

#[tokio::test]
async fn a_failure_is_reported_while_the_next_model_is_called() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    let chain = lab.connect(None).await.model;
    first.push(Reply::status(401, ErrorBody::Text("Unauthorized".to_owned())));
    let gate = Gate::new();
    second.push(Reply::from(Turn::text("At last.")).gate(0, &gate));
    let mut stream = chain.stream_chat(ChatRequest::from_user_message("hi")).await.unwrap();
    let told = stream.next().await.unwrap().unwrap();
    let ChatEvent::ModelAttemptFailed(attempt) = told else { panic!("{told:?}") };
    assert_eq!(attempt.next.as_ref().map(ToString::to_string).as_deref(), Some("second/tiny"));
    assert!(!second.requests().iter().any(|seen| seen.path == CHAT));
    gate.open();
    let events: Vec<_> = stream.map(Result::unwrap).collect().await;
    assert_eq!(said(&events), "At last.");
}

#[tokio::test]
async fn a_state_file_that_cannot_be_written_is_a_warning_of_the_call() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&two(&first.base_url(), &second.base_url()), &[]);
    fs::File::create(lab.state().join("cache")).unwrap();
    let ModelConnection { model: chain, report } = lab.connect(None).await;
    assert!(report.warnings.iter().any(|it| it.contains("servers.json")), "{report:?}");
    first.push(Reply::status(401, ErrorBody::Text("Unauthorized".to_owned())));
    let events = events(&chain, "reply exactly: yes").await;
    let is_told = events.iter().any(|event| {
        matches!(event, ChatEvent::Warning { message } if message.contains("which models failed"))
    });
    assert!(is_told, "{events:?}");
    assert_eq!(said(&events), "yes");
}
