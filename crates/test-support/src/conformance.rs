//! The conformance suite of every model crate, against a mock of vLLM.

mod limits;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, ChatStream, EmittedToolCall, History,
    ModelError, ModelErrorKind, ModelInfo, TimeoutKind, TokenUsage, ToolArguments, ToolName,
    ToolSpec,
};
use openclaw_mock_vllm::{Call, Finish, Gate, MockVllm, Reply, Turn, UsageOverride};
use openclaw_transport::{CallTimeouts, Client, KEEP_ALIVE_FACTOR, TimeLimit};

use crate::client::{End, client, info, options, read};
use crate::raw_server::{RawServer, hold, response};

/// Makes the model under test.
pub type ModelFactory = fn(Client, ModelInfo) -> Arc<dyn ChatModel>;

/// The model under test.
#[derive(Clone, Copy)]
struct ConformanceSubject {
    make: ModelFactory,
    /// The route of the API that it speaks: `chat/completions`, `responses` or `messages`.
    api: &'static str,
}

impl ConformanceSubject {
    fn model(self, server: &MockVllm) -> Arc<dyn ChatModel> {
        self.with(client(&server.base_url()), "tiny")
    }

    fn with(self, client: Client, model: &str) -> Arc<dyn ChatModel> {
        (self.make)(client, info(model, WIDE))
    }

    /// The number of the event with this text delta, from 1; 0 is the first event.
    fn event(self, piece: usize) -> usize {
        match self.api {
            // The answer and the item are announced before it.
            "responses" if piece > 0 => piece + 3,
            "messages" if piece > 0 => piece + 1,
            _ => piece,
        }
    }

    /// Returns whether the API supports a case, and prints when it does not.
    fn has(self, case: &str) -> bool {
        let has = self.api == "chat/completions";
        if !has {
            println!("skipped: {case}: {} has no such thing", self.api);
        }
        has
    }

    fn route(self) -> String {
        format!("/v1/{}", self.api)
    }
}

/// A context window that nothing comes near, so that only the server finds an overflow.
const WIDE: u32 = 1_000_000;

/// Runs the whole suite over a model that speaks the API of a route.
pub async fn suite(api: &'static str, make: ModelFactory) {
    let subject = ConformanceSubject { make, api };
    texts_are_read(subject).await;
    calls_are_read(subject).await;
    broken_streams_are_errors(subject).await;
    refusals::refusals_have_their_kind(subject).await;
    refusals::the_request_is_refused_for_what_it_is(subject).await;
    refusals::passing_failures_are_tried_again(subject).await;
    an_answer_that_is_not_streamed_is_read(subject).await;
    keep_alives_are_reported(subject).await;
    dropping_the_stream_hangs_up(subject).await;
    silence_ends_by_the_clock(subject).await;
    keep_alives_alone_end_by_the_clock(subject).await;
    limits::an_answer_that_never_ends_is_ended(subject).await;
    limits::calls_beyond_the_limit_are_not_read(subject).await;
}

fn question() -> ChatRequest {
    let mut history = History::new();
    history.push_user_message("hi");
    let tools = ["exec", "now", "read"].map(|name| ToolSpec {
        name: ToolName::new(name).unwrap(),
        description: "A tool.".into(),
        parameters: Arc::new(ToolArguments::default().to_value()),
    });
    ChatRequest { tools: tools.into(), ..ChatRequest::new(history) }
}

async fn end_of(stream: Result<ChatStream, ModelError>) -> End {
    read(stream?).await.1
}

