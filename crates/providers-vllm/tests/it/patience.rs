//! Idle servers: slow, full, hung, dying, or hidden behind a proxy.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{ChatEvent, ChatModel, ModelErrorKind, ServerActivity, TimeoutKind};
use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Pace, Reply, Turn, UsageOverride};
use openclaw_providers_vllm::{IdlePolicy, VllmModel};
use openclaw_test_support::client::{client, info, options};
use openclaw_test_support::raw_server::{RawServer, hold, response};
use openclaw_transport::{Client, ConcurrencyLimiter, TimeLimit};

use crate::vllm::{chats, question};

fn patient(server: &MockVllm, idle: Duration, probe_every: Duration) -> VllmModel {
    let client = client(&server.base_url());
    let idle = Some(TimeLimit { duration: idle, source: "the.setting".into() });
    VllmModel::new(client.clone(), info("tiny", 1_000_000))
        .with_idle_policy(client, IdlePolicy::new(idle, probe_every))
}

/// A model that probes early and often.
fn restless(server: &MockVllm) -> VllmModel {
    patient(server, Duration::from_millis(20), Duration::from_millis(5))
}

#[tokio::test]
async fn a_prompt_that_takes_longer_than_the_idle_limit_is_read_once_and_answered() {
    let server =
        MockVllm::builder().model(ModelSpec::new("tiny", 1_000_000)).start().await.unwrap();
    let usage = UsageOverride { prompt: Some(150_000), cached: Some(0), ..Default::default() };
    let pace = Pace { per_prompt_token: Duration::from_millis(5), ..Pace::default() };
    server.push(Reply::from(Turn::text("so").usage(usage)).pace(pace));
    let model = patient(&server, Duration::from_mins(2), Duration::from_secs(5));
    // From here on only the timeout is left to wait for.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let mut stream = model.stream_chat(question("hi")).await.unwrap();
    let (mut states, mut longest) = (Vec::new(), Duration::ZERO);
    let message = loop {
        match stream.next().await.unwrap().unwrap() {
            ChatEvent::WaitingForServer { activity, idle_for, other_requests } => {
                assert_eq!(other_requests, Some(0));
                states.push(activity);
                longest = idle_for;
            }
            ChatEvent::Finished { message, .. } => break message,
            _ => {}
        }
    };
    assert_eq!(message.text, "so");
    assert!(begun.elapsed() >= Duration::from_secs(750), "{:?}", begun.elapsed());
    assert!(longest > Duration::from_secs(700) && states.len() > 140, "{longest:?}");
    assert!(states.iter().all(|state| *state == ServerActivity::Prefilling), "{states:?}");
    assert_eq!(chats(&server), 1, "a prompt that is being read is not sent again");
}

#[tokio::test]
async fn a_queued_request_is_reported() {
    let server = MockVllm::builder().max_running(1).start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("first")).gate(1, &gate));
    server.push(Turn::text("second"));
    let model = restless(&server);
    let mut first = model.stream_chat(question("hi")).await.unwrap();
    gate.reached().await;
    let mut second = model.stream_chat(question("hi")).await.unwrap();
    let event = second.next().await.unwrap().unwrap();
    assert_eq!(event, ChatEvent::RequestAccepted);
    // Longer than the idle timeout: a queued request is not stalled.
    for _ in 0..8 {
        let event = second.next().await.unwrap().unwrap();
        let ChatEvent::WaitingForServer {
            activity: ServerActivity::Queued,
            other_requests: Some(1),
            ..
        } = event
        else {
            panic!("{event:?}")
        };
    }
    gate.open();
    while first.next().await.is_some() {}
    let last = async { second.map(Result::unwrap).collect::<Vec<_>>().await.pop() };
    assert!(matches!(last.await, Some(ChatEvent::Finished { .. })));
}

#[tokio::test]
async fn a_server_that_terminates_and_falls_silent_is_found_dead() {
    for at in [0, 2] {
        let server = MockVllm::builder().start().await.unwrap();
        server.push(Reply::from(Turn::pieces(["one", "two"])).silent_at(at));
        let model = patient(&server, Duration::from_mins(2), Duration::from_secs(5));
        let mut stream = model.stream_chat(question("hi")).await.unwrap();
        server.until_requests(1).await;
        server.close_port();
        let _refusing = hold(server.port()).await;
        tokio::time::pause();
        let error = loop {
            if let Err(error) = stream.next().await.unwrap() {
                break error;
            }
        };
        tokio::time::resume();
        assert_eq!(error.kind(), ModelErrorKind::Interrupted, "{error}");
        assert!(error.to_string().contains("the server is gone"), "{error}");
    }
}

