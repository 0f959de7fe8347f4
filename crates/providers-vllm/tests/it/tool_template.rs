//! A chat template that ignores tools is noticed by the server's token counts.

use std::sync::Arc;

use openclaw_core::{ChatEvent, ChatModel, ChatRequest, ToolChoice, ToolName, ToolSpec};
use openclaw_mock_vllm::{MockVllm, Turn};
use openclaw_providers_openai::{CapabilityStore, ServerCapabilities, ServerFeature};
use openclaw_test_support::client::read;
use serde_json::{Value, json};

use crate::vllm::{chats, model, paths, question};

fn request_with_tool() -> ChatRequest {
    let tool = ToolSpec {
        name: ToolName::new("read").unwrap(),
        description: "Reads a file.".into(),
        parameters: Arc::new(json!({
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        })),
    };
    ChatRequest { tools: [tool].into(), ..question("hi") }
}

fn last_chat(server: &MockVllm) -> Value {
    let chats = server.requests().into_iter().filter(|it| it.path.ends_with("/chat/completions"));
    chats.last().unwrap().json()
}

#[tokio::test]
async fn tools_that_the_template_ignores_are_offered_as_text_with_a_warning() {
    let server = MockVllm::builder().template_has_tools(false).start().await.unwrap();
    let knowledge = CapabilityStore::default();
    let model = model(&server.base_url(), 4096, None).with_knowledge(knowledge.clone());
    let call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"x\"}}\n</tool_call>";
    server.push(Turn::text(call));
    let (events, end) = read(model.stream_chat(request_with_tool()).await.unwrap()).await;
    assert_eq!(end.unwrap().0.calls.len(), 1, "a call written as text is one");
    let is_told = |event: &ChatEvent| matches!(event, ChatEvent::RequestAdapted { message } if message.contains("ignores tools"));
    assert!(events.iter().any(is_told), "{events:?}");
    let body = last_chat(&server);
    assert!(body.get("tools").is_none(), "{body}");
    assert!(body["messages"][0]["content"].as_str().unwrap().contains("Reads a file."), "{body}");
    assert!(model.model_info().capabilities.tools_as_text);
    // It is neither checked nor told again.
    let before = paths(&server).len();
    let (events, _) = read(model.stream_chat(request_with_tool()).await.unwrap()).await;
    assert!(!events.iter().any(is_told));
    assert_eq!(paths(&server).len(), before + 1);
    // The server's grammar still forces a call.
    let forced = ToolChoice::Named(ToolName::new("read").unwrap());
    let forced = ChatRequest { tool_choice: forced, ..request_with_tool() };
    let (_, end) = read(model.stream_chat(forced).await.unwrap()).await;
    end.unwrap();
    let body = last_chat(&server);
    assert_eq!(body["tool_choice"]["function"]["name"], "read");
    assert!(body["messages"][0]["content"].as_str().unwrap().contains("Reads a file."), "{body}");
}

#[tokio::test]
async fn a_template_that_shows_tools_is_checked_once() {
    let server = MockVllm::builder().start().await.unwrap();
    let knowledge = CapabilityStore::default();
    for _ in 0..2 {
        let model = model(&server.base_url(), 4096, None).with_knowledge(knowledge.clone());
        read(model.stream_chat(request_with_tool()).await.unwrap()).await.1.unwrap();
    }
    assert_eq!((chats(&server), paths(&server).len()), (2, 4));
    assert!(last_chat(&server).get("tools").is_some());
    let expected =
        ServerCapabilities { has_tool_template: true, ..knowledge.current_capabilities() };
    assert_eq!(knowledge.current_capabilities(), expected);
}

#[tokio::test]
async fn without_tools_and_without_counts_nothing_is_checked_or_concluded() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server.base_url(), 4096, None);
    read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap();
    assert_eq!(paths(&server), ["/v1/chat/completions"]);
    let server = MockVllm::builder().root_routes(false).start().await.unwrap();
    let knowledge = CapabilityStore::default();
    let model = self::model(&server.base_url(), 4096, None).with_knowledge(knowledge.clone());
    read(model.stream_chat(request_with_tool()).await.unwrap()).await.1.unwrap();
    assert!(last_chat(&server).get("tools").is_some());
    assert!(!knowledge.current_capabilities().is_unsupported(ServerFeature::ToolTemplate));
}
