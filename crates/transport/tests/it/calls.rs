//! What a call sends and what it brings back.

use std::collections::HashMap;

use futures_util::StreamExt;
use openclaw_transport::wire::ModelList;
use openclaw_transport::{Client, StreamEvent, TransportErrorKind};

use crate::server::{KEY, STREAM_HEAD, Server, both, chunk, json, options, response};

#[tokio::test]
async fn a_get_sends_only_what_was_configured() {
    let server = Server::start().await;
    let mut options = server.options();
    options.headers = vec![("X-Team".to_owned(), "blue".into())];
    let client = Client::new(options).unwrap();
    let models = include_str!("../fixtures/models.json");
    let url = client.endpoint().api_url("models");
    let headers = "content-type: application/json\r\nx-request-id: r-1\r\n";
    let answer = response("200 OK", headers, models);
    let (reply, request) = both(client.get(url), server.answer(&answer)).await;
    let reply = reply.unwrap();
    assert_eq!((reply.status, reply.request_id.as_deref()), (200, Some("r-1")));
    assert_eq!(reply.content_type.as_deref(), Some("application/json"));
    assert_eq!(reply.parse_json::<ModelList>().unwrap().data.len(), 1);

    assert!(request.head.starts_with("GET /v1/models HTTP/1.1\r\n"), "{}", request.head);
    let bearer = format!("Bearer {KEY}");
    let expected = HashMap::from([
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("authorization", &bearer),
        ("host", &server.address),
        ("user-agent", "test/1"),
        ("x-team", "blue"),
    ]);
    let names = request.head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let sent: HashMap<_, _> = names.collect();
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_post_sends_json_and_no_key_where_there_is_none() {
    let server = Server::start().await;
    let client = Client::new(server.options().with_bearer(None)).unwrap();
    let url = client.endpoint().root_url("tokenize");
    let (reply, request) =
        both(client.post(url, "{\"a\":1}".into()), server.answer(&json("200 OK", "[3]"))).await;
    assert_eq!(reply.unwrap().parse_json::<Vec<u32>>().unwrap(), [3]);
    assert!(request.head.starts_with("POST /tokenize HTTP/1.1\r\n"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.body, "{\"a\":1}");
}

#[tokio::test]
async fn health_and_metrics_are_answers_too() {
    let server = Server::start().await;
    let client = server.client();
    for (headers, body) in [("", ""), ("content-type: text/plain; version=0.0.4\r\n", "# HELP x\n")]
    {
        let answer = response("200 OK", headers, body);
        let (reply, _) =
            both(client.get(client.endpoint().root_url("health")), server.answer(&answer)).await;
        let reply = reply.unwrap();
        assert_eq!(reply.body, body);
        assert_eq!(reply.parse_json::<u8>().unwrap_err().kind(), TransportErrorKind::NotAnApi);
    }
}

#[tokio::test]
async fn a_stream_arrives_piece_by_piece() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("chat/completions");
    let recording = include_str!("../fixtures/text.sse");
    let (stream, mut connection) = both(client.post_stream(url, "{}".into()), async {
        let mut connection = server.accept().await;
        let request = connection.request().await;
        assert!(request.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
        assert_eq!(request.header("accept"), Some("text/event-stream"));
        connection.send(STREAM_HEAD).await;
        connection
    })
    .await;
    let mut stream = stream.unwrap();
    assert_eq!((stream.request_id(), stream.attempt_number()), (Some("r-7"), 1));
    for event in recording.split_inclusive("\n\n") {
        // Each is sent only after the one before has arrived: nothing is held back.
        connection.send(&chunk(event)).await;
        let data = event.trim_end().strip_prefix("data: ").unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), StreamEvent::Data(data.to_owned()));
    }
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let server = Server::start().await;
    let client = server.client();
    let whole = include_str!("../fixtures/whole.json");
    let url = client.endpoint().api_url("chat/completions");
    let answer = json("200 OK", whole);
    let (stream, _) = both(client.post_stream(url, "{}".into()), server.answer(&answer)).await;
    let events: Vec<_> = stream.unwrap().map(Result::unwrap).collect().await;
    let data = |text: &str| StreamEvent::Data(text.to_owned());
    assert_eq!(events, [data(whole), data("[DONE]")]);
}

#[tokio::test]
async fn the_key_leaves_neither_for_another_host_nor_for_the_log() {
    let server = Server::start().await;
    let mut options = server.options();
    options.headers = vec![("X-Secret".to_owned(), "another-secret".into())];
    let client = Client::new(options.clone()).unwrap();
    for foreign in [
        "http://127.0.0.1:1/v1/models",
        "https://127.0.0.1/v1/models",
        "http://example.com/v1/models",
        &format!("http://u:hunter2@{}/v1/models", server.address),
    ] {
        let error = client.get(foreign.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidOptions, "{foreign}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    server.is_left_alone();
    let repeats = format!(r#"{{"error":"wrong key {KEY}, or another-secret"}}"#);
    let url = client.endpoint().api_url("models");
    let answer = json("401 Unauthorized", &repeats);
    let (reply, _) = both(client.get(url), server.answer(&answer)).await;
    let error = reply.unwrap_err();
    assert!(error.to_string().contains("wrong key [secret], or [secret]"), "{error}");
    let url = client.endpoint().api_url("chat/completions");
    let answer = json("200 OK", &repeats);
    let (stream, _) = both(client.post_stream(url, "{}".into()), server.answer(&answer)).await;
    let stream = stream.unwrap();
    let event = serde_json::from_str(&repeats).unwrap();
    let said = stream.parse_server_error(&event).unwrap();
    assert_eq!(said.message, "wrong key [secret], or [secret]");
    for text in [format!("{client:?}"), format!("{options:?}"), format!("{error} {error:?}")] {
        assert!(!text.contains(KEY) && !text.contains("another-secret"), "{text}");
    }
}

#[test]
fn headers_that_cannot_be_sent_are_named_without_their_value() {
    let mut bad = options("http://h");
    bad.headers = vec![("X-Bad".to_owned(), "hunter2\n".into())];
    let mut worse = options("http://h");
    worse.bearer = Some("hunter2\r\nx: y".into());
    for (options, name) in [(bad, "X-Bad"), (worse, "authorization")] {
        let error = Client::new(options).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidOptions);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(name) && !format!("{cause} {error:?}").contains("hunter2"));
    }
}
