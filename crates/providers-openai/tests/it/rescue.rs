//! Model output that a server passes through: reasoning between tags, tool calls as text, arguments
//! that are not quite JSON.

use std::sync::Arc;

use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, EmittedToolCall, ModelCapabilities,
    ModelErrorKind, ToolSpec,
};
use openclaw_mock_vllm::{Call, Finish, MockVllm, Turn};
use openclaw_providers_openai::{OpenAiModel, ServerCapabilities, chat_completion_body};
use openclaw_test_support::client::{client, info, read};
use serde_json::{Value, json};

use crate::talk::{asked, read_tool, request};

/// A call of `read` in each dialect.
const DIALECTS: &[(&str, &str)] = &[
    (
        "hermes",
        "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a b\"}}\n</tool_call>",
    ),
    (
        "qwen3-xml",
        "<tool_call>\n<function=read>\n<parameter=path>\na b\n</parameter>\n</function>\n</tool_call>",
    ),
    ("mistral", r#"[TOOL_CALLS][{"name": "read", "arguments": {"path": "a b"}}]"#),
    ("mistral", r#"[TOOL_CALLS]read{"path": "a b"}"#),
    ("bare JSON", r#"[{"name": "read", "arguments": {"path": "a b"}}]"#),
    ("bare JSON", r#"{"name": "read", "parameters": {"path": "a b"}}"#),
    ("pythonic", r#"[read(path="a b")]"#),
    ("fenced JSON", "```json\n{\"tool\": \"read\", \"arguments\": {\"path\": \"a b\"}}\n```"),
];

/// The dialects that have no mark of their own.
const UNMARKED: &[&str] = &["bare JSON", "pythonic", "fenced JSON"];

fn with_tool() -> ChatRequest {
    let tools: Arc<[ToolSpec]> = [read_tool()].into();
    ChatRequest { tools, ..request(&asked("hi")) }
}

fn model(server: &MockVllm) -> OpenAiModel {
    OpenAiModel::new(client(&server.base_url()), info("tiny", 1_000_000))
}

fn thinker(server: &MockVllm) -> OpenAiModel {
    let abilities =
        ModelCapabilities { tools: true, tools_as_text: false, images: false, reasoning: true };
    let info = openclaw_core::ModelInfo { capabilities: abilities, ..info("tiny", 1_000_000) };
    OpenAiModel::new(client(&server.base_url()), info)
}

/// The result of an answer: its events, reasoning, text, calls and outcome.
#[derive(Debug)]
struct Read {
    pieces: Vec<ChatEvent>,
    thought: String,
    text: String,
    calls: Vec<EmittedToolCall>,
    outcome: AnswerOutcome,
}

impl Read {
    fn how(&self) -> Vec<&'static str> {
        let how = self.pieces.iter().filter_map(|piece| match piece {
            ChatEvent::ToolCallRepaired { repairs: how, .. } => Some(how.clone()),
            _ => None,
        });
        how.flatten().collect()
    }

    fn is_resplit(&self) -> bool {
        self.pieces.contains(&ChatEvent::ReasoningReclassified)
    }

    fn path(&self) -> Option<Value> {
        match &self.calls[..] {
            [EmittedToolCall::Valid(call)] => call.arguments.as_map().get("path").cloned(),
            _ => None,
        }
    }
}

async fn ask(model: &OpenAiModel, request: ChatRequest) -> Read {
    let (pieces, end) = read(model.stream_chat(request).await.unwrap()).await;
    let (message, outcome, _) = end.unwrap();
    let thought = message.reasoning.map(|thought| thought.text).unwrap_or_default();
    Read { pieces, thought, text: message.text, calls: message.calls, outcome }
}

#[tokio::test]
async fn a_call_written_as_text_is_a_call() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    for (dialect, text) in DIALECTS {
        let each = text.chars().map(String::from);
        for turn in [Turn::text(*text), Turn::pieces(each), Turn::tokens(text)] {
            server.push(turn);
            let found = ask(&model, with_tool()).await;
            assert_eq!(found.outcome, AnswerOutcome::ToolCalls, "{dialect}: {found:?}");
            assert_eq!(found.path(), Some(json!("a b")), "{dialect}: {found:?}");
            assert_eq!(found.how(), [*dialect]);
            let shown = found.pieces.iter().any(|piece| matches!(piece, ChatEvent::TextDelta(_)));
            assert!(!shown, "{dialect}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_call_without_tools_is_text_and_one_of_another_tool_fails() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    for (dialect, text) in DIALECTS {
        server.push(Turn::tokens(text));
        let found = ask(&model, request(&asked("hi"))).await;
        assert_eq!(
            (found.text.as_str(), found.outcome),
            (*text, AnswerOutcome::Reply),
            "{dialect}"
        );
        let other = text.replace("read", "write");
        server.push(Turn::tokens(&other));
        if UNMARKED.contains(dialect) {
            let found = ask(&model, with_tool()).await;
            assert_eq!((found.text, found.outcome), (other, AnswerOutcome::Reply), "{dialect}");
            continue;
        }
        let (_, end) = read(model.stream_chat(with_tool()).await.unwrap()).await;
        let error = end.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Protocol, "{dialect}: {error}");
        assert!(error.to_string().contains("a tool call that came as text"), "{error}");
        assert!(error.hints().concat().contains("--tool-call-parser "), "{:?}", error.hints());
    }
}

#[tokio::test]
async fn a_server_without_a_parser_gets_tools_as_text_and_hands_calls_through() {
    let server = MockVllm::builder().auto_tool_choice(false).start().await.unwrap();
    let model = model(&server);
    for (at, (dialect, text)) in DIALECTS.iter().enumerate() {
        server.push(Turn::tokens(text));
        let found = ask(&model, with_tool()).await;
        assert_eq!(found.path(), Some(json!("a b")), "{dialect}: {found:?}");
        let told = found.pieces.iter().filter(|it| matches!(it, ChatEvent::RequestAdapted { .. }));
        assert_eq!(told.count(), usize::from(at == 0), "{dialect}: {found:?}");
    }
    assert_eq!(server.requests().len(), DIALECTS.len() + 1, "it is refused once");
    // With the choice `none` the server accepts tools, and the model calls them as text.
    let request = with_tool();
    let bytes = chat_completion_body("tiny", &request, None, &ServerCapabilities::default());
    let mut fields: Value = serde_json::from_slice(&bytes).unwrap();
    fields["tool_choice"] = json!("none");
    let texts = DIALECTS.iter().map(|(dialect, text)| (*dialect, Turn::tokens(text)));
    let native = Turn::call("read", r#"{"path": "a b"}"#);
    for (dialect, turn) in texts.chain([("hermes", native)]) {
        server.push(turn);
        let bytes = serde_json::to_vec(&fields).unwrap();
        let (pieces, end) = read(model.send_body(&request, bytes.into()).await.unwrap()).await;
        let (message, outcome, _) = end.unwrap();
        assert_eq!(outcome, AnswerOutcome::ToolCalls, "{dialect}: {message:?}");
        assert_eq!(message.text, "", "{dialect}");
        let how = ChatEvent::ToolCallRepaired { index: 0, repairs: vec![dialect] };
        assert!(pieces.contains(&how), "{dialect}: {pieces:?}");
    }
}

#[tokio::test]
async fn a_native_call_makes_text_of_what_looks_like_one() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    for (dialect, text) in DIALECTS {
        server.push(Turn::tokens(text).then_call(Call::new("read", r#"{"path": "native"}"#)));
        let found = ask(&model, with_tool()).await;
        assert_eq!(found.path(), Some(json!("native")), "{dialect}: {found:?}");
        assert_eq!(found.text, *text);
        assert_eq!(found.how(), [""; 0]);
    }
}

#[tokio::test]
async fn a_call_cut_off_or_quoted_is_not_run() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    // The arguments may be complete, but the call around them is not.
    server.push(Turn::tokens(r#"{"name": "read", "parameters": {"path": "a"}"#));
    let found = ask(&model, with_tool()).await;
    assert!(matches!(found.calls[..], [EmittedToolCall::Invalid(_)]), "{found:?}");
    for (dialect, text) in DIALECTS {
        let (cut, _) = text.split_at(text.find(" b").unwrap());
        server.push(Turn::tokens(cut).finish(Finish::Length));
        let found = ask(&model, with_tool()).await;
        assert!(matches!(found.calls[..], [EmittedToolCall::Invalid(_)]), "{dialect}: {found:?}");
        for quoted in [format!("Like this:\n~~~\n{text}\n~~~\n"), format!("<think>{text}")] {
            server.push(Turn::tokens(&quoted));
            let found = ask(&model, with_tool()).await;
            assert_eq!(found.calls, [], "{dialect}: {found:?}");
        }
    }
}

#[tokio::test]
async fn reasoning_between_tags_streams_as_reasoning_and_goes_back_between_tags() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    server.push(Turn::tokens("<think>\nLet me see.\n</think>\n\nYes."));
    let mut history = asked("one");
    let (pieces, end) = read(model.stream_chat(request(&history)).await.unwrap()).await;
    let (message, outcome, _) = end.unwrap();
    assert_eq!((message.text.as_str(), outcome), ("Yes.", AnswerOutcome::Reply));
    assert!(!pieces.contains(&ChatEvent::ReasoningReclassified));
    history.push_assistant_message(message).unwrap();
    history.push_user_message("two");
    server.push(Turn::text("Yes."));
    ask(&model, request(&history)).await;
    let sent: Value = serde_json::from_slice(&server.requests()[1].body).unwrap();
    let expected = json!({
        "role": "assistant", "content": "<think>\nLet me see.\n</think>\n\nYes."
    });
    assert_eq!(sent["messages"][1], expected);
    server.push(Turn::tokens("<think>Let me"));
    let found = ask(&model, request(&asked("hi"))).await;
    assert_eq!((found.thought.as_str(), found.outcome), ("Let me", AnswerOutcome::ReasoningOnly));
}

#[tokio::test]
async fn how_answers_begin_is_learnt() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    let unopened = || Turn::tokens("Let me see.\n</think>\n\nYes.");
    for resplit in [true, false, false] {
        server.push(unopened());
        let found = ask(&model, with_tool()).await;
        let read = (found.thought.as_str(), found.text.as_str(), found.is_resplit());
        assert_eq!(read, ("Let me see.\n", "Yes.", resplit));
    }
    for resplit in [true, false] {
        server.push(Turn::tokens(DIALECTS[0].1));
        let found = ask(&model, with_tool()).await;
        assert_eq!(found.path(), Some(json!("a b")), "{found:?}");
        assert_eq!(found.is_resplit(), resplit, "{found:?}");
    }
}

#[tokio::test]
async fn a_model_that_reasons_is_expected_to() {
    let server = MockVllm::builder().start().await.unwrap();
    let first = |turn: Turn| {
        server.push(turn);
        let model = thinker(&server);
        async move { ask(&model, request(&asked("hi"))).await }
    };
    let found = first(Turn::tokens("Hm.</think>Yes.")).await;
    assert_eq!((found.thought.as_str(), found.text.as_str()), ("Hm.", "Yes."));
    assert!(!found.is_resplit());
    let found = first(Turn::tokens("Hm, but").finish(Finish::Length)).await;
    assert_eq!(
        (found.thought.as_str(), found.outcome),
        ("Hm, but", AnswerOutcome::ReasoningTruncated)
    );
    let found = first(Turn::tokens("Yes.")).await;
    assert_eq!((found.text.as_str(), found.outcome), ("Yes.", AnswerOutcome::Reply));
    assert!(found.is_resplit());
    let found = first(Turn::empty().then_reasoning("Hm.").then_text("Yes.")).await;
    assert_eq!((found.thought.as_str(), found.text.as_str()), ("Hm.", "Yes."));
    assert!(!found.is_resplit());
}

#[tokio::test]
async fn arguments_are_mended_where_nothing_is_invented() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    server.push(Turn::call("read", "{\"path\": \"a\u{1}b\"}}"));
    let found = ask(&model, with_tool()).await;
    assert_eq!(found.path(), Some(json!("a\u{1}b")));
    assert_eq!(found.how().len(), 2);
    let text = "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a\nb\",}}</tool_call>";
    server.push(Turn::tokens(text));
    let found = ask(&model, with_tool()).await;
    assert_eq!(found.path(), Some(json!("a\nb")));
    assert_eq!(found.how().len(), 3);
    server.push(Turn::call("read", "{\"path\": \"a"));
    let found = ask(&model, with_tool()).await;
    assert!(matches!(found.calls[..], [EmittedToolCall::Invalid(_)]), "{found:?}");
    // A truncated answer is never repaired.
    server.push(Turn::call("read", "{\"path\": \"a\"}}").finish(Finish::Length));
    let found = ask(&model, with_tool()).await;
    assert!(matches!(found.calls[..], [EmittedToolCall::Invalid(_)]), "{found:?}");
}
