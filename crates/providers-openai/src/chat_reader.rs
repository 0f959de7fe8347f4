//! Reads the events of a chat completion.

use openclaw_transport::wire::{ChatChunk, ChatDelta};
use openclaw_transport::{LenientJsonParser, parse_error_event};
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
        match data.trim() {
            "[DONE]" => return Ok(StreamItem::EndMarker),
            "" | "null" => return Ok(StreamItem::Chunk(ChatChunk::default())),
            _ => {}
        }
        // A list would be read as the fields of a chunk in their order.
        if !self.json_parser.has_open_half()
            && data.trim_start().starts_with('{')
            && let Ok(chunk) = serde_json::from_str::<ChatChunk>(data)
            && !has_error(&chunk)
            && (!chunk.choices.is_empty() || chunk.usage.is_some())
        {
            self.fast_path.record_chunk(data, &chunk);
            return Ok(StreamItem::Chunk(chunk));
        }
        let malformed = |error| StreamFault::Malformed(Some(error));
        let value = self.json_parser.parse(data).map_err(malformed)?;
        if parse_error_event(&value).is_some() {
            return Err(StreamFault::ServerError(value));
        }
        match value {
            Value::Array(values) => {
                let mut chunk = ChatChunk::default();
                for value in values {
                    let part = serde_json::from_value::<ChatChunk>(value).map_err(malformed)?;
                    chunk.choices.extend(part.choices);
                    chunk.usage = part.usage.or(chunk.usage);
                }
                check_choices(chunk)
            }
            Value::Object(_) => check_choices(serde_json::from_value(value).map_err(malformed)?),
            _ => Err(StreamFault::Malformed(None)),
        }
    }
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
