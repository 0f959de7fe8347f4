//! A server whose every byte is written by the test, and a client for it.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use openclaw_transport::{Client, ClientOptions, Endpoint, RetryPolicy, TimeLimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "key-of-the-test";

/// A listening socket. Nothing is accepted before the test says so.
pub(crate) struct Server {
    listener: TcpListener,
    pub(crate) address: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { listener, address }
    }

    pub(crate) async fn accept(&self) -> Connection {
        Connection(self.listener.accept().await.unwrap().0)
    }

    /// Accepts a connection, reads one request and answers it.
    pub(crate) async fn answer(&self, response: &str) -> Request {
        let mut connection = self.accept().await;
        let request = connection.request().await;
        connection.send(response).await;
        request
    }

    /// Asserts that nobody tries to connect.
    pub(crate) fn is_left_alone(&self) {
        assert!(self.listener.accept().now_or_never().is_none(), "there is another connection");
    }

    pub(crate) fn options(&self) -> ClientOptions {
        options(&format!("http://{}", self.address))
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.options()).unwrap()
    }

    /// A client with this many attempts and next to no delay.
    pub(crate) fn persistent_client(&self, attempts: u32) -> Client {
        let delay = Duration::from_millis(1);
        let retry = RetryPolicy {
            max_attempts: attempts,
            base_delay: delay,
            max_delay: delay,
            max_retry_after: None,
        };
        Client::new(self.options().with_retry(retry)).unwrap()
    }
}

pub(crate) fn options(base: &str) -> ClientOptions {
    ClientOptions::new(Endpoint::parse(base).unwrap())
        .with_bearer(Some(KEY.into()))
        .with_user_agent("test/1")
}

pub(crate) fn limit(duration: Duration) -> TimeLimit {
    TimeLimit { duration, source: "the.setting".into() }
}

/// Runs both sides to their ends. Sides that wait for each other are a failure, not a hang.
pub(crate) async fn both<A, B>(
    client: impl Future<Output = A>,
    server: impl Future<Output = B>,
) -> (A, B) {
    let both = async { tokio::join!(client, server) };
    tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .expect("the sides wait for each other")
}

/// A response with a body of known length, after which the connection is closed.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

pub(crate) fn json(status: &str, body: &str) -> String {
    response(status, "content-type: application/json\r\n", body)
}

pub(crate) const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; \
    charset=utf-8\r\nx-request-id: r-7\r\ntransfer-encoding: chunked\r\n\r\n";

/// One chunk of a chunked body.
pub(crate) fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// One accepted connection.
pub(crate) struct Connection(TcpStream);

/// A request as it arrived.
pub(crate) struct Request {
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Connection {
    pub(crate) async fn request(&mut self) -> Request {
        let mut bytes = Vec::new();
        let end = loop {
            match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => assert!(self.0.read_buf(&mut bytes).await.unwrap() > 0, "a cut request"),
            }
        };
        let body = bytes.split_off(end);
        let mut request = Request { head: String::from_utf8(bytes).unwrap(), body: String::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = body;
        while body.len() < length {
            assert!(self.0.read_buf(&mut body).await.unwrap() > 0, "a cut body");
        }
        request.body = String::from_utf8(body).unwrap();
        request
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends what the client may not want; false when it has hung up.
    pub(crate) async fn flood(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Waits until the client has closed the connection.
    pub(crate) async fn closed(mut self) {
        let mut rest = [0; 1024];
        while matches!(self.0.read(&mut rest).await, Ok(1..)) {}
    }

    /// Ends the connection with a reset in place of an orderly close.
    pub(crate) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}
