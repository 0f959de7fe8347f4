//! What is sent to OpenAI's own servers, and to no other.

use insta::assert_snapshot;
use openclaw_core::{ChatModel, ChatRequest};
use openclaw_mock_vllm::MockVllm;
use openclaw_providers_openai::{CapabilityStore, ChatApi, OpenAiModel, ServerCapabilities};
use openclaw_test_support::client::{client, info, read};

use crate::talk::{asked, read_tool, request, says, thinks};

/// The bodies that OpenAI's own server gets.
async fn sent(api: ChatApi, requests: impl IntoIterator<Item = ChatRequest>) -> Vec<String> {
    let server = MockVllm::builder().start().await.unwrap();
    let knowledge = CapabilityStore::new(ServerCapabilities::openai_hosted());
    let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
    let model = model.with_api(api).with_capability_store(knowledge);
    for request in requests {
        // The mock is not OpenAI's server and may refuse; only the request matters.
        if let Ok(stream) = model.stream_chat(request).await {
            let _said = read(stream).await;
        }
    }
    let seen = server.requests();
    seen.iter().map(|seen| String::from_utf8(seen.body.to_vec()).unwrap()).collect()
}

fn full() -> ChatRequest {
    let mut history = asked("one");
    history.push_assistant_message(thinks("hm", "reasoning", "1")).unwrap();
    history.push_user_message("two");
    let mut request = request(&history);
    request.system_prompt = Some("Be brief.".into());
    request.tools = [read_tool()].into();
    request.max_output_tokens = Some(256);
    request
}

#[tokio::test]
async fn a_chat_completion() {
    let body = sent(ChatApi::ChatCompletions, [full()]).await.remove(0);
    assert_snapshot!(body, @r##"{"model":"tiny","tools":[{"type":"function","function":{"name":"read","description":"Reads a file.","parameters":{"properties":{"path":{"type":"string"}},"required":["path"],"type":"object"}}}],"store":false,"prompt_cache_key":"23545ba291436abe","messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"one"},{"role":"assistant","content":"1"},{"role":"user","content":"two"}],"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":256}"##);
}

#[tokio::test]
async fn a_response() {
    let body = sent(ChatApi::Responses, [full()]).await.remove(0);
    assert_snapshot!(body, @r##"{"model":"tiny","stream":true,"store":false,"prompt_cache_key":"23545ba291436abe","instructions":"Be brief.","tools":[{"type":"function","name":"read","description":"Reads a file.","parameters":{"properties":{"path":{"type":"string"}},"required":["path"],"type":"object"},"strict":false}],"input":[{"type":"message","role":"user","content":"one"},{"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"1"}]},{"type":"message","role":"user","content":"two"}],"max_output_tokens":256}"##);
}

#[tokio::test]
async fn the_requests_of_a_conversation_have_one_key_and_other_conversations_have_others() {
    let mut history = asked("one");
    let first = request(&history);
    history.push_assistant_message(says("1")).unwrap();
    history.push_user_message("two");
    let second = request(&history);
    let mut instructed = request(&history);
    instructed.system_prompt = Some("Be brief.".into());
    let requests = [first, second, instructed, request(&asked("three"))];
    let bodies = sent(ChatApi::ChatCompletions, requests).await;
    let keys: Vec<String> = bodies
        .iter()
        .map(|body| {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            body["prompt_cache_key"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(keys[0], keys[1]);
    assert!(keys[0] != keys[2] && keys[0] != keys[3] && keys[2] != keys[3], "{keys:?}");
}
