//! vLLM through the Messages API: idle monitoring and recovery are the same.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{ChatEvent, ChatModel, ModelErrorKind, ModelInfo, ModelLimits, ServerActivity};
use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Pace, Reply, Turn, UsageOverride};
use openclaw_providers_anthropic::MessagesModel;
use openclaw_providers_vllm::{IdlePolicy, ReconnectPolicy, VllmModel};
use openclaw_test_support::client::{client, info};
use openclaw_test_support::conformance;
use openclaw_transport::{Client, TimeLimit};

use crate::vllm::{paths, question};

fn limit(duration: Duration) -> TimeLimit {
    TimeLimit { duration, source: "the.setting".into() }
}

/// A model with room for 256 tokens of an answer.
fn messages(client: Client, info: ModelInfo) -> MessagesModel {
    let limits = ModelLimits { max_output_tokens: Some(256), ..info.limits };
    MessagesModel::new(client, ModelInfo { limits, ..info })
}

/// The model `tiny` with idle monitoring.
fn model(server: &MockVllm, window: u32, idle: Duration) -> VllmModel<MessagesModel> {
    let client = client(&server.base_url());
    let patience = IdlePolicy::new(Some(limit(idle)), Duration::from_millis(20));
    VllmModel::from_backend(messages(client.clone(), info("tiny", window)))
        .with_idle_policy(client, patience)
}

fn asked(server: &MockVllm) -> usize {
    paths(server).iter().filter(|path| *path == "/v1/messages").count()
}

#[tokio::test]
async fn the_model_conforms() {
    conformance::suite("messages", |client, info| {
        Arc::new(VllmModel::from_backend(messages(client, info)))
    })
    .await;
}

#[tokio::test]
async fn a_prompt_that_takes_longer_than_the_idle_limit_is_read_once_and_answered() {
    let server =
        MockVllm::builder().model(ModelSpec::new("tiny", 1_000_000)).start().await.unwrap();
    let usage = UsageOverride { prompt: Some(150_000), cached: Some(0), ..Default::default() };
    let pace = Pace { per_prompt_token: Duration::from_millis(5), ..Pace::default() };
    server.push(Reply::from(Turn::text("so").usage(usage)).pace(pace));
    let client = client(&server.base_url());
    let patience = IdlePolicy::new(Some(limit(Duration::from_mins(2))), Duration::from_secs(5));
    let model = VllmModel::from_backend(messages(client.clone(), info("tiny", 1_000_000)))
        .with_idle_policy(client, patience);
    // From here on only the timeout is left to wait for.
    tokio::time::pause();
    let events = model.stream_chat(question("hi")).await.unwrap().map(Result::unwrap);
    let events: Vec<_> = events.collect().await;
    let is_read = |event: &&ChatEvent| {
        matches!(event, ChatEvent::WaitingForServer { activity: ServerActivity::Prefilling, .. })
    };
    assert!(events.iter().filter(is_read).count() > 140, "{events:?}");
    let Some(ChatEvent::Finished { message, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((message.text.as_str(), asked(&server)), ("so", 1));
}

#[tokio::test]
async fn silence_of_a_server_that_does_nothing_is_ended_by_the_limits_name() {
    let server = MockVllm::builder().root_routes(false).start().await.unwrap();
    server.push(Reply::from(Turn::text("never")).silent_at(0));
    let model = model(&server, 4096, Duration::from_millis(40));
    let mut stream = model.stream_chat(question("hi")).await.unwrap();
    let error = loop {
        if let Err(error) = stream.next().await.unwrap() {
            break error;
        }
    };
    assert!(matches!(error.kind(), ModelErrorKind::Timeout { .. }), "{error}");
    assert!(error.to_string().contains("the.setting"), "{error}");
}

#[tokio::test]
async fn a_lost_server_is_waited_for_and_the_answer_begins_anew() {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["The quick ", "never"])).gate(3, &gate));
    server.push(Turn::text("all of it"));
    let wait = limit(Duration::from_mins(1));
    let on_loss = ReconnectPolicy {
        max_wait: wait,
        poll_interval: Duration::from_millis(5),
        retries_unaccepted: true,
    };
    let model = model(&server, 4096, Duration::from_mins(1)).with_reconnect_policy(on_loss, true);
    let mut stream = model.stream_chat(question("hi")).await.unwrap();
    let mut fate = Vec::new();
    let kill = async {
        gate.reached().await;
        server.kill();
    };
    let read = async {
        loop {
            match stream.next().await.unwrap().unwrap() {
                ChatEvent::RequestAccepted => fate.push("accepted"),
                ChatEvent::ServerDisconnected { .. } => {
                    fate.push("lost");
                    server.restart().await.unwrap();
                }
                ChatEvent::ServerReconnected { .. } => fate.push("back"),
                ChatEvent::AnswerReset => fate.push("void"),
                ChatEvent::Finished { message, .. } => break message,
                _ => {}
            }
        }
    };
    let ((), message) = tokio::join!(kill, read);
    assert_eq!(message.text, "all of it");
    assert_eq!(fate, ["accepted", "lost", "back", "void"]);
    assert_eq!(asked(&server), 2);
}
