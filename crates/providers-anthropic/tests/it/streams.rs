//! Recorded streams of a real vLLM, cut anywhere, and arbitrary streams.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, EmittedToolCall, ModelErrorKind, TokenUsage,
};
use openclaw_test_support::client::{End, client, read};
use openclaw_test_support::raw_server::{RawServer, response};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::talk::{model, question};

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-vllm/tests/recordings");

/// The result of a recording: the outcome and its calls, `+` for a usable one and `-` for an
/// invalid one; or the name of the error.
const EXPECTED: &[(&str, &str)] = &[
    ("messages-any-stream", "ToolCalls -run"),
    ("messages-badmodel-stream", "unknown_model"),
    ("messages-cut-stream", "Truncated"),
    ("messages-history-again-stream", "Truncated"),
    ("messages-history-stream", "Truncated"),
    ("messages-json-stream", "Truncated"),
    ("messages-max-sum-stream", "Reply"),
    ("messages-named-stream", "ToolCalls -run"),
    ("messages-reasoned-stream", "ReasoningTruncated"),
    ("messages-stop-stream", "Reply"),
    ("messages-stream", "Truncated"),
    ("messages-system-stream", "Truncated"),
    ("messages-thinking", "Truncated"),
];

/// An answer with every kind of block, as the hosted API sends it.
const HOSTED: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":5,"cache_read_input_tokens":70,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm ≠"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Größe 🙂"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"read","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"path\": \"ü"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: something_new
data: {"type":"something_new","message":"of no use","index":{}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":42}}

event: message_stop
data: {"type":"message_stop"}

"#;

/// The responses to streaming requests, by name.
fn recordings() -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(Path::new(RECORDINGS)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "req") {
            continue;
        }
        let request = std::fs::read_to_string(&path).unwrap();
        if request.starts_with("POST /v1/messages\n") && request.contains("\"stream\":true") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.insert(name, std::fs::read(path.with_extension("res")).unwrap());
        }
    }
    found
}

/// A recorded response as bytes for the wire; its body in chunks of these lengths, repeated.
fn framed(recorded: &[u8], lengths: &[usize]) -> Vec<u8> {
    let end = recorded.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let (head, mut rest) = recorded.split_at(end);
    let is_chunked = String::from_utf8_lossy(head).contains("transfer-encoding: chunked");
    if !is_chunked {
        return recorded.to_vec();
    }
    let mut wire = head.to_vec();
    let mut lengths = lengths.iter().cycle();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at((*lengths.next().unwrap()).min(rest.len()));
        wire.extend(format!("{:x}\r\n", chunk.len()).bytes());
        wire.extend(chunk);
        wire.extend(b"\r\n");
        rest = after;
    }
    wire.extend(b"0\r\n\r\n");
    wire
}

fn streamed(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\
                transfer-encoding: chunked\r\n\r\n";
    [head, body].concat().into_bytes()
}

