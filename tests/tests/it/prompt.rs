//! What an agent sends before the user has said a word, and how it is explained.

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::tiny;

async fn first_request(home: &Home, server: &MockVllm) -> Value {
    let _ = home.run(&["agent", "-m", "hi"]).await.code(0);
    let mut seen = server.requests().into_iter();
    seen.find(|seen| seen.path == "/v1/chat/completions").unwrap().json()
}

/// Counted by a tokenizer that models are really served with, as they stand in the request: the
/// text of the system prompt and the JSON of the tools.
#[tokio::test]
async fn the_first_request_of_each_profile_is_within_its_budget() {
    let tokenizer = tiktoken_rs::o200k_base().unwrap();
    for (mode, most, tools) in [("lean", 1_500, 4), ("default", 4_000, 13)] {
        let (server, home) = tiny().await;
        let home =
            home.config(&format!("{{ agents: {{ defaults: {{ localModelMode: '{mode}' }} }} }}"));
        let body = first_request(&home, &server).await;
        assert_eq!(body["tools"].as_array().unwrap().len(), tools);
        let system = body["messages"][0]["content"].as_str().unwrap().to_owned();
        let sent = system + &body["tools"].to_string();
        let tokens = tokenizer.encode_ordinary(&sent).len();
        assert!(tokens <= most, "{mode}: {tokens}");
    }
}

#[tokio::test]
async fn each_part_of_the_prompt_is_shown_with_its_tokens() {
    let (_server, home) = tiny().await;
    home.put("AGENTS.md", "Be brief.");
    let ended = home.run(&["prompt", "explain"]).await.code(0);
    for part in ["identity", "files", "exec", "write", "frame of a message", "total"] {
        assert!(ended.stdout.contains(part), "{ended:#?}");
    }
    let _ = ended.says(&["default profile for vllm/tiny", "counted by the server"]);
    let value = home.run(&["prompt", "explain", "--json"]).await.code(0).json();
    let tokens = |key: &str| -> u64 {
        let parts = value[key].as_array().unwrap().iter();
        parts.map(|part| part["tokens"].as_u64().unwrap()).sum()
    };
    let sum = tokens("sections") + tokens("tools") + value["frameTokens"].as_u64().unwrap();
    assert_eq!(value["totalTokens"], json!(sum));
    assert_eq!(value["countMethod"], json!("exact"));
}

#[tokio::test]
async fn tools_that_the_chat_template_ignores_are_explained_as_text() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("tiny", 40_960))
        .template_has_tools(false)
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let ended = home.run(&["prompt", "explain"]).await.code(0);
    let _ = ended.says(&["described to the model as text"]);
    let value = home.run(&["prompt", "explain", "--json"]).await.code(0).json();
    assert_eq!(value["toolsAsText"], json!(true));
    let tools = value["tools"].as_array().unwrap().iter();
    assert!(tools.clone().all(|tool| tool["tokens"].as_u64().unwrap() > 0), "{value}");
    let (_server, home) = tiny().await;
    let value = home.run(&["prompt", "explain", "--json"]).await.code(0).json();
    assert_eq!(value["toolsAsText"], json!(false));
}

#[tokio::test]
async fn an_agent_that_there_is_not_is_named() {
    let (_server, home) = tiny().await;
    let ended = home.run(&["agent", "--agent", "nobody", "-m", "hi"]).await.code(2);
    let _ = ended.says(&["find the agent `nobody`", "`main`"]);
}
