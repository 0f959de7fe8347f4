//! Models without an agent, and the Responses API.

use openclaw_mock_vllm::{Call, ErrorBody, MockVllm, Reply, Turn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::lab::{GatewayLab, HttpAnswer, TOKEN};

async fn post(lab: &GatewayLab, path: &str, body: &Value) -> HttpAnswer {
    let token = format!("Bearer {TOKEN}");
    let headers = [("Authorization", token.as_str())];
    lab.http(&format!("POST {path}"), &headers, &body.to_string()).await
}

async fn chat(lab: &GatewayLab, body: &Value) -> HttpAnswer {
    post(lab, "/v1/chat/completions", body).await
}

fn json_of(answer: &HttpAnswer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// The JSON of each event of a stream.
fn events(answer: &HttpAnswer) -> Vec<Value> {
    let lines = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

fn last_request(server: &MockVllm) -> Value {
    serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap()
}

fn question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] })
}

fn look_tool() -> Value {
    json!([{ "type": "function", "function": {
        "name": "look", "description": "Looks.",
        "parameters": { "type": "object", "properties": { "at": { "type": "string" } } } } }])
}

#[tokio::test]
async fn a_configured_model_answers_without_agent_and_with_the_fields_of_the_client() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Hello."));
    let lab = GatewayLab::start(&server).await;
    let mut body = question("vllm/tiny");
    body["temperature"] = json!(0.25);
    body["seed"] = json!(7);
    body["max_tokens"] = json!(50);
    body["messages"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({ "role": "system", "content": "S." }));
    let answer = json_of(&chat(&lab, &body).await);
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello.", "{answer}");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["model"], "vllm/tiny");
    assert!(answer["usage"]["total_tokens"].as_u64().unwrap() > 0);
    let sent = last_request(&server);
    assert_eq!((&sent["temperature"], &sent["seed"]), (&json!(0.25), &json!(7)), "{sent}");
    assert_eq!(sent["messages"].as_array().unwrap().len(), 2, "{sent}");
    assert!(sent.get("tools").is_none(), "{sent}");
    assert!([&sent["max_tokens"], &sent["max_completion_tokens"]].contains(&&json!(50)), "{sent}");
    let mut client = lab.operator().await;
    assert_eq!(client.call("sessions.list", json!({})).await["payload"]["count"], 0);
    lab.end().await;
}

