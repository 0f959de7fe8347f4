//! A server that counts tokens is asked, and one that does not is not asked twice.

use openclaw_core::{ChatModel, ChatRequest, TokenCount};
use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_providers_openai::{
    CapabilityStore, RequestParams, ServerCapabilities, ServerFeature,
};
use openclaw_test_support::client::read;
use serde_json::{Value, json};

use crate::vllm::{model, paths, question};

const TOKENIZE: &str = "/tokenize";

#[tokio::test]
async fn a_route_that_is_not_there_is_asked_once() {
    let server = MockVllm::builder().root_routes(false).start().await.unwrap();
    let knowledge = CapabilityStore::default();
    let model = model(&server.base_url(), 4096, Some(4096)).with_knowledge(knowledge.clone());
    for _ in 0..3 {
        read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap();
        let count = model.count_tokens(&question("hi")).await.unwrap();
        assert!(!matches!(count, TokenCount::Exact(_)), "{count:?}");
    }
    let asked = paths(&server).iter().filter(|path| *path == TOKENIZE).count();
    assert_eq!(
        (asked, knowledge.current_capabilities().unsupported_features),
        (1, [ServerFeature::TokenizeRoute].into())
    );
}

#[tokio::test]
async fn another_model_is_no_missing_route() {
    let server = MockVllm::builder().model(ModelSpec::new("large", 4096)).start().await.unwrap();
    let model = model(&server.base_url(), 4096, None);
    for _ in 0..2 {
        model.count_tokens(&question("hi")).await.unwrap();
    }
    assert_eq!(paths(&server), [TOKENIZE, TOKENIZE]);
}

#[tokio::test]
async fn a_count_is_remembered_for_what_follows() {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 65_536)).start().await.unwrap();
    let model = model(&server.base_url(), 65_536, None);
    let mut request = question(&"0\n".repeat(9_000));
    let TokenCount::Exact(counted) = model.count_tokens(&request).await.unwrap() else {
        panic!("the server counts");
    };
    server.push(Turn::text("Yes."));
    let (message, _, usage) =
        read(model.stream_chat(request.clone()).await.unwrap()).await.1.unwrap();
    assert_eq!(usage.unwrap().input_tokens, counted);
    request.history.push_assistant_message(message).unwrap();
    request.history.push_user_message("And now?");
    // No count is needed: the new part has at most as many tokens as bytes.
    let capped = ChatRequest { max_output_tokens: Some(40_000), ..request };
    read(model.stream_chat(capped).await.unwrap()).await.1.unwrap();
    assert_eq!(paths(&server).iter().filter(|path| *path == TOKENIZE).count(), 1);
    assert_eq!(server.requests().pop().unwrap().json()["max_tokens"], 40_000);
}

#[tokio::test]
async fn template_arguments_are_sent_with_a_count_too() {
    let server = MockVllm::builder().start().await.unwrap();
    let told = json!({"enable_thinking": false});
    for (params, expected) in [
        (json!({"temperature": 0.5, "chat_template_kwargs": told}), told),
        (
            json!({"reasoning_effort": "low"}),
            json!({"reasoning_effort": "low", "enable_thinking": true}),
        ),
        (
            json!({"reasoning": {"effort": "none"}, "chat_template_kwargs": {"x": 1}}),
            json!({"x": 1, "reasoning_effort": "none", "enable_thinking": false}),
        ),
        (json!({"temperature": 0.5}), Value::Null),
    ] {
        let Value::Object(params) = params else { panic!() };
        let model = model(&server.base_url(), 4096, None).with_params(RequestParams::new(params).0);
        model.count_tokens(&question("hi")).await.unwrap();
        let body = server.requests().pop().unwrap().json();
        assert_eq!((&body["chat_template_kwargs"], body.get("temperature")), (&expected, None));
    }
}

#[tokio::test]
async fn what_is_known_shapes_the_question_too() {
    let server = MockVllm::builder().start().await.unwrap();
    let lacks = [ServerFeature::SystemRole, ServerFeature::AutoToolChoice].into();
    let knowledge = CapabilityStore::new(ServerCapabilities {
        unsupported_features: lacks,
        ..ServerCapabilities::default()
    });
    let model = model(&server.base_url(), 4096, None).with_knowledge(knowledge);
    let request = ChatRequest { system_prompt: Some("Be brief.".into()), ..question("hi") };
    let counted = model.count_tokens(&request).await.unwrap();
    let body = server.requests().pop().unwrap().json();
    assert_eq!(body["messages"][0]["content"], "Be brief.\n\nhi");
    let (_, _, usage) = read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
    assert_eq!(TokenCount::Exact(usage.unwrap().input_tokens), counted);
}
