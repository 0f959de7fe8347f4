//! Interprets the events of the Responses API.

use openclaw_transport::wire::{ChatChunk, ResponseEvent, ResponseObject};
use openclaw_transport::{is_end_marker, parse_error_event, parse_lenient_json};
use serde_json::{Value, json};

use super::reader::ResponsesReader;
use crate::api::{StreamFault, StreamItem};

/// Prefixes of event kinds that carry a part of the answer. Other kinds may come at any time, also
/// from later versions of the API.
const ANSWER_EVENT_PREFIXES: [&str; 10] = [
    "response.output_text.",
    "response.refusal.",
    "response.reasoning",
    "response.function_call_arguments.",
    "response.content_part.",
    "response.output_item.",
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.cancelled",
];

/// Reads one event.
pub(crate) fn read_response_event(
    reader: &mut ResponsesReader,
    data: &str,
) -> Result<StreamItem, StreamFault> {
    if is_end_marker(data) {
        // `[DONE]` is not part of this API, but some servers send it. It ends the answer only where
        // no item is known to be unfinished.
        let is_end = reader.is_complete();
        return Ok(if is_end {
            StreamItem::EndMarker
        } else {
            StreamItem::Chunk(ChatChunk::default())
        });
    }
    let has_open_half = reader.json_parser.has_open_half();
    let event = match serde_json::from_str::<ResponseEvent>(data) {
        Ok(event) if event.kind.is_some() && !has_open_half => event,
        _ => match parse_event(reader, data) {
            Ok(value) if value.get("type").is_some_and(Value::is_string) => {
                match serde_json::from_value::<ResponseEvent>(value.clone()) {
                    Ok(event) => event,
                    Err(error) => return read_untyped_event(reader, value, Some(error)),
                }
            }
            Ok(value) => return read_untyped_event(reader, value, None),
            Err(error) => return Err(StreamFault::Malformed(Some(error))),
        },
    };
    let kind = event.kind.as_deref().unwrap_or_default();
    match kind {
        "response.created" | "response.in_progress" | "response.queued" => Ok(StreamItem::Accepted),
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
            let event_status = kind.strip_prefix("response.").unwrap_or_default().to_owned();
            finish_response(reader, event.response.unwrap_or_default(), &event_status)
        }
        "error" => {
            let event = parse_lenient_json(data).unwrap_or_default();
            let has_error_field = event.get("error").is_some_and(|error| !error.is_null());
            Err(StreamFault::ServerError(if has_error_field {
                event
            } else {
                json!({ "error": event })
            }))
        }
        _ => Ok(StreamItem::Chunk(reader.read_event(event))),
    }
}

/// Parses an event that is not quite JSON, or that may hold the second half of a character. The
/// texts of a delta may go on in the next one; those of any other event are whole, and an event
/// that completes a text has all of it.
fn parse_event(reader: &mut ResponsesReader, data: &str) -> Result<Value, serde_json::Error> {
    if data.contains(".delta\"") {
        reader.json_parser.parse(data)
    } else if data.contains(".done\"") || data.contains("\"response.completed\"") {
        reader.json_parser.parse_whole(data)
    } else {
        parse_lenient_json(data)
    }
}

/// Reads an event without a known kind: an error, an answer that was not streamed, or a new kind.
fn read_untyped_event(
    reader: &mut ResponsesReader,
    value: Value,
    error: Option<serde_json::Error>,
) -> Result<StreamItem, StreamFault> {
    let is_whole_response = value.get("output").is_some_and(Value::is_array);
    let kind = value.get("type").and_then(Value::as_str);
    match kind {
        // An answer that was not streamed has a field `error` as well.
        None if is_whole_response => match serde_json::from_value::<ResponseObject>(value) {
            Ok(response) => finish_response(reader, response, "completed"),
            Err(error) => Err(StreamFault::Malformed(Some(error))),
        },
        _ if parse_error_event(&value).is_some() => Err(StreamFault::ServerError(value)),
        Some(kind) if !ANSWER_EVENT_PREFIXES.iter().any(|known| kind.starts_with(known)) => {
            Ok(StreamItem::Chunk(ChatChunk::default()))
        }
        _ => Err(StreamFault::Malformed(error)),
    }
}

/// Reads the final answer. Its status counts, not the kind of the event: a truncated answer may
/// come as completed.
fn finish_response(
    reader: &mut ResponsesReader,
    response: ResponseObject,
    event_status: &str,
) -> Result<StreamItem, StreamFault> {
    let status = response.status.clone().unwrap_or_else(|| event_status.to_owned());
    let is_failure = |status: &str| matches!(status, "failed" | "cancelled");
    if is_failure(&status) || is_failure(event_status) {
        return Err(match response.error {
            Some(error) => StreamFault::ServerError(json!({ "error": error })),
            None => StreamFault::AnswerFailed(status),
        });
    }
    let details = response.incomplete_details.as_ref();
    let reason = match details.and_then(|details| details.reason.as_deref()) {
        Some("content_filter") => "content_filter",
        _ if status == "incomplete" || event_status == "incomplete" => "length",
        _ => "stop",
    };
    Ok(StreamItem::LastChunk(reader.read_final_response(&response, reason)))
}

#[cfg(test)]
mod tests;
