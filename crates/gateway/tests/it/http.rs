//! The HTTP paths.

use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, HttpAnswer, TOKEN};

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

async fn complete(lab: &GatewayLab, body: Value, headers: &[(&str, &str)]) -> HttpAnswer {
    let token = bearer();
    let mut all = vec![("Authorization", token.as_str())];
    all.extend(headers);
    lab.http("POST /v1/chat/completions", &all, &body.to_string()).await
}

fn chat(messages: &[(&str, &str)]) -> Value {
    let messages: Vec<Value> = messages
        .iter()
        .map(|(role, content)| json!({ "role": role, "content": content }))
        .collect();
    json!({ "model": "openclaw", "messages": messages })
}

/// The JSON of each piece of a stream of events.
fn pieces(answer: &HttpAnswer) -> Vec<Value> {
    let lines = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

#[tokio::test]
async fn paths_that_do_not_exist_are_not_found_and_health_needs_no_secret() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    for (line, status) in [
        ("GET /healthz", 200),
        ("GET /health", 200),
        ("GET /readyz", 200),
        ("POST /healthz", 405),
        ("GET /", 404),
        ("GET /metrics", 200),
        ("GET /hooks/agent", 404),
        ("GET /sessions", 404),
        ("GET /../etc/passwd", 404),
        ("GET /v1/models", 401),
        ("POST /v1/chat/completions", 401),
    ] {
        let answer = lab.http(line, &[], "").await;
        assert_eq!(answer.status, status, "{line}: {}", answer.body);
    }
    lab.end().await;
}

#[tokio::test]
async fn pages_and_names_that_lead_here_unexpectedly_are_refused() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start_with(&server, "", |settings| {
        settings.allowed_origins = vec!["https://desk.example".to_owned()];
    })
    .await;
    let port = lab.address.port();
    let local = format!("localhost:{port}");
    for (headers, status) in [
        (vec![("Host", "evil.example")], 421),
        (vec![("Host", "127.0.0.1.evil.example")], 421),
        (vec![("Host", "192.168.1.7")], 421),
        (vec![("Host", "")], 421),
        (vec![("Host", local.as_str())], 200),
        (vec![("Host", "[::1]:18789")], 200),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", "https://desk.example.evil.example")], 403),
        (vec![("Origin", "https://desk.example")], 200),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Sec-Fetch-Site", "none")], 200),
    ] {
        let answer = lab.http("GET /healthz", &headers, "").await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    lab.end().await;
}

#[tokio::test]
async fn agents_are_models_of_the_openai_api() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Hello there."));
    let lab = GatewayLab::start(&server).await;
    let token = bearer();
    let auth = [("Authorization", token.as_str())];
    let models: Value =
        serde_json::from_str(&lab.http("GET /v1/models", &auth, "").await.body).unwrap();
    let ids: Vec<&str> =
        models["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["openclaw", "openclaw/default", "openclaw/main", "vllm/tiny"]);
    let one = lab.http("GET /v1/models/openclaw%2Fmain", &auth, "").await;
    assert_eq!(one.status, 200, "{}", one.body);
    let answer = complete(&lab, chat(&[("user", "Hi")]), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello there.");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert!(answer["usage"]["prompt_tokens"].as_u64().unwrap() > 0);
    let mut unknown = chat(&[("user", "Hi")]);
    unknown["model"] = json!("gpt-5");
    let answer = complete(&lab, unknown, &[]).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("`openclaw/main`, `vllm/tiny`"), "{}", answer.body);
    lab.end().await;
}

#[tokio::test]
async fn a_chat_that_is_sent_whole_each_time_is_one_session() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("One."));
    server.push(Turn::text("Two."));
    server.push(Turn::text("Three."));
    let lab = GatewayLab::start(&server).await;
    complete(&lab, chat(&[("user", "First")]), &[]).await;
    let whole = [("user", "First"), ("assistant", "One."), ("user", "Second")];
    let mut streamed = chat(&whole);
    streamed["stream"] = json!(true);
    let answer = complete(&lab, streamed, &[]).await;
    assert!(answer.body.ends_with("data: [DONE]\n\n"), "{}", answer.body);
    let text: String = pieces(&answer)
        .iter()
        .filter_map(|piece| piece["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, "Two.");
    let whole = [
        ("user", "First"),
        ("assistant", "One."),
        ("user", "Second"),
        ("assistant", "Two."),
        ("user", "Third"),
    ];
    complete(&lab, chat(&whole), &[]).await;
    let mut client = lab.operator().await;
    let sessions = client.call("sessions.list", json!({})).await;
    assert_eq!(sessions["payload"]["count"], 1, "{sessions}");
    assert_eq!(sessions["payload"]["sessions"][0]["turns"], 3);
    let last: Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
    let users = last["messages"].as_array().unwrap().iter();
    let users: Vec<&Value> = users.filter(|message| message["role"] == "user").collect();
    assert_eq!(users.len(), 3, "{last}");
    lab.end().await;
}

#[tokio::test]
async fn a_stream_has_the_usage_when_it_is_asked_for_and_errors_in_the_form_of_the_api() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Fine."));
    let lab = GatewayLab::start(&server).await;
    let mut body = chat(&[("user", "Hi")]);
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    let answer = complete(&lab, body.clone(), &[]).await;
    assert!(answer.head.contains("content-type: text/event-stream"), "{}", answer.head);
    let all = pieces(&answer);
    assert_eq!(all.first().unwrap()["choices"][0]["delta"]["role"], "assistant");
    let usage = all.last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64().unwrap() > 0);
    let error = ErrorBody::Text("The weights are gone.".to_owned());
    server.push(Reply::status(400, error.clone()));
    let answer = complete(&lab, body, &[]).await;
    let last = pieces(&answer).pop().unwrap();
    assert!(last["error"]["message"].as_str().unwrap().contains("The weights are gone"), "{last}");
    assert!(!answer.body.contains("[DONE]"));
    server.push(Reply::status(400, error));
    let answer = complete(&lab, chat(&[("user", "Hi again")]), &[]).await;
    assert_eq!(answer.status, 502, "{}", answer.body);
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["error"]["type"], "server_error");
    lab.end().await;
}

#[tokio::test]
async fn the_api_is_off_unless_it_is_turned_on() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab =
        GatewayLab::start_with(&server, "", |settings| settings.serves_openai_api = false).await;
    let answer = complete(&lab, chat(&[("user", "Hi")]), &[]).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("chatCompletions.enabled"), "{}", answer.body);
    let answer = lab.http("POST /hooks/agent", &[], "{}").await;
    assert!(answer.body.contains("openclaw config set hooks.enabled true"), "{}", answer.body);
    lab.end().await;
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_with_its_key() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start_with(&server, "", |settings| settings.max_body_bytes = 500).await;
    let answer = complete(&lab, chat(&[("user", &"x".repeat(500))]), &[]).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("chatCompletions.maxBodyBytes"), "{}", answer.body);
    assert!(server.requests().is_empty());
    lab.end().await;
}
