//! Starting, dying, coming back, and leaving nothing behind.

use std::time::Duration;

use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use tokio::net::TcpListener;

use crate::client::Client;
use crate::faults::{ASK, STREAM};

#[tokio::test]
async fn a_killed_server_drops_its_connections_and_comes_back() {
    let (server, gate) = (MockVllm::builder().start().await.expect("a port"), Gate::new());
    server.push(Reply::from(Turn::pieces(["a", "b"])).gate(2, &gate));
    server.push(Turn::text("back"));
    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    client.head().await.expect("headers");
    gate.reached().await;
    server.kill();
    assert!(Client::is_refused(server.port()).await);
    client.chunk().await.expect("a role");
    client.chunk().await.expect("text");
    assert!(client.chunk().await.is_none(), "no final chunk");
    assert!(!server.requests()[0].aborted(), "it was not the client that left");
    server.restart().await.expect("the port");
    let mut client = Client::connect(server.port()).await;
    client.chat(ASK).await;
    assert!(client.answer("POST").await.expect("an answer").body.contains("back"));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_closed_port_leaves_open_connections_alone() {
    let server = MockVllm::builder().start().await.expect("a port");
    let mut client = Client::connect(server.port()).await;
    client.chat(ASK).await;
    client.answer("POST").await.expect("an answer");
    server.close_port();
    assert!(Client::is_refused(server.port()).await);
    client.chat(ASK).await;
    assert!(client.answer("POST").await.is_some());
}

#[tokio::test]
async fn a_dropped_server_frees_its_port_at_once() {
    let server = MockVllm::builder().start().await.expect("a port");
    let port = server.port();
    let mut client = Client::connect(port).await;
    client.chat(ASK).await;
    client.answer("POST").await.expect("an answer");
    drop(server);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    drop(listener);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let server = MockVllm::builder().start().await.expect("a port");
    let port = server.port();
    let mut client = Client::connect(port).await;
    client.chat(ASK).await;
    client.answer("POST").await.expect("an answer");
    server.stop().await;
    assert!(client.is_closed().await);
    assert!(Client::is_refused(port).await);
}

#[tokio::test]
async fn a_key_is_not_shown() {
    let builder = MockVllm::builder().api_key("sesame");
    assert!(!format!("{builder:?}").contains("sesame"));
    let server = builder.start().await.expect("a port");
    let mut client = Client::connect(server.port()).await;
    client.send(&["GET /v1/models", "authorization: Bearer sesame"], "").await;
    assert!(client.answer("GET").await.expect("an answer").status.contains("200"));
    assert!(!format!("{server:?}").contains("sesame"));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let builder = MockVllm::builder().keep_alive(Duration::from_millis(1));
    let server = builder.start().await.expect("a port");
    let mut client = Client::connect(server.port()).await;
    client.chat(ASK).await;
    assert!(client.answer("POST").await.expect("an answer").is_whole);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let (server, gate) = (MockVllm::builder().start().await.expect("a port"), Gate::new());
    server.push(Reply::from(Turn::pieces(["a", "b"])).gate(2, &gate));
    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    client.head().await.expect("headers");
    gate.reached().await;
    let seen = server.until_requests(1).await.remove(0);
    drop(client);
    seen.until_aborted().await;

    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    client.answer("POST").await.expect("an answer");
    drop(client);
    server.stop().await;
    assert_eq!(seen.path, "/v1/chat/completions");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.json()["stream"], true);
}

#[tokio::test]
async fn a_served_client_did_not_abort() {
    let server = MockVllm::builder().start().await.expect("a port");
    for body in [STREAM, ASK, "{"] {
        let mut client = Client::connect(server.port()).await;
        client.chat(body).await;
        client.answer("POST").await.expect("an answer");
    }
    assert!(server.requests().iter().all(|seen| !seen.aborted()));
    assert_eq!(server.requests().len(), 3);
}
