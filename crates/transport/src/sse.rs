//! An incremental decoder of server-sent events. Its memory is bounded, its time is linear in the
//! input, and chunks may be cut anywhere.
//!
//! It follows the stream format of the HTML standard. Fields other than `data` are skipped: no API
//! of this family uses them. An event that the end of the stream cuts off is dropped.

use std::mem;

use bytes::Bytes;

/// One item of a server-sent event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The data of one event, its lines joined with `\n`. Invalid UTF-8 is replaced. `[DONE]`, the
    /// last event of most APIs, is included.
    Data(String),
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

#[derive(Debug, Clone, Copy)]
enum LineKind {
    Unknown,
    /// A `data` line, whose value is added to the event as it arrives.
    Data,
    Comment,
    /// A line of another field, which is skipped.
    Other,
}

/// An event whose end has not arrived.
#[derive(Debug)]
struct PartialEvent {
    /// The data lines so far; `None` before the first.
    data: Option<String>,
    /// The length of the data when the current line began.
    len: usize,
    /// The first bytes of a character that was cut at the end of a chunk.
    partial_char: Vec<u8>,
    /// Whether the stream's first line is still to come: only it may begin with a byte order mark.
    at_start: bool,
    limit: usize,
}

impl SseDecoder {
    /// Makes a decoder for events of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            position: 0,
            line: PartialLine { len: 0, kind: LineKind::Unknown, head: Vec::new() },
            event: PartialEvent {
                data: None,
                len: 0,
                partial_char: Vec::new(),
                at_start: true,
                limit,
            },
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
            if self.event.len + self.line.len + piece.len() > self.limit {
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
        if let LineKind::Data = self.kind {
            event.push_value(piece);
        }
    }

    /// Ends the line, and returns the event or comment that this completes.
    fn finish_line(&mut self, event: &mut PartialEvent) -> Option<StreamEvent> {
        self.len = 0;
        let ended = match std::mem::replace(&mut self.kind, LineKind::Unknown) {
            LineKind::Unknown => event.read_line(&self.head),
            LineKind::Data => event.finish_data_line(),
            LineKind::Comment => Some(StreamEvent::Comment),
            LineKind::Other => None,
        };
        self.head.clear();
        ended
    }
}

impl PartialEvent {
    /// Reads a complete line, given without its line end.
    fn read_line(&mut self, line: &[u8]) -> Option<StreamEvent> {
        if line.is_empty() {
            self.at_start = false;
            self.len = 0;
            return self.data.take().map(StreamEvent::Data);
        }
        match self.begin_line(line) {
            LineKind::Data => self.finish_data_line(),
            LineKind::Comment => Some(StreamEvent::Comment),
            LineKind::Unknown | LineKind::Other => None,
        }
    }

    /// Returns the kind of a line from its first bytes, and adds the part of its value among them.
    fn begin_line(&mut self, line: &[u8]) -> LineKind {
        let is_first = mem::take(&mut self.at_start);
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first).unwrap_or(line);
        if line.starts_with(b":") {
            return LineKind::Comment;
        }
        let Some(begin) = data_value_start(line) else { return LineKind::Other };
        match &mut self.data {
            None => self.data = Some(String::new()),
            Some(data) => data.push('\n'),
        }
        self.push_value(line.get(begin..).unwrap_or_default());
        LineKind::Data
    }

    /// Adds a piece of a line's value. Valid text goes straight to the data, without a copy.
    fn push_value(&mut self, piece: &[u8]) {
        let mut rest = self.complete_char(piece);
        loop {
            match str::from_utf8(rest) {
                Ok(text) => return self.push_text(text),
                Err(error) => {
                    let (valid, invalid) = rest.split_at(error.valid_up_to());
                    self.push_text(str::from_utf8(valid).unwrap_or_default());
                    let Some(len) = error.error_len() else {
                        return self.partial_char.extend_from_slice(invalid);
                    };
                    self.push_text(REPLACEMENT);
                    rest = invalid.get(len..).unwrap_or_default();
                }
            }
        }
    }

    /// Completes the character that the previous piece cut; returns the rest of this piece.
    fn complete_char<'a>(&mut self, mut piece: &'a [u8]) -> &'a [u8] {
        while !self.partial_char.is_empty()
            && let [byte, rest @ ..] = piece
        {
            let mut cut = mem::take(&mut self.partial_char);
            cut.push(*byte);
            match str::from_utf8(&cut) {
                Ok(text) => self.push_text(text),
                Err(error) if error.error_len().is_none() => self.partial_char = cut,
                Err(_) => {
                    // The byte does not continue that character.
                    self.push_text(REPLACEMENT);
                    return piece;
                }
            }
            piece = rest;
        }
        piece
    }

    /// Adds text. Capacity doubles, but never beyond what the limit allows.
    fn push_text(&mut self, text: &str) {
        let data = self.data.get_or_insert_default();
        let needed = data.len() + text.len();
        if needed > data.capacity() {
            let capacity = needed.max(self.limit.min(data.capacity() * 2));
            data.reserve_exact(capacity - data.len());
        }
        data.push_str(text);
    }

    /// Ends a line of data.
    fn finish_data_line(&mut self) -> Option<StreamEvent> {
        if !mem::take(&mut self.partial_char).is_empty() {
            self.push_text(REPLACEMENT);
        }
        self.len = self.data.as_ref().map_or(0, String::len);
        None
    }
}

/// A byte order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The replacement of invalid UTF-8.
const REPLACEMENT: &str = "\u{fffd}";

/// The offset of the value in a `data` line; `None` for other lines.
fn data_value_start(line: &[u8]) -> Option<usize> {
    match line.strip_prefix(b"data")? {
        [] => Some(4),
        [b':', b' ', ..] => Some(6),
        [b':', ..] => Some(5),
        _ => None,
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