#[tokio::test]
async fn tools_of_the_client_are_called_by_the_client_with_repaired_calls() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut body = question("vllm/tiny");
    body["tools"] = look_tool();
    server.push(Turn::text("Looking.").then_call(Call::new("look", r#"{"at": "x",}"#)));
    body["stream"] = json!(true);
    let answer = chat(&lab, &body).await;
    let deltas: Vec<Value> =
        events(&answer).iter().map(|event| event["choices"][0]["delta"].clone()).collect();
    let call = deltas.iter().find_map(|delta| delta["tool_calls"].get(0)).unwrap();
    assert_eq!(call["index"], 0);
    let arguments = call["function"]["arguments"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(arguments).unwrap(), json!({ "at": "x" }));
    let finish = events(&answer)
        .iter()
        .rev()
        .find_map(|event| event["choices"][0]["finish_reason"].as_str().map(str::to_owned));
    assert_eq!(finish.as_deref(), Some("tool_calls"), "{}", answer.body);

    server.push(Turn::text("Seen."));
    body["stream"] = json!(false);
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({ "role": "assistant", "content": "Looking.", "tool_calls": [call] }));
    messages.push(json!({ "role": "tool", "tool_call_id": call["id"], "content": "A wall." }));
    let answer = json_of(&chat(&lab, &body).await);
    assert_eq!(answer["choices"][0]["message"]["content"], "Seen.", "{answer}");
    let sent = last_request(&server);
    assert_eq!(sent["messages"][2]["role"], "tool", "{sent}");
    assert_eq!(sent["messages"][2]["content"], "A wall.");
    lab.end().await;
}

#[tokio::test]
async fn a_failure_has_its_status_before_the_answer_and_its_form_within() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let error = ErrorBody::Text("No such thing.".to_owned());
    for stream in [false, true] {
        server.push(Reply::status(400, error.clone()));
        let mut body = question("vllm/tiny");
        body["stream"] = json!(stream);
        let answer = chat(&lab, &body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        let problem = json_of(&answer);
        assert_eq!(problem["error"]["type"], "invalid_request_error");
        assert!(problem["error"]["message"].as_str().unwrap().contains("No such thing"));
    }
    server.push(Reply::from(Turn::pieces(["Half", " of", " it"])).error_at(2, "The engine broke."));
    let mut body = question("vllm/tiny");
    body["stream"] = json!(true);
    let answer = chat(&lab, &body).await;
    assert_eq!(answer.status, 200);
    let last = events(&answer).pop().unwrap();
    assert!(last["error"]["message"].is_string(), "{}", answer.body);
    assert!(!answer.body.contains("[DONE]"));
    lab.end().await;
}

#[tokio::test]
async fn a_model_that_there_is_not_is_told_with_those_that_there_are() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let token = format!("Bearer {TOKEN}");
    let auth = [("Authorization", token.as_str())];
    let listed = json_of(&lab.http("GET /v1/models", &auth, "").await);
    let ids: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["openclaw", "openclaw/default", "openclaw/main", "vllm/tiny"]);
    let one = lab.http("GET /v1/models/vllm/tiny", &auth, "").await;
    assert_eq!(json_of(&one)["owned_by"], "vllm");
    for model in ["gpt-5", "elsewhere/model", "openclaw/nobody", ""] {
        let answer = chat(&lab, &question(model)).await;
        assert_eq!(answer.status, 404, "{model}: {}", answer.body);
        let problem = json_of(&answer);
        assert_eq!(problem["error"]["code"], "model_not_found");
        assert!(problem["error"]["message"].as_str().unwrap().contains("`vllm/tiny`"));
    }
    assert!(server.requests().iter().all(|seen| !seen.path.ends_with("completions")));
    lab.end().await;
}

#[tokio::test]
async fn a_response_has_the_events_of_its_api_in_their_order() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Looking.").then_call(Call::new("look", "{}")));
    let lab = GatewayLab::start(&server).await;
    let tool = json!([{ "type": "function", "name": "look", "parameters": { "type": "object" } }]);
    let body = json!({ "model": "vllm/tiny", "input": "Hi", "stream": true, "tools": tool, "store": false });
    let answer = post(&lab, "/v1/responses", &body).await;
    let all = events(&answer);
    let mut kinds: Vec<&str> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let numbers: Vec<u64> =
        all.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..u64::try_from(all.len()).unwrap()).collect::<Vec<_>>());
    let response = &all.last().unwrap()["response"];
    assert_eq!(response["status"], "completed");
    assert_eq!(response["output"][0]["content"][0]["text"], "Looking.");
    assert_eq!(response["output"][1]["type"], "function_call");
    assert!(response["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let lines = answer.body.lines().filter(|line| line.starts_with("event: ")).count();
    assert_eq!(lines, all.len());
    lab.end().await;
}

#[tokio::test]
async fn a_response_follows_an_earlier_one_of_a_model_and_of_an_agent() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    for model in ["vllm/tiny", "openclaw"] {
        server.push(Turn::text("One."));
        let first =
            json_of(&post(&lab, "/v1/responses", &json!({ "model": model, "input": "A" })).await);
        assert_eq!(first["output"][0]["content"][0]["text"], "One.", "{first}");
        server.push(Turn::text("Two."));
        let body = json!({ "model": model, "input": "B", "previous_response_id": first["id"] });
        let second = json_of(&post(&lab, "/v1/responses", &body).await);
        assert_eq!(second["output"][0]["content"][0]["text"], "Two.", "{second}");
        let sent = last_request(&server).to_string();
        assert!(sent.contains("One."), "{model}: {sent}");
        let body = json!({ "model": model, "input": "B", "previous_response_id": "resp_none" });
        let unknown = post(&lab, "/v1/responses", &body).await;
        assert_eq!(unknown.status, 404, "{model}: {}", unknown.body);
    }
    let mut client = lab.operator().await;
    assert_eq!(client.call("sessions.list", json!({})).await["payload"]["count"], 1);
    lab.end().await;
}

