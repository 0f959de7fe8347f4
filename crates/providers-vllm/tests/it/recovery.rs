//! The server dies in the middle of a call and comes back, or does not.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatModel, ChatRequest, ChatStream,
    EmittedToolCall, ModelError, ModelErrorKind, TimeoutKind, TokenUsage, ToolArguments, ToolName,
    ToolSpec,
};
use openclaw_mock_vllm::{Call, Gate, MockVllm, Reply, Turn};
use openclaw_providers_openai::ChatApi;
use openclaw_providers_vllm::{IdlePolicy, ReconnectPolicy, VllmModel};
use openclaw_test_support::client::{client, info, options};
use openclaw_test_support::raw_server::{RawServer, hold, response};
use openclaw_transport::{CallTimeouts, Client, TimeLimit};
use serde_json::{Value, json};

use crate::vllm::{chats, question};

fn limit(duration: Duration) -> TimeLimit {
    TimeLimit { duration, source: "the.setting".into() }
}

fn on_loss(wait: Duration) -> ReconnectPolicy {
    let poll = Duration::from_millis(5);
    ReconnectPolicy { max_wait: limit(wait), poll_interval: poll, retries_unaccepted: true }
}

/// A model that was listed, and reconnects to its server.
fn model(server: &MockVllm) -> VllmModel {
    let client = client(&server.base_url());
    let soon = Duration::from_millis(20);
    let patience = IdlePolicy::new(Some(limit(Duration::from_mins(1))), soon);
    VllmModel::new(client.clone(), info("tiny", 4096))
        .with_idle_policy(client, patience)
        .with_reconnect_policy(on_loss(Duration::from_mins(1)), true)
}

/// A call that loses its server and gets it back.
struct Seen {
    /// The text that the user sees at the end.
    shown: String,
    events: Vec<ChatEvent>,
    message: AssistantMessage,
    outcome: AnswerOutcome,
    usage: Option<TokenUsage>,
}

impl Seen {
    fn count(&self, is_so: fn(&ChatEvent) -> bool) -> usize {
        self.events.iter().filter(|event| is_so(event)).count()
    }

    /// The numbers of disconnections, reconnections and restarts of the answer.
    fn fate(&self) -> (usize, usize, usize) {
        (
            self.count(|event| matches!(event, ChatEvent::ServerDisconnected { .. })),
            self.count(|event| matches!(event, ChatEvent::ServerReconnected { .. })),
            self.count(|event| matches!(event, ChatEvent::AnswerReset)),
        )
    }
}

/// Reads to the end; calls `revive` each time the server is lost.
async fn read_on(mut stream: ChatStream, revive: impl AsyncFn()) -> Result<Seen, ModelError> {
    let (mut events, mut shown) = (Vec::new(), String::new());
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), stream.next());
        let event = event.await.expect("nothing comes any more").expect("no end")?;
        match &event {
            ChatEvent::TextDelta(text) => shown.push_str(text),
            ChatEvent::AnswerReset => shown.clear(),
            ChatEvent::ServerDisconnected { .. } => revive().await,
            ChatEvent::Finished { message, outcome, usage } => {
                let (message, outcome, usage) = (message.clone(), *outcome, *usage);
                assert!(stream.next().await.is_none(), "the end is the last event");
                assert_eq!(shown, message.text, "what is shown is the message");
                let accepted = |event: &&ChatEvent| **event == ChatEvent::RequestAccepted;
                assert!(events.iter().filter(accepted).count() <= 1);
                return Ok(Seen { shown, events, message, outcome, usage });
            }
            _ => {}
        }
        events.push(event);
    }
}

/// Sends a request, kills the server at event `at` of the first answer, and restarts it with the
/// answer `then`.
async fn killed_at(at: usize, first: Turn, then: Turn) -> (MockVllm, Seen) {
    killed_over(ChatApi::ChatCompletions, at, first, then).await
}

async fn killed_over(api: ChatApi, at: usize, first: Turn, then: Turn) -> (MockVllm, Seen) {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(first).gate(at, &gate));
    server.push(then);
    let tool = ToolSpec {
        name: ToolName::new("read").unwrap(),
        description: "Reads a file.".into(),
        parameters: Arc::new(ToolArguments::default().to_value()),
    };
    let request = ChatRequest { tools: [tool].into(), ..question("hi") };
    let stream = model(&server).with_api(api).stream_chat(request).await.unwrap();
    let kill = async {
        gate.reached().await;
        server.kill();
    };
    let revive = async || server.restart().await.unwrap();
    let ((), seen) = tokio::join!(kill, read_on(stream, revive));
    let seen = seen.unwrap();
    (server, seen)
}

