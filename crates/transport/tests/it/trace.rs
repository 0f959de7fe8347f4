//! What a trace keeps of real exchanges, and what it never keeps.

use std::time::Duration;

use futures_util::StreamExt;
use openclaw_transport::{
    CallTimeouts, Client, ClientOptions, ExchangeOutcome, RetryPolicy, Trace, TraceLimits,
    TraceOptions, TraceRecord, TraceStore,
};

use crate::server::{KEY, STREAM_HEAD, Server, both, chunk, json, limit, options, response};

const SECRETS: [&str; 3] = [KEY, "hunter2/\"hunter2", "bWU6aHVudGVyMi8iaHVudGVyMg"];

struct Kept {
    client: Client,
    trace: Trace,
    store: TraceStore,
    _folder: tempfile::TempDir,
}

impl Kept {
    fn of(options: ClientOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let limits = TraceLimits { max_exchanges: 50, max_bytes: 1 << 20 };
        let trace = Trace::on_disk(limits, folder.path().to_owned());
        let variables = vec![("authorization".to_owned(), "LAB_KEY".to_owned())];
        let traced = TraceOptions { trace: trace.clone(), variables };
        let store = TraceStore::new(folder.path().to_owned());
        let client = Client::with_trace(options, traced).unwrap();
        Self { client, trace, store, _folder: folder }
    }

    /// What was kept, after a look at whether it is the same on disk.
    fn records(&self) -> Vec<TraceRecord> {
        assert!(self.trace.flush_to_disk(Duration::from_secs(20)));
        let records = self.trace.recent_records();
        assert_eq!(self.store.read_records().collect::<Vec<_>>(), records);
        records
    }

    fn files(&self) -> String {
        let read = |number: &u64| std::fs::read_to_string(self.store.record_path(*number)).unwrap();
        self.store.list_numbers().iter().map(read).collect()
    }
}

#[tokio::test]
async fn every_attempt_is_kept_with_its_connection() {
    let server = Server::start().await;
    let delay = Duration::from_millis(1);
    let retry =
        RetryPolicy { max_attempts: 2, base_delay: delay, max_delay: delay, max_retry_after: None };
    let kept = Kept::of(server.options().with_retry(retry));
    let url = kept.client.endpoint().api_url("chat/completions");
    let (stream, ()) = both(kept.client.post_stream(url, "{\"model\":\"m\"}".into()), async {
        let refusal = json("503 Service Unavailable", "{\"error\":\"busy\"}");
        server.answer(&refusal.replace("connection: close\r\n", "")).await;
        // The connection of the first attempt is used again, or another one made.
        let again = server.accept().await;
        let mut connection = again;
        connection.request().await;
        connection.send(STREAM_HEAD).await;
        connection.send(&chunk("data: one\n\n: still there\n\ndata: [DONE]\n\n")).await;
        connection.send("0\r\n\r\n").await;
    })
    .await;
    let events: Vec<_> = stream.unwrap().collect().await;
    assert_eq!(events.len(), 3);
    let records = kept.records();
    let [first, second] = &records[..] else { panic!("{records:#?}") };
    assert_eq!((first.request.attempt, second.request.attempt), (1, 2));
    assert_eq!(first.response.as_ref().unwrap().status, 503);
    assert_eq!(first.body.as_ref().unwrap().text.as_deref(), Some("{\"error\":\"busy\"}"));
    let end = first.end.as_ref().unwrap();
    assert_eq!((end.how, end.bytes), (ExchangeOutcome::Failed, 16));
    assert!(end.error.as_ref().unwrap().message.contains("status 503: busy"));
    let data: Vec<_> = second.events.iter().map(|event| event.data.as_deref()).collect();
    assert_eq!(data, [Some("one"), None, Some("[DONE]")]);
    assert_eq!(second.end.as_ref().unwrap().how, ExchangeOutcome::Done);
    assert!(records.iter().all(|it| it.response.as_ref().unwrap().connect_ms.is_some()));
    let headers = &second.request.headers;
    assert!(headers.contains(&("authorization".to_owned(), "Bearer [secret]".to_owned())));
    assert!(headers.contains(&("user-agent".to_owned(), "test/1".to_owned())));
    assert_eq!(second.request.variables, [("authorization".to_owned(), "LAB_KEY".to_owned())]);
}

