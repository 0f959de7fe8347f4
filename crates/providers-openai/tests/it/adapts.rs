//! Refused features are left out or written differently, once, and remembered.

use std::sync::Arc;

use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, EmittedToolCall, ModelErrorKind, ToolChoice,
    ToolName,
};
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use openclaw_providers_openai::{CapabilityStore, OpenAiModel, ServerCapabilities, ServerFeature};
use openclaw_test_support::client::{End, client, info, read};
use serde_json::{Value, json};

use crate::talk::{asked, calls, prompt_of, read_tool, ready, request, resolve, thinks};

pub(crate) fn refusal(message: &str) -> Reply {
    let kind = "BadRequestError".to_owned();
    Reply::status(400, ErrorBody::Error { message: message.to_owned(), kind })
}

pub(crate) fn model(server: &MockVllm) -> OpenAiModel {
    OpenAiModel::new(client(&server.base_url()), info("tiny", 4096))
}

pub(crate) fn bodies(server: &MockVllm) -> Vec<Value> {
    server.requests().iter().map(openclaw_mock_vllm::Seen::json).collect()
}

/// Sends a request; returns the notes on adaptations and the end.
pub(crate) async fn ask(model: &OpenAiModel, request: ChatRequest) -> (Vec<String>, End) {
    match model.stream_chat(request).await {
        Ok(stream) => {
            let (pieces, end) = read(stream).await;
            let told = pieces.into_iter().filter_map(|piece| match piece {
                ChatEvent::RequestAdapted { message: how } => Some(how),
                _ => None,
            });
            (told.collect(), end)
        }
        Err(error) => (Vec::new(), Err(error)),
    }
}

/// A request with everything that a server may refuse.
pub(crate) fn everything() -> ChatRequest {
    let mut history = asked("one");
    let two = [ready("call-a", "read", r#"{"path": "x"}"#), ready("call-b", "read", "{}")];
    let thought = thinks("hm", "reasoning", "");
    history
        .push_assistant_message(openclaw_core::AssistantMessage { calls: two.into(), ..thought })
        .unwrap();
    resolve(&mut history, "call-a", "A");
    resolve(&mut history, "call-b", "B");
    ChatRequest {
        system_prompt: Some("Be brief.".into()),
        tools: [read_tool()].into(),
        tool_choice: ToolChoice::Named(ToolName::new("read").unwrap()),
        max_output_tokens: Some(100),
        ..request(&history)
    }
}

pub(crate) fn roles(body: &Value) -> Vec<&str> {
    let messages = body["messages"].as_array().unwrap();
    messages.iter().map(|message| message["role"].as_str().unwrap()).collect()
}

/// An error, the feature that it means, and a check of the adapted request.
type Row = (&'static str, ServerFeature, &'static str, fn(&Value) -> bool);

const TABLE: [Row; 12] = [
    (
        "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
        ServerFeature::AutoToolChoice,
        "--enable-auto-tool-choice --tool-call-parser",
        |body| {
            body.get("tools").is_none()
                && body.get("tool_choice").is_none()
                && roles(body) == ["system", "user", "assistant", "user"]
        },
    ),
    (
        "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
        ServerFeature::NamedToolChoice,
        "`required`",
        |body| body["tool_choice"] == "required" && body["tools"].as_array().unwrap().len() == 1,
    ),
    ("Unknown field: tool_choice", ServerFeature::ToolChoice, "`tool_choice`", |body| {
        body.get("tool_choice").is_none() && body["tools"].is_array()
    }),
    ("Unknown role: tool", ServerFeature::ToolRole, "--chat-template", |body| {
        body.get("tools").is_none() && roles(body) == ["system", "user", "assistant", "user"]
    }),
    (
        "This model only supports single tool-calls at once!",
        ServerFeature::ParallelToolCalls,
        "one call a message",
        |body| roles(body) == ["system", "user", "assistant", "tool", "assistant", "tool"],
    ),
    (
        "Tool call IDs should be alphanumeric strings with length 9!",
        ServerFeature::AnyCallIdFormat,
        "nine letters",
        |body| {
            let id = body["messages"][2]["tool_calls"][0]["id"].as_str().unwrap();
            id.len() == 9 && body["messages"][3]["tool_call_id"] == id
        },
    ),
    ("System role not supported", ServerFeature::SystemRole, "--chat-template", |body| {
        roles(body).first() == Some(&"user") && body["messages"][0]["content"] == "Be brief.\n\none"
    }),
    (
        "can only concatenate str (not \"NoneType\") to str",
        ServerFeature::ContentParts,
        "an empty one",
        |body| body["messages"][2]["content"] == "",
    ),
    (
        "messages.2.reasoning: Extra inputs are not permitted",
        ServerFeature::ReasoningField,
        "reasoning",
        |body| body["messages"][2].get("reasoning").is_none(),
    ),
    (
        "body.stream_options: Extra inputs are not permitted",
        ServerFeature::StreamUsage,
        "supportsUsageInStreaming",
        |body| body.get("stream_options").is_none(),
    ),
    (
        "Invalid grammar specification: 'triggers'",
        ServerFeature::StrictMode,
        "supportsStrictMode",
        |body| body["tools"][0]["function"].get("strict").is_none(),
    ),
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
         'max_completion_tokens' instead.",
        ServerFeature::MaxTokensField,
        "maxTokensField",
        |body| body.get("max_tokens").is_none() && body["max_completion_tokens"] == 100,
    ),
];

#[tokio::test]
async fn each_refusal_is_resent_once_told_and_remembered() {
    for (message, lack, told_of, is_mended) in TABLE {
        let server = MockVllm::builder().start().await.unwrap();
        let model = model(&server);
        server.push(refusal(message));
        server.push(Turn::text("yes"));
        let (told, end) = ask(&model, everything()).await;
        assert_eq!(end.unwrap().0.text, "yes", "{message}");
        let [how] = told.as_slice() else { panic!("{message}: {told:?}") };
        assert!(how.contains(told_of), "{how}");
        let sent = bodies(&server);
        assert_eq!(sent.len(), 2, "{message}");
        assert!(!is_mended(&sent[0]) && is_mended(&sent[1]), "{message}: {}", sent[1]);
        assert_eq!(
            model.capability_store().current_capabilities().unsupported_features,
            [lack].into(),
            "{message}"
        );
        // The next request begins with what is known.
        server.push(Turn::text("yes"));
        let (told, end) = ask(&model, everything()).await;
        assert!(told.is_empty() && end.is_ok(), "{message}");
        assert_eq!(bodies(&server)[2], sent[1], "{message}");
    }
}

#[tokio::test]
async fn several_lacks_are_learnt_in_one_call() {
    let server = MockVllm::builder().auto_tool_choice(false).start().await.unwrap();
    let model = model(&server);
    server.push(refusal("body.stream_options: Extra inputs are not permitted"));
    server.push(refusal("System role not supported"));
    // Here the server itself refuses the tools.
    let (told, end) = ask(&model, everything()).await;
    assert!(end.is_ok());
    assert_eq!(told.len(), 3, "{told:?}");
    let sent = bodies(&server);
    assert_eq!((sent.len(), roles(&sent[3])), (4, vec!["user", "assistant", "user"]));
    let lacks =
        [ServerFeature::StreamUsage, ServerFeature::SystemRole, ServerFeature::AutoToolChoice];
    assert_eq!(model.capability_store().current_capabilities().unsupported_features, lacks.into());
}

#[tokio::test]
async fn the_same_request_is_not_sent_twice() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    (0..12).for_each(|_| server.push(refusal("System role not supported")));
    let (_, end) = ask(&model, everything()).await;
    let error = end.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Rejected);
    let sent: Vec<_> = server.requests().into_iter().map(|seen| seen.body).collect();
    let different: std::collections::HashSet<_> = sent.iter().collect();
    assert_eq!((sent.len(), different.len()), (8, 8));
    let [forms, hint] = error.hints() else { panic!("{:?}", error.hints()) };
    assert!(hint.contains("system message") && forms.contains("6 other forms"), "{hint} {forms}");
    assert!(
        model.capability_store().current_capabilities().is_unsupported(ServerFeature::SystemRole)
    );
}

