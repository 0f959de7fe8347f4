//! An incremental decoder of server-sent events. Its memory is bounded, its time is linear in the
//! input, and chunks may be cut anywhere.
//!
//! It follows the stream format of the HTML standard. Of the fields, `data` and the event name
//! `error` count; others are skipped. Lines that are no field at all are returned as they are: a
//! proxy or a server in trouble writes its error into the middle of a stream. An event that the end
//! of the stream cuts off is dropped, unless its data is whole JSON.

mod partial_event;

use bytes::Bytes;
use serde::de::IgnoredAny;

use self::partial_event::{BYTE_ORDER_MARK, LineKind, PartialEvent};

/// The data of the event that ends a stream.
pub(crate) const END_MARKER: &str = "[DONE]";

/// Whether the data of an event ends the stream: `[DONE]`, as servers write it.
#[must_use]
pub fn is_end_marker(data: &str) -> bool {
    const LONGEST: usize = 16;
    data.len() <= LONGEST && {
        let word = data.trim().trim_matches('"').trim();
        word.eq_ignore_ascii_case(END_MARKER) || word == "DONE"
    }
}

/// One item of a server-sent event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The data of one event, its lines joined with `\n`. Invalid UTF-8 is replaced. `[DONE]`, the
    /// last event of most APIs, is included.
    Data(String),
    /// The data of an event named `error`, or the value of a line `error: …`.
    Error(String),
    /// Lines that belong to no event, joined with `\n`: JSON without a field name, a web page, plain
    /// text. Invalid UTF-8 is replaced.
    Stray(String),
    /// A comment line, which servers send to keep a connection alive.
    Comment,
}

/// A line or an event exceeds the decoder's limit. The decoder cannot be used afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read a line or an event of the stream that is larger than the limit")]
pub struct EventTooLarge;

/// A decoder of server-sent events. Push a chunk, take events until there is none, push the next.
///
/// It buffers at most its limit besides the last chunk. An invalid byte counts as the three bytes
/// of its replacement.
#[derive(Debug)]
pub struct SseDecoder {
    /// The last chunk pushed.
    chunk: Bytes,
    /// The offset in it up to which it is decoded.
    position: usize,
    line: PartialLine,
    event: PartialEvent,
    /// Whether the last line ended in CR, so that an LF right after it ends no line of its own.
    after_cr: bool,
    limit: usize,
}

/// A line whose end has not arrived.
#[derive(Debug)]
struct PartialLine {
    /// The bytes that have arrived.
    len: usize,
    kind: LineKind,
    /// Its first bytes, kept until they show what kind of line it is.
    head: Vec<u8>,
}

impl SseDecoder {
    /// Makes a decoder for events of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            position: 0,
            line: PartialLine { len: 0, kind: LineKind::Unknown, head: Vec::new() },
            event: PartialEvent::new(limit),
            after_cr: false,
            limit,
        }
    }

    /// Sets the next chunk, of any size. Take all events of the previous one first; the rest is
    /// lost.
    pub fn push_chunk(&mut self, chunk: Bytes) {
        debug_assert!(self.position == self.chunk.len(), "events of the last chunk were not taken");
        self.chunk = chunk;
        self.position = 0;
    }

    /// Returns the next complete event; `None` when that needs another chunk.
    ///
    /// # Errors
    /// When the part of an event that has arrived exceeds the limit.
    pub fn next_event(&mut self) -> Result<Option<StreamEvent>, EventTooLarge> {
        loop {
            let mut rest = self.chunk.get(self.position..).unwrap_or_default();
            if self.after_cr && !rest.is_empty() {
                self.after_cr = false;
                if let Some(after) = rest.strip_prefix(b"\n") {
                    rest = after;
                    self.position += 1;
                }
            }
            let end = find_line_end(rest);
            let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let pending_len = self.event.len + self.event.stray.len() + self.line.len;
            if pending_len + piece.len() > self.limit {
                return Err(EventTooLarge);
            }
            let Some(end) = end else {
                self.line.push_piece(piece, &mut self.event);
                // Released, so that the socket's reader can reuse its memory.
                (self.chunk, self.position) = (Bytes::new(), 0);
                return Ok(None);
            };
            self.after_cr = rest.get(end) == Some(&b'\r');
            self.position += end + 1;
            let event = if self.line.len == 0 {
                self.event.read_line(piece)
            } else {
                self.line.push_piece(piece, &mut self.event);
                self.line.finish_line(&mut self.event)
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }
}

impl SseDecoder {
    /// Ends the stream, once there is no event left, and returns what it cut off: stray lines, or an
    /// event whose data is whole JSON. Call it until it returns `None`.
    pub fn finish_stream(&mut self) -> Option<StreamEvent> {
        if self.line.len > 0
            && let Some(event) = self.line.finish_line(&mut self.event)
        {
            return Some(event);
        }
        self.event.take_stray().or_else(|| {
            let data = self.event.data.take()?;
            let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
            // Without blank lines between them, all events are one.
            let is_whole = is_json(&data)
                || data
                    .lines()
                    .all(|line| line.trim().is_empty() || is_end_marker(line) || is_json(line));
            is_whole.then(|| self.event.name_data(data))
        })
    }
}

impl PartialLine {
    /// Enough of a line to know its kind.
    const HEAD_LEN: usize = BYTE_ORDER_MARK.len() + "data: ".len();

    /// Adds a piece of the line.
    fn push_piece(&mut self, mut piece: &[u8], event: &mut PartialEvent) {
        self.len += piece.len();
        if let LineKind::Unknown = self.kind {
            let (head, rest) = piece.split_at(piece.len().min(Self::HEAD_LEN - self.head.len()));
            self.head.extend_from_slice(head);
            if self.head.len() < Self::HEAD_LEN {
                return;
            }
            piece = rest;
            self.kind = event.begin_line(&self.head);
        }
        match self.kind {
            LineKind::Data => event.push_value(piece),
            LineKind::EventName | LineKind::Stray => event.line_bytes.extend_from_slice(piece),
            LineKind::Unknown | LineKind::Comment | LineKind::Other => {}
        }
    }

    /// Ends the line, and returns the event or comment that this completes.
    fn finish_line(&mut self, event: &mut PartialEvent) -> Option<StreamEvent> {
        self.len = 0;
        let ended = match std::mem::replace(&mut self.kind, LineKind::Unknown) {
            LineKind::Unknown => event.read_line(&self.head),
            kind => event.finish_line(kind),
        };
        self.head.clear();
        ended
    }
}

/// The offset of the first line end.
fn find_line_end(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    // Testing a block at a time, without a branch per byte, is several times as fast.
    let is_plain = |block: &&[u8]| !block.iter().fold(false, |found, byte| found | ends(byte));
    let skipped = bytes.chunks_exact(BLOCK).take_while(is_plain).count() * BLOCK;
    let rest = bytes.get(skipped..).unwrap_or_default();
    Some(skipped + rest.iter().position(ends)?)
}

#[cfg(test)]
mod tests;