#[tokio::test]
async fn a_connection_that_serves_again_has_no_time_of_its_own() {
    let server = Server::start().await;
    let kept = Kept::of(server.options());
    let url = || kept.client.endpoint().api_url("models");
    let answer = json("200 OK", "[]").replace("connection: close\r\n", "");
    let (replies, ()) =
        both(async { [kept.client.get(url()).await, kept.client.get(url()).await] }, async {
            let mut connection = server.accept().await;
            for _ in 0..2 {
                connection.request().await;
                connection.send(&answer).await;
            }
        })
        .await;
    assert!(replies.iter().all(Result::is_ok));
    let connects: Vec<_> = kept
        .records()
        .iter()
        .map(|record| record.response.as_ref().unwrap().connect_ms.is_some())
        .collect();
    assert_eq!(connects, [true, false]);
    assert_eq!(kept.records()[1].body.as_ref().unwrap().text.as_deref(), Some("[]"));
}

#[tokio::test]
async fn a_clock_and_a_refused_connection_are_named() {
    let server = Server::start().await;
    let clocks = CallTimeouts {
        between_tokens: Some(limit(Duration::from_millis(20))),
        ..CallTimeouts::default()
    };
    let kept = Kept::of(server.options().with_timeouts(clocks));
    let url = kept.client.endpoint().api_url("chat/completions");
    let (stream, connection) = both(kept.client.post_stream(url, "{}".into()), async {
        let mut connection = server.accept().await;
        connection.request().await;
        connection.send(STREAM_HEAD).await;
        connection.send(&chunk("data: one\n\n")).await;
        connection
    })
    .await;
    let mut stream = stream.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    assert!(stream.next().await.unwrap().is_err());
    drop(connection);
    let error = kept.records().pop().unwrap().end.unwrap().error.unwrap();
    assert_eq!(error.clock.as_deref(), Some("between_tokens"));

    let nobody = Server::start().await.address;
    let kept = Kept::of(options(&format!("http://{nobody}")));
    assert!(kept.client.get(kept.client.endpoint().api_url("models")).await.is_err());
    let record = kept.records().pop().unwrap();
    assert_eq!((record.response, record.body), (None, None));
    let error = record.end.unwrap().error.unwrap();
    assert!(error.message.starts_with("connect to") && error.cause.is_some(), "{error:?}");
}

#[tokio::test]
async fn no_secret_is_kept_wherever_it_stands() {
    let server = Server::start().await;
    let mut options = server.options();
    options.headers = vec![
        ("X-Basic".to_owned(), format!("Basic {}==", SECRETS[2]).into()),
        ("X-Raw".to_owned(), SECRETS[1].into()),
    ];
    let kept = Kept::of(options);
    let quoted = serde_json::to_string(&SECRETS).unwrap();
    let twice = serde_json::to_string(&quoted).unwrap();
    let body = format!("{{\"model\":\"m\",\"keys\":{quoted},\"again\":{twice}}}");
    let headers = format!(
        "content-type: application/json\r\nx-echo: {}\r\nset-cookie: a=b\r\nlocation: \
         http://me:unseen-7@h/x?token=unseen-7&k={KEY}\r\n",
        SECRETS[1]
    );
    let mut url = kept.client.endpoint().api_url("chat/completions");
    url.query_pairs_mut().append_pair("key", SECRETS[1]).append_pair("other", "unseen-7");
    for status in ["200 OK", "400 Bad Request", "302 Found"] {
        let answer = response(status, &headers, &body);
        let ((), _) = both(
            async {
                if let Ok(stream) = kept.client.post_stream(url.clone(), body.clone().into()).await
                {
                    let _events: Vec<_> = stream.collect().await;
                }
            },
            server.answer(&answer),
        )
        .await;
    }
    let records = kept.records();
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|it| it.request.body.as_ref().unwrap().hidden == 6), "{records:?}");
    let all = format!("{}{records:?}", kept.files());
    for secret in SECRETS.iter().copied().chain(["unseen-7", "a=b", "hunter2"]) {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}