async fn answer(response: Vec<u8>) -> (Vec<ChatEvent>, End) {
    let response = Arc::new(response);
    let server = RawServer::start(move |_| Some(response.to_vec())).await;
    let model = model(client(&server.base_url()), 4096, Some(64));
    match model.stream_chat(question("hi")).await {
        Ok(stream) => read(stream).await,
        Err(error) => (Vec::new(), Err(error)),
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

fn shown(end: &End) -> String {
    match end {
        Ok((message, outcome, _)) => {
            let calls = message.calls.iter().map(|call| match call {
                EmittedToolCall::Valid(call) => format!(" +{}", call.name),
                EmittedToolCall::Invalid(call) => format!(" -{}", call.name),
            });
            format!("{outcome:?}{}", calls.collect::<String>())
        }
        Err(error) => error.kind().name().to_owned(),
    }
}

#[tokio::test]
async fn each_recording_comes_to_what_it_says() {
    let mut found = Vec::new();
    for (name, recorded) in recordings() {
        let (_, end) = answer(framed(&recorded, &[usize::MAX])).await;
        found.push((name, shown(&end)));
    }
    let expected: Vec<_> =
        EXPECTED.iter().map(|(name, end)| ((*name).to_owned(), (*end).to_owned())).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_answer_of_the_hosted_api_is_read() {
    let (_, end) = answer(framed(&streamed(HOSTED), &[usize::MAX])).await;
    let (message, outcome, usage) = end.unwrap();
    assert_eq!((message.text.as_str(), outcome), ("Größe 🙂", AnswerOutcome::ToolCalls));
    assert_eq!(message.reasoning.unwrap().text, "hm ≠");
    let [EmittedToolCall::Valid(call)] = &message.calls[..] else { panic!("{:?}", message.calls) };
    assert_eq!((call.id.as_str(), call.arguments.to_json()), ("toolu_1", r#"{"path":"ü"}"#.into()));
    assert_eq!(
        usage,
        Some(TokenUsage { input_tokens: 100, output_tokens: 42, cached_tokens: Some(70) })
    );
}

/// An answer whose only block has these deltas, each the JSON text of its field's value.
fn block_of(kind: &str, field: &str, deltas: &[&str]) -> String {
    let block = json!({"type": kind, "id": "t", "name": "read", "input": {}, "text": ""});
    let mut events = vec![
        r#"{"type":"message_start","message":{"usage":{"input_tokens":1}}}"#.to_owned(),
        json!({"type": "content_block_start", "index": 0, "content_block": block}).to_string(),
    ];
    events.extend(deltas.iter().map(|text| {
        format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"x","{field}":{text}}}}}"#
        )
    }));
    events.extend(
        [
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
            r#"{"type":"message_stop"}"#,
        ]
        .map(str::to_owned),
    );
    events.iter().map(|event| ["data: ", event, "\n\n"].concat()).collect()
}

