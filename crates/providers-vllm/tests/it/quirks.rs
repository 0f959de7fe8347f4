//! Known problems with vLLM and proxies before it, one row each: proxies, adapters, keep-alives,
//! restrictive templates and old versions.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, ModelError, ModelErrorKind, ToolArguments,
    ToolChoice, ToolName, ToolSpec,
};
use openclaw_mock_vllm::{ErrorBody, Finish, MockVllm, Reply, Turn};
use openclaw_providers_vllm::{IdlePolicy, VllmModel};
use openclaw_test_support::client::{info, options, read};
use openclaw_test_support::raw_server::{RawServer, response};
use openclaw_transport::{CallTimeouts, Client, TimeLimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::advance;

use crate::vllm::{chats, model, question};

/// Accepts a connection and reads the request for `question("hi")` to its end.
async fn asked(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    let end = br#""hi"}],"stream":true,"stream_options":{"include_usage":true}}"#;
    while !bytes.ends_with(end) {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "a cut request");
    }
    stream
}

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_proxy_that_cuts_silence_is_named_with_what_helps() {
    let page = String::from_utf8(response("504 x", "text/html", "<html>nginx</html>")).unwrap();
    for (name, first, seconds, last) in [
        ("before the headers", "", 60, page.as_str()),
        ("before the headers, without a word", "", 300, ""),
        ("before the first token", HEAD, 60, ""),
        ("behind the first keep-alive", &format!("{HEAD}: keep-alive\n\n"), 120, ""),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let model = model(&base, 4096, None);
        let answer = async {
            let mut stream = model.stream_chat(question("hi")).await?;
            while let Some(item) = stream.next().await {
                item?;
            }
            Ok::<(), ModelError>(())
        };
        let server = async {
            let mut stream = asked(&listener).await;
            stream.write_all(first.as_bytes()).await.unwrap();
            // Until the client has read it and only waits.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            advance(Duration::from_secs(seconds)).await;
            stream.write_all(last.as_bytes()).await.unwrap();
        };
        let (answer, ()) = tokio::join!(answer, server);
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Interrupted, "{name}: {error}");
        let hints = error.hints().join("\n");
        let after =
            format!("A proxy between here and the server closed the connection after {seconds} s");
        for part in [&after, "`proxy_read_timeout`", "`--sse-keep-alive-interval 15`", "`baseUrl`"]
        {
            assert!(hints.contains(part), "{name}: {part} is not in {hints}");
        }
    }
}

#[tokio::test]
async fn a_server_that_ends_at_once_is_no_proxy() {
    for bytes in [Vec::new(), HEAD.as_bytes().to_vec(), response("502 x", "text/html", "<html>")] {
        let server = RawServer::start(move |_| Some(bytes.clone())).await;
        let error = match model(&server.base_url(), 4096, None).stream_chat(question("hi")).await {
            Ok(stream) => read(stream).await.1.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(
            (error.kind(), error.hints()),
            (ModelErrorKind::Interrupted, &[][..]),
            "{error}"
        );
    }
}

#[tokio::test]
async fn keep_alives_are_no_silence_and_no_answer() {
    let server = MockVllm::builder().start().await.unwrap();
    let seconds = Duration::from_secs;
    let idle = || Some(TimeLimit { duration: seconds(120), source: "the.setting".into() });
    let client = |clocks| Client::new(options(&server.base_url()).with_timeouts(clocks));
    let clocks =
        CallTimeouts { first_token: idle(), between_tokens: idle(), ..CallTimeouts::default() };
    let model = VllmModel::new(client(clocks).unwrap(), info("tiny", 4096));
    let model = model.with_idle_policy(
        client(CallTimeouts::default()).unwrap(),
        IdlePolicy::new(idle(), seconds(5)),
    );
    // As many comments as arrive in half an hour.
    server.push(Reply::from(Turn::pieces(["yes"])).keep_alive_before(0, 120));
    let (events, end) = read(model.stream_chat(question("hi")).await.unwrap()).await;
    assert_eq!(end.unwrap().0.text, "yes");
    let keep_alives = events.iter().filter(|event| **event == ChatEvent::KeepAlive).count();
    assert!(keep_alives >= 120, "{keep_alives}");
}

#[tokio::test]
async fn an_adapter_may_answer_in_the_name_of_its_base() {
    let body = "data: {\"model\":\"base\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"},\
                \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let server =
        RawServer::start(move |_| Some(response("200 OK", "text/event-stream", body))).await;
    let model = model(&server.base_url(), 4096, None);
    let (message, ..) = read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap();
    assert_eq!(message.text, "yes");
}

#[tokio::test]
async fn old_and_new_servers_refuse_in_shapes_of_their_own() {
    let shaped = |body: &str| {
        let content_type = "application/json".to_owned();
        ErrorBody::Raw { content_type, body: body.to_owned() }
    };
    for (name, status, body, kind) in [
        (
            "the envelope of old servers",
            400,
            r#"{"object":"error","message":"top_p must be in (0, 1]","type":"BadRequestError","param":null,"code":400}"#,
            ModelErrorKind::Rejected,
        ),
        (
            "the envelope of new servers",
            400,
            r#"{"error":{"message":"top_p must be in (0, 1]","type":"BadRequestError","param":"top_p","code":400}}"#,
            ModelErrorKind::Rejected,
        ),
        ("a key that is missing", 401, r#"{"error":"Unauthorized"}"#, ModelErrorKind::Auth),
        (
            "a model that is not served",
            404,
            r#"{"object":"error","message":"The model `tiny` does not exist.","type":"NotFoundError","param":null,"code":404}"#,
            ModelErrorKind::UnknownModel,
        ),
        ("a route that is not there", 404, r#"{"detail":"Not Found"}"#, ModelErrorKind::Protocol),
    ] {
        let server = MockVllm::builder().start().await.unwrap();
        server.push(Reply::status(status, shaped(body)));
        let error =
            model(&server.base_url(), 4096, None).stream_chat(question("hi")).await.err().unwrap();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert_eq!(chats(&server), 1, "{name}: the same request is not sent again");
        let exchange = error.http_exchange().unwrap();
        assert!(exchange.server_error.is_some() && exchange.status == Some(status), "{name}");
        let chat = format!("{}/chat/completions", server.base_url());
        assert_eq!((exchange.url.as_str(), &*exchange.method), (chat.as_str(), "POST"));
        assert_eq!((exchange.model.as_deref(), exchange.attempt), (Some("tiny"), 1), "{name}");
    }
}

#[tokio::test]
async fn a_named_choice_is_a_call_though_it_ends_with_stop() {
    let server = MockVllm::builder().start().await.unwrap();
    let name = ToolName::new("read").unwrap();
    let tool = ToolSpec {
        name: name.clone(),
        description: "Reads a file.".into(),
        parameters: Arc::new(ToolArguments::default().to_value()),
    };
    let request = ChatRequest {
        tools: [tool].into(),
        tool_choice: ToolChoice::Named(name),
        ..question("hi")
    };
    server.push(Turn::call("read", "{}").finish(Finish::Stop));
    let model = model(&server.base_url(), 4096, None);
    let (message, outcome, _) = read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
    assert_eq!((outcome, message.calls.len()), (AnswerOutcome::ToolCalls, 1));
    assert_eq!(server.requests().last().unwrap().json()["tool_choice"]["function"]["name"], "read");
    // Without a choice no `tool_choice` is sent: servers take that for `auto`.
    server.push(Turn::text("yes"));
    read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap();
    assert!(server.requests().last().unwrap().json().get("tool_choice").is_none());
}
