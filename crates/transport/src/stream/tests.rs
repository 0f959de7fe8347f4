//! The timeouts and ends of a stream, over a channel and in virtual time.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::advance;

use super::*;
use crate::TimeLimit;
use crate::framing::MAX_BODY;

type Chunk = Result<Bytes, Box<dyn Error + Send + Sync>>;

const SSE: Option<&str> = Some("text/event-stream; charset=utf-8");

fn limit(seconds: u64) -> TimeLimit {
    TimeLimit { duration: Duration::from_secs(seconds), source: "the test".into() }
}

fn open(content_type: Option<&str>, clocks: CallTimeouts) -> (UnboundedSender<Chunk>, EventStream) {
    let (sender, mut receiver) = unbounded_channel();
    let body = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let exchange = HttpExchange {
        method: "POST".into(),
        url: "http://h/v1/x".to_owned(),
        status: Some(200),
        attempt: 1,
        content_type: content_type.map(str::to_owned),
        ..HttpExchange::default()
    };
    let total = clocks.start_deadline(TimeoutKind::Total, Instant::now());
    (sender, EventStream::new(Box::pin(body), exchange, clocks, total))
}

fn sse(clocks: CallTimeouts) -> (UnboundedSender<Chunk>, EventStream) {
    open(SSE, clocks)
}

fn send(sender: &UnboundedSender<Chunk>, text: &'static str) {
    sender.send(Ok(Bytes::from_static(text.as_bytes()))).unwrap();
}

async fn next(stream: &mut EventStream) -> StreamEvent {
    stream.next().await.unwrap().unwrap()
}

async fn failure(stream: &mut EventStream) -> TransportError {
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(stream.next().await.is_none(), "an error is the last item");
    error
}

/// Waits until the stream asks for more, and then lets time pass in front of it.
async fn wait(stream: &mut EventStream, seconds: u64) {
    assert!(stream.next().now_or_never().is_none());
    advance(Duration::from_secs(seconds)).await;
}

fn is_text(event: &StreamEvent, text: &str) -> bool {
    matches!(event, StreamEvent::Data(data) if data == text)
}

#[tokio::test(start_paused = true)]
async fn first_token_runs_from_the_headers_and_a_comment_starts_it_anew() {
    let (sender, mut stream) = sse(CallTimeouts {
        first_token: Some(limit(300)),
        between_tokens: Some(limit(20)),
        ..CallTimeouts::default()
    });
    let begun = Instant::now();
    for _ in 0..5 {
        wait(&mut stream, 299).await;
        send(&sender, ": keep-alive\n\n");
        assert_eq!(next(&mut stream).await, StreamEvent::Comment);
    }
    let error = failure(&mut stream).await;
    assert_eq!(begun.elapsed().as_secs(), 5 * 299 + 300);
    let after = Duration::from_mins(5);
    assert_eq!(error.kind(), TransportErrorKind::Timeout { clock: TimeoutKind::FirstToken, after });
    assert_eq!(error.exchange().timeout_source.as_deref(), Some("the test"));
    assert_eq!(
        error.to_string(),
        "get the first token of the answer to POST http://h/v1/x within 300 s \
         (first_token, from the test)"
    );
    assert!(sender.is_closed(), "the body is given up, which closes its connection");
}

#[tokio::test(start_paused = true)]
async fn between_tokens_runs_from_each_event_to_the_next() {
    let (sender, mut stream) = sse(CallTimeouts {
        first_token: Some(limit(5)),
        between_tokens: Some(limit(60)),
        ..CallTimeouts::default()
    });
    let begun = Instant::now();
    send(&sender, "data: a\n\n");
    assert!(is_text(&next(&mut stream).await, "a"));
    for text in ["data: b\n\n", ": comment\n", "data: c\n\n"] {
        wait(&mut stream, 59).await;
        send(&sender, text);
        next(&mut stream).await;
    }
    // A piece of an event is not an event.
    wait(&mut stream, 30).await;
    send(&sender, "data: d");
    let error = failure(&mut stream).await;
    assert_eq!(begun.elapsed().as_secs(), 3 * 59 + 60);
    let after = Duration::from_mins(1);
    assert_eq!(
        error.kind(),
        TransportErrorKind::Timeout { clock: TimeoutKind::BetweenTokens, after }
    );
}

