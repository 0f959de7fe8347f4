//! What stands behind the answers: counting, caching, queueing, cutting, and the rules.

use openclaw_mock_vllm::{Brain, Call, Gate, MockVllm, ModelSpec, Reply, Turn, UsageOverride};
use serde_json::{Value, json};

use crate::client::Client;
use crate::faults::{ASK, STREAM};

async fn get(port: u16, path: &str) -> String {
    let mut client = Client::connect(port).await;
    client.send(&[&format!("GET {path}")], "").await;
    client.answer("GET").await.expect("an answer").body
}

async fn post(port: u16, path: &str, body: &Value) -> Value {
    let mut client = Client::connect(port).await;
    client
        .send(&[&format!("POST {path}"), "content-type: application/json"], &body.to_string())
        .await;
    let answer = client.answer("POST").await.expect("an answer").body;
    serde_json::from_str(&answer).expect("JSON")
}

async fn chat(server: &MockVllm, body: &Value) -> Value {
    post(server.port(), "/v1/chat/completions", body).await
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[tokio::test]
async fn metrics_tell_what_is_going_on() {
    let builder = MockVllm::builder().max_running(1);
    let (server, gate) = (builder.start().await.expect("a port"), Gate::new());
    let usage = UsageOverride { prompt: Some(300), cached: Some(128), ..Default::default() };
    server.push(Reply::from(Turn::pieces(["a", "b"]).usage(usage)).gate(2, &gate));
    let metric = async |name: &str| {
        let text = get(server.port(), "/metrics").await;
        let row = format!("vllm:{name}{{engine=\"0\",model_name=\"tiny\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&row)).map(str::to_owned);
        value.expect("a metric")
    };
    let mut first = Client::connect(server.port()).await;
    first.chat(STREAM).await;
    gate.reached().await;
    let mut second = Client::connect(server.port()).await;
    second.chat(STREAM).await;
    second.head().await.expect("headers come while it waits");
    assert!(second.is_quiet().await);
    assert_eq!(metric("num_requests_running").await, "1.0");
    assert_eq!(metric("num_requests_waiting").await, "1.0");
    assert_eq!(metric("prompt_tokens_total").await, "300.0");
    assert_eq!(metric("prefix_cache_hits_total").await, "128.0");
    assert_eq!(metric("generation_tokens_total").await, "1.0");
    assert_eq!(get(server.port(), "/load").await, "{\"server_load\":2}");
    gate.open();
    first.answer("POST").await.expect("an answer");
    second.chunk().await.expect("its turn has come");
    while second.chunk().await.is_some_and(|chunk| !chunk.is_empty()) {}
    assert_eq!(metric("num_requests_running").await, "0.0");
    assert_eq!(metric("num_requests_waiting").await, "0.0");
    let text = get(server.port(), "/metrics").await;
    let row =
        "request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"tiny\"} 2.0";
    assert!(text.contains(row), "{text}");
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_place() {
    let builder = MockVllm::builder().max_running(1);
    let (server, gate) = (builder.start().await.expect("a port"), Gate::new());
    server.push(Reply::from(Turn::text("a")).gate(0, &gate));
    let mut first = Client::connect(server.port()).await;
    first.chat(STREAM).await;
    gate.reached().await;
    let mut second = Client::connect(server.port()).await;
    second.chat(ASK).await;
    drop(first);
    assert!(second.answer("POST").await.expect("an answer").is_whole);
}

#[tokio::test]
async fn a_full_queue_takes_no_more() {
    let builder = MockVllm::builder().max_queued(1);
    let (server, gate) = (builder.start().await.expect("a port"), Gate::new());
    server.push(Reply::from(Turn::text("a")).gate(0, &gate));
    let mut first = Client::connect(server.port()).await;
    first.chat(STREAM).await;
    gate.reached().await;
    assert_eq!(chat(&server, &json!({"messages": user("x")})).await["error"]["code"], 503);
    gate.open();
    first.answer("POST").await.expect("an answer");
    assert!(chat(&server, &json!({"messages": user("x")})).await["choices"].is_array());
}

#[tokio::test]
async fn a_repeated_prompt_is_cached_in_blocks() {
    let server = MockVllm::builder().start().await.expect("a port");
    let body = json!({"messages": user(&"word ".repeat(200))});
    let count = post(server.port(), "/tokenize", &body).await["count"].as_u64().expect("a count");
    let first = chat(&server, &body).await["usage"].clone();
    assert_eq!(first["prompt_tokens"], count);
    let blocks = count / 128 * 128;
    let details = |usage: &Value| {
        let details = &usage["prompt_tokens_details"];
        (details["cached_tokens"].clone(), details["created_cache_tokens"].clone())
    };
    assert_eq!(details(&first), (json!(0), json!(blocks)));
    let second = chat(&server, &body).await["usage"].clone();
    assert_eq!(details(&second), (json!(blocks), json!(0)));
    let salted = json!({"messages": body["messages"], "cache_salt": "s"});
    assert_eq!(details(&chat(&server, &salted).await["usage"]), (json!(0), json!(blocks)));
    server.restart().await.expect("the port");
    assert_eq!(details(&chat(&server, &body).await["usage"]), (json!(0), json!(blocks)));
}

#[tokio::test]
async fn a_window_is_kept_to_the_token() {
    let probe = MockVllm::builder().start().await.expect("a port");
    let body = json!({"messages": user("one two three four five")});
    let count = post(probe.port(), "/tokenize", &body).await["count"].as_u64().expect("a count");
    let window = u32::try_from(count).expect("a small prompt");
    let ask = async |window: u32| {
        let builder = MockVllm::builder().model(ModelSpec::new("m", window));
        let server = builder.start().await.expect("a port");
        chat(&server, &body).await
    };
    let over = ask(window - 1).await;
    assert_eq!(over["error"]["param"], "input_tokens");
    let message = ask(window).await["error"]["message"].clone();
    assert_eq!(message, "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)");
    let cut = ask(window + 2).await;
    assert_eq!(cut["choices"][0]["finish_reason"], "length");
    assert_eq!(cut["usage"]["completion_tokens"], 2);
}

#[tokio::test]
async fn an_adapter_has_a_parent_and_its_window() {
    let builder = MockVllm::builder().model(ModelSpec::new("base", 64));
    let builder = builder.model(ModelSpec::lora("tuned", "base"));
    let server = builder.start().await.expect("a port");
    let models: Value =
        serde_json::from_str(&get(server.port(), "/v1/models").await).expect("JSON");
    let card = &models["data"][1];
    assert_eq!((&card["id"], &card["parent"]), (&json!("tuned"), &json!("base")));
    assert_eq!(card["max_model_len"], Value::Null);
    let body = json!({"model": "tuned", "messages": user("hi"), "max_tokens": 65});
    assert_eq!(chat(&server, &body).await["error"]["param"], "max_tokens");
    let unknown = chat(&server, &json!({"model": "x", "messages": user("hi")})).await;
    let message = "The model `x` does not exist. Valid aliases: base, tuned.";
    assert_eq!(unknown["error"]["message"], message);
}

#[tokio::test]
async fn answers_are_cut_at_stop_strings_and_limits() {
    let server = MockVllm::builder().start().await.expect("a port");
    let ask = async |turn: Turn, extra: Value| {
        server.push(turn);
        let mut body = json!({"messages": user("x"), "tools": [{"type": "function", "function": {"name": "f"}}]});
        for (key, value) in extra.as_object().expect("an object") {
            body[key] = value.clone();
        }
        chat(&server, &body).await["choices"][0].clone()
    };
    let stopped = ask(Turn::pieces(["ab", "cX", "Yd"]), json!({"stop": ["XY", "q"]})).await;
    assert_eq!(stopped["message"]["content"], "abc");
    assert_eq!(
        (&stopped["finish_reason"], &stopped["stop_reason"]),
        (&json!("stop"), &json!("XY"))
    );
    let cut = ask(Turn::text("one two three"), json!({"max_tokens": 2})).await;
    assert_eq!(cut["message"]["content"], "one two");
    assert_eq!(cut["finish_reason"], "length");
    let raw = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>";
    let mut shown = String::new();
    for most in 1.. {
        let answer = ask(Turn::call("f", "{\"a\": 1}"), json!({"max_tokens": most})).await;
        if answer["finish_reason"] == "tool_calls" {
            assert!(shown.ends_with("{\"a\": 1}"), "{shown}");
            break;
        }
        assert_eq!(answer["finish_reason"], "length");
        assert_eq!(answer["message"]["tool_calls"], Value::Null);
        let content = answer["message"]["content"].as_str().expect("text");
        assert!(content.len() >= shown.len() && raw.starts_with(content), "{content}");
        content.clone_into(&mut shown);
    }
}

#[tokio::test]
async fn calls_without_tools_are_text() {
    let server = MockVllm::builder().start().await.expect("a port");
    server.push(Turn::empty().then_call(Call::new("f", "{}").id("mine")));
    let answer = chat(&server, &json!({"messages": user("x")})).await;
    let content = &answer["choices"][0]["message"]["content"];
    assert_eq!(content, "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn an_empty_script_says_so() {
    let builder = MockVllm::builder().brain(Brain::Script(vec![Turn::text("only").into()]));
    let server = builder.start().await.expect("a port");
    let body = json!({"messages": user("x")});
    assert_eq!(chat(&server, &json!({})).await["error"]["code"], 400);
    assert_eq!(chat(&server, &body).await["choices"][0]["message"]["content"], "only");
    let error = chat(&server, &body).await["error"].clone();
    assert_eq!(error["message"], "the script has no reply for this request");
}

#[tokio::test]
async fn the_rules_walk_through_a_task() {
    let server = MockVllm::builder().start().await.expect("a port");
    let names = ["write", "read", "exec", "edit"];
    let tools: Vec<_> =
        names.iter().map(|name| json!({"type": "function", "function": {"name": name}})).collect();
    let mut messages = user("write hi to a.txt then run cat a.txt");
    let mut called = Vec::new();
    let said = loop {
        let answer = chat(&server, &json!({"messages": messages, "tools": tools})).await;
        let message = answer["choices"][0]["message"].clone();
        let Some(call) = message["tool_calls"].get(0) else { break message["content"].clone() };
        assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
        called.push(format!("{} {}", call["function"]["name"], call["function"]["arguments"]));
        let result = json!({"role": "tool", "tool_call_id": call["id"], "content": "hi\nthere"});
        messages.as_array_mut().expect("an array").extend([message.clone(), result]);
    };
    assert_eq!(
        called,
        [
            r#""write" "{\"path\": \"a.txt\", \"content\": \"hi\"}""#,
            r#""exec" "{\"command\": \"cat a.txt\"}""#,
        ]
    );
    assert_eq!(said, "Done. The last result begins with: hi");
}

#[tokio::test]
async fn tokens_come_back_as_text() {
    let server = MockVllm::builder().start().await.expect("a port");
    let text = "Grüße, world: {\"a\": 1}\n";
    let found = post(server.port(), "/tokenize", &json!({"prompt": text})).await;
    let back = post(server.port(), "/detokenize", &json!({"tokens": found["tokens"]})).await;
    assert_eq!(back["prompt"], text);
}

#[tokio::test]
async fn behind_a_proxy_there_is_nothing_beside_the_api() {
    let server = MockVllm::builder().root_routes(false).start().await.expect("a port");
    for path in ["/health", "/metrics", "/version"] {
        assert_eq!(get(server.port(), path).await, "{\"detail\":\"Not Found\"}", "{path}");
    }
    assert!(get(server.port(), "/v1/models").await.contains("\"tiny\""));
}
