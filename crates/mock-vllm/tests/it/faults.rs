//! Every way to go wrong, seen from the client's end of the connection.

use std::time::Duration;

use openclaw_mock_vllm::{ErrorBody, Gate, MockVllm, Pace, Reply, Turn};
use tokio::time::Instant;

use crate::client::{Answer, Client};

pub(crate) const ASK: &str = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
pub(crate) const STREAM: &str = r#"{"messages":[{"role":"user","content":"hi"}],"stream":true}"#;

fn hello() -> Turn {
    Turn::pieces(["Hel", "lo"])
}

/// Asks once and returns what came; `None` if nothing did.
async fn answer_to(body: &str, reply: impl Into<Reply>) -> Option<Answer> {
    let server = MockVllm::builder().start().await.expect("a port");
    server.push(reply);
    let mut client = Client::connect(server.port()).await;
    client.chat(body).await;
    client.answer("POST").await
}

async fn stream(reply: impl Into<Reply>) -> Answer {
    answer_to(STREAM, reply).await.expect("an answer")
}

#[tokio::test]
async fn a_gate_holds_its_event_back() {
    let (server, gate) = (MockVllm::builder().start().await.expect("a port"), Gate::new());
    server.push(Reply::from(hello()).gate(2, &gate));
    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    client.head().await.expect("headers");
    assert!(client.chunk().await.expect("a role").contains("\"role\""));
    assert!(client.chunk().await.expect("text").contains("Hel"));
    gate.reached().await;
    assert!(client.is_quiet().await);
    gate.open();
    assert!(client.chunk().await.expect("text").contains("lo"));
    assert_eq!(client.chunk().await.as_deref(), Some("data: [DONE]\n\n"));
}

