//! Servers to meet, beside the mock as it comes.

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::Home;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// A mock with one model, `tiny`, of 16,384 tokens, and a home that finds it by itself.
pub(crate) async fn tiny() -> (MockVllm, Home) {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    (server, home)
}

/// A config without a sandbox, so that a person is asked about commands.
pub(crate) const UNSANDBOXED: &str = "{ tools: { exec: { host: 'gateway' } } }";

/// The text of a config whose vLLM server is at `base_url`, with `models` of its own.
pub(crate) fn config(base_url: &str, models: &str) -> String {
    format!(
        "{{ models: {{ providers: {{ vllm: {{ baseUrl: \"{base_url}\", models: [{models}] }} }} }} }}\n"
    )
}

/// An address on which nothing listens. Its port stays taken until the tests end, so that no server
/// of another test gets it.
pub(crate) fn nobody() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    format!("http://{address}/v1")
}

/// Answers every path with a page of HTML, but for `/v1/models`, where there is an API. Returns
/// the address without a path; the task ends with the runtime.
pub(crate) async fn website() -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            let (kind, body) = if head.starts_with(b"GET /v1/models ") {
                ("application/json", r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#)
            } else {
                ("text/html", "<!doctype html><title>Welcome</title><p>Please sign in.")
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            // A client that has left asks again, or fails its test.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, task)
}