#[tokio::test]
async fn behind_a_proxy_nobody_can_be_asked_and_the_limit_ends_the_silence_by_its_name() {
    let server = MockVllm::builder().root_routes(false).start().await.unwrap();
    for (at, clock) in [(0, TimeoutKind::FirstToken), (2, TimeoutKind::BetweenTokens)] {
        server.push(Reply::from(Turn::pieces(["one", "two"])).silent_at(at));
        let mut stream = restless(&server).stream_chat(question("hi")).await.unwrap();
        let error = loop {
            match stream.next().await.unwrap() {
                Ok(ChatEvent::WaitingForServer { activity, other_requests, .. }) => {
                    assert_eq!((activity, other_requests), (ServerActivity::Unknown, None));
                }
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        let after = Duration::from_millis(20);
        assert_eq!(error.kind(), ModelErrorKind::Timeout { kind: clock, after }, "{error}");
        assert!(error.to_string().contains("the.setting"), "{error}");
    }
    assert_eq!(chats(&server), 2, "what a clock has ended is not sent again");
}

#[tokio::test]
async fn behind_a_proxy_a_slow_prompt_is_waited_for_if_nobody_chose_the_limit() {
    let spec = ModelSpec::new("tiny", 1_000_000);
    let server = MockVllm::builder().model(spec).root_routes(false).start().await.unwrap();
    let usage = UsageOverride { prompt: Some(150_000), cached: Some(0), ..Default::default() };
    let pace = Pace { per_prompt_token: Duration::from_millis(5), ..Pace::default() };
    server.push(Reply::from(Turn::text("so").usage(usage)).pace(pace));
    let client = client(&server.base_url());
    let limit = TimeLimit { duration: Duration::from_mins(2), source: "the default".into() };
    let policy = IdlePolicy {
        waits_while_responding: true,
        ..IdlePolicy::new(Some(limit), Duration::from_secs(5))
    };
    let model =
        VllmModel::new(client.clone(), info("tiny", 1_000_000)).with_idle_policy(client, policy);
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let mut stream = model.stream_chat(question("hi")).await.unwrap();
    let mut waits = 0;
    let message = loop {
        match stream.next().await.unwrap().unwrap() {
            ChatEvent::WaitingForServer { activity: ServerActivity::Unknown, .. } => waits += 1,
            ChatEvent::Finished { message, .. } => break message,
            _ => {}
        }
    };
    assert_eq!((message.text.as_str(), chats(&server)), ("so", 1));
    assert!(begun.elapsed() >= Duration::from_secs(750) && waits > 100, "{waits}");
}

#[tokio::test]
async fn an_answer_that_stands_still_on_an_idle_server_is_given_up() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["one", "two"])).silent_at(2));
    let mut stream = restless(&server).stream_chat(question("hi")).await.unwrap();
    let error = loop {
        if let Err(error) = stream.next().await.unwrap() {
            break error;
        }
    };
    let ModelErrorKind::Timeout { kind: TimeoutKind::BetweenTokens, .. } = error.kind() else {
        panic!("{error}")
    };
}

#[tokio::test]
async fn silence_before_the_headers_is_borne_alike() {
    // A proxy that buffers everything, before a server that does nothing.
    let server = RawServer::start(|line| {
        (!line.starts_with("POST"))
            .then(|| response("404 Not Found", "application/json", r#"{"detail":"Not Found"}"#))
    })
    .await;
    let client = client(&server.base_url());
    let idle = Duration::from_millis(20);
    let limit = TimeLimit { duration: idle, source: "the.setting".into() };
    let model = VllmModel::new(client.clone(), info("tiny", 1_000_000))
        .with_idle_policy(client, IdlePolicy::new(Some(limit), idle));
    let error = model.stream_chat(question("hi")).await.err().unwrap();
    let ModelErrorKind::Timeout { kind: TimeoutKind::FirstToken, .. } = error.kind() else {
        panic!("{error}")
    };
}

#[tokio::test]
async fn a_request_in_the_local_queue_is_reported_and_not_aborted() {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("first")).gate(1, &gate));
    server.push(Turn::text("second"));
    let turnstile = Some(ConcurrencyLimiter::new(NonZeroUsize::MIN));
    let client = Client::new(options(&server.base_url()).with_limiter(turnstile)).unwrap();
    let idle = TimeLimit { duration: Duration::from_millis(20), source: "the.setting".into() };
    let patience = IdlePolicy::new(Some(idle), Duration::from_millis(5));
    let model =
        VllmModel::new(client.clone(), info("tiny", 4096)).with_idle_policy(client, patience);
    let first = model.stream_chat(question("hi")).await.unwrap();
    gate.reached().await;
    let mut second = model.stream_chat(question("hi")).await.unwrap();
    for _ in 0..8 {
        let event = second.next().await.unwrap().unwrap();
        let ChatEvent::WaitingForServer {
            activity: ServerActivity::Queued,
            other_requests: Some(1),
            ..
        } = event
        else {
            panic!("{event:?}")
        };
    }
    assert_eq!(chats(&server), 1, "it has not been sent");
    drop(first);
    let rest = second.map(Result::unwrap).collect::<Vec<_>>().await;
    assert!(
        matches!(rest.last(), Some(ChatEvent::Finished { message, .. }) if message.text == "second")
    );
}
