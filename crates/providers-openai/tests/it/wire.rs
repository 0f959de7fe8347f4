//! Requests, byte for byte, as a server sees them.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use openclaw_core::{
    ChatModel, ChatRequest, EmittedToolCall, History, ToolCallId, ToolChoice, ToolName, ToolOutput,
};
use openclaw_mock_vllm::{MockVllm, Turn};
use openclaw_providers_openai::{OpenAiModel, ServerCapabilities, chat_completion_body};
use openclaw_test_support::client::{client, info, options, read};
use openclaw_transport::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::talk::{
    TAIL, asked, before_tail, broken, calls, read_tool, ready, request, resolve, says, thinks,
};

/// The bodies that a server gets for some requests.
async fn sent(requests: impl IntoIterator<Item = ChatRequest>) -> Vec<String> {
    let server = MockVllm::builder().start().await.unwrap();
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
    for request in requests {
        read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
    }
    let seen = server.requests();
    seen.iter().map(|seen| String::from_utf8(seen.body.to_vec()).unwrap()).collect()
}

async fn one(request: ChatRequest) -> String {
    sent([request]).await.remove(0)
}

#[tokio::test]
async fn text_only() {
    assert_snapshot!(one(request(&asked("hi"))).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn no_tools_means_no_tool_fields_and_no_choice() {
    let mut request = request(&asked("hi"));
    request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
    assert_snapshot!(one(request).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn system_and_tools() {
    let mut request = request(&asked("hi"));
    request.system_prompt = Some("Be brief.".into());
    request.tools = [read_tool()].into();
    assert_snapshot!(one(request).await, @r##"{"model":"tiny","tools":[{"type":"function","function":{"name":"read","description":"Reads a file.","parameters":{"properties":{"path":{"type":"string"}},"required":["path"],"type":"object"}}}],"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn a_named_tool() {
    let mut request = request(&asked("hi"));
    request.tools = [read_tool()].into();
    request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
    assert_snapshot!(one(request).await, @r##"{"model":"tiny","tools":[{"type":"function","function":{"name":"read","description":"Reads a file.","parameters":{"properties":{"path":{"type":"string"}},"required":["path"],"type":"object"},"strict":true}}],"tool_choice":{"type":"function","function":{"name":"read"}},"messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn the_most_tokens() {
    let mut request = request(&asked("hi"));
    request.max_output_tokens = Some(256);
    assert_snapshot!(one(request).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":256}"##);
}

#[tokio::test]
async fn two_calls_with_their_results() {
    let mut history = asked("compare");
    let two = [ready("a", "read", r#"{"path": "x", "all": true}"#), ready("b", "read", "")];
    history.push_assistant_message(calls(two)).unwrap();
    resolve(&mut history, "b", "two\nlines");
    resolve(&mut history, "a", "one");
    assert_snapshot!(one(request(&history)).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"compare"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"read","arguments":"{\"all\":true,\"path\":\"x\"}"}},{"id":"b","type":"function","function":{"name":"read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"one"},{"role":"tool","tool_call_id":"b","content":"two\nlines"}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn a_broken_call_is_sent_empty_and_answered() {
    let mut history = asked("go");
    history.push_assistant_message(calls([broken("a", "read", r#"{"path": "#)])).unwrap();
    assert_snapshot!(one(request(&history)).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"This call was not run: Its arguments are not valid JSON. You wrote: {\"path\": "}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn an_open_call_is_sent_as_interrupted() {
    let mut history = asked("go");
    history.push_assistant_message(calls([ready("a", "read", "{}")])).unwrap();
    assert_snapshot!(one(request(&history)).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"This call was interrupted before it finished. It may or may not have had an effect; check before you repeat it."}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[tokio::test]
async fn reasoning_goes_back_in_the_field_it_came_in() {
    let mut history = asked("one");
    history.push_assistant_message(thinks("hm", "reasoning", "1")).unwrap();
    history.push_user_message("two");
    history.push_assistant_message(thinks("hmm", "reasoning_content", "2")).unwrap();
    history.push_user_message("three");
    assert_snapshot!(one(request(&history)).await, @r##"{"model":"tiny","messages":[{"role":"user","content":"one"},{"role":"assistant","content":"1","reasoning":"hm"},{"role":"user","content":"two"},{"role":"assistant","content":"2","reasoning_content":"hmm"},{"role":"user","content":"three"}],"stream":true,"stream_options":{"include_usage":true}}"##);
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
    history.push_assistant_message(calls([broken("b", "read", "{")])).unwrap();
    send(&history);
    history.push_assistant_message(thinks("hm", "reasoning", "done \u{1f600}")).unwrap();
    history.push_user_message("two");
    send(&history);
    history.push_assistant_message(says("again")).unwrap();
    history.push_user_message("three");
    send(&history);
    let bodies = sent(requests).await;
    assert_eq!(bodies.len(), 5);
    for pair in bodies.windows(2) {
        let shared = before_tail(&pair[0]);
        assert!(pair[1].starts_with(shared), "{}\n{}", pair[0], pair[1]);
    }
}

#[tokio::test]
async fn no_other_header_is_sent() {
    let own = ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"];
    let names = |seen: &openclaw_mock_vllm::Seen| -> BTreeSet<String> {
        seen.headers.keys().cloned().collect()
    };
    let expected = |more: &[&str]| -> BTreeSet<String> {
        own.iter().chain(more).map(|name| (*name).to_owned()).collect()
    };
    let server = MockVllm::builder().start().await.unwrap();
    let plain = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
    server.push(Turn::text("one"));
    read(plain.stream_chat(request(&asked("hi"))).await.unwrap()).await.1.unwrap();
    let with_key = options(&server.base_url())
        .with_bearer(Some("key-of-the-test".into()))
        .with_headers(vec![("X-Team".to_owned(), "blue".into())]);
    let keyed = OpenAiModel::new(Client::new(with_key).unwrap(), info("tiny", 4096));
    read(keyed.stream_chat(request(&asked("hi"))).await.unwrap()).await.1.unwrap();
    let seen = server.requests();
    assert_eq!(names(&seen[0]), expected(&[]));
    assert_eq!(names(&seen[1]), expected(&["authorization", "x-team"]));
    assert_eq!(seen[1].header("authorization"), Some("Bearer key-of-the-test"));
    assert_eq!(seen[1].header("x-team"), Some("blue"));
    assert_eq!(seen[1].header("accept"), Some("text/event-stream"));
    assert_eq!(seen[1].header("user-agent"), Some("test/1"));
}

/// One thing that happens in a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    User(String),
    Answer { text: String, thought: Option<(String, bool)>, calls: Vec<EmittedToolCall> },
    Result(String),
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let call = ("[ab]", any::<bool>(), ".{0,9}").prop_map(|(id, is_ready, raw)| {
        let arguments = serde_json::json!({"path": raw, "none": null}).to_string();
        if is_ready { ready(&id, "read", &arguments) } else { broken(&id, "read", &raw) }
    });
    let thought = proptest::option::of((".{0,9}", any::<bool>()));
    prop_oneof![
        ".{0,9}".prop_map(Step::User),
        (".{0,9}", thought, vec(call, 0..3)).prop_map(|(text, thought, calls)| Step::Answer {
            text,
            thought,
            calls
        }),
        ".{0,9}".prop_map(Step::Result),
    ]
}

pub(crate) fn history_of(steps: Vec<Step>) -> History {
    let mut history = asked("begin");
    for step in steps {
        match step {
            Step::User(text) => history.push_user_message(&text),
            Step::Answer { text, thought, calls } => {
                let fields = |old| if old { "reasoning_content" } else { "reasoning" };
                let (thought, old) = thought.unwrap_or_default();
                let message = thinks(&thought, fields(old), &text);
                // A step that the history refuses is skipped.
                let _ = history
                    .push_assistant_message(openclaw_core::AssistantMessage { calls, ..message });
            }
            Step::Result(text) => {
                let open: Option<ToolCallId> = history.open_calls().next().map(|c| c.id.clone());
                if let Some(id) = open {
                    history.resolve_call(&id, ToolOutput::from_text(text)).unwrap();
                }
            }
        }
    }
    history
}

const FIELDS: [&str; 7] =
    ["model", "stream", "stream_options", "max_tokens", "tools", "tool_choice", "messages"];
const MESSAGE_FIELDS: [&str; 6] =
    ["role", "content", "reasoning", "reasoning_content", "tool_calls", "tool_call_id"];

proptest! {
    #[test]
    fn no_body_has_anything_else(
        steps in vec(any_step(), 0..8),
        system in proptest::option::of(".{0,9}"),
        has_tools: bool,
        names_tool: bool,
        max_tokens: Option<u32>,
    ) {
        let mut request = request(&history_of(steps));
        request.system_prompt = system.map(Into::into);
        if has_tools {
            request.tools = [read_tool()].into();
        }
        if names_tool {
            request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
        }
        let body: Value = serde_json::from_slice(&chat_completion_body("tiny", &request, max_tokens, &ServerCapabilities::default())).unwrap();
        assert_plain(&body);
        let body = body.as_object().unwrap();
        prop_assert!(body.keys().all(|key| FIELDS.contains(&key.as_str())), "{body:?}");
        prop_assert_eq!(body.contains_key("tools"), has_tools);
        prop_assert_eq!(body.contains_key("tool_choice"), has_tools && names_tool);
        for message in body["messages"].as_array().unwrap() {
            let message = message.as_object().unwrap();
            prop_assert!(message.keys().all(|key| MESSAGE_FIELDS.contains(&key.as_str())));
            prop_assert!(message.get("content").is_none_or(Value::is_string), "{message:?}");
            prop_assert!(message.contains_key("content") || message.contains_key("tool_calls"));
        }
    }
}

/// Nothing is null, and no list is empty.
pub(crate) fn assert_plain(value: &Value) {
    match value {
        Value::Null => panic!("null is sent"),
        Value::Array(items) => {
            assert!(!items.is_empty(), "an empty list is sent");
            items.iter().for_each(assert_plain);
        }
        Value::Object(fields) => fields.values().for_each(assert_plain),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