fn last_chat(server: &MockVllm) -> Value {
    let requests = server.requests();
    requests.iter().rev().find(|seen| seen.path.ends_with("/chat/completions")).unwrap().json()
}

#[tokio::test]
async fn killed_in_prefill_the_request_is_sent_again() {
    let (server, seen) = killed_at(0, Turn::text("never"), Turn::text("the answer")).await;
    assert_eq!((seen.shown.as_str(), seen.outcome), ("the answer", AnswerOutcome::Reply));
    assert_eq!(seen.fate(), (1, 1, 0), "nothing was shown, so nothing is void");
    assert_eq!(chats(&server), 2);
    assert_eq!(last_chat(&server).get("continue_final_message"), None);
}

#[tokio::test]
async fn killed_in_text_the_text_is_continued() {
    let first = Turn::pieces(["The quick ", "brown ", "never"]);
    let (server, seen) = killed_at(3, first, Turn::pieces([" fox", " jumps"])).await;
    assert_eq!(seen.shown, "The quick brown fox jumps");
    assert_eq!((seen.fate(), seen.outcome), ((1, 1, 0), AnswerOutcome::Reply));
    let body = last_chat(&server);
    assert_eq!(body["continue_final_message"], true);
    assert_eq!(body["add_generation_prompt"], false);
    let partial = json!({"role": "assistant", "content": "The quick brown"});
    assert_eq!(body["messages"].as_array().unwrap().last(), Some(&partial));
    // The usage is that of a single answer.
    let (_server, whole) =
        killed_at(0, Turn::text("never"), Turn::text("The quick brown fox jumps")).await;
    let tokens =
        |usage: Option<TokenUsage>| usage.map(|usage| (usage.input_tokens, usage.output_tokens));
    assert_eq!(tokens(seen.usage), tokens(whole.usage));
}

#[tokio::test]
async fn killed_behind_a_line_break_the_lines_stay_apart() {
    let first = Turn::pieces(["one", "\n", "never"]);
    let (_server, seen) = killed_at(3, first, Turn::pieces(["two"])).await;
    assert_eq!((seen.shown.as_str(), seen.fate()), ("one\ntwo", (1, 1, 0)));
}

#[tokio::test]
async fn over_the_other_api_it_is_the_same() {
    let bodies = |server: &MockVllm| -> Vec<Value> {
        let requests = server.requests();
        let sent = requests.iter().filter(|seen| seen.path.ends_with("/responses"));
        sent.map(openclaw_mock_vllm::Seen::json).collect()
    };
    let over = |at, first, then| killed_over(ChatApi::Responses, at, first, then);
    // Two events announce the answer, two more its text.
    let (server, seen) = over(2, Turn::text("never"), Turn::text("the answer")).await;
    assert_eq!((seen.shown.as_str(), seen.fate()), ("the answer", (1, 1, 0)));
    assert_eq!(bodies(&server).len(), 2);
    let first = Turn::pieces(["The quick ", "brown ", "never"]);
    let (server, seen) = over(6, first, Turn::pieces([" fox", " jumps"])).await;
    assert_eq!(seen.shown, "The quick brown fox jumps");
    assert_eq!((seen.fate(), seen.outcome), ((1, 1, 0), AnswerOutcome::Reply));
    let partial = json!({"type": "message", "role": "assistant", "status": "incomplete",
        "content": [{"type": "output_text", "text": "The quick brown"}]});
    assert_eq!(bodies(&server)[1]["input"].as_array().unwrap().last(), Some(&partial));
    let call = || Turn::call("read", "{\"path\": \"a\"}");
    let (server, seen) = over(3, call(), call()).await;
    assert!(matches!(&seen.message.calls[..], [EmittedToolCall::Valid(_)]), "{:?}", seen.message);
    assert_eq!((bodies(&server).len(), seen.fate()), (2, (1, 1, 1)));
}

#[tokio::test]
async fn killed_in_a_call_the_answer_is_void_and_the_call_is_made_once() {
    let call = |pieces: &[&str]| {
        Turn::text("I look.").then_call(Call::pieces("read", pieces.iter().copied()))
    };
    let whole = ["{\"path\":", " \"a\"}"];
    let (server, seen) = killed_at(4, call(&whole), call(&whole)).await;
    assert_eq!((seen.fate(), seen.outcome), ((1, 1, 1), AnswerOutcome::ToolCalls));
    let [EmittedToolCall::Valid(call)] = &seen.message.calls[..] else {
        panic!("{:?}", seen.message)
    };
    assert_eq!(call.name.as_str(), "read");
    assert_eq!(seen.shown, "I look.");
    assert_eq!(chats(&server), 2);
}

