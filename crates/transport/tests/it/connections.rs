//! How connections are reused, lost and closed.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use openclaw_transport::{
    CallTimeouts, Client, ClientOptions, ConcurrencyLimiter, Endpoint, QueueDepth, StreamEvent,
    StreamPriority, TimeLimit, TimeoutKind, TransportErrorKind,
};

use crate::server::{Connection, STREAM_HEAD, Server, both, chunk};

const KEPT: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";

/// Accepts a connection and answers its first request, keeping it open.
async fn keep(server: &Server) -> Connection {
    let mut connection = server.accept().await;
    connection.request().await;
    connection.send(KEPT).await;
    connection
}

#[tokio::test]
async fn a_kept_connection_serves_the_next_call() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("models");
    let (reply, mut connection) = both(client.get(url.clone()), keep(&server)).await;
    reply.unwrap();
    let (reply, ()) = both(client.get(url), async {
        connection.request().await;
        connection.send(KEPT).await;
    })
    .await;
    reply.unwrap();
    server.is_left_alone();
}

#[tokio::test]
async fn a_kept_connection_that_dies_costs_no_attempt() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("models");
    let (reply, mut connection) = both(client.get(url.clone()), keep(&server)).await;
    reply.unwrap();
    let (reply, second) = both(client.get(url.clone()), async {
        connection.request().await;
        drop(connection);
        keep(&server).await
    })
    .await;
    reply.unwrap();
    // Only one reused connection per call costs no attempt: the second connection is new, and its
    // end is an error.
    let mut second = second;
    let (reply, ()) = both(client.get(url), async {
        second.request().await;
        drop(second);
        let mut third = server.accept().await;
        third.request().await;
    })
    .await;
    let error = reply.unwrap_err();
    assert_eq!((error.kind(), error.exchange().attempt), (TransportErrorKind::Interrupted, 2));
    server.is_left_alone();
}

#[tokio::test]
async fn a_stream_read_to_its_end_leaves_its_connection() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("chat/completions");
    let (stream, mut connection) = both(client.post_stream(url.clone(), "{}".into()), async {
        let mut connection = server.accept().await;
        connection.request().await;
        let body = [chunk("data: a\n\n"), chunk("data: [DONE]\n\n"), "0\r\n\r\n".to_owned()];
        connection.send(&[STREAM_HEAD.to_owned(), body.concat()].concat()).await;
        connection
    })
    .await;
    assert_eq!(stream.unwrap().count().await, 2);
    // The next call reuses it, and its end costs no attempt.
    let (reply, _) = both(client.get(url), async {
        connection.request().await;
        drop(connection);
        keep(&server).await
    })
    .await;
    reply.unwrap();
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("chat/completions");
    let (stream, connection) = both(client.post_stream(url, "{}".into()), async {
        let mut connection = server.accept().await;
        connection.request().await;
        connection.send(&format!("{STREAM_HEAD}{}", chunk("data: a\n\n"))).await;
        connection
    })
    .await;
    let mut stream = stream.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), StreamEvent::Data("a".to_owned()));
    assert!(stream.next().now_or_never().is_none());
    drop(stream);
    connection.closed().await;
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection_even_in_full_flow() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("chat/completions");
    let ((), ()) = both(
        async {
            let mut stream = client.post_stream(url, "{}".into()).await.unwrap();
            stream.next().await.unwrap().unwrap();
        },
        async {
            let mut connection = server.accept().await;
            connection.request().await;
            connection.send(STREAM_HEAD).await;
            let event = chunk("data: a\n\n");
            while connection.flood(event.as_bytes()).await {}
        },
    )
    .await;
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    let server = Server::start().await;
    let client = server.client();
    let url = client.endpoint().api_url("chat/completions");
    let connection = tokio::select! {
        _ = client.post_stream(url, "{}".into()) => panic!("there was no answer"),
        connection = async {
            let mut connection = server.accept().await;
            connection.request().await;
            connection
        } => connection,
    };
    connection.closed().await;
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_is_an_interruption_and_never_tried_again() {
    let server = Server::start().await;
    let client = server.persistent_client(3);
    let url = client.endpoint().api_url("chat/completions");
    let cut = format!("{STREAM_HEAD}{}5\r\nda", chunk("data: a\n\n"));
    let (stream, _) = both(client.post_stream(url.clone(), "{}".into()), server.answer(&cut)).await;
    let mut stream = stream.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), StreamEvent::Data("a".to_owned()));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.exchange().status),
        (TransportErrorKind::Interrupted, Some(200))
    );
    assert!(std::error::Error::source(&error).is_some());
    assert!(stream.next().await.is_none());

    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[";
    let (reply, _) = both(client.get(url), server.answer(half)).await;
    assert_eq!(reply.unwrap_err().kind(), TransportErrorKind::Interrupted);
    server.is_left_alone();
}

