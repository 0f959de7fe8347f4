//! A server of scripted bytes, one response per connection, and a port that refuses.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// A server on loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct RawServer {
    port: u16,
    task: AbortHandle,
}

impl RawServer {
    /// Answers each request by its first line, e.g. `GET /v1/models`, and closes the connection.
    /// Without an answer it keeps the connection open and idle.
    pub async fn start(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(answer);
        let serve = async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, Arc::clone(&answer)));
            }
        };
        Self { port, task: tokio::spawn(serve).abort_handle() }
    }

    /// The address of its API, with `/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Binds a closed port, or a free one for 0, without listening: connections are refused, where
/// otherwise another test's server might get the port.
pub async fn hold(port: u16) -> TcpSocket {
    let taken = async {
        loop {
            let socket = TcpSocket::new_v4().unwrap();
            // Connections of the closed port may still be ending.
            socket.set_reuseaddr(true).unwrap();
            match socket.bind((Ipv4Addr::LOCALHOST, port).into()) {
                Ok(()) => break socket,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken).await.expect("the port stays open")
}

/// A response of known length.
#[must_use]
pub fn response(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    format!("{head}content-type: {content_type}\r\n\r\n{body}").into_bytes()
}

async fn converse<A: Fn(&str) -> Option<Vec<u8>>>(mut stream: TcpStream, answer: Arc<A>) {
    let Some(line) = request(&mut stream).await else { return };
    match answer(&line) {
        // The client may have gone.
        Some(bytes) => drop(stream.write_all(&bytes).await),
        None => while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {},
    }
}

/// Reads a complete request and returns its method and path; `None` if the client leaves before.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let body = loop {
        match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            Some(end) => break end + 4,
            None if stream.read_buf(&mut bytes).await.ok()? == 0 => return None,
            None => {}
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body]).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < body + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(head.split(" HTTP/").next()?.to_owned())
}
