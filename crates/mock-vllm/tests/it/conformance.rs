//! The mock against recordings of a real vLLM 0.32: status, headers and body, byte for byte.
//!
//! What the model said and what it cost comes from the recording, as a script. Everything else,
//! the refusals above all, is the mock's own doing.

use openclaw_mock_vllm::{Brain, Call, Finish, MockVllm, MockVllmBuilder, ModelSpec, Reply, Turn};

use crate::client::Client;
use crate::recording::{Recording, counts, normal};

/// Requests that the server answers without the model.
const OWN_ANSWERS: &[&str] = &[
    "models",
    "models-basic",
    "models-nokey",
    "models-badkey",
    "models-xapikey",
    "model-one",
    "version",
    "version-nokey",
    "health",
    "health-nokey",
    "ping",
    "load",
    "notfound",
    "method",
    "metrics-head",
    "chat-nokey",
    "chat-badkey",
    "chat-badkey-stream",
    "bad-json",
    "bad-type",
    "bad-temp",
    "bad-topp",
    "text-plain-ct",
    "missing-messages",
    "empty-messages",
    "content-null-user",
    "content-image",
    "unknown-model",
    "unknown-model-stream",
    "tools-empty-list",
    "tools-empty-list-auto",
    "toolchoice-no-tools",
    "tools-named-unknown",
    "streamoptions-without-stream",
    "max-tokens-zero",
    "max-tokens-neg",
    "max-tokens-too-large",
    "max-tokens-too-large-stream",
    "max-completion-too-large",
    "min-gt-max",
    "logprobs-big",
    "toplogprobs-only",
    "longprompt",
    "longprompt-stream",
    "reasoning-effort-bogus",
    "continue-both-true",
    "continue-flag-alone",
    "continue-flag-alone-tok",
    "tokenize-badmodel",
];

/// Requests that count tokens; the tokens themselves are the stand-in's.
const TOKENS: &[&str] = &["tokenize-messages", "tokenize-prompt", "tokenize-nokey"];

/// Requests that the model answers.
const ANSWERS: &[&str] = &[
    "chat",
    "chat-stream",
    "chat-stream-raw",
    "chat-stream-nousage",
    "chat-stream-continuous",
    "eos-biased",
    "no-max-tokens",
    "stop-string",
    "no-model",
    "both-max",
    "max-tokens-exact",
    "max-tokens-sum-too-large",
    "structured-outputs-choice",
    "tool-args-invalid",
    "tool-without-call",
    "content-array",
    "unknown-fields",
    "bad-role",
    "continue-final",
    "continue-user",
    "service-tier",
    "x-request-id",
    "request-id",
    "tools-auto",
    "tools-default",
    "tools-none",
    "tools-named-stream",
    "tools-required-stream",
    "tools-required-truncated",
    "auto-forced",
    "auto-forced-stream",
    "auto-forced-text",
    "auto-forced-text-stream",
    "auto-forced-two",
    "auto-forced-two-stream",
    "auto-forced-two-noparallel-stream",
    "auto-malformed-stream",
    "auto-unknown-tool",
    "strict-required-stream",
    "strict-named",
];

/// Requests that a server with a reasoning parser answers.
const REASONED: &[&str] =
    &["chat-empty-stop-stream", "reasoning", "reasoning-stream", "reasoning-tools-required"];

/// Refusals and answers of a server without a tool parser.
const WITHOUT_TOOLS: &[&str] = &[
    "notools-auto",
    "notools-default",
    "notools-default-stream",
    "notools-required",
    "notools-named",
    "notools-named-stream",
];

const WITHOUT_TOOLS_ANSWERS: &[&str] = &["notools-none", "notools-history"];

const OVERLOADED: &[&str] = &["overload-503"];

/// Answers whose cause does not show in them, so that their script is written out below.
const BY_HAND: &[&str] = &[
    "auto-malformed",
    "auto-truncated",
    "auto-truncated-stream",
    "tools-required-stream-truncated",
    "tools-named",
    "tools-required",
    "tools-required-parallel-false",
    "reasoning-include-false",
    "kill-sigkill-engine",
    "kill-sigkill-engine-nonstream",
];

#[test]
fn every_recording_is_replayed() {
    let tables = [
        OWN_ANSWERS,
        TOKENS,
        ANSWERS,
        REASONED,
        WITHOUT_TOOLS,
        WITHOUT_TOOLS_ANSWERS,
        OVERLOADED,
        BY_HAND,
    ];
    let mut replayed = tables.concat();
    replayed.extend(crate::responses::TABLES.concat());
    replayed.extend(crate::messages::TABLES.concat());
    replayed.sort_unstable();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings");
    let files = std::fs::read_dir(folder).expect("the recordings");
    let names = files.filter_map(|file| {
        let name = file.expect("a file").file_name().into_string().expect("UTF-8");
        name.strip_suffix(".res").map(str::to_owned)
    });
    let mut recorded: Vec<_> = names.collect();
    recorded.sort();
    assert_eq!(replayed, recorded);
}

/// The recorded server.
pub(crate) fn server() -> MockVllmBuilder {
    let model = ModelSpec::new("tiny", 4096).root("example/tiny-lm");
    MockVllm::builder().model(model).api_key("vllm-local").brain(Brain::Script(Vec::new()))
}

