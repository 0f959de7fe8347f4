//! Requirements of some servers, known from the config or from a refusal.

use insta::assert_snapshot;
use openclaw_core::{AssistantMessage, ChatModel, ChatRequest, History};
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use openclaw_providers_openai::{
    CapabilityStore, ChatApi, OpenAiModel, ServerCapabilities, ServerFeature, VendorExtension,
    chat_completion_body,
};
use openclaw_test_support::client::{client, info, read};
use serde_json::Value;

use crate::talk::{asked, calls, prompt_of, ready, request, resolve, thinks};

/// A turn in which the user spoke after the result of a call.
fn steered() -> History {
    let mut history = asked("one");
    let thought = thinks("hm", "reasoning", "");
    let calls = calls([ready("a", "read", "{}")]).calls;
    history.push_assistant_message(AssistantMessage { calls, ..thought }).unwrap();
    resolve(&mut history, "a", "A");
    history.push_user_message("In short.");
    history
}

fn by(facts: &ServerCapabilities, history: &History) -> String {
    String::from_utf8(chat_completion_body("tiny", &request(history), None, facts).to_vec())
        .unwrap()
}

#[test]
fn a_message_of_the_model_goes_between_a_result_and_the_user() {
    let facts = ServerCapabilities {
        unsupported_features: [ServerFeature::UserAfterToolResult].into(),
        ..ServerCapabilities::default()
    };
    let mut history = steered();
    let sent = by(&facts, &history);
    assert_snapshot!(sent, @r##"{"model":"tiny","messages":[{"role":"user","content":"one"},{"role":"assistant","reasoning":"hm","tool_calls":[{"id":"a","type":"function","function":{"name":"read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"A"},{"role":"assistant","content":"I have the results."},{"role":"user","content":"In short."}],"stream":true,"stream_options":{"include_usage":true}}"##);
    history.push_assistant_message(AssistantMessage::from_text("Well.")).unwrap();
    history.push_user_message("two");
    assert!(by(&facts, &history).starts_with(prompt_of(&sent)));
}

#[test]
fn a_result_has_the_name_of_its_tool() {
    let facts = ServerCapabilities {
        unsupported_features: [ServerFeature::UnnamedToolResult].into(),
        ..ServerCapabilities::default()
    };
    assert_snapshot!(by(&facts, &steered()), @r##"{"model":"tiny","messages":[{"role":"user","content":"one"},{"role":"assistant","reasoning":"hm","tool_calls":[{"id":"a","type":"function","function":{"name":"read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","name":"read","content":"A"},{"role":"user","content":"In short."}],"stream":true,"stream_options":{"include_usage":true}}"##);
}

#[test]
fn thoughts_are_sent_as_text_and_in_no_field() {
    let lacks = [ServerFeature::ReasoningField].into();
    let facts = ServerCapabilities {
        vendor_extensions: [VendorExtension::ThinkingAsText].into(),
        unsupported_features: lacks,
        ..ServerCapabilities::default()
    };
    let mut history = asked("one");
    history.push_assistant_message(thinks(" hm\n", "reasoning_content", "1")).unwrap();
    history.push_user_message("two");
    history.push_assistant_message(AssistantMessage::from_text("2")).unwrap();
    history.push_user_message("three");
    assert_snapshot!(by(&facts, &history), @r##"{"model":"tiny","messages":[{"role":"user","content":"one"},{"role":"assistant","content":"<thinking>\nhm\n</thinking>\n\n1"},{"role":"user","content":"two"},{"role":"assistant","content":"2"},{"role":"user","content":"three"}],"stream":true,"stream_options":{"include_usage":true}}"##);
    assert!(
        by(&facts, &steered()).contains(r#""content":"<thinking>\nhm\n</thinking>","tool_calls""#)
    );
}

#[tokio::test]
async fn responses_say_the_same_in_their_own_words() {
    let server = MockVllm::builder().start().await.unwrap();
    let facts = ServerCapabilities {
        unsupported_features: [
            ServerFeature::UserAfterToolResult,
            ServerFeature::UnnamedToolResult,
        ]
        .into(),
        vendor_extensions: [VendorExtension::ThinkingAsText].into(),
        ..ServerCapabilities::default()
    };
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096))
        .with_api(ChatApi::Responses)
        .with_capability_store(CapabilityStore::new(facts));
    if let Ok(stream) = model.stream_chat(request(&steered())).await {
        let _said = read(stream).await;
    }
    let body = String::from_utf8(server.requests().remove(0).body.to_vec()).unwrap();
    assert_snapshot!(body, @r##"{"model":"tiny","stream":true,"store":false,"input":[{"type":"message","role":"user","content":"one"},{"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"<thinking>\nhm\n</thinking>"}]},{"type":"function_call","call_id":"a","name":"read","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"A"},{"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I have the results."}]},{"type":"message","role":"user","content":"In short."}]}"##);
}

#[tokio::test]
async fn a_server_that_wants_roles_to_alternate_is_learnt_of_once() {
    for message in [
        "After the optional system message, conversation roles must alternate user and assistant \
         roles except for tool calls and results.",
        "Unexpected role 'user' after role 'tool'",
    ] {
        let server = MockVllm::builder().start().await.unwrap();
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
        let ask =
            async |request: ChatRequest| read(model.stream_chat(request).await.unwrap()).await.1;
        let kind = "BadRequestError".to_owned();
        server.push(Reply::status(400, ErrorBody::Error { message: message.to_owned(), kind }));
        for _ in 0..2 {
            server.push(Turn::text("yes"));
            assert_eq!(ask(request(&steered())).await.unwrap().0.text, "yes", "{message}");
        }
        assert_eq!(
            model.capability_store().current_capabilities().unsupported_features,
            [ServerFeature::UserAfterToolResult].into(),
            "{message}"
        );
        let bodies: Vec<Value> =
            server.requests().iter().map(openclaw_mock_vllm::Seen::json).collect();
        let roles = |body: &Value| -> Vec<String> {
            let messages = body["messages"].as_array().unwrap().iter();
            messages.map(|message| message["role"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(bodies.len(), 3, "{message}");
        assert_eq!(roles(&bodies[0]), ["user", "assistant", "tool", "user"]);
        assert_eq!(roles(&bodies[1]), ["user", "assistant", "tool", "assistant", "user"]);
        assert_eq!(bodies[2], bodies[1]);
    }
}
