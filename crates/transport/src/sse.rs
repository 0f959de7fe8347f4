//! An incremental decoder of server-sent events: bounded, linear in the size of its input, and
//! indifferent to where the input is cut.
//!
//! It follows the stream format of the HTML standard. Fields other than `data` are read past:
//! no API of this family uses them. An event that the end of the stream cuts off is dropped.

use std::mem;

use bytes::{Buf, Bytes};

/// A piece of an answer that is streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The data of one event, its lines joined with `\n`. Bytes that are not UTF-8 are replaced.
    /// The last event of most APIs, `[DONE]`, is one of them.
    Data(String),
    /// A comment line, which servers send to keep a connection alive.
    Comment,
}

/// A line or an event is larger than the decoder takes. The decoder is of no use afterwards.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// A decoder. Push a chunk, take events until there is none, push the next.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// What is not decoded yet.
    input: Bytes,
    /// The beginning of a line whose end has not arrived.
    line: Vec<u8>,
    /// The data lines of the event that is being read; `None` when there was none yet.
    data: Option<String>,
    /// Whether the last line ended in CR, so that an LF right after it ends no line of its own.
    after_cr: bool,
    /// Whether the first line is still to come: only it may begin with a byte order mark.
    at_start: bool,
    limit: usize,
}

impl Decoder {
    /// Makes a decoder that takes events of at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            input: Bytes::new(),
            line: Vec::new(),
            data: None,
            after_cr: false,
            at_start: true,
            limit,
        }
    }

    /// Takes the next chunk, of any size. All events of the one before must have been taken.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.input.is_empty(), "events of the last chunk were not taken");
        self.input = chunk;
    }

    /// The next whole event; `None` when that needs another chunk.
    pub(crate) fn next_event(&mut self) -> Result<Option<StreamEvent>, TooLarge> {
        loop {
            if self.after_cr && !self.input.is_empty() {
                self.after_cr = false;
                if self.input.first() == Some(&b'\n') {
                    self.input.advance(1);
                }
            }
            let end = self.input.iter().position(|&byte| byte == b'\n' || byte == b'\r');
            let piece = self.input.split_to(end.unwrap_or(self.input.len()));
            let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
            if held + piece.len() > self.limit {
                return Err(TooLarge);
            }
            if end.is_none() {
                self.line.extend_from_slice(&piece);
                return Ok(None);
            }
            self.after_cr = self.input.get_u8() == b'\r';
            let event = if self.line.is_empty() {
                self.end_line(&piece)
            } else {
                let mut line = mem::take(&mut self.line);
                line.extend_from_slice(&piece);
                self.end_line(&line)
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Reads one line, given without its end.
    fn end_line(&mut self, mut line: &[u8]) -> Option<StreamEvent> {
        if mem::take(&mut self.at_start) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.data.take().map(StreamEvent::Data);
        }
        if line.starts_with(b":") {
            return Some(StreamEvent::Comment);
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            _ => return None,
        };
        let value = String::from_utf8_lossy(value);
        match &mut self.data {
            None => self.data = Some(value.into_owned()),
            Some(data) => {
                data.push('\n');
                data.push_str(&value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
