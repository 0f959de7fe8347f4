//! `/v1/responses` against recordings of a real vLLM 0.32.

use openclaw_mock_vllm::{Call, Finish, Reply, Turn, UsageOverride};
use serde_json::Value;

use crate::conformance::{AS_RECORDED, NOTHING, all_agree, differences, server};
use crate::recording::Recording;

/// Every recording of it.
pub(crate) const TABLES: [&[&str]; 5] = [OWN_ANSWERS, ANSWERS, REASONED, WITHOUT_TOOLS, BY_HAND];

/// Requests that the server answers without the model.
const OWN_ANSWERS: &[&str] = &[
    "responses-background",
    "responses-bad-input",
    "responses-bad-json",
    "responses-bad-temp",
    "responses-badkey-stream",
    "responses-badmodel",
    "responses-badmodel-stream",
    "responses-empty-input",
    "responses-get",
    "responses-longprompt",
    "responses-longprompt-max",
    "responses-longprompt-stream",
    "responses-max-zero",
    "responses-method",
    "responses-missing-input",
    "responses-named-no-tools",
    "responses-named-unknown",
    "responses-nokey",
    "responses-prev",
    "responses-reasoning-encrypted",
    "responses-required-no-tools",
    "responses-text-plain",
    "responses-too-large",
    "responses-too-large-stream",
];

/// Requests that the model answers.
const ANSWERS: &[&str] = &[
    "responses",
    "responses-args-invalid",
    "responses-auto-forced",
    "responses-auto-forced-stream",
    "responses-auto-forced-text",
    "responses-auto-forced-text-stream",
    "responses-auto-forced-two",
    "responses-auto-forced-two-stream",
    "responses-auto-malformed-stream",
    "responses-choice",
    "responses-choice-stream",
    "responses-continue-stream",
    "responses-easy-history",
    "responses-empty",
    "responses-empty-stream",
    "responses-history-stream",
    "responses-history-stream-again",
    "responses-max-sum-too-large",
    "responses-no-max-stream",
    "responses-no-model",
    "responses-output-array",
    "responses-parts-history",
    "responses-reasoning-in-stream",
    "responses-request-id",
    "responses-stream",
    "responses-tools-empty-list",
    "responses-tools-named-stream",
    "responses-tools-none-stream",
    "responses-tools-required-stream",
    "responses-unknown-fields",
    "responses-x-request-id",
];

/// Requests that a server with a reasoning parser answers.
const REASONED: &[&str] = &[
    "responses-reasoned-auto-stream",
    "responses-reasoned-history-stream",
    "responses-reasoned-required-stream",
    "responses-reasoned-text",
    "responses-reasoned-text-stream",
    "responses-reasoned-tool-stream",
    "responses-reasoning",
    "responses-reasoning-stream",
];

/// Answers of a server without a tool parser, where calls are text.
const WITHOUT_TOOLS: &[&str] = &[
    "responses-notools-auto-stream",
    "responses-notools-named-stream",
    "responses-notools-required",
];

/// Answers whose cause does not show in them.
const BY_HAND: &[&str] = &[
    "responses-auto-forced-two-noparallel-stream",
    "responses-auto-malformed",
    "responses-auto-truncated",
    "responses-auto-truncated-arguments-stream",
    "responses-auto-truncated-stream",
    "responses-kill-sigkill-engine",
    "responses-reasoning-hidden-stream",
    "responses-tools-loose-stream",
    "responses-tools-named",
    "responses-tools-required",
];

/// What the model said, as far as it was streamed or is in the whole answer.
pub(crate) fn turn(recording: &Recording) -> Turn {
    let mut turn = Turn::empty();
    let mut response = Value::Null;
    let mut call: Option<(String, Vec<String>)> = None;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for event in events(recording) {
        match event["type"].as_str().unwrap_or_default() {
            "response.output_text.delta" => turn = turn.then_text(text(&event["delta"])),
            "response.reasoning_text.delta" => turn = turn.then_reasoning(text(&event["delta"])),
            "response.output_item.added" if event["item"]["name"].is_string() => {
                call = Some((text(&event["item"]["name"]), Vec::new()));
            }
            "response.function_call_arguments.delta" => {
                call.as_mut().expect("a call began").1.push(text(&event["delta"]));
            }
            "response.output_item.done" => {
                if let Some((name, pieces)) = call.take() {
                    turn = turn.then_call(Call::pieces(name, pieces));
                }
            }
            "response.completed" => response = event["response"].clone(),
            _ => {}
        }
    }
    if !recording.is_stream() {
        response = serde_json::from_str(&recording.body).expect("a JSON body");
        for item in response["output"].as_array().into_iter().flatten() {
            let said = text(&item["content"][0]["text"]);
            turn = match item["type"].as_str() {
                Some("message") => turn.then_text(said),
                Some("reasoning") => turn.then_reasoning(said),
                _ => turn.then_call(Call::new(text(&item["name"]), text(&item["arguments"]))),
            };
        }
    }
    let turn = match response["status"].as_str() {
        Some("incomplete") => turn.finish(Finish::Length),
        _ => turn,
    };
    turn.usage(counts(&response["usage"]))
}

