//! A place in an answer from which on the program gets no more of it.
//!
//! The server goes on writing, at its own pace, until something happens to it. What it wrote after
//! that place never arrives, so an accident always meets the program at the same place; that a
//! connection breaks, falls silent or ends with a dead engine's last words arrives as it is.

use std::io;
use std::sync::{Arc, Mutex};

use openclaw_tests::soon;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// What passes before the gate shuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The head of the answer: the server took the request, and reads the prompt.
    Head,
    /// So many bytes of text.
    Text(usize),
    /// So many bytes of the arguments of a call.
    Arguments(usize),
}

/// One for one answer.
#[derive(Debug)]
pub(crate) struct Gate {
    place: Place,
    shut: Notify,
    over: Notify,
    seen: Mutex<Seen>,
}

/// What came to a gate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The text that passed.
    pub(crate) text: String,
    /// The arguments that passed.
    pub(crate) arguments: String,
    /// How many pieces of the answer came after the gate had shut.
    pub(crate) held_back: usize,
    /// The client hung up while the server did not.
    pub(crate) client_left: bool,
    /// The server itself said that it is dead.
    pub(crate) has_last_words: bool,
    is_shut: bool,
}

impl Gate {
    pub(crate) fn at(place: Place) -> Arc<Self> {
        Arc::new(Self { place, shut: Notify::new(), over: Notify::new(), seen: Mutex::default() })
    }

    /// Waits until the answer has come to the gate.
    pub(crate) async fn shut(&self) {
        soon(self.shut.notified()).await;
    }

    /// Waits until the server ends the connection or the client does.
    pub(crate) async fn over(&self) {
        soon(self.over.notified()).await;
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// Passes an answer as far as the gate lets it.
    pub(crate) async fn relay(
        &self,
        server: &mut TcpStream,
        client: &mut TcpStream,
    ) -> io::Result<()> {
        let passed = self.pass(server, client).await;
        self.over.notify_one();
        passed
    }

    async fn pass(&self, server: &mut TcpStream, client: &mut TcpStream) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut nothing = [0; 1];
        let mut end_of_piece: &[u8] = b"\r\n\r\n";
        loop {
            tokio::select! {
                read = server.read_buf(&mut buffer) => {
                    if read? == 0 {
                        break;
                    }
                }
                _ = client.read(&mut nothing) => {
                    self.seen.lock().unwrap().client_left = true;
                    return Ok(());
                }
            }
            while let Some(end) = find(&buffer, end_of_piece) {
                // Left out whole, a piece takes its frame with it: each begins with the line break
                // that ends the one before.
                let piece: Vec<u8> = buffer.drain(..end + end_of_piece.len()).collect();
                if self.lets(&String::from_utf8_lossy(&piece)) {
                    client.write_all(&piece).await?;
                }
                end_of_piece = b"\n\n";
            }
        }
        if self.seen.lock().unwrap().has_last_words {
            client.write_all(&buffer).await?;
        }
        Ok(())
    }

    /// Whether a piece passes: the head or an event.
    fn lets(&self, piece: &str) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let data = piece.split_once("data: ").map(|(_, data)| data.trim_end());
        let event: Value =
            data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        let is_end = data == Some("[DONE]");
        seen.has_last_words |= event.get("error").is_some();
        if seen.is_shut {
            let passes = seen.has_last_words && (is_end || event.get("error").is_some());
            seen.held_back += usize::from(!passes);
            return passes;
        }
        let delta = &event["choices"][0]["delta"];
        seen.text.push_str(delta["content"].as_str().unwrap_or_default());
        let arguments = &delta["tool_calls"][0]["function"]["arguments"];
        seen.arguments.push_str(arguments.as_str().unwrap_or_default());
        seen.is_shut = match self.place {
            Place::Head => true,
            Place::Text(length) => seen.text.len() >= length,
            Place::Arguments(length) => seen.arguments.len() >= length,
        };
        if seen.is_shut {
            self.shut.notify_one();
        }
        true
    }
}

fn find(text: &[u8], end: &[u8]) -> Option<usize> {
    text.windows(end.len()).position(|window| window == end)
}
