//! The Responses API: requests byte for byte, and arbitrary streams of its events.

use std::sync::Arc;

use insta::assert_snapshot;
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatModel, ChatRequest, EmittedToolCall, History,
    ModelErrorKind, ToolChoice, ToolName,
};
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use openclaw_providers_openai::{
    CapabilityStore, ChatApi, OpenAiModel, ServerCapabilities, ServerFeature,
};
use openclaw_test_support::client::{End, client, info, read};
use openclaw_test_support::raw_server::{RawServer, response};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::recordings::{framed, recordings};
use crate::talk::{
    TAIL, asked, before_tail, broken, calls, read_tool, ready, request, resolve, says, thinks,
};

fn model(base_url: &str) -> OpenAiModel {
    OpenAiModel::new(client(base_url), info("tiny", 4096)).with_api(ChatApi::Responses)
}

/// The bodies that a server with these capabilities gets.
async fn sent(
    facts: ServerCapabilities,
    requests: impl IntoIterator<Item = ChatRequest>,
) -> Vec<String> {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server.base_url()).with_capability_store(CapabilityStore::new(facts));
    for request in requests {
        read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
    }
    let seen = server.requests();
    seen.iter().map(|seen| String::from_utf8(seen.body.to_vec()).unwrap()).collect()
}

async fn one(request: ChatRequest) -> String {
    sent(ServerCapabilities::default(), [request]).await.remove(0)
}