fn events(recording: &Recording) -> Vec<Value> {
    let data = |event: String| Some(event.split_once("data: ")?.1.trim().to_owned());
    let data = recording.events().into_iter().filter_map(data);
    data.map(|data| serde_json::from_str(&data).expect("JSON")).collect()
}

fn counts(usage: &Value) -> UsageOverride {
    let count = |value: &Value| value.as_u64().and_then(|count| u32::try_from(count).ok());
    UsageOverride {
        prompt: count(&usage["input_tokens"]),
        completion: count(&usage["output_tokens"]),
        cached: count(&usage["input_tokens_details"]["cached_tokens"]),
        created: count(&usage["input_tokens_details"]["cache_write_tokens"]),
        reasoning: count(&usage["output_tokens_details"]["reasoning_tokens"]),
    }
}

#[tokio::test]
async fn the_server_s_own_answers() {
    all_agree(OWN_ANSWERS, server, NOTHING).await;
}

#[tokio::test]
async fn the_model_s_answers() {
    all_agree(ANSWERS, server, AS_RECORDED).await;
    all_agree(REASONED, || server().reasoning_parser(true), AS_RECORDED).await;
    all_agree(WITHOUT_TOOLS, || server().auto_tool_choice(false), AS_RECORDED).await;
}

#[tokio::test]
async fn answers_that_the_parser_changes_or_gives_up_on() {
    let run = |arguments: &str| Call::new("run", arguments);
    let ls = || run("{\"cmd\": \"ls\"}");
    let cut = |text: &str| Turn::empty().then_withheld(text).finish(Finish::Length);
    let said = |name: &str| {
        let body: Value = serde_json::from_str(&Recording::read(name).body).expect("JSON");
        body["output"][0].clone()
    };
    let text = |name: &str| said(name)["content"][0]["text"].as_str().expect("text").to_owned();
    let call = |name: &str| {
        let item = said(name);
        let text = |field: &str| item[field].as_str().expect("text").to_owned();
        Turn::empty().then_call(Call::new(text("name"), text("arguments")))
    };
    let streamed = |name: &str| turn(&Recording::read(name));
    let hidden = "responses-reasoning-hidden-stream";
    let twice = "responses-auto-forced-two-noparallel-stream";
    let scripts = [
        (twice, streamed(twice).then_call(ls())),
        ("responses-auto-malformed", Turn::call("run", "{\"cmd\": \"ls\"")),
        ("responses-auto-truncated", cut(&text("responses-auto-truncated"))),
        (
            "responses-auto-truncated-arguments-stream",
            Turn::empty().then_call(Call::pieces("run", [""; 0])).finish(Finish::Length),
        ),
        ("responses-auto-truncated-stream", cut("<tool_call>")),
        (hidden, Turn::empty().then_reasoning("never shown").finish(Finish::Length)),
        ("responses-tools-loose-stream", streamed("responses-tools-loose-stream")),
        ("responses-tools-named", call("responses-tools-named")),
        ("responses-tools-required", call("responses-tools-required")),
    ];
    let mut found = Vec::new();
    for (name, turn) in scripts {
        let recording = Recording::read(name);
        let last = events(&recording).pop();
        let response = last.map(|event| event["response"].clone());
        let response =
            response.unwrap_or_else(|| serde_json::from_str(&recording.body).expect("JSON"));
        let turn = turn.usage(counts(&response["usage"]));
        found.extend(differences(name, server(), Some(turn.into())).await);
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn the_death_of_the_engine_breaks_the_connection_off() {
    let recording = Recording::read("responses-kill-sigkill-engine");
    let dies_at = recording.events().len();
    let reply = Reply::from(turn(&recording).then_text(" never said")).engine_dies_at(dies_at);
    let found = differences("responses-kill-sigkill-engine", server(), Some(reply)).await;
    let expected = "responses-kill-sigkill-engine: end\n  real true\n  mock false";
    assert_eq!(found, [expected], "the recording ends without its last chunk as well");
}
