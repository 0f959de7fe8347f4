//! Each recorded stream of a real vLLM, as it came and cut anywhere.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use openclaw_core::{
    AnswerOutcome, ChatModel, ChatRequest, EmittedToolCall, History, ModelErrorKind,
};
use openclaw_providers_openai::{ChatApi, OpenAiModel};
use openclaw_test_support::client::{End, client, info, read};
use openclaw_test_support::raw_server::RawServer;

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-vllm/tests/recordings");

/// The result of a recording: the outcome and its calls, `+` for a usable one and `-` for an
/// invalid one; or the name of the error.
const EXPECTED: &[(&str, &str)] = &[
    ("auto-forced-stream", "ToolCalls +run"),
    ("auto-forced-text-stream", "ToolCalls +run"),
    ("auto-forced-two-noparallel-stream", "ToolCalls +run"),
    ("auto-forced-two-stream", "ToolCalls +run +run"),
    ("auto-malformed-stream", "ToolCalls -run"),
    ("auto-truncated-stream", "Truncated"),
    ("chat-badkey-stream", "auth"),
    ("chat-empty-stop-stream", "Empty"),
    ("chat-stream", "Truncated"),
    ("chat-stream-continuous", "Truncated"),
    ("chat-stream-nousage", "Truncated"),
    ("chat-stream-raw", "Truncated"),
    ("kill-sigkill-engine", "interrupted"),
    ("longprompt-stream", "context_overflow"),
    ("max-tokens-too-large-stream", "context_overflow"),
    ("notools-default-stream", "rejected"),
    ("notools-named-stream", "rejected"),
    ("overload-503", "overloaded"),
    ("reasoning-stream", "ReasoningTruncated"),
    ("strict-required-stream", "ToolCalls +read_file"),
    ("tools-named-stream", "ToolCalls -read_file"),
    ("tools-required-stream", "ToolCalls -read_file -read_file -read_file -read_file"),
    ("tools-required-stream-truncated", "Truncated"),
    ("unknown-model-stream", "unknown_model"),
];

const EXPECTED_RESPONSES: &[(&str, &str)] = &[
    ("responses-auto-forced-stream", "ToolCalls +run"),
    ("responses-auto-forced-text-stream", "ToolCalls +run"),
    ("responses-auto-forced-two-noparallel-stream", "ToolCalls +run"),
    ("responses-auto-forced-two-stream", "ToolCalls +run +run"),
    ("responses-auto-malformed-stream", "ToolCalls -run"),
    ("responses-auto-truncated-arguments-stream", "ToolCalls -run"),
    ("responses-auto-truncated-stream", "Truncated"),
    ("responses-badkey-stream", "auth"),
    ("responses-badmodel-stream", "unknown_model"),
    ("responses-choice-stream", "Reply"),
    ("responses-continue-stream", "Truncated"),
    ("responses-empty-stream", "Empty"),
    ("responses-history-stream", "Reply"),
    ("responses-history-stream-again", "Reply"),
    ("responses-kill-sigkill-engine", "interrupted"),
    ("responses-longprompt-stream", "context_overflow"),
    ("responses-no-max-stream", "Reply"),
    ("responses-notools-auto-stream", "Reply"),
    ("responses-notools-named-stream", "Truncated"),
    ("responses-reasoned-auto-stream", "ToolCalls +run"),
    ("responses-reasoned-history-stream", "Reply"),
    ("responses-reasoned-required-stream", "ToolCalls +run +run"),
    ("responses-reasoned-text-stream", "Reply"),
    ("responses-reasoned-tool-stream", "ToolCalls +run"),
    ("responses-reasoning-hidden-stream", "Truncated"),
    ("responses-reasoning-in-stream", "Truncated"),
    ("responses-reasoning-stream", "ReasoningTruncated"),
    ("responses-stream", "Truncated"),
    ("responses-too-large-stream", "context_overflow"),
    ("responses-tools-loose-stream", "ToolCalls -read_file"),
    ("responses-tools-named-stream", "ToolCalls +run"),
    ("responses-tools-none-stream", "Truncated"),
    ("responses-tools-required-stream", "ToolCalls +read_file"),
];