#[tokio::test]
async fn a_response_that_fails_says_so_as_its_last_event() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["Half", " of", " it"])).error_at(2, "The engine broke."));
    let lab = GatewayLab::start(&server).await;
    let body = json!({ "model": "vllm/tiny", "input": "Hi", "stream": true });
    let answer = post(&lab, "/v1/responses", &body).await;
    let last = events(&answer).pop().unwrap();
    assert_eq!(last["type"], "response.failed", "{}", answer.body);
    assert!(last["response"]["error"]["message"].is_string());
    lab.end().await;
}

#[tokio::test]
async fn embeddings_come_from_the_server_of_a_model_or_say_that_it_has_none() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    for (model, status, said) in [
        ("openclaw", 400, "agent"),
        ("gpt-5", 404, "`vllm/tiny`"),
        ("vllm/tiny", 400, "models.providers"),
    ] {
        let body = json!({ "model": model, "input": "x" });
        let answer = post(&lab, "/v1/embeddings", &body).await;
        assert_eq!(answer.status, status, "{model}: {}", answer.body);
        assert!(answer.body.contains(said), "{model}: {}", answer.body);
    }
    lab.end().await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let serve = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"}") {
            assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
        }
        let body = r#"{"object":"list","data":[{"embedding":[0.5]}],"model":"bge"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    let lab = GatewayLab::start_at(&base_url, "", |_| ()).await;
    let body = json!({ "model": "vllm/bge", "input": ["x"], "dimensions": 1 });
    let answer = json_of(&post(&lab, "/v1/embeddings", &body).await);
    assert_eq!(answer["data"][0]["embedding"], json!([0.5]));
    assert_eq!(answer["model"], "vllm/bge");
    let seen = serve.await.unwrap();
    assert!(seen.starts_with("POST /v1/embeddings "), "{seen}");
    assert!(seen.contains(r#""model":"bge""#) && seen.contains(r#""dimensions":1"#), "{seen}");
    lab.end().await;
}

#[tokio::test]
async fn metrics_name_no_session_and_need_a_secret_behind_a_proxy() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    for model in ["openclaw", "vllm/tiny"] {
        server.push(Turn::text("Fine."));
        assert_eq!(chat(&lab, &question(model)).await.status, 200);
    }
    let metrics = lab.http("GET /metrics", &[], "").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.head.contains("text/plain; version=0.0.4"), "{}", metrics.head);
    for line in [
        r#"openclaw_run_completed_total{channel="openai",model="tiny",outcome="completed",provider="vllm",trigger="openai"} 1"#,
        r#"openclaw_model_call_total{provider="vllm",model="tiny",outcome="ok"} 2"#,
        r#"openclaw_model_time_to_first_token_seconds_count{provider="vllm",model="tiny"} 2"#,
        r#"openclaw_model_prefill_seconds_count{provider="vllm",model="tiny"} 2"#,
        "openclaw_queue_lane_size 0",
    ] {
        assert!(metrics.body.lines().any(|written| written == line), "{line}\n{}", metrics.body);
    }
    assert!(!metrics.body.contains("agent:main"), "{}", metrics.body);
    let same = lab.http("GET /api/diagnostics/prometheus", &[], "").await;
    assert_eq!(same.status, 200);
    for header in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP"] {
        let forwarded = [(header, "192.0.2.7")];
        assert_eq!(lab.http("GET /metrics", &forwarded, "").await.status, 401, "{header}");
    }
    assert_eq!(lab.http("POST /metrics", &[], "").await.status, 405);
    lab.end().await;
}