#[tokio::test]
async fn what_a_refusal_leaves_open_is_believed_when_it_helped() {
    let alternate = "Conversation roles must alternate user/assistant/user/assistant/...";
    let server = MockVllm::builder().start().await.unwrap();
    let stubborn = model(&server);
    (0..12).for_each(|_| server.push(refusal(alternate)));
    let (_, end) = ask(&stubborn, everything()).await;
    let error = end.unwrap_err();
    assert!(!error.hints().iter().any(|hint| hint.contains("from now on")), "{:?}", error.hints());
    let sent = bodies(&server);
    assert!(roles(&sent[1]).contains(&"system") && !roles(&sent[1]).contains(&"tool"));
    assert!(!roles(&sent[2]).contains(&"system"), "{}", sent[2]);
    let server = MockVllm::builder().start().await.unwrap();
    assert_eq!(stubborn.capability_store().current_capabilities(), ServerCapabilities::default());
    let taught = model(&server);
    server.push(refusal(alternate));
    server.push(Turn::text("yes"));
    let (told, end) = ask(&taught, everything()).await;
    assert!(end.is_ok() && told.len() == 1, "{told:?}");
    assert_eq!(
        taught.capability_store().current_capabilities().unsupported_features,
        [ServerFeature::ToolRole].into()
    );
}

#[tokio::test]
async fn an_error_in_place_of_the_answer_teaches_and_one_behind_it_does_not() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    let turn = || Reply::from(Turn::pieces(["one", "two"]));
    server.push(turn().error_at(2, "System role not supported"));
    let (told, end) = ask(&model, everything()).await;
    assert_eq!(end.unwrap_err().kind(), ModelErrorKind::Interrupted);
    assert!(told.is_empty() && bodies(&server).len() == 1);
    server.push(turn().error_at(0, "System role not supported"));
    server.push(turn());
    let (told, end) = ask(&model, everything()).await;
    assert_eq!((end.unwrap().0.text.as_str(), told.len()), ("onetwo", 1));
    assert!(
        model.capability_store().current_capabilities().is_unsupported(ServerFeature::SystemRole)
    );
}