#[tokio::test]
async fn a_gate_holds_a_whole_answer_back() {
    let (server, gate) = (MockVllm::builder().start().await.expect("a port"), Gate::new());
    server.push(Reply::from(hello()).gate(1, &gate));
    let mut client = Client::connect(server.port()).await;
    client.chat(ASK).await;
    gate.reached().await;
    assert!(client.is_quiet().await);
    gate.open();
    assert!(client.answer("POST").await.expect("an answer").body.contains("Hello"));
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_kept() {
    let server = MockVllm::builder().start().await.expect("a port");
    let second = Duration::from_secs(1);
    let usage = openclaw_mock_vllm::UsageOverride {
        prompt: Some(30),
        cached: Some(10),
        ..Default::default()
    };
    let pace = Pace { per_chunk: second * 2, per_prompt_token: second };
    server.push(Reply::from(hello().usage(usage)).pace(pace));
    let start = Instant::now();
    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    client.head().await.expect("headers");
    assert!(start.elapsed() < second, "headers come before the prefill");
    let mut at = Vec::new();
    for _ in 0..4 {
        client.chunk().await.expect("an event");
        at.push(start.elapsed().as_secs());
    }
    assert_eq!(at, [20, 22, 24, 24]);
    server.push(Reply::from(hello().usage(usage)).pace(pace));
    client.chunk().await.expect("the end");
    let start = Instant::now();
    client.chat(ASK).await;
    client.answer("POST").await.expect("an answer");
    assert!(start.elapsed() >= second * 24);
}

#[tokio::test]
async fn silence_lasts_until_the_client_leaves() {
    for (event, body) in [(0, STREAM), (2, STREAM), (0, ASK)] {
        let server = MockVllm::builder().start().await.expect("a port");
        server.push(Reply::from(hello()).silent_at(event));
        let mut client = Client::connect(server.port()).await;
        client.chat(body).await;
        if body == STREAM {
            client.head().await.expect("headers");
        }
        for _ in 0..event {
            client.chunk().await.expect("an event");
        }
        let seen = server.until_requests(1).await.remove(0);
        assert!(client.is_quiet().await);
        assert!(!seen.aborted());
        drop(client);
        seen.until_aborted().await;
        assert!(seen.aborted());
    }
}

#[tokio::test]
async fn a_body_is_cut_at_its_byte() {
    for body in [STREAM, ASK] {
        let whole = answer_to(body, hello()).await.expect("an answer");
        assert!(whole.is_whole);
        for at in [0, 1, 100, whole.body.len() - 1] {
            let cut = answer_to(body, Reply::from(hello()).cut_at(at)).await.expect("a head");
            assert_eq!(cut.body.len(), at);
            assert!(!cut.is_whole);
            assert_eq!(cut.status, "HTTP/1.1 200 OK");
        }
    }
}

#[tokio::test]
async fn a_connection_is_dropped_between_events() {
    let answer = stream(Reply::from(hello()).hang_up_at(2)).await;
    assert_eq!((answer.chunks.len(), answer.is_whole), (2, false));
    assert!(answer_to(ASK, Reply::from(hello()).hang_up_at(2)).await.is_none());
    for body in [STREAM, ASK] {
        assert!(answer_to(body, Reply::hang_up()).await.is_none(), "not a byte");
    }
}

#[tokio::test]
async fn an_error_comes_in_the_stream() {
    let error = "data: {\"error\": {\"message\": \"out of \\\"memory\\\"\", \"type\": \
                 \"InternalServerError\", \"param\": null, \"code\": 500}}\n\n";
    for event in [0, 2] {
        let answer = stream(Reply::from(hello()).error_at(event, "out of \"memory\"")).await;
        assert_eq!(answer.chunks[event..], [error, "data: [DONE]\n\n"]);
        assert!(answer.is_whole);
    }
    let whole = answer_to(ASK, Reply::from(hello()).error_at(1, "x")).await.expect("an answer");
    assert_eq!(whole.status, "HTTP/1.1 500 Internal Server Error");
    let body = "{\"error\":{\"message\":\"x\",\"type\":\"InternalServerError\",\"param\":null,\"code\":500}}";
    assert_eq!(whole.body, body);
}

#[tokio::test]
async fn the_last_line_comes_alone_or_not_at_all() {
    assert_eq!(stream(Reply::from(hello()).done_at(0)).await.body, "data: [DONE]\n\n");
    let answer = stream(Reply::from(hello()).no_done()).await;
    assert!(answer.is_whole && answer.chunks.len() == 3 && !answer.body.contains("[DONE]"));
    let answer = stream(Reply::from(hello()).error_at(1, "x").no_done()).await;
    assert!(answer.is_whole && answer.chunks.len() == 2 && !answer.body.contains("[DONE]"));
}

#[tokio::test]
async fn comments_come_ahead_of_a_gate() {
    let (server, gate) = (MockVllm::builder().start().await.expect("a port"), Gate::new());
    server.push(Reply::from(hello()).keep_alive_before(0, 3).gate(0, &gate));
    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    client.head().await.expect("headers");
    for _ in 0..3 {
        assert_eq!(client.chunk().await.as_deref(), Some(": keep-alive\n\n"));
    }
    gate.reached().await;
    assert!(client.is_quiet().await);
    gate.open();
    assert!(client.chunk().await.expect("a role").starts_with("data: {"));
}

#[tokio::test]
async fn any_status_comes_with_any_shape() {
    let (message, kind) = ("no".to_owned(), "Kind".to_owned());
    let raw =
        ErrorBody::Raw { content_type: "text/plain".to_owned(), body: "bad gateway".to_owned() };
    let cases = [
        (
            400,
            ErrorBody::Error { message: message.clone(), kind: kind.clone() },
            "{\"error\":{\"message\":\"no\",\"type\":\"Kind\",\"param\":null,\"code\":400}}",
        ),
        (401, ErrorBody::Text(message.clone()), "{\"error\":\"no\"}"),
        (
            404,
            ErrorBody::Legacy { message: message.clone(), kind },
            "{\"object\":\"error\",\"message\":\"no\",\"type\":\"Kind\",\"param\":null,\"code\":404}",
        ),
        (500, ErrorBody::Detail(message), "{\"detail\":\"no\"}"),
        (502, raw, "bad gateway"),
    ];
    for (status, shape, body) in cases {
        let answer = stream(Reply::status(status, shape)).await;
        assert!(answer.status.starts_with(&format!("HTTP/1.1 {status} ")), "{}", answer.status);
        assert_eq!(answer.body, body);
    }
    let has = |answer: &Answer, line: &str| answer.headers.iter().any(|header| header == line);
    let limited = stream(Reply::rate_limited(7)).await;
    assert!(limited.status.contains("429") && has(&limited, "retry-after: 7"));
    let busy = stream(Reply::overloaded()).await;
    assert!(busy.status.contains("503") && busy.body.contains("currently busy"));
    assert!(!busy.headers.iter().any(|header| header.starts_with("retry-after")));
    let page = stream(Reply::html()).await;
    assert!(page.status.contains("200") && page.body.starts_with("<!doctype html>"));
    assert!(has(&page, "content-type: text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_dead_engine_refuses_until_it_is_restarted() {
    let server = MockVllm::builder().start().await.expect("a port");
    server.push(Reply::from(hello()).engine_dies_at(2));
    let mut client = Client::connect(server.port()).await;
    client.chat(STREAM).await;
    let answer = client.answer("POST").await.expect("an answer");
    assert!(answer.is_whole && answer.chunks[2].contains("EngineCore encountered an issue"));
    assert_eq!(answer.chunks[3], "data: [DONE]\n\n");
    assert!(client.is_closed().await);
    assert!(Client::is_refused(server.port()).await);
    server.restart().await.expect("the port");
    let mut client = Client::connect(server.port()).await;
    client.chat(ASK).await;
    assert_eq!(client.answer("POST").await.expect("an answer").status, "HTTP/1.1 200 OK");
}
