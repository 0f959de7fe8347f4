//! Reads the own export format.

use std::str::FromStr;

use serde_json::Value;

use super::{ImportedSession, QuarantineWriter, SourceLine};
use crate::event::{EventRecord, decode_event};
use crate::export::{FORMAT_NAME, FORMAT_VERSION};

/// Keeps the numbers of the events, so that references between events stay valid.
pub(super) fn read(lines: Vec<SourceLine>, quarantine: &mut QuarantineWriter) -> ImportedSession {
    let mut contents = ImportedSession::default();
    let mut last = 0;
    for line in lines {
        let Some(value) = &line.value else {
            quarantine.add_line(&line, "not a JSON object");
            continue;
        };
        if value.get("format").is_some() {
            if let Err(why) = read_header(value, &mut contents) {
                quarantine.add_line(&line, why);
            }
            continue;
        }
        match parse_record(value, last) {
            Err(why) => quarantine.add_line(&line, why),
            Ok(record) => {
                last = record.seq;
                contents.events += 1;
                // Invalid or unknown events are imported unchanged.
                match decode_event(&record.kind, &record.json) {
                    Ok(Some(event)) => contents.batch.push(record, &event),
                    _ => contents.batch.push_unknown(record),
                }
            }
        }
    }
    contents
}

fn read_header(value: &Value, contents: &mut ImportedSession) -> Result<(), &'static str> {
    if value.get("format").and_then(Value::as_str) != Some(FORMAT_NAME)
        || value.get("version").and_then(Value::as_u64) != Some(FORMAT_VERSION)
    {
        return Err("another format or version");
    }
    contents.id = parse_field(value, "id");
    contents.key = parse_field(value, "key");
    contents.agent = parse_field(value, "agent");
    contents.title = parse_field(value, "title");
    Ok(())
}

fn parse_field<T: FromStr>(value: &Value, key: &str) -> Option<T> {
    value.get(key).and_then(Value::as_str)?.parse().ok()
}

fn parse_record(value: &Value, last: u64) -> Result<EventRecord, &'static str> {
    let seq = value.get("seq").and_then(Value::as_u64).ok_or("no number")?;
    let kind = value.get("kind").and_then(Value::as_str).ok_or("no kind")?;
    let at = value.get("at").and_then(Value::as_i64).ok_or("no time")?;
    let crc = value.get("crc").and_then(Value::as_u64).ok_or("no checksum")?;
    let event = value.get("event").ok_or("damaged when it was exported")?;
    if seq <= last || i64::try_from(seq).is_err() {
        return Err("out of order");
    }
    let record =
        EventRecord { seq, kind: kind.to_owned(), json: event.to_string(), recorded_at: at };
    if u64::from(record.compute_crc()) == crc { Ok(record) } else { Err("the checksum is wrong") }
}
