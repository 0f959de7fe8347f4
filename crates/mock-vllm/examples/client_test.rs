//! How a client's own test uses the mock: a stream that stops in the middle until the test says
//! so, and a look at what the client sent.
//!
//! The client here is a bare TCP stream; yours is what you want to test.

use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Reply, Seen, Turn};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 4096)).start().await?;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["Hel", "lo"])).gate(2, &gate));

    let mut client = TcpStream::connect(("127.0.0.1", server.port())).await?;
    let body = r#"{"messages":[{"role":"user","content":"hi"}],"stream":true}"#;
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await?;

    // The server has said "Hel" and stands still: the place to look at a half-finished answer.
    gate.reached().await;
    assert!(!server.requests().iter().any(Seen::aborted));
    gate.open();

    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    assert!(answer.contains("\"content\":\"lo\"") && answer.contains("data: [DONE]"));
    let asked = server.requests().first().map(Seen::json);
    assert_eq!(asked.and_then(|body| body.get("stream")?.as_bool()), Some(true));
    server.stop().await;
    Ok(())
}