/// A call in a table: its name, and its arguments or the raw text of an invalid one.
type VisibleResult = (&'static str, Result<&'static str, &'static str>);

fn is_shown(call: &EmittedToolCall, (name, arguments): &VisibleResult) -> bool {
    match call {
        EmittedToolCall::Valid(call) => {
            call.name.as_str() == *name && Ok(call.arguments.to_json().as_str()) == *arguments
        }
        EmittedToolCall::Invalid(call) => {
            call.name.as_str() == *name && Err(call.raw_arguments.as_str()) == *arguments
        }
    }
}

async fn texts_are_read(subject: ConformanceSubject) {
    let thought = || Turn::empty().then_reasoning("let me ").then_reasoning("see");
    let table: Vec<(&str, Reply, AnswerOutcome, &str)> = vec![
        ("text", Turn::pieces(["Hel", "", "lo"]).into(), AnswerOutcome::Reply, "Hello"),
        ("no end mark", Reply::from(Turn::text("yes")).no_done(), AnswerOutcome::Reply, "yes"),
        ("truncated", Turn::text("a").finish(Finish::Length).into(), AnswerOutcome::Truncated, "a"),
        ("empty", Turn::empty().into(), AnswerOutcome::Empty, ""),
        ("only thought", thought().into(), AnswerOutcome::ReasoningOnly, ""),
        ("thought and text", thought().then_text("yes").into(), AnswerOutcome::Reply, "yes"),
    ];
    let server = MockVllm::builder().start().await.unwrap();
    let model = subject.model(&server);
    for (name, reply, outcome, text) in table {
        server.push(reply);
        let (message, found, usage) = end_of(model.stream_chat(question()).await).await.unwrap();
        assert_eq!((found, message.text.as_str()), (outcome, text), "{name}");
        assert!(usage.is_some_and(|usage| usage.input_tokens > 0), "{name}");
        let reasoning = message.reasoning.map(|thought| (thought.text, thought.field));
        let field = match subject.api {
            "responses" => "reasoning_text",
            "messages" => "thinking",
            _ => "reasoning",
        };
        let expected = name.contains("thought").then(|| ("let me see".to_owned(), field.into()));
        assert_eq!(reasoning, expected, "{name}");
    }
    let usage = UsageOverride {
        prompt: Some(700),
        completion: Some(9),
        cached: Some(640),
        ..UsageOverride::default()
    };
    server.push(Turn::text("yes").usage(usage));
    let (.., usage) = end_of(model.stream_chat(question()).await).await.unwrap();
    assert_eq!(
        usage,
        Some(TokenUsage { input_tokens: 700, output_tokens: 9, cached_tokens: Some(640) })
    );
}

async fn calls_are_read(subject: ConformanceSubject) {
    const LS: &str = r#"{"cmd": "ls"}"#;
    let ls = || Call::new("exec", LS);
    let two = Turn::call("read", r#"{"path": "a"}"#).then_call(Call::pieces("now", ["{", "}"]));
    let cut = Turn::call("read", "{}").then_call(Call::new("exec", "{\"cmd\": \"l"));
    let whole: VisibleResult = ("exec", Ok(r#"{"cmd":"ls"}"#));
    let table: Vec<(&str, Turn, Vec<VisibleResult>)> = vec![
        ("one", Turn::empty().then_call(ls().id("call-1")), vec![whole]),
        ("stop", Turn::empty().then_call(ls()).finish(Finish::Stop), vec![whole]),
        ("text", Turn::text("so").then_call(ls()), vec![whole]),
        ("two", two, vec![("read", Ok(r#"{"path":"a"}"#)), ("now", Ok("{}"))]),
        ("no arguments", Turn::call("now", ""), vec![("now", Ok("{}"))]),
        ("broken", Turn::call("exec", r#"{"cmd": "ls""#), vec![("exec", Err(r#"{"cmd": "ls""#))]),
        ("a number", Turn::call("exec", "19.21E-012"), vec![("exec", Err("19.21E-012"))]),
        ("a stray brace", Turn::call("now", "{}}"), vec![("now", Err("{}}"))]),
        (
            "cut off after a whole one",
            cut.finish(Finish::Length),
            vec![("read", Ok("{}")), ("exec", Err("{\"cmd\": \"l"))],
        ),
        ("cut at its end", Turn::call("exec", LS).finish(Finish::Length), vec![("exec", Err(LS))]),
    ];
    let server = MockVllm::builder().start().await.unwrap();
    let model = subject.model(&server);
    for (name, turn, calls) in table {
        server.push(turn);
        let (message, outcome, _) = end_of(model.stream_chat(question()).await).await.unwrap();
        assert_eq!(outcome, AnswerOutcome::ToolCalls, "{name}");
        assert_eq!(message.text, if name == "text" { "so" } else { "" });
        assert_eq!(message.calls.len(), calls.len(), "{name}");
        let all = message.calls.iter().zip(&calls).all(|(call, shown)| is_shown(call, shown));
        assert!(all, "{name}: {:?}", message.calls);
    }
}

async fn broken_streams_are_errors(subject: ConformanceSubject) {
    let turn = || Reply::from(Turn::pieces(["one", "two", "three"]));
    let call = || Reply::from(Turn::call("read", "{}"));
    let at = |piece| subject.event(piece);
    // The end of an item or a block is an event of its own.
    let after_call = match subject.api {
        "responses" => 6,
        "messages" => 4,
        _ => 3,
    };
    let table = [
        ("an error in place of the answer", turn().error_at(0, "boom")),
        ("an error in the middle", turn().error_at(at(2), "boom")),
        ("only the end mark", turn().done_at(0)),
        ("a lost connection right after the headers", turn().hang_up_at(0)),
        ("a lost connection in the middle", turn().hang_up_at(at(2))),
        ("a lost connection inside a piece", turn().cut_at(400)),
        ("a lost connection after a whole call", call().hang_up_at(after_call)),
    ];
    let server = MockVllm::builder().start().await.unwrap();
    let model = subject.model(&server);
    for (name, reply) in table {
        server.push(reply);
        let error = end_of(model.stream_chat(question()).await).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Interrupted, "{name}: {error}");
        let exchange = error.http_exchange().unwrap();
        assert_eq!(exchange.status, Some(200), "{name}");
        assert_eq!(exchange.model.as_deref(), Some("tiny"), "{name}");
    }
    for (name, reply) in [
        ("a lost connection before the usage", turn().hang_up_at(4)),
        ("a lost connection before the end mark", turn().hang_up_at(5)),
        ("an end mark in place of the usage", turn().done_at(4)),
    ] {
        if !subject.has(name) {
            continue;
        }
        server.push(reply);
        let (message, outcome, _) = end_of(model.stream_chat(question()).await).await.expect(name);
        assert_eq!(
            (message.text.as_str(), outcome),
            ("onetwothree", AnswerOutcome::Reply),
            "{name}"
        );
    }
    server.push(turn().engine_dies_at(at(2)));
    let error = end_of(model.stream_chat(question()).await).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Interrupted);
    if subject.has("the last words of a dead engine") {
        assert!(error.to_string().contains("EngineCore"), "{error}");
    }
    let _port = hold(server.port()).await;
    let error = end_of(model.stream_chat(question()).await).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Connect, "{error}");
}

const WHOLE_COMPLETION: &str = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":
    {"role":"assistant","content":"so","reasoning":"hm","tool_calls":[
    {"id":"a","type":"function","function":{"name":"read","arguments":"{\"path\": \"x\"}"}},
    {"id":"b","type":"function","function":{"name":"read","arguments":"[]"}}]},
    "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;

const WHOLE_MESSAGE: &str = r#"{"type":"message","role":"assistant","content":[
    {"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"so"},
    {"type":"tool_use","id":"a","name":"read","input":{"path":"x"}},
    {"type":"tool_use","id":"b","name":"read","input":[]}],
    "stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":2}}"#;

const WHOLE_RESPONSE: &str = r#"{"id":"x","object":"response","status":"completed","error":null,"output":[
    {"type":"reasoning","id":"r","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
    {"type":"message","id":"m","content":[{"type":"output_text","text":"so"}]},
    {"type":"function_call","id":"c","call_id":"a","name":"read","arguments":"{\"path\": \"x\"}"},
    {"type":"function_call","id":"d","call_id":"b","name":"read","arguments":"[]"}],
    "usage":{"input_tokens":5,"output_tokens":2}}"#;

async fn an_answer_that_is_not_streamed_is_read(subject: ConformanceSubject) {
    let body = match subject.api {
        "responses" => WHOLE_RESPONSE,
        "messages" => WHOLE_MESSAGE,
        _ => WHOLE_COMPLETION,
    };
    let server =
        RawServer::start(move |_| Some(response("200 OK", "application/json", body))).await;
    let model = subject.with(client(&server.base_url()), "tiny");
    let (message, outcome, usage) = end_of(model.stream_chat(question()).await).await.unwrap();
    assert_eq!((message.text.as_str(), outcome), ("so", AnswerOutcome::ToolCalls));
    let [EmittedToolCall::Valid(ready), EmittedToolCall::Invalid(broken)] = &message.calls[..]
    else {
        panic!("{:?}", message.calls);
    };
    assert_eq!(ready.arguments, ToolArguments::parse_json(r#"{"path": "x"}"#).unwrap());
    assert_eq!(broken.raw_arguments, "[]");
    assert_eq!(usage, Some(TokenUsage { input_tokens: 5, output_tokens: 2, cached_tokens: None }));
}

async fn keep_alives_are_reported(subject: ConformanceSubject) {
    let server = MockVllm::builder().start().await.unwrap();
    let model = subject.model(&server);
    let mut keep_alives = Vec::new();
    for comments in [0, 3] {
        server.push(
            Reply::from(Turn::pieces(["a", "b"])).keep_alive_before(subject.event(2), comments),
        );
        let (events, end) = read(model.stream_chat(question()).await.unwrap()).await;
        assert_eq!(end.unwrap().0.text, "ab");
        keep_alives.push(events.iter().filter(|event| **event == ChatEvent::KeepAlive).count());
    }
    assert_eq!(keep_alives[1], keep_alives[0] + 3);
}

async fn dropping_the_stream_hangs_up(subject: ConformanceSubject) {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one", "two"])).gate(subject.event(2), &gate));
    let mut stream = subject.model(&server).stream_chat(question()).await.unwrap();
    while !matches!(stream.next().await.unwrap().unwrap(), ChatEvent::TextDelta(_)) {}
    gate.reached().await;
    drop(stream);
    let seen = server.requests().pop().unwrap();
    let hung_up = tokio::time::timeout(Duration::from_secs(20), seen.until_aborted()).await;
    hung_up.expect("the connection stays open");
}

async fn silence_ends_by_the_clock(subject: ConformanceSubject) {
    let server = MockVllm::builder().start().await.unwrap();
    let duration = Duration::from_millis(40);
    let limit = || Some(TimeLimit { duration, source: "the.setting".into() });
    let first = CallTimeouts { first_token: limit(), ..CallTimeouts::default() };
    let between = CallTimeouts { between_tokens: limit(), ..CallTimeouts::default() };
    // Announcing events do not count as the first token.
    let announced = if subject.api == "chat/completions" { 0 } else { 2 };
    for (at, clocks, clock) in [
        (0, first.clone(), TimeoutKind::FirstToken),
        (announced, first, TimeoutKind::FirstToken),
        (subject.event(2), between, TimeoutKind::BetweenTokens),
    ] {
        let client = options(&server.base_url()).with_timeouts(clocks);
        let model = subject.with(Client::new(client).unwrap(), "tiny");
        server.push(Reply::from(Turn::pieces(["a", "b", "c"])).silent_at(at));
        let error = end_of(model.stream_chat(question()).await).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ModelErrorKind::Timeout { kind: clock, after: duration },
            "{error}"
        );
        assert!(error.to_string().contains("the.setting"), "{error}");
    }
}

/// A limit so short that keep-alives run out of it while they are sent.
async fn keep_alives_alone_end_by_the_clock(subject: ConformanceSubject) {
    let server = MockVllm::builder().start().await.unwrap();
    let limit = || Some(TimeLimit { duration: Duration::from_millis(5), source: "it".into() });
    let first = CallTimeouts { first_token: limit(), ..CallTimeouts::default() };
    let between = CallTimeouts { between_tokens: limit(), ..CallTimeouts::default() };
    for (at, timeouts, kind) in [
        (0, first, TimeoutKind::FirstToken),
        (subject.event(2), between, TimeoutKind::BetweenTokens),
    ] {
        let client = options(&server.base_url()).with_timeouts(timeouts);
        let model = subject.with(Client::new(client).unwrap(), "tiny");
        server.push(Reply::from(Turn::pieces(["a", "b"])).keep_alive_before(at, 1_000_000));
        let error = end_of(model.stream_chat(question()).await).await.unwrap_err();
        let after = Duration::from_millis(5) * KEEP_ALIVE_FACTOR;
        assert_eq!(error.kind(), ModelErrorKind::Timeout { kind, after }, "{error}");
        assert!(error.to_string().contains("nothing but keep-alives came"), "{error}");
    }
}
