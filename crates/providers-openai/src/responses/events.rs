//! What each event means.

use openclaw_transport::ServerError;
use openclaw_transport::wire::{ChatChunk, Response, ResponseEvent};
use serde_json::{Value, json};

use super::reader::Reader;
use crate::api::{Fault, Meaning};

/// Events that carry something of an answer, by how their kinds begin. Others may come at any
/// time, now or in a later version of the API.
const KNOWN: [&str; 10] = [
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
pub(crate) fn read(reader: &mut Reader, data: &str) -> Result<Meaning, Fault> {
    if data.trim() == "[DONE]" {
        // Not of this API, though some servers send it. It stands for the end only where nothing
        // is known to be missing.
        let is_end = reader.is_settled();
        return Ok(if is_end { Meaning::Done } else { Meaning::Piece(ChatChunk::default()) });
    }
    let event = match serde_json::from_str::<ResponseEvent>(data) {
        Ok(event) if event.kind.is_some() => event,
        event => return other(reader, data, event.err()),
    };
    let kind = event.kind.as_deref().unwrap_or_default();
    match kind {
        "response.created" | "response.in_progress" | "response.queued" => Ok(Meaning::Begun),
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
            let by_event = kind.strip_prefix("response.").unwrap_or_default().to_owned();
            ending(reader, event.response.unwrap_or_default(), &by_event)
        }
        "error" => {
            let event = serde_json::from_str::<Value>(data).unwrap_or_default();
            let is_inside = event.get("error").is_some_and(|error| !error.is_null());
            Err(Fault::Said(if is_inside { event } else { json!({ "error": event }) }))
        }
        _ => Ok(Meaning::Piece(reader.event(event))),
    }
}

/// Reads what has no kind or not the shape of one: an error, a whole answer, or something new.
fn other(
    reader: &mut Reader,
    data: &str,
    error: Option<serde_json::Error>,
) -> Result<Meaning, Fault> {
    let value = serde_json::from_str::<Value>(data).unwrap_or_default();
    let is_whole = value.get("output").is_some_and(Value::is_array);
    let kind = value.get("type").and_then(Value::as_str);
    match kind {
        // An answer that was not streamed has a field `error` as well.
        None if is_whole => match serde_json::from_value::<Response>(value) {
            Ok(response) => ending(reader, response, "completed"),
            Err(error) => Err(Fault::Garbled(Some(error))),
        },
        _ if ServerError::in_band(&value).is_some() => Err(Fault::Said(value)),
        Some(kind) if !KNOWN.iter().any(|known| kind.starts_with(known)) => {
            Ok(Meaning::Piece(ChatChunk::default()))
        }
        _ => Err(Fault::Garbled(error)),
    }
}

/// Reads the answer at its end. The status in the answer counts, not the kind of the event: a cut
/// answer may come as completed.
fn ending(reader: &mut Reader, response: Response, by_event: &str) -> Result<Meaning, Fault> {
    let status = response.status.clone().unwrap_or_else(|| by_event.to_owned());
    let failed = |status: &str| matches!(status, "failed" | "cancelled");
    if failed(&status) || failed(by_event) {
        return Err(match response.error {
            Some(error) => Fault::Said(json!({ "error": error })),
            None => Fault::Ended(status),
        });
    }
    let details = response.incomplete_details.as_ref();
    let reason = match details.and_then(|details| details.reason.as_deref()) {
        Some("content_filter") => "content_filter",
        _ if status == "incomplete" || by_event == "incomplete" => "length",
        _ => "stop",
    };
    Ok(Meaning::Last(reader.end(&response, reason)))
}

#[cfg(test)]
mod tests;
