//! The part of the suite about requests that are refused, for good or for the moment.

use std::time::Duration;

use openclaw_core::{ChatRequest, History, ModelErrorKind};
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use openclaw_transport::Client;

use super::{ConformanceSubject, end_of, question};
use crate::client::{client, options};

/// Scripted responses, as servers and what is in front of them give them.
pub(super) async fn refusals_have_their_kind(subject: ConformanceSubject) {
    let said = |message: &str| {
        let kind = "BadRequestError".to_owned();
        ErrorBody::Error { message: message.to_owned(), kind }
    };
    let html = |status| {
        let body = "<html><body>Bad gateway</body></html>".to_owned();
        Reply::status(status, ErrorBody::Raw { content_type: "text/html".to_owned(), body })
    };
    let table = [
        (Reply::overloaded(), ModelErrorKind::Overloaded),
        (Reply::status(503, said("The model is loading")), ModelErrorKind::Loading),
        (Reply::status(401, ErrorBody::Text("Unauthorized".to_owned())), ModelErrorKind::Auth),
        (Reply::status(403, said("no")), ModelErrorKind::Auth),
        (Reply::status(404, ErrorBody::Detail("Not Found".to_owned())), ModelErrorKind::Protocol),
        (Reply::status(500, said("boom")), ModelErrorKind::Interrupted),
        (Reply::status(400, said("top_p must be in (0, 1]")), ModelErrorKind::Rejected),
        (html(502), ModelErrorKind::Interrupted),
        (Reply::html(), ModelErrorKind::Protocol),
        (
            Reply::status(413, said("too big")),
            ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None },
        ),
        (Reply::rate_limited(0), ModelErrorKind::RateLimited { retry_after: Some(Duration::ZERO) }),
        (Reply::hang_up(), ModelErrorKind::Interrupted),
    ];
    for (reply, kind) in table {
        let server = MockVllm::builder().start().await.unwrap();
        for _ in 0..3 {
            server.push(reply.clone());
        }
        let answer = subject.model(&server).stream_chat(question()).await;
        let error = end_of(answer).await.expect_err("a refusal");
        assert_eq!(error.kind(), kind, "{error}");
        let exchange = error.http_exchange().unwrap();
        assert!(exchange.url.ends_with(&subject.route()), "{exchange:?}");
    }
}

pub(super) async fn the_request_is_refused_for_what_it_is(subject: ConformanceSubject) {
    let server = MockVllm::builder().api_key("right").start().await.unwrap();
    let keyed = |key: &str| {
        let bearer = Some(key.into());
        Client::new(options(&server.base_url()).with_bearer(bearer)).unwrap()
    };
    for (client, name, kind) in [
        (client(&server.base_url()), "tiny", ModelErrorKind::Auth),
        (keyed("key-that-is-wrong"), "tiny", ModelErrorKind::Auth),
        (keyed("right"), "nope", ModelErrorKind::UnknownModel),
    ] {
        let error = subject.with(client, name).stream_chat(question()).await.err().unwrap();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!format!("{error:?}").contains("key-that-is-wrong"));
    }
    let mut history = History::new();
    history.push_user_message(&"many words ".repeat(4_000));
    let model = subject.with(keyed("right"), "tiny");
    let error = model.stream_chat(ChatRequest::new(history)).await.err().unwrap();
    // "at least 4097" is not a count.
    let kind = ModelErrorKind::ContextOverflow { context_window: Some(4096), prompt_tokens: None };
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(server.requests().last().unwrap().path, subject.route());
}

pub(super) async fn passing_failures_are_tried_again(subject: ConformanceSubject) {
    let kind = "InternalServerError".to_owned();
    let error = ErrorBody::Error { message: "once".to_owned(), kind };
    for failure in [Reply::status(500, error), Reply::overloaded(), Reply::rate_limited(0)] {
        let server = MockVllm::builder().start().await.unwrap();
        server.push(failure);
        server.push(Turn::text("now"));
        let (message, ..) =
            end_of(subject.model(&server).stream_chat(question()).await).await.unwrap();
        assert_eq!(message.text, "now");
        // Beside the conversation, a model may ask for token counts.
        let mut seen = server.requests();
        seen.retain(|seen| seen.path == subject.route());
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].body, seen[1].body);
    }
}