#[tokio::test]
async fn where_streams_are_limited_the_next_is_sent_when_one_is_dropped_and_other_calls_never_wait()
{
    let server = Server::start().await;
    let turnstile = ConcurrencyLimiter::new(NonZeroUsize::MIN);
    let limited = || server.options().with_limiter(turnstile.clone());
    let (one, other) = (Client::new(limited()).unwrap(), Client::new(limited()).unwrap());
    let url = one.endpoint().api_url("chat/completions");
    let open = async || {
        let mut connection = server.accept().await;
        let request = connection.request().await;
        connection.send(STREAM_HEAD).await;
        (connection, request.body)
    };
    let (first, (_first, _)) = both(one.post_stream(url.clone(), "1".into()), open()).await;
    let first = first.unwrap();
    let mut late = Box::pin(one.post_stream_with_priority(
        url.clone(),
        "2".into(),
        StreamPriority::Background,
    ));
    let mut urgent = Box::pin(other.post_stream(url.clone(), "3".into()));
    assert!(late.as_mut().now_or_never().is_none() && urgent.as_mut().now_or_never().is_none());
    server.is_left_alone();
    assert_eq!(turnstile.queue_depth(), QueueDepth { in_flight: 1, waiting: 2 });
    let models = one.endpoint().api_url("models");
    both(one.get(models), keep(&server)).await.0.unwrap();

    drop(first);
    assert!(late.as_mut().now_or_never().is_none(), "it is not its turn");
    let (urgent, (connection, body)) = both(urgent, open()).await;
    let mut urgent = urgent.unwrap();
    assert_eq!(body, "3");
    // The end of an answer is the end of the stream, dropped or not.
    let mut connection = connection;
    connection.send(&chunk("data: [DONE]\n\n")).await;
    while urgent.next().await.is_some() {}
    let (late, (_late, body)) = both(late, open()).await;
    assert_eq!((late.is_ok(), body.as_str()), (true, "2"));
    drop(late);
    assert_eq!(turnstile.queue_depth(), QueueDepth { in_flight: 0, waiting: 0 });
}

#[tokio::test(start_paused = true)]
async fn the_wait_in_line_is_a_part_of_the_call() {
    let server = Server::start().await;
    let turnstile = ConcurrencyLimiter::new(NonZeroUsize::MIN);
    let total = TimeLimit { duration: Duration::from_secs(7), source: "the test".into() };
    let clocks = CallTimeouts { total: Some(total), ..CallTimeouts::default() };
    let options = server.options().with_timeouts(clocks).with_limiter(turnstile.clone());
    let client = Client::new(options).unwrap();
    let url = client.endpoint().api_url("chat/completions");
    let mut first = Box::pin(client.post_stream(url.clone(), "1".into()));
    assert!(first.as_mut().now_or_never().is_none());
    let error = client.post_stream(url, "2".into()).await.unwrap_err();
    let TransportErrorKind::Timeout { clock: TimeoutKind::Total, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(error.exchange().attempt, 0, "nothing was sent");
    drop(first);
    assert_eq!(turnstile.queue_depth(), QueueDepth { in_flight: 0, waiting: 0 });
}

/// The first lookup leads to the server, each later one to a public address.
#[tokio::test]
async fn a_name_that_changes_its_address_does_not_lead_elsewhere() {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicU32, Ordering};

    let server = Server::start().await;
    let port = server.client().endpoint().base_url().port().unwrap();
    let count = std::sync::Arc::new(AtomicU32::new(0));
    let counted = std::sync::Arc::clone(&count);
    let lookup = openclaw_transport::HostLookup::from_fn(move |name| {
        assert_eq!(name, "gpu");
        let is_first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        let address = if is_first { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(8, 8, 8, 8) };
        Box::pin(std::future::ready(Ok(vec![IpAddr::from(address)])))
    });
    let endpoint = Endpoint::parse(&format!("http://gpu:{port}/v1")).unwrap();
    let options = ClientOptions::new(endpoint.clone()).with_host_lookup(lookup);
    let get = |client: Client| {
        let url = endpoint.api_url("models");
        async move { client.get(url).await }
    };
    let (reply, _connection) =
        both(get(Client::new(options.clone()).unwrap()), keep(&server)).await;
    reply.unwrap();
    let error = get(Client::new(options).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("8.8.8.8"), "{cause}");
    assert_eq!(count.load(Ordering::Relaxed), 2, "one lookup for each connection");
}
