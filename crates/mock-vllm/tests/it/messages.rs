//! `/v1/messages` against recordings of a real vLLM 0.32.

use openclaw_mock_vllm::{Call, Finish, Turn, UsageOverride};
use serde_json::Value;

use crate::client::Client;
use crate::conformance::{AS_RECORDED, NOTHING, all_agree, server};
use crate::recording::Recording;

/// Every recording of it.
pub(crate) const TABLES: [&[&str]; 4] = [OWN_ANSWERS, COUNTS, ANSWERS, REASONED];

/// Requests that the server answers without the model.
const OWN_ANSWERS: &[&str] = &[
    "messages-bad-json",
    "messages-bad-max",
    "messages-bad-role",
    "messages-bad-temp",
    "messages-badkey",
    "messages-badmodel",
    "messages-badmodel-stream",
    "messages-count-badmodel",
    "messages-count-long",
    "messages-count-method",
    "messages-count-nokey",
    "messages-empty",
    "messages-longprompt",
    "messages-max-too-large",
    "messages-method",
    "messages-missing",
    "messages-named-unknown",
    "messages-no-max",
    "messages-no-model",
    "messages-nokey",
    "messages-text-plain",
    "messages-tool-no-schema",
    "messages-xapikey",
];

/// Requests that count tokens; how many they are is the stand-in's.
const COUNTS: &[&str] = &["messages-count", "messages-count-tools"];

/// Requests that the model answers.
const ANSWERS: &[&str] = &[
    "messages",
    "messages-any-no-tools",
    "messages-any-stream",
    "messages-auto",
    "messages-cut-stream",
    "messages-history-again-stream",
    "messages-history-stream",
    "messages-json-stream",
    "messages-max-sum-stream",
    "messages-named-stream",
    "messages-no-user",
    "messages-none",
    "messages-stop-stream",
    "messages-stream",
    "messages-strict",
    "messages-system-stream",
    "messages-thinking",
];

/// Requests that a server with a reasoning parser answers.
const REASONED: &[&str] = &["messages-reasoned", "messages-reasoned-stream"];

/// What the model said, as far as it was streamed or is in the whole answer.
pub(crate) fn turn(recording: &Recording) -> Turn {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if !recording.is_stream() {
        let message: Value = serde_json::from_str(&recording.body).expect("a JSON body");
        let mut turn = Turn::empty();
        for block in message["content"].as_array().into_iter().flatten() {
            turn = match block["type"].as_str() {
                Some("text") => turn.then_text(text(&block["text"])),
                Some("thinking") => turn.then_reasoning(text(&block["thinking"])),
                _ => turn.then_call(Call::new(text(&block["name"]), block["input"].to_string())),
            };
        }
        return ended(turn, &message, &message["usage"]);
    }
    let mut turn = Turn::empty();
    let mut call: Option<(String, Vec<String>)> = None;
    for event in recording.events() {
        let (_, data) = event.split_once("data: ").expect("data");
        let event: Value = serde_json::from_str(data.trim()).expect("JSON");
        let (delta, block) = (&event["delta"], &event["content_block"]);
        match (event["type"].as_str(), delta["type"].as_str()) {
            (_, Some("text_delta")) => turn = turn.then_text(text(&delta["text"])),
            (_, Some("thinking_delta")) => turn = turn.then_reasoning(text(&delta["thinking"])),
            (_, Some("input_json_delta")) => {
                call.as_mut().expect("a call began").1.push(text(&delta["partial_json"]));
            }
            (Some("content_block_start"), _) if block["type"] == "tool_use" => {
                call = Some((text(&block["name"]), Vec::new()));
            }
            (Some("content_block_stop"), _) => {
                if let Some((name, pieces)) = call.take() {
                    turn = turn.then_call(Call::pieces(name, pieces));
                }
            }
            (Some("message_delta"), _) => turn = ended(turn, delta, &event["usage"]),
            _ => {}
        }
    }
    turn
}

fn ended(turn: Turn, reason: &Value, usage: &Value) -> Turn {
    let turn = match (reason["stop_reason"].as_str(), reason["stop_sequence"].as_str()) {
        (Some("max_tokens"), _) => turn.finish(Finish::Length),
        (_, Some(stop)) => turn.finish(Finish::Stop).stop_reason(stop),
        _ => turn,
    };
    let count = |name: &str| usage[name].as_u64().and_then(|count| u32::try_from(count).ok());
    let cached = count("cache_read_input_tokens");
    let created = count("cache_creation_input_tokens");
    let input = count("input_tokens").into_iter().chain(cached).chain(created);
    turn.usage(UsageOverride {
        prompt: Some(input.sum()),
        completion: count("output_tokens"),
        cached,
        created,
        ..UsageOverride::default()
    })
}

#[tokio::test]
async fn the_server_s_own_answers() {
    all_agree(OWN_ANSWERS, server, NOTHING).await;
}

#[tokio::test]
async fn the_model_s_answers() {
    all_agree(ANSWERS, server, AS_RECORDED).await;
    all_agree(REASONED, || server().reasoning_parser(true), AS_RECORDED).await;
}

#[tokio::test]
async fn tokens_are_counted_in_the_same_shape() {
    for name in COUNTS {
        let recording = Recording::read(name);
        let server = server().start().await.expect("a port");
        let mut client = Client::connect(server.port()).await;
        let head: Vec<_> = recording.request.lines().collect();
        client.send(&head, &recording.request_body).await;
        let answer = client.answer("POST").await.expect("an answer");
        assert_eq!(answer.status, recording.status, "{name}");
        let count = |body: &str| {
            let body: Value = serde_json::from_str(body).expect("JSON");
            let count = body["input_tokens"].to_string();
            assert_ne!(count, "0");
            (body.to_string().replace(&count, "#"), body.as_object().map(serde_json::Map::len))
        };
        assert_eq!(count(&answer.body), count(&recording.body), "{name}");
    }
}