#[tokio::test]
async fn text_only() {
    assert_snapshot!(one(request(&asked("hi"))).await, @r##"{"model":"tiny","stream":true,"store":false,"input":[{"type":"message","role":"user","content":"hi"}]}"##);
}

#[tokio::test]
async fn a_system_prompt_and_a_named_tool() {
    let mut request = request(&asked("hi"));
    request.system_prompt = Some("Be brief.".into());
    request.tools = [read_tool()].into();
    request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
    request.max_output_tokens = Some(256);
    assert_snapshot!(one(request).await, @r##"{"model":"tiny","stream":true,"store":false,"instructions":"Be brief.","tools":[{"type":"function","name":"read","description":"Reads a file.","parameters":{"properties":{"path":{"type":"string"}},"required":["path"],"type":"object"},"strict":true}],"tool_choice":{"type":"function","name":"read"},"input":[{"type":"message","role":"user","content":"hi"}],"max_output_tokens":256}"##);
}

#[tokio::test]
async fn two_calls_with_their_results() {
    let mut history = asked("compare");
    let two = [ready("a", "read", r#"{"path": "x", "all": true}"#), broken("b", "read", "{")];
    let message = thinks("hm", "reasoning_text", "I look.");
    history.push_assistant_message(AssistantMessage { calls: two.into(), ..message }).unwrap();
    resolve(&mut history, "a", "one");
    history.push_assistant_message(thinks("so", "<think>", "done")).unwrap();
    history.push_user_message("thanks");
    assert_snapshot!(one(request(&history)).await, @r##"{"model":"tiny","stream":true,"store":false,"input":[{"type":"message","role":"user","content":"compare"},{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},{"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I look."}]},{"type":"function_call","call_id":"a","name":"read","arguments":"{\"all\":true,\"path\":\"x\"}"},{"type":"function_call","call_id":"b","name":"read","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"one"},{"type":"function_call_output","call_id":"b","output":"This call was not run: Its arguments are not valid JSON. You wrote: {"},{"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"<think>\nso\n</think>\n\ndone"}]},{"type":"message","role":"user","content":"thanks"}]}"##);
}

#[tokio::test]
async fn what_the_server_lacks_is_said_in_another_way() {
    let mut history = asked("one");
    history.push_assistant_message(thinks("hm", "reasoning_text", "1")).unwrap();
    history.push_user_message("two");
    let mut request = request(&history);
    request.system_prompt = Some("Be brief.".into());
    request.tools = [read_tool()].into();
    request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
    let lacks = [
        ServerFeature::SystemRole,
        ServerFeature::ReasoningField,
        ServerFeature::NamedToolChoice,
        ServerFeature::StrictMode,
    ];
    let facts =
        ServerCapabilities { unsupported_features: lacks.into(), ..ServerCapabilities::default() };
    let body = sent(facts, [request]).await.remove(0);
    assert_snapshot!(body, @r##"{"model":"tiny","stream":true,"store":false,"tools":[{"type":"function","name":"read","description":"Reads a file.","parameters":{"properties":{"path":{"type":"string"}},"required":["path"],"type":"object"}}],"tool_choice":"required","input":[{"type":"message","role":"user","content":"Be brief.\n\none"},{"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"1"}]},{"type":"message","role":"user","content":"two"}]}"##);
}

#[tokio::test]
async fn a_summary_of_reasoning_is_not_reasoning() {
    let mut history = asked("one");
    history.push_assistant_message(thinks("in short", "reasoning_summary", "1")).unwrap();
    history.push_user_message("two");
    let body = one(request(&history)).await;
    assert!(body.contains("output_text") && !body.contains("in short"), "{body}");
}

#[tokio::test]
async fn each_request_begins_with_the_one_before_up_to_its_tail() {
    let mut requests = Vec::new();
    let mut history = asked("one");
    let mut send = |history: &History| {
        let system = Some("Be brief.".into());
        let tail = Some(TAIL.into());
        let tools = [read_tool()].into();
        requests.push(ChatRequest {
            system_prompt: system,
            tools,
            suffix: tail,
            ..request(history)
        });
    };
    send(&history);
    history.push_assistant_message(calls([ready("a", "read", r#"{"path": "x"}"#)])).unwrap();
    resolve(&mut history, "a", "content");
    send(&history);
    history.push_assistant_message(thinks("hm", "reasoning_text", "done \u{1f600}")).unwrap();
    history.push_user_message("two");
    send(&history);
    history.push_assistant_message(says("again")).unwrap();
    history.push_user_message("three");
    send(&history);
    let bodies = sent(ServerCapabilities::default(), requests).await;
    for pair in bodies.windows(2) {
        let shared = before_tail(&pair[0]);
        assert!(pair[1].starts_with(shared), "{}\n{}", pair[0], pair[1]);
    }
}

#[tokio::test]
async fn reasoning_that_is_refused_is_not_sent_again() {
    let server = MockVllm::builder().start().await.unwrap();
    let message = "Unsupported input item type: reasoning".to_owned();
    let refusal = ErrorBody::Error { message, kind: "BadRequestError".to_owned() };
    server.push(Reply::status(400, refusal));
    server.push(Turn::text("so"));
    let mut history = asked("one");
    history.push_assistant_message(thinks("hm", "reasoning_text", "1")).unwrap();
    history.push_user_message("two");
    let model = model(&server.base_url());
    let (pieces, end) = read(model.stream_chat(request(&history)).await.unwrap()).await;
    assert_eq!(end.unwrap().0.text, "so");
    assert!(
        pieces.iter().any(|piece| matches!(piece, ChatEvent::RequestAdapted { .. })),
        "{pieces:?}"
    );
    assert!(
        model
            .capability_store()
            .current_capabilities()
            .is_unsupported(ServerFeature::ReasoningField)
    );
    let has_reasoning = |body: &[u8]| String::from_utf8_lossy(body).contains("reasoning_text");
    let seen: Vec<_> = server.requests().iter().map(|seen| has_reasoning(&seen.body)).collect();
    assert_eq!(seen, [true, false]);
}

#[tokio::test]
async fn what_the_model_wrote_as_text_is_distinguished() {
    let call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"x\"}}\n</tool_call>";
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::pieces(["<thi", "nk>hm</think>", call]));
    let mut request = request(&asked("hi"));
    request.tools = [read_tool()].into();
    let end = read(model(&server.base_url()).stream_chat(request).await.unwrap()).await.1;
    let (message, outcome, _) = end.unwrap();
    let thought = message.reasoning.unwrap();
    assert_eq!((thought.text.as_str(), thought.field), ("hm", "<think>".into()));
    assert_eq!((message.text.as_str(), outcome), ("", AnswerOutcome::ToolCalls));
    assert!(
        matches!(&message.calls[..], [EmittedToolCall::Valid(call)] if call.name.as_str() == "read")
    );
}

#[test]
fn tokens_are_counted_as_the_server_says() {
    let usage = json!({"input_tokens": 9, "input_tokens_details": {"cached_tokens": 8},
        "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 6}});
    let event = json!({"type": "response.completed", "response": {"status": "completed",
        "output": [], "usage": usage}});
    let (_, _, usage) = read_body(format!("data: {event}\n\n")).unwrap();
    let usage = usage.unwrap();
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.output_tokens), (9, Some(8), 7));
}

fn read_body(body: String) -> End {
    let answer = move |_: &str| Some(response("200 OK", "text/event-stream", &body));
    block_on(async { read_answer(RawServer::start(answer).await).await.1 })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

async fn read_answer(server: RawServer) -> (Vec<ChatEvent>, End) {
    read(model(&server.base_url()).stream_chat(request(&asked("hi"))).await.unwrap()).await
}

/// The events of a recording, its body in chunks of these lengths, repeated.
fn events_in_chunks(name: &str, lengths: &[usize]) -> (Vec<ChatEvent>, String) {
    let recorded = &recordings(ChatApi::Responses)[name];
    let bytes = framed(name, recorded, |body| {
        let (mut chunks, mut rest) = (Vec::new(), body);
        let mut lengths = lengths.iter().cycle();
        while !rest.is_empty() {
            let end = rest.ceil_char_boundary(*lengths.next().unwrap()).min(rest.len());
            let (chunk, after) = rest.split_at(end);
            chunks.push(chunk.to_owned());
            rest = after;
        }
        chunks
    });
    let bytes = Arc::new(bytes);
    let (events, end) = block_on(async {
        read_answer(RawServer::start(move |_| Some(bytes.to_vec())).await).await
    });
    (events, format!("{:?}", end.unwrap()))
}

fn any_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        "[a-c{}\"]{1,3}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn any_place() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (0u32..3).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!(-1)),
    ]
}

fn any_item() -> impl Strategy<Value = Value> {
    let kinds = select(vec!["message", "reasoning", "function_call", "other"]);
    let parts = select(vec!["output_text", "refusal", "reasoning_text", "summary_text"]);
    let part = (parts, any_text()).prop_map(|(kind, text)| json!({"type": kind, "text": text}));
    (kinds, "[ab]?", vec(part, 0..3), any_text(), any_text()).prop_map(
        |(kind, id, parts, name, arguments)| {
            json!({"type": kind, "id": id, "content": parts, "summary": parts, "call_id": id,
                "name": name, "arguments": arguments})
        },
    )
}

fn any_event() -> impl Strategy<Value = Value> {
    let kinds = select(vec![
        "created",
        "output_item.added",
        "output_item.done",
        "content_part.added",
        "content_part.done",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "refusal.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "reasoning_summary_text.delta",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "unheard_of",
        "completed",
        "incomplete",
    ]);
    let status = select(vec!["completed", "incomplete", "in_progress", "other"]);
    let response = (vec(any_item(), 0..3), status)
        .prop_map(|(output, status)| json!({"output": output, "status": status}));
    (kinds, any_place(), "[ab]?", any_text(), any_item(), response).prop_map(
        |(kind, index, id, text, item, response)| {
            json!({"type": format!("response.{kind}"), "output_index": index, "item_id": id,
                "delta": text, "text": text, "arguments": text, "part": item["content"][0],
                "item": item, "response": response, "content_index": 0})
        },
    )
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => any_event().prop_map(|event| format!("data: {event}")),
        1 => Just(": keep-alive".to_owned()),
        1 => Just("data: [DONE]".to_owned()),
        1 => Just("data: {}".to_owned()),
        1 => Just("data: {\"error\": {\"message\": \"boom\", \"code\": 500}}".to_owned()),
        1 => Just("data: {\"type\": \"error\", \"message\": \"boom\"}".to_owned()),
        1 => any::<String>().prop_map(|text| text.replace(['\r', '\n'], " ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_events_are_the_same_however_the_bytes_come(lengths in vec(1usize..300, 1..20)) {
        for name in ["responses-auto-forced-two-stream", "responses-reasoned-text-stream"] {
            let whole = events_in_chunks(name, &[usize::MAX]);
            prop_assert_eq!(events_in_chunks(name, &lengths), whole);
        }
    }
}

proptest! {
    /// `read` asserts a single end and matching deltas.
    #[test]
    fn any_stream_has_one_end(lines in vec(any_line(), 0..12)) {
        match read_body(lines.join("\n\n") + "\n\n") {
            Ok((message, outcome, _)) => {
                prop_assert_eq!(outcome == AnswerOutcome::ToolCalls, !message.calls.is_empty());
            }
            Err(error) => {
                let expected = [ModelErrorKind::Interrupted, ModelErrorKind::Protocol];
                prop_assert!(expected.contains(&error.kind()), "{:?}", error.kind());
            }
        }
    }
}
