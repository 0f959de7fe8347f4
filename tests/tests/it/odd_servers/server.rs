//! The server of one case.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Answers one case on loopback, a request a connection; ends when it is dropped.
pub(super) struct CaseServer {
    port: u16,
    seen: SeenRequests,
    task: AbortHandle,
}

/// What was asked of a server. Clones share it.
#[derive(Clone, Default)]
struct SeenRequests {
    /// The bodies of the chat requests.
    chats: Arc<Mutex<Vec<Value>>>,
    /// The paths of all requests.
    paths: Arc<Mutex<Vec<String>>>,
}

impl CaseServer {
    pub(super) async fn start(case: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = SeenRequests::default();
        let (case, requests) = (Arc::new(case), seen.clone());
        let serve = async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&case), requests.clone()));
            }
        };
        Self { port, seen, task: tokio::spawn(serve).abort_handle() }
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The bodies of the chat requests, in order.
    pub(super) fn chats(&self) -> Vec<Value> {
        self.seen.chats.lock().unwrap().clone()
    }

    /// The paths of all requests so far, in order; they are forgotten.
    pub(super) fn take_paths(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.paths.lock().unwrap())
    }
}

impl Drop for CaseServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(stream: TcpStream, case: Arc<Value>, seen: SeenRequests) {
    let SeenRequests { chats, paths } = seen;
    let mut stream = BufReader::new(stream);
    let Some((path, body)) = read_request(&mut stream).await else { return };
    paths.lock().unwrap().push(path.clone());
    let bytes = match path.as_str() {
        "/v1/chat/completions" => {
            let number = {
                let mut chats = chats.lock().unwrap();
                chats.push(serde_json::from_slice(&body).unwrap());
                chats.len()
            };
            if number == 1 || case["always"] == json!(true) {
                case_response(&case)
            } else {
                let events = json!([{"delta": {"content": "The word is PELICAN"}},
                    {"delta": {}, "finish": "stop"}, "USAGE", "DONE"]);
                stream_response("text/event-stream", &events)
            }
        }
        "/v1/models" if case["models"] == json!("silence") => return std::future::pending().await,
        "/v1/models" if case["models"].is_object() => {
            let content_type = case["models"]["ctype"].as_str().unwrap_or("application/json");
            let status = case["models"]["status"].as_u64().unwrap_or(200);
            body_response(status, content_type, &case["models"]["body"])
        }
        "/v1/models" => {
            let card = json!({"id": "m", "object": "model", "owned_by": "vllm", "root": "m",
                "parent": null, "max_model_len": 16_384});
            body_response(200, "application/json", &json!({"object": "list", "data": [card]}))
        }
        "/health" => body_response(200, "text/plain", &json!("")),
        "/version" => body_response(200, "application/json", &json!({"version": "0.32.0"})),
        "/tokenize" => {
            let count = json!({"count": body.len() / 4 + 1, "max_model_len": 16_384, "tokens": []});
            body_response(200, "application/json", &count)
        }
        _ => body_response(404, "application/json", &json!({"detail": "Not Found"})),
    };
    // The client may have gone.
    let _ = stream.write_all(&bytes).await;
}

/// Reads the path and the body of a request.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let path = line.split(' ').nth(1)?.split('?').next()?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, body))
}

fn case_response(case: &Value) -> Vec<u8> {
    if case["events"].is_array() {
        let content_type = case["ctype"].as_str().unwrap_or("text/event-stream");
        return stream_response(content_type, &case["events"]);
    }
    let content_type = case["ctype"].as_str().unwrap_or("application/json");
    body_response(case["status"].as_u64().unwrap(), content_type, &case["body"])
}

/// A response of known length; a text is sent as it is, and any other value as JSON.
fn body_response(status: u64, content_type: &str, body: &Value) -> Vec<u8> {
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n");
    format!("{head}content-type: {content_type}\r\n\r\n{body}").into_bytes()
}

fn stream_response(content_type: &str, events: &Value) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n";
    let events = events.as_array().unwrap().iter().flat_map(expand_event);
    let chunks: Vec<_> = events.map(|text| format!("{:x}\r\n{text}\r\n", text.len())).collect();
    let body = chunks.concat();
    format!("{head}content-type: {content_type}\r\n\r\n{body}0\r\n\r\n").into_bytes()
}

/// The texts that are sent for an event of a case.
fn expand_event(event: &Value) -> Vec<String> {
    if let Some(content) = event["content"].as_str() {
        let letters: Vec<char> = content.chars().collect();
        let length = usize::try_from(event["cut"].as_u64().unwrap()).unwrap();
        let pieces = letters.chunks(length).map(|piece| piece.iter().collect::<String>());
        return pieces.map(|piece| chunk(&json!({"content": piece}), &Value::Null)).collect();
    }
    vec![match event.as_str() {
        Some("DONE") => "data: [DONE]\n\n".to_owned(),
        Some("USAGE") => {
            let usage = json!({"prompt_tokens": 40, "completion_tokens": 5, "total_tokens": 45});
            format!("data: {}\n\n", json!({"id": "x", "choices": [], "usage": usage}))
        }
        Some(text) => text.to_owned(),
        None => chunk(&event["delta"], &event["finish"]),
    }]
}

fn chunk(delta: &Value, finish: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish});
    let object = "chat.completion.chunk";
    let chunk =
        json!({"id": "x", "object": object, "created": 1, "model": "m", "choices": [choice]});
    format!("data: {chunk}\n\n")
}
