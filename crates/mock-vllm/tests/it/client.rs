//! A raw HTTP client that keeps what others hide: chunk boundaries and how a connection ends.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response, as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: String,
    /// Lines of the head in their order, without `date`.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
    /// The chunks, if it was chunked.
    pub(crate) chunks: Vec<String>,
    /// Whether the body came to its announced end.
    pub(crate) is_whole: bool,
}

impl Client {
    pub(crate) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
        Self { stream, buffer: Vec::new() }
    }

    /// Sends a request whose head lacks only `host` and `content-length`.
    pub(crate) async fn send(&mut self, head: &[&str], body: &str) {
        let (line, headers) = head.split_first().expect("a request line");
        let mut text = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        write!(text, "content-length: {}\r\n\r\n{body}", body.len()).expect("a String takes all");
        self.stream.write_all(text.as_bytes()).await.expect("the server reads");
    }

    /// Sends a chat completion.
    pub(crate) async fn chat(&mut self, body: &str) {
        self.send(&["POST /v1/chat/completions", "content-type: application/json"], body).await;
    }

    /// Reads a response to its end, whatever that is. `None` if there is no byte of one.
    pub(crate) async fn answer(&mut self, method: &str) -> Option<Answer> {
        let mut answer = self.head().await?;
        let header = |name: &str| {
            let found = answer.headers.iter().find_map(|line| line.strip_prefix(name));
            found.and_then(|value| value.strip_prefix(": ")).map(str::to_owned)
        };
        if header("transfer-encoding").as_deref() == Some("chunked") {
            while let Some(chunk) = self.chunk().await {
                if chunk.is_empty() {
                    answer.is_whole = true;
                    break;
                }
                answer.body.push_str(&chunk);
                answer.chunks.push(chunk);
            }
        } else {
            let length = header("content-length").expect("a length").parse().expect("a number");
            let length = if method == "HEAD" { 0 } else { length };
            while self.buffer.len() < length && self.more().await {}
            answer.is_whole = self.buffer.len() >= length;
            let taken = length.min(self.buffer.len());
            answer.body = String::from_utf8(self.buffer.drain(..taken).collect()).expect("UTF-8");
        }
        Some(answer)
    }

    /// Reads the status line and the headers.
    pub(crate) async fn head(&mut self) -> Option<Answer> {
        let mut lines = Vec::new();
        loop {
            match self.line().await?.as_str() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines.remove(0);
        lines.retain(|line| !line.starts_with("date: "));
        Some(Answer { status, headers: lines, ..Answer::default() })
    }

    /// Reads one chunk; empty at the end, `None` if the connection ends first.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let length = usize::from_str_radix(&self.line().await?, 16).expect("a chunk size");
        while self.buffer.len() < length + 2 {
            if !self.more().await {
                return None;
            }
        }
        let chunk = self.buffer.drain(..length).collect();
        assert_eq!(self.buffer.drain(..2).collect::<Vec<_>>(), b"\r\n");
        Some(String::from_utf8(chunk).expect("UTF-8"))
    }

    /// True if the server has sent nothing that was not read.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        // Whatever was written to a loopback socket can be read as soon as the runtime has looked.
        tokio::task::yield_now().await;
        let mut byte = [0];
        tokio::select! {
            biased;
            _ = self.stream.peek(&mut byte) => false,
            () = std::future::ready(()) => self.buffer.is_empty(),
        }
    }

    /// Says whether nobody listens.
    pub(crate) async fn is_refused(port: u16) -> bool {
        let error = TcpStream::connect(("127.0.0.1", port)).await.err();
        error.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    }

    /// Waits until the server closes; true if it sent nothing more.
    pub(crate) async fn is_closed(&mut self) -> bool {
        while self.more().await {}
        self.buffer.is_empty()
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..at).collect();
                self.buffer.drain(..2);
                return Some(String::from_utf8(line).expect("UTF-8"));
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        // A reset is an end as well.
        self.stream.read_buf(&mut self.buffer).await.unwrap_or_default() > 0
    }
}
