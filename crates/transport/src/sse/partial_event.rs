//! One event of the stream while its lines arrive.

use std::mem;

use super::{END_MARKER, StreamEvent};

/// What a line is.
#[derive(Debug, Clone, Copy)]
pub(super) enum LineKind {
    Unknown,
    /// A `data` line, whose value is added to the event as it arrives.
    Data,
    Comment,
    /// A line of another field, which is skipped.
    Other,
    /// The name of the event.
    EventName,
    /// A line that may be no field at all.
    Stray,
}

/// What the name of an event says, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EventName {
    /// Nothing.
    Other,
    /// It reports an error.
    Error,
    /// It ends the stream.
    End,
}

/// An event whose end has not arrived.
#[derive(Debug)]
pub(super) struct PartialEvent {
    /// The data lines so far; `None` before the first.
    pub(super) data: Option<String>,
    /// The length of the data when the current line began.
    pub(super) len: usize,
    /// The first bytes of a character that was cut at the end of a chunk.
    partial_char: Vec<u8>,
    /// Whether the stream's first line is still to come: only it may begin with a byte order mark.
    at_start: bool,
    name: EventName,
    /// The bytes of the current line, if it is the event's name or may be stray.
    pub(super) line_bytes: Vec<u8>,
    /// The stray lines since the last event.
    pub(super) stray: Vec<u8>,
    limit: usize,
}

impl PartialEvent {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            data: None,
            len: 0,
            partial_char: Vec::new(),
            at_start: true,
            name: EventName::Other,
            line_bytes: Vec::new(),
            stray: Vec::new(),
            limit,
        }
    }

    /// Reads a complete line, given without its line end.
    pub(super) fn read_line(&mut self, line: &[u8]) -> Option<StreamEvent> {
        if line.is_empty() {
            self.at_start = false;
            self.len = 0;
            let event = self.data.take().map(|data| self.name_data(data));
            self.name = EventName::Other;
            return event.or_else(|| self.take_stray());
        }
        let kind = self.begin_line(line);
        self.finish_line(kind)
    }

    /// Ends a line of this kind, and returns the event, comment or stray lines that this completes.
    pub(super) fn finish_line(&mut self, kind: LineKind) -> Option<StreamEvent> {
        match kind {
            LineKind::Data => {
                self.finish_data_line();
                self.take_stray()
            }
            LineKind::Comment => Some(StreamEvent::Comment),
            LineKind::EventName => {
                let name = self.line_bytes.strip_prefix(b"event:").unwrap_or_default();
                self.name = EventName::from_bytes(name.trim_ascii());
                self.line_bytes.clear();
                None
            }
            LineKind::Stray => self.finish_stray_line(),
            LineKind::Unknown | LineKind::Other => None,
        }
    }

    /// Ends a line that is no known field. Unknown fields are skipped, as the standard wants, but
    /// `data` counts in any case and with blanks around it.
    fn finish_stray_line(&mut self) -> Option<StreamEvent> {
        let line = mem::take(&mut self.line_bytes);
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
        if let Some((name, value)) = split_field(line) {
            if name.eq_ignore_ascii_case(b"data") {
                self.begin_data();
                self.push_value(value);
                return self.finish_line(LineKind::Data);
            }
            if name.eq_ignore_ascii_case(b"error") {
                return Some(StreamEvent::Error(String::from_utf8_lossy(value).into_owned()));
            }
            // A text in several lines may have one that looks like a field.
            if self.stray.is_empty() {
                return names_error(name)
                    .then(|| StreamEvent::Error(String::from_utf8_lossy(line).into_owned()));
            }
        }
        let is_first = self.stray.is_empty();
        if !is_first {
            self.stray.push(b'\n');
        }
        self.stray.extend_from_slice(line);
        // A whole JSON text on one line is an event without its field name.
        let line = line.trim_ascii();
        let is_json = matches!(line, [b'{', .., b'}'] | [b'[', .., b']']);
        if is_first && is_json { self.take_stray() } else { None }
    }

    pub(super) fn take_stray(&mut self) -> Option<StreamEvent> {
        let stray = mem::take(&mut self.stray);
        (!stray.trim_ascii().is_empty())
            .then(|| StreamEvent::Stray(String::from_utf8_lossy(&stray).into_owned()))
    }

    /// Makes an event of its data. A field name that a proxy wrote once more is no part of them.
    pub(super) fn name_data(&self, mut data: String) -> StreamEvent {
        while let Some(rest) = data.strip_prefix("data:") {
            data.drain(..data.len() - rest.trim_ascii_start().len());
        }
        match self.name {
            EventName::Error => StreamEvent::Error(data),
            EventName::End if matches!(data.trim(), "" | "{}" | "null") => {
                StreamEvent::Data(END_MARKER.to_owned())
            }
            EventName::Other | EventName::End => StreamEvent::Data(data),
        }
    }

    fn begin_data(&mut self) {
        match &mut self.data {
            None => self.data = Some(String::new()),
            Some(data) => data.push('\n'),
        }
    }

    /// Returns the kind of a line from its first bytes, and adds the part of its value among them.
    pub(super) fn begin_line(&mut self, line: &[u8]) -> LineKind {
        let is_first = mem::take(&mut self.at_start);
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first).unwrap_or(line);
        if line.starts_with(b":") {
            return LineKind::Comment;
        }
        let Some(begin) = data_value_start(line) else { return self.begin_other_line(line) };
        self.begin_data();
        self.push_value(line.get(begin..).unwrap_or_default());
        LineKind::Data
    }

    /// Returns the kind of a line that is no data, from its first bytes.
    fn begin_other_line(&mut self, line: &[u8]) -> LineKind {
        if matches!(line, b"id" | b"retry" | b"event")
            || line.starts_with(b"id:")
            || line.starts_with(b"retry:")
        {
            return LineKind::Other;
        }
        self.line_bytes.extend_from_slice(line);
        if line.starts_with(b"event:") { LineKind::EventName } else { LineKind::Stray }
    }

    /// Adds a piece of a line's value. Valid text goes straight to the data, without a copy.
    pub(super) fn push_value(&mut self, piece: &[u8]) {
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
    fn finish_data_line(&mut self) {
        if !mem::take(&mut self.partial_char).is_empty() {
            self.push_text(REPLACEMENT);
        }
        self.len = self.data.as_ref().map_or(0, String::len);
    }
}

/// A byte order mark.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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

impl EventName {
    fn from_bytes(name: &[u8]) -> Self {
        match name.to_ascii_lowercase().as_slice() {
            b"done" | b"end" | b"complete" => Self::End,
            // Other names with these words have data of their own, such as `response.failed`.
            b"error" | b"exception" | b"failure" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// The name and the value of a line that has the form of a field: a word, perhaps with blanks
/// around it, and a colon.
fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(end)?;
    let name = name.trim_ascii();
    let is_word_byte = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_word = !name.is_empty() && name.iter().all(is_word_byte);
    is_word.then(|| (name, value.get(1..).unwrap_or_default().trim_ascii()))
}

/// Whether a name is that of an error, such as `ValueError`.
fn names_error(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(b"error") || name.ends_with(b"exception")
}