#[tokio::test]
async fn nothing_is_learnt_from_what_is_not_the_servers() {
    let words = "System role not supported. --enable-auto-tool-choice --tool-call-parser";
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    server.push(refusal("top_p must be in (0, 1]"));
    server.push(Turn::text(words));
    let talk = || ChatRequest { history: asked(words), ..everything() };
    let (_, end) = ask(&model, talk()).await;
    assert_eq!(end.unwrap_err().kind(), ModelErrorKind::Rejected);
    let (told, end) = ask(&model, talk()).await;
    assert_eq!((end.unwrap().0.text.as_str(), told.len()), (words, 0));
    assert_eq!(bodies(&server).len(), 2);
    assert!(model.capability_store().current_capabilities().unsupported_features.is_empty());
}

#[tokio::test]
async fn a_schema_that_is_refused_loses_its_keyword_and_then_its_tool() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    let mut odd = read_tool();
    odd.name = ToolName::new("odd").unwrap();
    odd.parameters = Arc::new(json!({"type": "object", "minProperties": 1}));
    let request = ChatRequest { tools: [read_tool(), odd].into(), ..request(&asked("hi")) };
    server.push(refusal("Unimplemented keys: [\"minProperties\"]"));
    server.push(refusal("Invalid schema for function 'odd'"));
    server.push(Turn::text("yes"));
    let (told, end) = ask(&model, request).await;
    assert!(end.is_ok());
    let [first, second] = told.as_slice() else { panic!("{told:?}") };
    assert!(first.contains("`minProperties`") && first.contains("unsupportedToolSchemaKeywords"));
    assert!(second.contains("the tool `odd`"), "{second}");
    let sent = bodies(&server);
    assert_eq!(sent[1]["tools"][1]["function"]["parameters"], json!({"type": "object"}));
    assert_eq!(sent[2]["tools"].as_array().unwrap().len(), 1);
}

/// A conversation with a server that was started without its tool flags.
#[tokio::test]
async fn tools_in_text_work_from_the_first_call_to_the_last() {
    let server = MockVllm::builder().auto_tool_choice(false).start().await.unwrap();
    let model = model(&server);
    let with = |history| ChatRequest {
        system_prompt: Some("Be brief.".into()),
        tools: [read_tool()].into(),
        ..request(&history)
    };
    let written = "Let me see.\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"x\"}}\
                   \n</tool_call>";
    server.push(Turn::tokens(written));
    let mut history = asked("What is in x?");
    let (told, end) = ask(&model, with(history.clone())).await;
    let (message, outcome, _) = end.unwrap();
    assert_eq!((outcome, told.len()), (AnswerOutcome::ToolCalls, 1));
    let [EmittedToolCall::Valid(call)] = message.calls.as_slice() else { panic!("{message:?}") };
    assert_eq!(call.arguments.to_json(), r#"{"path":"x"}"#);
    let id = call.id.as_str().to_owned();
    history.push_assistant_message(message).unwrap();
    resolve(&mut history, &id, "a line");
    server.push(Turn::text("A line."));
    let (told, end) = ask(&model, with(history.clone())).await;
    assert_eq!((end.unwrap().1, told.len()), (AnswerOutcome::Reply, 0));
    let sent = server.requests();
    assert_eq!(sent.len(), 3, "one refusal, and no more");
    let [_, first, second] = [0, 1, 2].map(|at| String::from_utf8(sent[at].body.to_vec()).unwrap());
    let shared = prompt_of(&first);
    assert!(second.starts_with(shared), "{first}\n{second}");
    let second: Value = serde_json::from_str(&second).unwrap();
    let system = second["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("Be brief.\n\n# Tools") && system.contains("\"name\":\"read\""));
    let said = second["messages"][2]["content"].as_str().unwrap();
    assert_eq!(said.replace(' ', ""), written.replace(' ', ""));
    let result = json!({"role": "user", "content": "<tool_response>\na line\n</tool_response>"});
    assert_eq!(second["messages"][3], result);
}

#[tokio::test]
async fn a_tool_that_must_be_called_is_asked_for_in_text() {
    let server = MockVllm::builder().start().await.unwrap();
    let facts = ServerCapabilities {
        unsupported_features: [ServerFeature::AutoToolChoice].into(),
        ..ServerCapabilities::default()
    };
    let model = model(&server).with_capability_store(CapabilityStore::new(facts));
    let named = ToolChoice::Named(ToolName::new("read").unwrap());
    let mut history = asked("go");
    history.push_assistant_message(calls([ready("a", "read", "{}")])).unwrap();
    resolve(&mut history, "a", "done");
    let asks = ChatRequest { tools: [read_tool()].into(), tool_choice: named, ..request(&history) };
    let (_, end) = ask(&model, asks).await;
    assert!(end.is_ok());
    let body = bodies(&server).remove(0);
    let last = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
    assert!(last.ends_with("Answer with one call of `read` and nothing else."), "{last}");
}
