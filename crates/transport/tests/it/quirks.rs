//! Known problems between clients and servers, one row each: URLs, keys, web pages in place of an
//! API, error bodies, proxies, kept connections and `Retry-After`.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use openclaw_transport::{Client, HttpExchange, RetryPolicy, TransportErrorKind};
use tokio::time::{Instant, advance};

use crate::server::{STREAM_HEAD, Server, both, json, options, response};

#[tokio::test]
async fn addresses() {
    for (written, api) in [
        ("", "/v1"),
        ("/", "/v1"),
        ("/v1", "/v1"),
        ("/v1/", "/v1"),
        ("/v1/chat/completions", "/v1"),
        ("/v1/models", "/v1"),
        ("/v1/responses", "/v1"),
        ("/api/coding/paas/v4", "/api/coding/paas/v4"),
        ("/llm/v1/", "/llm/v1"),
    ] {
        let server = Server::start().await;
        let client = Client::new(options(&format!("http://{}{written}", server.address))).unwrap();
        let url = client.endpoint().api_url("chat/completions");
        let answer = json("200 OK", "{}");
        let (_, request) = both(client.post(url, "{}".into()), server.answer(&answer)).await;
        let line = request.head.lines().next().unwrap();
        assert_eq!(line, format!("POST {api}/chat/completions HTTP/1.1"), "{written:?}");
    }
}

#[tokio::test]
async fn keys() {
    // Without a key there is no header, whatever a server says of it.
    let server = Server::start().await;
    let client = Client::new(server.options().with_bearer(None)).unwrap();
    let refusal = json("401 Unauthorized", r#"{"error":"Unauthorized"}"#);
    let url = client.endpoint().api_url("models");
    let (reply, request) = both(client.get(url), server.answer(&refusal)).await;
    assert_eq!(request.header("authorization"), None);
    let error = reply.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Status(401));
    assert!(error.to_string().ends_with("/v1/models: status 401: Unauthorized"), "{error}");

    // A key is sent nowhere else, neither after a redirect nor after one that keeps the body.
    let elsewhere = Server::start().await;
    for status in ["301 x", "302 x", "303 x", "307 x", "308 x"] {
        let client = server.persistent_client(3);
        let location = format!("location: http://{}/v1/models\r\n", elsewhere.address);
        let answer = response(status, &location, "");
        let url = client.endpoint().api_url("models");
        let (reply, _) = both(client.get(url), server.answer(&answer)).await;
        let error = reply.unwrap_err().to_string();
        let target = format!("redirects to http://{}/v1/models", elsewhere.address);
        assert!(error.ends_with(&target), "{status}: {error}");
        elsewhere.is_left_alone();
        server.is_left_alone();
    }
}

#[tokio::test]
async fn pages_in_place_of_an_api() {
    let page = "<!doctype html><title>Open WebUI</title>";
    for (name, headers, body) in [
        ("a page", "content-type: text/html; charset=utf-8\r\n", page),
        ("a page that says to be JSON", "content-type: application/json\r\n", page),
        ("a page that says nothing", "", page),
        ("an image", "content-type: image/png\r\n", "\u{89}PNG"),
    ] {
        let server = Server::start().await;
        let client = server.persistent_client(3);
        let url = client.endpoint().api_url("chat/completions");
        let answer = response("200 OK", headers, body);
        let (stream, _) = both(client.post_stream(url, "{}".into()), server.answer(&answer)).await;
        // The error comes at once or as an item of the stream, never as a delta.
        let error = match stream {
            Err(error) => error,
            Ok(mut stream) => stream.next().await.unwrap().unwrap_err(),
        };
        assert_eq!(error.kind(), TransportErrorKind::NotAnApi, "{name}: {error}");
        assert!(error.exchange().url.ends_with("/v1/chat/completions"), "{name}");
        server.is_left_alone();
    }
}