/// Replays the recorded request and reports every difference in the answer.
pub(crate) async fn differences(
    name: &str,
    builder: MockVllmBuilder,
    reply: Option<Reply>,
) -> Vec<String> {
    let recording = Recording::read(name);
    let server = builder.start().await.expect("a port");
    if let Some(reply) = reply {
        server.push(reply);
    }
    let mut client = Client::connect(server.port()).await;
    let head: Vec<_> = recording.request.lines().collect();
    client.send(&head, &recording.request_body).await;
    let method = head[0].split(' ').next().expect("a method");
    let answer = client.answer(method).await.expect("an answer");
    let mut found = Vec::new();
    let mut compare = |what: &str, real: &str, mock: &str| {
        if real != mock {
            found.push(format!("{name}: {what}\n  real {real}\n  mock {mock}"));
        }
    };
    compare("status", &recording.status, &answer.status);
    // Counted tokens differ in number, and so does the length of their list.
    let is_kept = |line: &&String| !TOKENS.contains(&name) || !line.starts_with("content-length");
    let lines = |lines: &[String]| {
        let mut kept: Vec<_> = lines.iter().filter(is_kept).cloned().collect();
        // The order of headers has no meaning.
        kept.sort();
        kept.join(
            "
",
        )
    };
    compare("headers", &lines(&recording.headers), &lines(&answer.headers));
    if recording.is_stream() {
        let (real, mock) = (recording.events(), &answer.chunks);
        compare("number of events", &real.len().to_string(), &mock.len().to_string());
        for (real, mock) in real.iter().zip(mock) {
            compare("event", &normal(real), &normal(mock));
        }
    } else {
        compare("body", &normal(&recording.body), &normal(&answer.body));
    }
    compare("end", "true", &answer.is_whole.to_string());
    found
}

pub(crate) type Script = fn(&Recording) -> Option<Reply>;

pub(crate) const AS_RECORDED: Script = |recording| Some(recording.turn().into());
pub(crate) const NOTHING: Script = |_| None;

pub(crate) async fn all_agree(names: &[&str], builder: fn() -> MockVllmBuilder, script: Script) {
    let mut found = Vec::new();
    for name in names {
        found.extend(differences(name, builder(), script(&Recording::read(name))).await);
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn the_server_s_own_answers() {
    all_agree(OWN_ANSWERS, server, NOTHING).await;
    all_agree(TOKENS, server, NOTHING).await;
}

#[tokio::test]
async fn the_model_s_answers() {
    all_agree(ANSWERS, server, AS_RECORDED).await;
    all_agree(REASONED, || server().reasoning_parser(true), AS_RECORDED).await;
}

#[tokio::test]
async fn a_server_without_a_tool_parser() {
    all_agree(WITHOUT_TOOLS, || server().auto_tool_choice(false), NOTHING).await;
    all_agree(WITHOUT_TOOLS_ANSWERS, || server().auto_tool_choice(false), AS_RECORDED).await;
}

#[tokio::test]
async fn a_full_queue() {
    all_agree(OVERLOADED, || server().max_queued(0), NOTHING).await;
}

#[tokio::test]
async fn calls_that_the_parser_changes_or_gives_up_on() {
    let read = |arguments: &str| Call::new("read_file", arguments);
    let cut = |text: &str| Turn::empty().then_withheld(text).finish(Finish::Length);
    let four = ["19.2103E-01200600", "19914313", "true", "190103297970042101400164E35114"];
    let four = four.into_iter().fold(Turn::empty(), |turn, each| turn.then_call(read(each)));
    let body = |name: &str| {
        serde_json::from_str::<serde_json::Value>(&Recording::read(name).body).expect("JSON")
    };
    let content = |name: &str| {
        body(name)["choices"][0]["message"]["content"].as_str().expect("text").to_owned()
    };
    let scripts = [
        ("auto-malformed", Turn::call("run", "{\"cmd\": \"ls\"")),
        ("auto-truncated", cut(&content("auto-truncated"))),
        ("auto-truncated-stream", cut("<tool_call>\n{\"name\"")),
        ("tools-required-stream-truncated", cut("<tool_call>")),
        ("tools-named", Turn::empty().then_call(read("19.2103E-01200600"))),
        ("tools-required", four.clone().raw(content("tools-required")).finish(Finish::Length)),
        ("tools-required-parallel-false", four),
        (
            "reasoning-include-false",
            Turn::empty().then_reasoning("fterative itost").finish(Finish::Length),
        ),
    ];
    let mut found = Vec::new();
    for (name, turn) in scripts {
        let recording = Recording::read(name);
        let mut usage = serde_json::Value::Null;
        for event in recording.body.split("\n\n") {
            let text = event.trim_start_matches("data: ");
            if let Ok(event) = serde_json::from_str::<serde_json::Value>(text)
                && event["usage"].is_object()
            {
                usage = event["usage"].clone();
            }
        }
        let turn = turn.usage(counts(&usage));
        found.extend(differences(name, server(), Some(turn.into())).await);
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn the_death_of_the_engine() {
    let recording = Recording::read("kill-sigkill-engine");
    // The last two events are the error and `[DONE]`.
    let dies_at = recording.events().len() - 2;
    let reply = Reply::from(recording.turn().then_text(" never said")).engine_dies_at(dies_at);
    let mut found = differences("kill-sigkill-engine", server(), Some(reply)).await;
    let reply = Reply::from(Turn::text("x")).engine_dies_at(1);
    found.extend(differences("kill-sigkill-engine-nonstream", server(), Some(reply)).await);
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
