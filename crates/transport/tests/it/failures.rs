//! The kind and text of each failure.

use std::error::Error;
use std::time::Duration;

use openclaw_transport::{CallTimeouts, Client, TimeoutKind, TransportErrorKind};

use crate::server::{Server, both, json, limit, options, response};

#[tokio::test]
async fn a_refusal_carries_all_that_is_known_of_it() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    let url = client.endpoint().api_url("chat/completions");
    let body = r#"{"error":{"message":"`tools` must not be an empty array","type":"BadRequestError","param":"tools","code":400}}"#;
    let headers = "content-type: application/json\r\nrequest-id: r-9\r\n";
    let answer = response("400 Bad Request", headers, body);
    let (stream, _) = both(client.post_stream(url, "{}".into()), server.answer(&answer)).await;
    let error = stream.unwrap_err();
    server.is_left_alone();
    assert_eq!(error.kind(), TransportErrorKind::Status(400));
    let url = format!("http://{}/v1/chat/completions", server.address);
    assert_eq!(
        error.to_string(),
        format!("POST {url}: status 400: `tools` must not be an empty array")
    );
    let exchange = error.exchange();
    assert_eq!((&*exchange.method, &exchange.url, exchange.status), ("POST", &url, Some(400)));
    assert_eq!((exchange.request_id.as_deref(), exchange.attempt), (Some("r-9"), 1));
    let said = exchange.server_error.as_ref().unwrap();
    assert_eq!((said.param.as_deref(), said.code.as_deref()), (Some("tools"), Some("400")));
}

#[tokio::test]
async fn nothing_at_the_address_is_said_at_once() {
    let server = Server::start().await;
    let client = server.persistent_client(5);
    let address = server.address.clone();
    drop(server);
    let error = client.get(client.endpoint().api_url("models")).await.unwrap_err();
    assert_eq!((error.kind(), error.exchange().attempt), (TransportErrorKind::Connect, 1));
    assert_eq!(error.to_string(), format!("connect to http://{address}"));
    let cause = error.source().unwrap();
    assert!(cause.to_string().starts_with("Connection refused"), "{cause}");
    assert!(cause.source().is_none());
}

#[tokio::test]
async fn a_web_page_is_not_an_api() {
    let server = Server::start().await;
    let client = server.client();
    let page = "<!doctype html><title>Open WebUI</title>";
    for headers in
        ["content-type: text/html; charset=utf-8\r\n", "content-type: application/json\r\n", ""]
    {
        let answer = response("200 OK", headers, page);
        let url = client.endpoint().api_url("models");
        let (reply, _) = both(client.get(url), server.answer(&answer)).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotAnApi, "{headers}");
        assert_eq!(error.exchange().status, Some(200));
        assert!(error.exchange().url.ends_with("/v1/models"));
    }
}

#[tokio::test]
async fn a_compressed_answer_is_told_as_one() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("models");
    let gzip = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let answer = response("200 OK", gzip, "xxxx");
    let (reply, request) = both(client.get(url.clone()), server.answer(&answer)).await;
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    let error = reply.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Encoded);
    assert!(error.to_string().ends_with("it is compressed"), "{error}");
    assert!(error.source().unwrap().to_string().contains("`gzip`"));
    let refusal = response("400 Bad Request", gzip, "xxxx");
    let (reply, _) = both(client.get(url.clone()), server.answer(&refusal)).await;
    let error = reply.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Status(400));
    assert!(error.to_string().contains("encoded as `gzip`"), "{error}");
    let plain = "content-type: application/json\r\ncontent-encoding: identity\r\n";
    let answer = response("200 OK", plain, "{}");
    let (reply, _) = both(client.get(url), server.answer(&answer)).await;
    assert!(reply.is_ok());
}

