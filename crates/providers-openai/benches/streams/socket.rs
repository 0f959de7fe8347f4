//! A minimal reader of a stream, for comparison: one socket, blocking reads, chunks and events
//! found in place.

use std::borrow::Cow;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use serde::Deserialize;

use crate::{Result, report};

/// Reads one stream and prints how many tokens it had.
pub(crate) fn run(address: &str, model: &str) -> Result<()> {
    let mut socket = Socket::connect(address)?;
    let mut reader = Reader::default();
    socket.send(model)?;
    while !reader.ended {
        socket.receive(&mut reader)?;
    }
    report(reader.tokens, model)
}

/// A connection that serves one request after another.
pub(crate) struct Socket {
    stream: TcpStream,
    address: String,
    buffer: Box<[u8]>,
    filled: usize,
    in_body: bool,
}

/// Counts the tokens in a body.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) tokens: u64,
    pub(crate) ended: bool,
    text: String,
    /// The beginning of an event whose end has not arrived.
    part: String,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

impl Socket {
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; 64 * 1024].into_boxed_slice();
        let address = address.to_owned();
        Ok(Self { stream, address, buffer, filled: 0, in_body: false })
    }

    pub(crate) fn send(&mut self, model: &str) -> Result<()> {
        let body = format!(
            r#"{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"hi"}}]}}"#
        );
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.in_body = false;
        Ok(self.stream.write_all(request.as_bytes())?)
    }

    /// Reads once and passes on all complete chunks.
    pub(crate) fn receive(&mut self, reader: &mut Reader) -> Result<()> {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let count = self.stream.read(room)?;
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.filled += count;
        let mut rest = self.buffer.get(..self.filled).unwrap_or_default();
        if !self.in_body {
            let end = rest.windows(4).position(|four| four == b"\r\n\r\n");
            let Some(end) = end else { return Ok(()) };
            rest = rest.get(end + 4..).unwrap_or_default();
            self.in_body = true;
        }
        while let Some((chunk, after)) = split_chunk(rest)? {
            rest = after;
            if chunk.is_empty() {
                reader.ended = true;
                break;
            }
            reader.push(std::str::from_utf8(chunk)?)?;
        }
        let used = self.filled - rest.len();
        self.buffer.copy_within(used..self.filled, 0);
        self.filled -= used;
        Ok(())
    }
}

/// Splits off the first chunk; `None` when it is incomplete.
fn split_chunk(bytes: &[u8]) -> Result<Option<(&[u8], &[u8])>> {
    let Some(line) = bytes.iter().position(|&byte| byte == b'\r') else { return Ok(None) };
    let size =
        usize::from_str_radix(std::str::from_utf8(bytes.get(..line).unwrap_or_default())?, 16)?;
    let begin = line + 2;
    let chunk = bytes.get(begin..begin + size);
    Ok(chunk.zip(bytes.get(begin + size + 2..)))
}

impl Reader {
    fn push(&mut self, mut text: &str) -> Result<()> {
        if !self.part.is_empty() {
            let part = std::mem::take(&mut self.part) + text;
            return self.push(&part);
        }
        while let Some(line) = text.find('\n') {
            let (event, rest) = text.split_at(line);
            let Some(rest) = rest.strip_prefix("\n\n") else { break };
            text = rest;
            self.event(event)?;
        }
        self.part.push_str(text);
        Ok(())
    }

    fn event(&mut self, event: &str) -> Result<()> {
        let data = event.strip_prefix("data: ").ok_or("not an event with data")?;
        if data == "[DONE]" {
            return Ok(());
        }
        let chunk: Chunk<'_> = serde_json::from_str(data)?;
        for choice in chunk.choices {
            if let Some(content) = choice.delta.content.filter(|content| !content.is_empty()) {
                self.tokens += 1;
                self.text.push_str(&content);
            }
        }
        Ok(())
    }
}