#[tokio::test]
async fn half_characters_are_joined_and_lone_ones_replaced() {
    for (deltas, expected) in [
        (&[r#""a \ud83d""#, r#""\ude42 b""#][..], "a 🙂 b"),
        (&[r#""a \ud83d\ude42 b""#], "a 🙂 b"),
        (&[r#""a \ud83d b""#], "a \u{fffd} b"),
        (&[r#""a \ude42 b""#], "a \u{fffd} b"),
        (&[r#""a \ud83d""#, r#"" b""#], "a \u{fffd} b"),
        (&[r#""a \ud83d""#], "a \u{fffd}"),
    ] {
        let text = block_of("text", "text", deltas);
        let (_, end) = answer(response("200 OK", "text/event-stream", &text)).await;
        assert_eq!(end.unwrap().0.text, expected, "{deltas:?}");
        let thought = block_of("thinking", "thinking", deltas);
        let (_, end) = answer(response("200 OK", "text/event-stream", &thought)).await;
        assert_eq!(end.unwrap().0.reasoning.unwrap().text, expected, "{deltas:?}");
    }
    for (deltas, expected) in [
        (&[r#""{\"path\": \"\ud83d""#, r#""\ude42\"}""#][..], "🙂"),
        (&[r#""{\"path\": \"\\ud83d\\ude42\"}""#], "🙂"),
        (&[r#""{\"path\": \"a\ud83d\"}""#], "a\u{fffd}"),
        (&[r#""{\"path\": \"a\\ud83d\"}""#], "a\u{fffd}"),
    ] {
        let call = block_of("tool_use", "partial_json", deltas);
        let (_, end) = answer(response("200 OK", "text/event-stream", &call)).await;
        let message = end.unwrap().0;
        let [EmittedToolCall::Valid(call)] = &message.calls[..] else {
            panic!("{deltas:?} {:?}", message.calls)
        };
        assert_eq!(call.arguments.to_value()["path"], expected, "{deltas:?}");
    }
}

#[tokio::test]
async fn a_stream_split_at_any_byte_gives_the_same_events() {
    let recorded = streamed(HOSTED);
    let (events, end) = answer(framed(&recorded, &[usize::MAX])).await;
    let end = format!("{:?}", end.unwrap());
    for at in 1..HOSTED.len() {
        let (split, ended) = answer(framed(&recorded, &[at, usize::MAX])).await;
        assert_eq!(split, events, "split at {at}");
        assert_eq!(format!("{:?}", ended.unwrap()), end, "split at {at}");
    }
}

#[tokio::test]
async fn a_stream_cut_at_any_byte_is_interrupted_or_whole() {
    let whole = streamed(HOSTED);
    let ended = HOSTED.find("event: message_stop").unwrap();
    for cut in (0..HOSTED.len()).step_by(7).chain(ended - 2..=ended) {
        let mut wire = framed(&whole[..whole.len() - HOSTED.len() + cut], &[usize::MAX]);
        // Without the chunk that ends the body.
        wire.truncate(wire.len() - b"0\r\n\r\n".len());
        match answer(wire).await.1 {
            Ok((message, outcome, _)) => {
                assert!(cut >= ended, "cut at {cut} of {ended}");
                assert_eq!((message.calls.len(), outcome), (1, AnswerOutcome::ToolCalls));
            }
            Err(error) => {
                assert_eq!(error.kind(), ModelErrorKind::Interrupted, "cut at {cut}");
                assert!(cut < ended, "cut at {cut} of {ended}: {error}");
            }
        }
    }
}

fn any_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        "[a-c{}\"]{1,3}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({"a": 1})),
    ]
}

fn any_event() -> impl Strategy<Value = Value> {
    let kinds = prop_oneof![
        2 => Just("content_block_start"),
        5 => Just("content_block_delta"),
        1 => Just("content_block_stop"),
        1 => Just("message_start"),
        1 => Just("message_delta"),
        1 => Just("message_stop"),
        1 => Just("unheard_of"),
    ];
    let blocks = prop_oneof![
        Just("text"),
        Just("thinking"),
        Just("redacted_thinking"),
        Just("tool_use"),
        Just("server_tool_use")
    ];
    let index = prop_oneof![6 => (0u32..3).prop_map(Value::from), 1 => Just(Value::Null)];
    let field =
        prop_oneof![Just("text"), Just("thinking"), Just("partial_json"), Just("stop_reason")];
    let reason =
        prop_oneof![Just("end_turn"), Just("max_tokens"), Just("refusal"), Just("tool_use")];
    (kinds, index, blocks, any_text(), (field, reason)).prop_map(
        |(kind, index, block, text, (field, reason))| {
            let text = if field == "stop_reason" { json!(reason) } else { text };
            json!({"type": kind, "index": index, "delta": {field: text},
                "content_block": {"type": block, "name": "read", "input": {}, "id": "x"}})
        },
    )
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => any_event().prop_map(|event| format!("data: {event}")),
        1 => Just(": keep-alive".to_owned()),
        1 => Just("data: [DONE]".to_owned()),
        1 => Just("data: {}".to_owned()),
        1 => Just("data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}".to_owned()),
        1 => any::<String>().prop_map(|text| text.replace(['\r', '\n'], " ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_events_are_the_same_however_the_bytes_come(lengths in vec(1_usize..300, 1..20)) {
        let recordings = recordings();
        for name in ["messages-any-stream", "messages-reasoned-stream"] {
            let read = |lengths: &[usize]| {
                let (events, end) = block_on(answer(framed(&recordings[name], lengths)));
                (events, format!("{:?}", end.unwrap()))
            };
            prop_assert_eq!(read(&lengths), read(&[usize::MAX]));
        }
    }
}

proptest! {
    /// `read` asserts a single end and matching deltas.
    #[test]
    fn any_stream_has_one_end(lines in vec(any_line(), 0..12)) {
        let body = lines.join("\n\n") + "\n\n";
        let (_, end) = block_on(answer(response("200 OK", "text/event-stream", &body)));
        match end {
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