#[tokio::test(start_paused = true)]
async fn total_ends_a_stream_that_never_rests() {
    let (sender, mut stream) =
        sse(CallTimeouts { total: Some(limit(10)), ..CallTimeouts::default() });
    for _ in 0..9 {
        send(&sender, "data: a\n\n");
        next(&mut stream).await;
        advance(Duration::from_secs(1)).await;
    }
    send(&sender, "data: b\n\n");
    next(&mut stream).await;
    advance(Duration::from_secs(1)).await;
    send(&sender, "data: c\n\n");
    let after = Duration::from_secs(10);
    let kind = TransportErrorKind::Timeout { clock: TimeoutKind::Total, after };
    assert_eq!(failure(&mut stream).await.kind(), kind);
}

#[tokio::test(start_paused = true)]
async fn total_ends_a_silent_stream_even_between_other_clocks() {
    let (sender, mut stream) = sse(CallTimeouts {
        first_token: Some(limit(300)),
        total: Some(limit(10)),
        ..CallTimeouts::default()
    });
    let begun = Instant::now();
    let error = failure(&mut stream).await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert!(matches!(error.kind(), TransportErrorKind::Timeout { clock: TimeoutKind::Total, .. }));
    drop(sender);
}

#[tokio::test(start_paused = true)]
async fn a_slow_caller_is_not_the_servers_silence() {
    let (sender, mut stream) = sse(CallTimeouts {
        first_token: Some(limit(5)),
        between_tokens: Some(limit(5)),
        ..CallTimeouts::default()
    });
    send(&sender, "data: a\n\n");
    next(&mut stream).await;
    advance(Duration::from_hours(1)).await;
    assert!(stream.next().now_or_never().is_none(), "the wait begins with the question");
    send(&sender, "data: b\n\n");
    assert!(is_text(&next(&mut stream).await, "b"));
}

#[tokio::test(start_paused = true)]
async fn without_limits_there_is_no_timeout() {
    let (sender, mut stream) = sse(CallTimeouts::default());
    wait(&mut stream, 365 * 24 * 3600).await;
    assert!(stream.next().now_or_never().is_none());
    send(&sender, "data: a\n\n");
    assert!(is_text(&next(&mut stream).await, "a"));
}

#[tokio::test]
async fn done_ends_the_stream_though_the_body_stays_open() {
    let (sender, mut stream) = sse(CallTimeouts::default());
    send(&sender, "data: a\n\ndata: [DONE]\n\ndata: surplus\n\n");
    assert!(is_text(&next(&mut stream).await, "a"));
    assert!(is_text(&next(&mut stream).await, "[DONE]"));
    assert!(stream.next().await.is_none());
    assert!(sender.is_closed());
}