/// The responses to streaming requests of an API, by name.
pub(crate) fn recordings(api: ChatApi) -> BTreeMap<String, Vec<u8>> {
    let line = format!("POST /v1/{}\n", api.route());
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(Path::new(RECORDINGS)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "req") {
            continue;
        }
        let request = std::fs::read_to_string(&path).unwrap();
        if request.starts_with(&line) && request.replace(' ', "").contains("\"stream\":true") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.insert(name, std::fs::read(path.with_extension("res")).unwrap());
        }
    }
    found
}

/// The response as bytes for the wire: a recording without chunk framing gets one chunk for each
/// event.
fn wire(name: &str, recorded: &[u8]) -> Vec<u8> {
    framed(name, recorded, |body| body.split_inclusive("\n\n").map(str::to_owned).collect())
}

/// The response as bytes for the wire, in chunks of its body.
pub(crate) fn framed(name: &str, recorded: &[u8], chunks: impl Fn(&str) -> Vec<String>) -> Vec<u8> {
    let text = String::from_utf8_lossy(recorded).replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap();
    let head = head.replace('\n', "\r\n");
    let is_framed = name.ends_with("-raw") || name.contains("kill-");
    if is_framed || !head.contains("transfer-encoding: chunked") {
        return recorded.to_vec();
    }
    let mut wire = format!("{head}\r\n\r\n");
    for chunk in chunks(body) {
        write!(wire, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
    }
    wire.push_str("0\r\n\r\n");
    wire.into_bytes()
}

async fn answer(api: ChatApi, response: Vec<u8>) -> End {
    let response = Arc::new(response);
    let server = RawServer::start(move |_| Some(response.to_vec())).await;
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096)).with_api(api);
    let mut history = History::new();
    history.push_user_message("hi");
    match model.stream_chat(ChatRequest::new(history)).await {
        Ok(stream) => read(stream).await.1,
        Err(error) => Err(error),
    }
}

pub(crate) fn shown(end: &End) -> String {
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
    for (api, expected) in
        [(ChatApi::ChatCompletions, EXPECTED), (ChatApi::Responses, EXPECTED_RESPONSES)]
    {
        let recordings = recordings(api);
        let mut found = Vec::new();
        for (name, recorded) in &recordings {
            let end = answer(api, wire(name, recorded)).await;
            found.push((name.as_str(), shown(&end)));
        }
        let expected: Vec<_> =
            expected.iter().map(|(name, shown)| (*name, (*shown).to_owned())).collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_recording_cut_anywhere_is_interrupted_or_whole() {
    const CHAT: (ChatApi, &str) = (ChatApi::ChatCompletions, "\"finish_reason\":\"");
    const RESPONSES: (ChatApi, &str) = (ChatApi::Responses, "event: response.completed");
    for ((api, end), name) in [
        (CHAT, "auto-forced-two-stream"),
        (CHAT, "chat-stream"),
        (CHAT, "reasoning-stream"),
        (RESPONSES, "responses-auto-forced-two-stream"),
        (RESPONSES, "responses-reasoned-text-stream"),
    ] {
        let whole = wire(name, &recordings(api)[name]);
        let text = String::from_utf8_lossy(&whole).into_owned();
        let finish = text.find(end).unwrap();
        let ended = finish + text[finish..].find("\n\n").unwrap() + 2;
        let (complete, ..) = answer(api, whole.clone()).await.unwrap();
        let body = text.find("\r\n\r\n").unwrap() + 4;
        for cut in (body..whole.len()).step_by(97).chain(ended - 2..ended + 2) {
            match answer(api, whole[..cut].to_vec()).await {
                Ok((message, outcome, _)) => {
                    assert!(cut >= ended, "{name} cut at {cut} of {ended}");
                    assert_eq!(message, complete, "{name} cut at {cut}");
                    assert_ne!(outcome, AnswerOutcome::Empty);
                }
                Err(error) => {
                    assert_eq!(error.kind(), ModelErrorKind::Interrupted);
                    assert!(cut < ended, "{name} cut at {cut} of {ended}: {error}");
                }
            }
        }
    }
}
