//! Reads the events of a chat completion.

mod frames;

use openclaw_transport::wire::{ChatChunk, ChatDelta};
use openclaw_transport::{LenientJsonParser, is_end_marker, parse_error_event};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{StreamFault, StreamItem};
use crate::delta_template::DeltaFastPath;

/// The state of one answer. Nearly all events take the template's way or that of valid JSON; only
/// the rest is parsed leniently.
#[derive(Debug, Default)]
pub(crate) struct ChatReader {
    fast_path: DeltaFastPath,
    json_parser: LenientJsonParser,
}

impl ChatReader {
    /// Reads an event that differs from an earlier one only in its text; `None` for any other.
    pub(crate) fn read_by_template(&mut self, data: &str) -> Option<ChatDelta> {
        if self.json_parser.has_open_half() {
            return None;
        }
        self.fast_path.read_delta(data)
    }

    /// Reads one event.
    pub(crate) fn read(&mut self, data: &str) -> Result<StreamItem, StreamFault> {
        let mut item = self.read_event(data)?;
        if self.json_parser.has_open_half()
            && let StreamItem::Chunk(chunk) = &mut item
            && let Some(last) = chunk.choices.iter_mut().find(|it| it.finish_reason.is_some())
            && self.json_parser.abandon_open_half("content")
        {
            last.delta.content.get_or_insert_default().push(char::REPLACEMENT_CHARACTER);
        }
        Ok(item)
    }

    fn read_event(&mut self, data: &str) -> Result<StreamItem, StreamFault> {
        if is_end_marker(data) {
            return Ok(StreamItem::EndMarker);
        }
        if matches!(data.trim(), "" | "null") {
            return Ok(StreamItem::Chunk(ChatChunk::default()));
        }
        // A list would be read as the fields of a chunk in their order.
        if !self.json_parser.has_open_half()
            && data.trim_start().starts_with('{')
            && let Ok(chunk) = serde_json::from_str::<ChatChunk>(data)
            && !has_error(&chunk)
            // Beside the usage there may be an envelope with the answer.
            && !chunk.choices.is_empty()
        {
            self.fast_path.record_chunk(data, &chunk);
            return Ok(StreamItem::Chunk(with_reason(chunk)));
        }
        match self.json_parser.parse(data) {
            Ok(value) => read_value(value, MAX_TEXT_DEPTH),
            Err(error) => self.read_frames(data, error),
        }
    }

    /// Reads an event that is no JSON text, but may be several, or one with something around it.
    fn read_frames(
        &mut self,
        data: &str,
        error: serde_json::Error,
    ) -> Result<StreamItem, StreamFault> {
        if let Some(text) = frames::parse_bytes_literal(data) {
            return self.read_frames(&text, error);
        }
        let frames = frames::split_frames(data);
        if frames.is_empty() {
            return match frames::parse_python_frame(data) {
                Some(value) => read_value(value, MAX_TEXT_DEPTH),
                None => Err(StreamFault::Malformed(Some(error))),
            };
        }
        let mut chunk = ChatChunk::default();
        let mut is_last = false;
        for frame in frames {
            if is_end_marker(frame) {
                is_last = true;
                break;
            }
            let value = self.json_parser.parse(frame).map_err(malformed)?;
            if let StreamItem::Chunk(part) = read_value(value, MAX_TEXT_DEPTH)? {
                append_chunk(&mut chunk, part);
            }
        }
        Ok(if is_last { StreamItem::LastChunk(chunk) } else { StreamItem::Chunk(chunk) })
    }
}

/// The most texts inside texts that are read as JSON.
const MAX_TEXT_DEPTH: u8 = 2;

fn malformed(error: serde_json::Error) -> StreamFault {
    StreamFault::Malformed(Some(error))
}

/// Reads an event that was parsed.
fn read_value(value: Value, text_depth: u8) -> Result<StreamItem, StreamFault> {
    if parse_error_event(&value).is_some() {
        return Err(StreamFault::ServerError(value));
    }
    match value {
        Value::Array(values) => {
            let mut chunk = ChatChunk::default();
            for value in values {
                append_chunk(&mut chunk, read_chunk(value)?);
            }
            check_choices(chunk)
        }
        Value::Object(_) => check_choices(read_chunk(value)?),
        Value::String(text) => {
            let inner = text_depth.checked_sub(1).filter(|_| text.trim_start().starts_with('{'));
            let depth = inner.ok_or(StreamFault::Malformed(None))?;
            read_value(serde_json::from_str(&text).map_err(malformed)?, depth)
        }
        _ => Err(StreamFault::Malformed(None)),
    }
}

fn read_chunk(value: Value) -> Result<ChatChunk, StreamFault> {
    let value = frames::open_envelope(value);
    if parse_error_event(&value).is_some() {
        return Err(StreamFault::ServerError(value));
    }
    ChatChunk::deserialize(value).map(with_reason).map_err(malformed)
}

fn append_chunk(chunk: &mut ChatChunk, part: ChatChunk) {
    chunk.choices.extend(part.choices);
    chunk.usage = part.usage.or(chunk.usage);
}

/// Moves a finish reason that stands outside of the choices into the last of them.
fn with_reason(mut chunk: ChatChunk) -> ChatChunk {
    if let Some(reason) = chunk.finish_reason.take()
        && let Some(choice) = chunk.choices.last_mut()
    {
        choice.finish_reason.get_or_insert(reason);
    }
    chunk
}

fn has_error(chunk: &ChatChunk) -> bool {
    chunk.error.is_some() || chunk.choices.iter().any(|choice| choice.error.is_some())
}

/// Returns the chunk, unless one of its choices is an error.
fn check_choices(mut chunk: ChatChunk) -> Result<StreamItem, StreamFault> {
    let errors = chunk.choices.iter_mut().filter_map(|choice| choice.error.take());
    let events = errors.map(|error| json!({ "error": error }));
    match events.into_iter().find(|event| parse_error_event(event).is_some()) {
        Some(event) => Err(StreamFault::ServerError(event)),
        None => Ok(StreamItem::Chunk(chunk)),
    }
}

#[cfg(test)]
mod tests;