#[tokio::test]
async fn the_end_of_the_body_is_the_end_and_no_error() {
    let (sender, mut stream) = sse(CallTimeouts::default());
    send(&sender, "data: a\n\ndata: cut");
    drop(sender);
    assert!(is_text(&next(&mut stream).await, "a"));
    assert!(stream.next().await.is_none());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_broken_connection_is_an_interruption_with_its_cause() {
    let (sender, mut stream) = sse(CallTimeouts::default());
    send(&sender, "data: a\n\n");
    sender.send(Err("the wire was cut".into())).unwrap();
    assert!(is_text(&next(&mut stream).await, "a"));
    let error = failure(&mut stream).await;
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert_eq!(error.to_string(), "read the whole answer to POST http://h/v1/x");
    assert_eq!(error.source().unwrap().to_string(), "the wire was cut");
    assert_eq!(error.exchange().status, Some(200));
}

#[tokio::test]
async fn json_becomes_one_event_whether_declared_or_not() {
    for content_type in [Some("application/json"), Some("application/x+json; a=b"), None] {
        let (sender, mut stream) = open(content_type, CallTimeouts::default());
        for piece in ["\n", "{\"choices\"", ": []}\n"] {
            send(&sender, piece);
            assert!(stream.next().now_or_never().is_none());
        }
        drop(sender);
        let StreamEvent::Data(text) = next(&mut stream).await else { panic!("a comment") };
        assert_eq!(text.trim(), "{\"choices\": []}");
        assert!(is_text(&next(&mut stream).await, "[DONE]"), "it is whole");
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn an_undeclared_body_is_read_as_what_it_is() {
    let (sender, mut stream) = open(None, CallTimeouts::default());
    send(&sender, "\u{feff}\n");
    send(&sender, ": comment\n\ndata: a\n\n");
    assert_eq!(next(&mut stream).await, StreamEvent::Comment);
    assert!(is_text(&next(&mut stream).await, "a"));
    for content_type in [None, Some("application/json")] {
        let (sender, mut stream) = open(content_type, CallTimeouts::default());
        send(&sender, " <!doctype html>");
        drop(sender);
        assert_eq!(failure(&mut stream).await.kind(), TransportErrorKind::NotAnApi);
    }
}

#[tokio::test]
async fn a_body_is_judged_by_its_first_bytes_whatever_is_declared() {
    let types =
        ["application/json", "text/plain", "application/octet-stream", "TEXT/HTML; charset=utf-8"];
    for content_type in types {
        let (sender, mut stream) = open(Some(content_type), CallTimeouts::default());
        for piece in ["\n", "d", "ata: a", "\n\n"] {
            send(&sender, piece);
        }
        assert!(is_text(&next(&mut stream).await, "a"), "{content_type}");
        let (sender, mut stream) = open(Some(content_type), CallTimeouts::default());
        send(&sender, "{\"a\":\n1}");
        drop(sender);
        assert!(is_text(&next(&mut stream).await, "{\"a\":\n1}"), "{content_type}");
        let (sender, mut stream) = open(Some(content_type), CallTimeouts::default());
        send(&sender, "<html><title>Bad Gateway</title>");
        let error = failure(&mut stream).await;
        assert_eq!(error.kind(), TransportErrorKind::NotAnApi);
        assert_eq!(error.exchange().content_type.as_deref(), Some(content_type));
        let end = format!("status 200 with content type {content_type}: Bad Gateway");
        assert!(error.to_string().ends_with(&end), "{error}");
    }
    let (sender, mut stream) = open(Some("text/plain"), CallTimeouts::default());
    send(&sender, "upstream is down");
    let error = failure(&mut stream).await;
    assert!(error.to_string().ends_with("content type text/plain: upstream is down"), "{error}");
}

#[tokio::test]
async fn lines_of_json_are_events_even_where_one_json_text_is_declared() {
    for content_type in ["application/x-ndjson", "application/json", "text/event-stream"] {
        let (sender, mut stream) = open(Some(content_type), CallTimeouts::default());
        send(&sender, "{\"a\":1}\n{\"a\":2}\n[DONE]\n");
        drop(sender);
        assert!(is_text(&next(&mut stream).await, "{\"a\":1}"), "{content_type}");
        assert!(is_text(&next(&mut stream).await, "{\"a\":2}"), "{content_type}");
    }
}

#[tokio::test]
async fn what_the_end_of_the_body_completes_is_delivered() {
    let (sender, mut stream) = open(SSE, CallTimeouts::default());
    send(&sender, "<p>502\ndata: {\"a\":1}");
    drop(sender);
    assert_eq!(next(&mut stream).await, StreamEvent::Stray("<p>502".to_owned()));
    assert!(is_text(&next(&mut stream).await, "{\"a\":1}"));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn what_never_becomes_an_event_is_too_large_in_the_end() {
    for content_type in [SSE, Some("application/json")] {
        let (sender, mut stream) = open(content_type, CallTimeouts::default());
        let piece = Bytes::from(vec![b'x'; 1 << 20]);
        for _ in 0..=MAX_BODY >> 20 {
            sender.send(Ok(piece.clone())).unwrap();
        }
        assert_eq!(failure(&mut stream).await.kind(), TransportErrorKind::TooLarge);
    }
}

#[tokio::test(start_paused = true)]
async fn keep_alives_are_waited_through_ten_times_the_limit() {
    for (keep_alive, is_data) in [(": ping\n\n", false), ("data: {}\n\n", true)] {
        let (sender, mut stream) = sse(CallTimeouts {
            first_token: Some(limit(60)),
            between_tokens: Some(limit(60)),
            ..CallTimeouts::default()
        });
        let begun = Instant::now();
        let error = loop {
            let next = tokio::time::timeout(Duration::from_secs(49), stream.next()).await;
            match next.map(|item| item.unwrap()) {
                Err(_elapsed) => send(&sender, keep_alive),
                Ok(Ok(_)) if is_data => stream.record_keep_alive(),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => break error,
            }
        };
        assert_eq!(begun.elapsed().as_secs(), 600);
        assert!(error.to_string().contains("10 times the test; nothing but"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn content_between_keep_alives_begins_the_wait_anew() {
    let (sender, mut stream) =
        sse(CallTimeouts { between_tokens: Some(limit(60)), ..CallTimeouts::default() });
    for _ in 0..40 {
        send(&sender, "data: a\n\n");
        next(&mut stream).await;
        for _ in 0..9 {
            wait(&mut stream, 50).await;
            send(&sender, ": ping\n\n");
            next(&mut stream).await;
        }
    }
}