#[tokio::test]
async fn killed_in_thought_or_behind_it_the_answer_is_void() {
    for at in [2, 3] {
        let first = Turn::empty().then_reasoning("Hm. ").then_text("So ").then_text("never");
        let then = Turn::empty().then_reasoning("Well.").then_text("Done.");
        let (_server, seen) = killed_at(at, first, then).await;
        assert_eq!((seen.shown.as_str(), seen.fate()), ("Done.", (1, 1, 1)), "{at}");
        assert_eq!(seen.message.reasoning.unwrap().text, "Well.");
    }
}

#[tokio::test]
async fn an_engine_that_dies_and_a_server_that_terminates_are_losses_too() {
    for reply in [
        Reply::from(Turn::pieces(["one ", "never"])).engine_dies_at(2),
        Reply::from(Turn::pieces(["one ", "never"])).hang_up_at(2),
    ] {
        let server = MockVllm::builder().start().await.unwrap();
        server.push(reply);
        server.push(Turn::text("two"));
        let stream = model(&server).stream_chat(question("hi")).await.unwrap();
        let revive = async || server.restart().await.unwrap();
        let seen = read_on(stream, revive).await.unwrap();
        assert_eq!((seen.shown.as_str(), seen.fate()), ("one two", (1, 1, 0)));
    }
    // A terminating process falls silent, and its port refuses.
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["one ", "never"])).silent_at(2));
    server.push(Turn::text("two"));
    let client = client(&server.base_url());
    let idle = Some(limit(Duration::from_millis(10)));
    let patience = IdlePolicy::new(idle, Duration::from_millis(10));
    let model = VllmModel::new(client.clone(), info("tiny", 4096))
        .with_idle_policy(client, patience)
        .with_reconnect_policy(on_loss(Duration::from_mins(1)), true);
    let mut stream = model.stream_chat(question("hi")).await.unwrap();
    while !matches!(stream.next().await, Some(Ok(ChatEvent::TextDelta(_)))) {}
    server.close_port();
    let mut rest = String::new();
    while let Some(event) = stream.next().await {
        match event.unwrap() {
            ChatEvent::ServerDisconnected { .. } => server.restart().await.unwrap(),
            ChatEvent::TextDelta(text) => rest.push_str(&text),
            _ => {}
        }
    }
    assert_eq!(rest, "two");
}

#[tokio::test]
async fn a_server_that_dies_again_and_again_is_given_up_in_the_end() {
    let server = MockVllm::builder().start().await.unwrap();
    for n in 0..20 {
        server.push(Reply::from(Turn::pieces([format!("{n} "), "never".into()])).hang_up_at(2));
    }
    let stream = model(&server).stream_chat(question("hi")).await.unwrap();
    let error = read_on(stream, async || {}).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::Interrupted, "{error}");
    assert_eq!(chats(&server), 6, "five losses are borne");
}

#[tokio::test]
async fn who_was_never_there_fails_at_once() {
    let server = MockVllm::builder().start().await.unwrap();
    let client = client(&server.base_url());
    server.kill();
    let _refusing = hold(server.port()).await;
    let never = on_loss(Duration::from_mins(1));
    let model = VllmModel::new(client, info("tiny", 4096)).with_reconnect_policy(never, false);
    let error = model.stream_chat(question("hi")).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::Connect, "{error}");
}

#[tokio::test]
async fn between_two_calls_a_lost_server_is_waited_for_unless_another_can_take_the_call() {
    let server = MockVllm::builder().start().await.unwrap();
    let client = client(&server.base_url());
    let made = |holds_unaccepted| {
        let on_loss = ReconnectPolicy {
            retries_unaccepted: holds_unaccepted,
            ..on_loss(Duration::from_mins(1))
        };
        VllmModel::new(client.clone(), info("tiny", 4096)).with_reconnect_policy(on_loss, false)
    };
    let (holds, passes) = (made(true), made(false));
    for model in [&holds, &passes] {
        server.push(Turn::text("one"));
        read_on(model.stream_chat(question("hi")).await.unwrap(), async || {}).await.unwrap();
    }
    server.push(Turn::text("two"));
    server.kill();
    let port = hold(server.port()).await;
    let error = passes.stream_chat(question("hi")).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::Connect, "{error}");
    let stream = holds.stream_chat(question("hi")).await.unwrap();
    drop(port);
    let revive = async || server.restart().await.unwrap();
    let seen = read_on(stream, revive).await.unwrap();
    assert_eq!((seen.shown.as_str(), seen.fate()), ("two", (1, 1, 0)));
}

