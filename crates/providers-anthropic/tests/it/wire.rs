//! Errors of the hosted API.

use std::time::Duration;

use openclaw_core::{ChatModel, ModelErrorKind};
use openclaw_test_support::client::{client, read};
use openclaw_test_support::raw_server::{RawServer, response};
use serde_json::json;

use crate::talk::{model, question};

const OVERFLOW: ModelErrorKind =
    ModelErrorKind::ContextOverflow { context_window: Some(200_000), prompt_tokens: Some(208_310) };
const TOO_LARGE: ModelErrorKind =
    ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None };
const TOO_LONG: &str = "prompt is too long: 208310 tokens > 200000 maximum";

fn error(kind: &str, message: &str) -> String {
    let error = json!({"type": kind, "message": message});
    json!({"type": "error", "error": error, "request_id": "req_1"}).to_string()
}

#[tokio::test]
async fn refusals_have_their_kind() {
    let limited = ModelErrorKind::RateLimited { retry_after: None };
    let table = [
        (
            "400 x",
            "invalid_request_error",
            "messages: roles must alternate",
            ModelErrorKind::Rejected,
        ),
        ("400 x", "invalid_request_error", TOO_LONG, OVERFLOW),
        (
            "400 x",
            "invalid_request_error",
            "Your credit balance is too low to access the API.",
            ModelErrorKind::Auth,
        ),
        ("401 x", "authentication_error", "invalid x-api-key", ModelErrorKind::Auth),
        ("402 x", "billing_error", "pay", ModelErrorKind::Auth),
        ("403 x", "permission_error", "no", ModelErrorKind::Auth),
        ("404 x", "not_found_error", "model: claude-0", ModelErrorKind::UnknownModel),
        ("404 x", "not_found_error", "Not Found", ModelErrorKind::Protocol),
        ("413 x", "request_too_large", "Request exceeds the maximum size", TOO_LARGE),
        ("429 x", "rate_limit_error", "slower", limited),
        ("500 x", "api_error", "Internal server error", ModelErrorKind::Interrupted),
        ("504 x", "timeout_error", "late", ModelErrorKind::Interrupted),
        ("529 x", "overloaded_error", "Overloaded", ModelErrorKind::Overloaded),
    ];
    for (status, kind, message, expected) in table {
        let body = error(kind, message);
        let server =
            RawServer::start(move |_| Some(response(status, "application/json", &body))).await;
        let model = model(client(&server.base_url()), 4096, Some(64));
        let error = model.stream_chat(question("hi")).await.err().unwrap();
        assert_eq!(error.kind(), expected, "{status} {message}");
        let said = error.http_exchange().unwrap().server_error.clone().unwrap();
        assert_eq!((said.kind.as_deref(), said.message.as_str()), (Some(kind), message));
    }
}

#[tokio::test]
async fn the_retry_delay_and_the_request_id_are_reported() {
    let body = error("rate_limit_error", "slower");
    let answer = format!(
        "HTTP/1.1 429 x\r\nconnection: close\r\nretry-after: 0\r\nrequest-id: req_7\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let server = RawServer::start(move |_| Some(answer.clone().into_bytes())).await;
    let model = model(client(&server.base_url()), 4096, Some(64));
    let error = model.stream_chat(question("hi")).await.err().unwrap();
    let kind = ModelErrorKind::RateLimited { retry_after: Some(Duration::ZERO) };
    assert_eq!(error.kind(), kind);
    assert_eq!(error.http_exchange().unwrap().request_id.as_deref(), Some("req_7"));
    assert_eq!(error.http_exchange().unwrap().attempt, 2);
}

#[tokio::test]
async fn errors_inside_a_stream_have_their_kind() {
    let table = [
        ("overloaded_error", "Overloaded", ModelErrorKind::Overloaded),
        ("rate_limit_error", "slower", ModelErrorKind::RateLimited { retry_after: None }),
        ("api_error", "boom", ModelErrorKind::Interrupted),
        ("internal_error", "boom", ModelErrorKind::Interrupted),
        ("invalid_request_error", "no", ModelErrorKind::Rejected),
        ("invalid_request_error", TOO_LONG, OVERFLOW),
        ("authentication_error", "no", ModelErrorKind::Auth),
        ("not_found_error", "model: claude-0", ModelErrorKind::UnknownModel),
        ("request_too_large", "no", TOO_LARGE),
        ("something_new", "boom", ModelErrorKind::Interrupted),
    ];
    for (kind, message, expected) in table {
        let start = json!({"type": "message_start", "message": {"content": []}});
        let body = format!(
            "event: message_start\ndata: {start}\n\nevent: error\ndata: {}\n\n",
            error(kind, message)
        );
        let server =
            RawServer::start(move |_| Some(response("200 OK", "text/event-stream", &body))).await;
        let model = model(client(&server.base_url()), 4096, Some(64));
        let (_, end) = read(model.stream_chat(question("hi")).await.unwrap()).await;
        let error = end.unwrap_err();
        assert_eq!(error.kind(), expected, "{kind} {message}");
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.http_exchange().unwrap().model.as_deref(), Some("tiny"));
    }
}