#[tokio::test]
async fn what_does_not_speak_http_is_not_an_api_either() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    let url = client.endpoint().api_url("models");
    let (reply, _) = both(client.get(url), server.answer("SSH-2.0-OpenSSH_9.2\r\n")).await;
    let error = reply.unwrap_err();
    assert_eq!((error.kind(), error.exchange().status), (TransportErrorKind::NotAnApi, None));
    assert!(error.to_string().ends_with("what answers does not speak HTTP"));
    server.is_left_alone();
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    let headers = "location: /login?token=hunter2\r\n";
    let answer = response("307 Temporary Redirect", headers, "");
    let url = client.endpoint().api_url("models");
    let (reply, _) = both(client.get(url), server.answer(&answer)).await;
    let error = reply.unwrap_err();
    server.is_left_alone();
    assert_eq!(error.kind(), TransportErrorKind::Status(307));
    let target = format!("redirects to http://{}/login", server.address);
    assert!(error.to_string().ends_with(&target), "{error}");
}

#[tokio::test]
async fn json_of_another_shape_is_an_invalid_body() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("models");
    let (reply, _) = both(client.get(url), server.answer(&json("200 OK", "{\"a\":"))).await;
    let error = reply.unwrap().parse_json::<Vec<u8>>().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::InvalidBody);
    assert!(error.to_string().starts_with("understand the answer to GET http://127.0.0.1:"));
    assert!(error.source().is_some());
}

#[tokio::test]
async fn bodies_are_read_up_to_a_limit() {
    let server = Server::start().await;
    let client = server.client();
    let size = 17 * 1024 * 1024;
    let head = |status| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
        )
    };
    // In both cases the rest is not waited for: the connection is closed.
    for (status, kind) in [
        ("200 OK", TransportErrorKind::TooLarge),
        ("400 Bad Request", TransportErrorKind::Status(400)),
    ] {
        let url = client.endpoint().api_url("models");
        let (reply, ()) = both(client.get(url), async {
            let mut connection = server.accept().await;
            connection.request().await;
            connection.send(&head(status)).await;
            connection.flood(&vec![b'x'; size]).await;
            connection.closed().await;
        })
        .await;
        assert_eq!(reply.unwrap_err().kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn each_clock_before_the_body_fires_under_its_own_name() {
    let server = Server::start().await;
    let seconds = Duration::from_secs;
    let plain = format!("http://{}", server.address);
    // A TLS handshake that is never answered is a connection that never opens.
    let tls = format!("https://{}", server.address);
    let connect = CallTimeouts { connect: Some(limit(seconds(7))), ..CallTimeouts::default() };
    let headers =
        CallTimeouts { response_headers: Some(limit(seconds(8))), ..CallTimeouts::default() };
    let total = CallTimeouts {
        total: Some(limit(seconds(9))),
        response_headers: Some(limit(seconds(90))),
        ..CallTimeouts::default()
    };
    let table = [
        (tls, connect, TimeoutKind::Connect, 7),
        (plain.clone(), headers, TimeoutKind::ResponseHeaders, 8),
        (plain, total, TimeoutKind::Total, 9),
    ];
    for (base, clocks, clock, after) in table {
        let client = Client::new(options(&base).with_timeouts(clocks)).unwrap();
        let begun = tokio::time::Instant::now();
        let error = client.get(client.endpoint().api_url("models")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout { clock, after: seconds(after) });
        assert_eq!(begun.elapsed().as_secs(), after);
        assert_eq!(error.exchange().timeout_source.as_deref(), Some("the.setting"));
        assert!(
            error.to_string().ends_with(&format!("within {after} s ({clock}, from the.setting)"))
        );
    }
}

#[tokio::test]
async fn a_failed_handshake_is_a_failed_connection() {
    let server = Server::start().await;
    let client = Client::new(options(&format!("https://{}", server.address))).unwrap();
    let (reply, ()) = both(client.get(client.endpoint().api_url("models")), async {
        let mut connection = server.accept().await;
        connection.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        connection.closed().await;
    })
    .await;
    assert_eq!(reply.unwrap_err().kind(), TransportErrorKind::Connect);
    server.is_left_alone();
}
