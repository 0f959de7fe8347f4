//! What is retried, how often, and what is not.

use std::time::Duration;

use openclaw_transport::{CallTimeouts, Client, RetryPolicy, TransportErrorKind};

use crate::server::{STREAM_HEAD, Server, both, json, limit, response};

#[tokio::test]
async fn a_busy_server_is_asked_again_with_the_same_request() {
    let server = Server::start().await;
    for status in ["408 x", "429 x", "500 x", "502 x", "503 x", "504 x", "529 x"] {
        let client = server.persistent_client(3);
        let url = client.endpoint().api_url("chat/completions");
        let (stream, ()) = both(client.post_stream(url, "{\"a\":1}".into()), async {
            let busy = json(status, "{}");
            let first = server.answer(&busy).await;
            let second = server.answer(&busy).await;
            let third = server.answer(STREAM_HEAD).await;
            assert_eq!(first.head, second.head);
            assert_eq!((first.head, first.body), (third.head, third.body));
        })
        .await;
        assert_eq!(stream.unwrap().attempt_number(), 3, "{status}");
    }
}

#[tokio::test]
async fn other_refusals_are_final() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    for status in [400, 401, 403, 404, 405, 409, 413, 422, 501, 505] {
        let answer = json(&format!("{status} x"), "{}");
        let url = client.endpoint().api_url("models");
        let (reply, _) = both(client.get(url), server.answer(&answer)).await;
        assert_eq!(reply.unwrap_err().kind(), TransportErrorKind::Status(status));
        server.is_left_alone();
    }
}

#[tokio::test]
async fn the_last_attempt_is_the_error() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    let url = client.endpoint().api_url("models");
    let (reply, ()) = both(client.get(url), async {
        server.answer(&json("500 x", r#"{"error":"one"}"#)).await;
        server.answer(&json("429 x", r#"{"error":"two"}"#)).await;
        server.answer(&response("503 x", "retry-after: 0\r\n", "three")).await;
    })
    .await;
    server.is_left_alone();
    let error = reply.unwrap_err();
    let exchange = error.exchange();
    assert_eq!((error.kind(), exchange.attempt), (TransportErrorKind::Status(503), 3));
    assert_eq!(exchange.server_error.as_ref().unwrap().message, "three");
    assert_eq!(exchange.retry_after, Some(Duration::ZERO));
}

#[tokio::test]
async fn a_pause_that_outlasts_the_total_clock_is_not_begun() {
    let server = Server::start().await;
    let second = Duration::from_secs(1);
    let retry = RetryPolicy {
        max_attempts: 5,
        base_delay: second,
        max_delay: second,
        max_retry_after: None,
    };
    let clocks =
        CallTimeouts { total: Some(limit(Duration::from_mins(1))), ..CallTimeouts::default() };
    let client = Client::new(server.options().with_retry(retry).with_timeouts(clocks)).unwrap();
    let at_a_time = "date: Sun, 06 Nov 1994 08:48:36 GMT\r\n\
                     retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let begun = std::time::Instant::now();
    for headers in ["retry-after: 61\r\n", at_a_time] {
        let answer = response("429 x", headers, "");
        let url = client.endpoint().api_url("models");
        let (reply, _) = both(client.get(url), server.answer(&answer)).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Status(429));
        assert_eq!(error.exchange().retry_after, Some(Duration::from_secs(61)), "{headers}");
    }
    assert!(begun.elapsed() < Duration::from_mins(1));
    server.is_left_alone();
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_tried_again() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    let url = client.endpoint().api_url("models");
    let (reply, ()) = both(client.get(url), async {
        let mut closing = server.accept().await;
        closing.request().await;
        drop(closing);
        let mut resetting = server.accept().await;
        resetting.request().await;
        resetting.reset();
        server.answer(&json("200 OK", "[]")).await;
    })
    .await;
    assert_eq!(reply.unwrap().status, 200);
}

#[tokio::test]
async fn a_new_connection_that_ends_is_not_excused() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("models");
    let (reply, ()) = both(client.get(url), async {
        let mut connection = server.accept().await;
        connection.request().await;
    })
    .await;
    let error = reply.unwrap_err();
    assert_eq!((error.kind(), error.exchange().status), (TransportErrorKind::Interrupted, None));
    assert!(error.to_string().starts_with("get an answer to GET http://"), "{error}");
    server.is_left_alone();
}
