//! An incremental decoder of server-sent events: bounded, linear in the size of its input, and
//! indifferent to where the input is cut.
//!
//! It follows the stream format of the HTML standard. Fields other than `data` are read past:
//! no API of this family uses them. An event that the end of the stream cuts off is dropped.

use std::mem;

use bytes::Bytes;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("take a line or an event that is larger than the limit")]
pub struct TooLarge;

/// A decoder. Push a chunk, take events until there is none, push the next.
///
/// It holds at most the limit, beside the chunk that was pushed last.
#[derive(Debug)]
pub struct Decoder {
    /// What was pushed last.
    chunk: Bytes,
    /// How much of it is decoded.
    at: usize,
    /// The beginning of a line whose end has not arrived; of a line of data, that of its value.
    line: Vec<u8>,
    /// How much of that line was left out before its value.
    left_out: usize,
    event: Event,
    /// Whether the last line ended in CR, so that an LF right after it ends no line of its own.
    after_cr: bool,
    limit: usize,
}

/// An event that is being read.
#[derive(Debug)]
struct Event {
    /// Its lines of data; `None` when there was none yet.
    data: Option<String>,
    /// Whether the first line of all is still to come: only it may begin with a byte order mark.
    at_start: bool,
}

impl Decoder {
    /// Makes a decoder that takes events of at most so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            at: 0,
            line: Vec::new(),
            left_out: 0,
            event: Event { data: None, at_start: true },
            after_cr: false,
            limit,
        }
    }

    /// Takes the next chunk, of any size. All events of the one before must have been taken; those
    /// that were not are lost.
    pub fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.at == self.chunk.len(), "events of the last chunk were not taken");
        self.chunk = chunk;
        self.at = 0;
    }

    /// The next whole event; `None` when that needs another chunk.
    ///
    /// # Errors
    /// When what has arrived of an event is larger than the limit.
    pub fn next_event(&mut self) -> Result<Option<StreamEvent>, TooLarge> {
        loop {
            let mut rest = self.chunk.get(self.at..).unwrap_or_default();
            if self.after_cr && !rest.is_empty() {
                self.after_cr = false;
                if let Some(after) = rest.strip_prefix(b"\n") {
                    rest = after;
                    self.at += 1;
                }
            }
            let end = line_end(rest);
            let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let held = self.left_out + self.line.len() + self.event.len();
            if held + piece.len() > self.limit {
                return Err(TooLarge);
            }
            let Some(end) = end else {
                self.hold();
                return Ok(None);
            };
            self.after_cr = rest.get(end) == Some(&b'\r');
            self.at += end + 1;
            let event = if self.left_out > 0 {
                self.left_out = 0;
                extend(&mut self.line, piece, self.limit);
                self.event.push(mem::take(&mut self.line));
                None
            } else if self.line.is_empty() {
                self.event.end_line(piece)
            } else {
                extend(&mut self.line, piece, self.limit);
                self.event.end_line(&mem::take(&mut self.line))
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Keeps the rest of the chunk, the beginning of a line.
    fn hold(&mut self) {
        // What was pushed is let go of: whoever reads from the socket can use its memory again.
        let chunk = mem::take(&mut self.chunk);
        let mut piece = chunk.get(mem::take(&mut self.at)..).unwrap_or_default();
        let is_new = self.line.is_empty() && self.left_out == 0 && !self.event.at_start;
        // With less than this the value may begin later.
        if is_new && piece.len() > "data: ".len() {
            self.left_out = data_begins(piece).unwrap_or(0);
            piece = piece.get(self.left_out..).unwrap_or_default();
        }
        extend(&mut self.line, piece, self.limit);
    }
}

impl Event {
    fn len(&self) -> usize {
        self.data.as_ref().map_or(0, String::len)
    }

    /// Adds a line of data.
    fn push(&mut self, value: Vec<u8>) {
        let value = String::from_utf8(value)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        match &mut self.data {
            None => self.data = Some(value),
            Some(data) => {
                data.push('\n');
                data.push_str(&value);
            }
        }
    }

    /// Reads one line, given without its end.
    fn end_line(&mut self, line: &[u8]) -> Option<StreamEvent> {
        let line = line.get(self.mark(line)..).unwrap_or_default();
        if line.is_empty() {
            return self.data.take().map(StreamEvent::Data);
        }
        if line.starts_with(b":") {
            return Some(StreamEvent::Comment);
        }
        let value = line.get(data_begins(line)?..).unwrap_or_default();
        self.push(value.to_vec());
        None
    }

    /// The length of the byte order mark that the first line of all may begin with.
    fn mark(&mut self, line: &[u8]) -> usize {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if mem::take(&mut self.at_start) && line.starts_with(MARK) { MARK.len() } else { 0 }
    }
}

/// Adds to a line of which at most so many bytes are ever held.
fn extend(line: &mut Vec<u8>, piece: &[u8], limit: usize) {
    let needed = line.len() + piece.len();
    if needed > line.capacity() {
        let capacity = needed.max(limit.min(line.capacity() * 2));
        line.reserve_exact(capacity - line.len());
    }
    line.extend_from_slice(piece);
}

/// Where the value of a line of data begins; `None` if it is another line.
fn data_begins(line: &[u8]) -> Option<usize> {
    match line.strip_prefix(b"data")? {
        [] => Some(4),
        [b':', b' ', ..] => Some(6),
        [b':', ..] => Some(5),
        _ => None,
    }
}

/// Where the first line of some bytes ends.
fn line_end(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    // A whole block at a time, without a branch for each byte, is several times as fast.
    let is_plain = |block: &&[u8]| !block.iter().fold(false, |found, byte| found | ends(byte));
    let skipped = bytes.chunks_exact(BLOCK).take_while(is_plain).count() * BLOCK;
    let rest = bytes.get(skipped..).unwrap_or_default();
    Some(skipped + rest.iter().position(ends)?)
}

#[cfg(test)]
mod tests;