#[tokio::test]
async fn a_server_that_stays_away_is_reported_with_both_facts() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["one ", "never"])).engine_dies_at(2));
    let client = client(&server.base_url());
    let stays = on_loss(Duration::from_millis(30));
    let model = VllmModel::new(client, info("tiny", 4096)).with_reconnect_policy(stays, true);
    let stream = model.stream_chat(question("hi")).await.unwrap();
    let error = read_on(stream, async || {}).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::Interrupted);
    assert_eq!(error.to_string(), "see the lost server back within 0.03 s (from the.setting)");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("EngineCore"), "{cause}");
    assert!(error.hints().iter().any(|hint| hint.contains("Restart vLLM")), "{error:?}");
}

#[tokio::test]
async fn the_end_of_the_call_ends_the_wait() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["one ", "never"])).engine_dies_at(2));
    let total = Some(limit(Duration::from_millis(400)));
    let clocks = CallTimeouts { total, ..CallTimeouts::default() };
    let options = options(&server.base_url()).with_timeouts(clocks);
    let stays = on_loss(Duration::from_mins(1));
    let model = VllmModel::new(Client::new(options).unwrap(), info("tiny", 4096))
        .with_reconnect_policy(stays, true);
    let stream = model.stream_chat(question("hi")).await.unwrap();
    let error = read_on(stream, async || {}).await.err().unwrap();
    let ModelErrorKind::Timeout { kind: TimeoutKind::Total, .. } = error.kind() else {
        panic!("{error}")
    };
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_refused_continuation_begins_the_answer_anew() {
    let server = MockVllm::builder().start().await.unwrap();
    let body = openclaw_mock_vllm::ErrorBody::Error {
        message: "Expected last role User or Tool".to_owned(),
        kind: "BadRequestError".to_owned(),
    };
    server.push(Reply::from(Turn::pieces(["one ", "never"])).hang_up_at(2));
    server.push(Reply::status(400, body));
    server.push(Turn::text("all of it"));
    let stream = model(&server).stream_chat(question("hi")).await.unwrap();
    let seen = read_on(stream, async || {}).await.unwrap();
    assert_eq!((seen.shown.as_str(), seen.fate()), ("all of it", (1, 1, 1)));
}

#[tokio::test]
async fn what_a_proxy_cuts_off_is_not_sent_again() {
    // The server stays up; only the request ends without a byte of an answer.
    let list = r#"{"object":"list","data":[{"id":"tiny","max_model_len":4096}]}"#;
    let (sender, mut posts) = tokio::sync::mpsc::unbounded_channel();
    let server = RawServer::start(move |line| {
        Some(match line {
            "GET /v1/models" => response("200 OK", "application/json", list),
            "POST /v1/chat/completions" => {
                sender.send(()).unwrap();
                response("200 OK", "text/event-stream", ": keep-alive\n\n")
            }
            _ => response("200 OK", "application/json", ""),
        })
    })
    .await;
    let client = client(&server.base_url());
    let model = VllmModel::new(client, info("tiny", 4096))
        .with_reconnect_policy(on_loss(Duration::from_mins(1)), true);
    let stream = model.stream_chat(question("hi")).await.unwrap();
    let error = read_on(stream, async || {}).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::Interrupted, "{error}");
    assert!(posts.try_recv().is_ok() && posts.try_recv().is_err());
}

#[tokio::test]
async fn what_a_clock_ended_is_not_sent_again() {
    let server = MockVllm::builder().root_routes(false).start().await.unwrap();
    server.push(Reply::from(Turn::text("never")).silent_at(0));
    let client = client(&server.base_url());
    let idle = Some(limit(Duration::from_millis(20)));
    let patience = IdlePolicy::new(idle, Duration::from_millis(10));
    let model = VllmModel::new(client.clone(), info("tiny", 4096))
        .with_idle_policy(client, patience)
        .with_reconnect_policy(on_loss(Duration::from_mins(1)), true);
    let stream = model.stream_chat(question("hi")).await.unwrap();
    let error = read_on(stream, async || {}).await.err().unwrap();
    let ModelErrorKind::Timeout { kind: TimeoutKind::FirstToken, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(chats(&server), 1);
}