#[tokio::test]
async fn words_of_refusals() {
    for (name, body, said) in [
        (
            "vLLM",
            r#"{"error":{"message":"no","type":"BadRequestError","param":"tools","code":400}}"#,
            ("no", Some("BadRequestError"), Some("tools"), Some("400")),
        ),
        (
            "vLLM before",
            r#"{"object":"error","message":"no","type":"BadRequestError","param":null,"code":400}"#,
            ("no", Some("BadRequestError"), None, Some("400")),
        ),
        ("vLLM's check of keys", r#"{"error":"no"}"#, ("no", None, None, None)),
        ("FastAPI", r#"{"detail":"no"}"#, ("no", None, None, None)),
        (
            "FastAPI's check of fields",
            r#"{"detail":[{"loc":["body","messages",0],"msg":"no"}]}"#,
            ("body.messages.0: no", None, Some("body.messages.0"), None),
        ),
        ("a gateway", r#"{"message":"no","code":5}"#, ("no", None, None, Some("5"))),
        ("plain text", "no\n", ("no", None, None, None)),
    ] {
        let server = Server::start().await;
        let client = server.client();
        let url = client.endpoint().api_url("chat/completions");
        let answer = response("400 Bad Request", "x-request-id: r-3\r\n", body);
        let (reply, _) = both(client.post(url, "{}".into()), server.answer(&answer)).await;
        let error = reply.unwrap_err();
        let exchange = error.exchange();
        let found = exchange.server_error.as_ref().unwrap();
        let (kind, param, code) = (&found.kind, &found.param, &found.code);
        let found = (found.message.as_str(), kind.as_deref(), param.as_deref(), code.as_deref());
        assert_eq!(found, said, "{name}");
        assert_eq!((&*exchange.method, exchange.status), ("POST", Some(400)), "{name}");
        assert_eq!(exchange.request_id.as_deref(), Some("r-3"), "{name}");
        assert!(error.to_string().ends_with(&format!("status 400: {}", said.0)), "{name}: {error}");
    }
}

/// Returns the error of an exchange that is idle for this long.
async fn silent_for(
    server: &Server,
    client: &Client,
    seconds: u64,
    answer: Option<&str>,
) -> HttpExchange {
    let url = client.endpoint().api_url("chat/completions");
    let (stream, ()) = tokio::join!(client.post_stream(url, "{}".into()), async {
        let mut connection = server.accept().await;
        connection.request().await;
        advance(Duration::from_secs(seconds)).await;
        if let Some(answer) = answer {
            connection.send(answer).await;
        }
    });
    stream.unwrap_err().exchange().clone()
}

#[tokio::test(start_paused = true)]
async fn proxies_that_cut_silence_before_the_headers() {
    let page = response("504 Gateway Time-out", "content-type: text/html\r\n", "<html>nginx");
    let bad = response("502 Bad Gateway", "content-type: text/html\r\n", "<html>HAProxy");
    let cloudflare = response("524 x", "content-type: text/html\r\n", "<html>cloudflare");
    for (name, seconds, answer) in [
        ("nginx", 60, Some(page.as_str())),
        ("HAProxy", 50, Some(&bad)),
        ("Cloudflare", 100, Some(&cloudflare)),
        ("a load balancer that only closes", 300, None),
    ] {
        let server = Server::start().await;
        let client = server.persistent_client(3);
        let exchange = silent_for(&server, &client, seconds, answer).await;
        assert_eq!(exchange.likely_proxy_timeout(), Some(Duration::from_secs(seconds)), "{name}");
        // The server would read the same prompt again, to be cut off again.
        assert_eq!(exchange.attempt, 1, "{name}");
        server.is_left_alone();
    }
}

#[tokio::test(start_paused = true)]
async fn proxies_that_cut_silence_in_an_answer() {
    const OPEN_END: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    for (name, head, seconds, expected) in [
        ("an end that looks right", OPEN_END, 60, Some(60)),
        ("an end in the middle", STREAM_HEAD, 120, Some(120)),
        ("a server that ends by itself", OPEN_END, 43, None),
    ] {
        let server = Server::start().await;
        let client = server.client();
        let url = client.endpoint().api_url("chat/completions");
        let (stream, connection) = tokio::join!(client.post_stream(url, "{}".into()), async {
            let mut connection = server.accept().await;
            connection.request().await;
            connection.send(head).await;
            connection
        });
        let mut stream = stream.unwrap();
        assert!(stream.next().now_or_never().is_none(), "{name}");
        advance(Duration::from_secs(seconds)).await;
        drop(connection);
        let end = stream.next().await;
        let exchange = match &end {
            Some(Err(error)) => error.exchange(),
            None => stream.exchange(),
            Some(Ok(event)) => panic!("{name}: {event:?}"),
        };
        assert_eq!(exchange.likely_proxy_timeout(), expected.map(Duration::from_secs), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn wishes_to_wait() {
    for (wish, seconds) in [("17", 17), ("0", 0), ("never", 0)] {
        let server = Server::start().await;
        let delay = Duration::from_millis(1);
        let retry = RetryPolicy {
            max_attempts: 2,
            base_delay: delay,
            max_delay: delay,
            max_retry_after: None,
        };
        let client = Client::new(server.options().with_retry(retry)).unwrap();
        let url = client.endpoint().api_url("chat/completions");
        let busy = response("429 x", &format!("retry-after: {wish}\r\n"), "{}");
        let begun = Instant::now();
        let (stream, ()) = tokio::join!(client.post_stream(url, "{}".into()), async {
            server.answer(&busy).await;
            server.answer(STREAM_HEAD).await;
        });
        assert_eq!(stream.unwrap().attempt_number(), 2, "{wish}");
        assert_eq!(begun.elapsed().as_secs(), seconds, "{wish}");
    }
}

#[tokio::test]
async fn kept_connections_that_died() {
    // A server may close idle connections, as vLLM does after five seconds: the next request costs
    // no attempt, and is sent once more only.
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("models");
    let kept = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let (reply, connection) = both(client.get(url.clone()), async {
        let mut connection = server.accept().await;
        connection.request().await;
        connection.send(kept).await;
        connection
    })
    .await;
    reply.unwrap();
    let (reply, ()) = both(client.get(url), async {
        let mut connection = connection;
        connection.request().await;
        connection.reset();
        server.answer(&json("200 OK", "{}")).await;
    })
    .await;
    assert_eq!(reply.unwrap().status, 200);
    server.is_left_alone();
}
