//! A session that was exported here.

use std::str::FromStr;

use serde_json::Value;

use super::{Contents, Line, Quarantine};
use crate::event::{Record, decode};
use crate::export::{FORMAT, VERSION};

/// Takes the events as they are, numbers included, so that what refers to another still does.
pub(super) fn read(lines: Vec<Line>, quarantine: &mut Quarantine) -> Contents {
    let mut contents = Contents::default();
    let mut last = 0;
    for line in lines {
        let Some(value) = &line.value else {
            quarantine.add(&line, "not a JSON object");
            continue;
        };
        if value.get("format").is_some() {
            if let Err(why) = header(value, &mut contents) {
                quarantine.add(&line, why);
            }
            continue;
        }
        match record(value, last) {
            Err(why) => quarantine.add(&line, why),
            Ok(record) => {
                last = record.seq;
                contents.events += 1;
                // What is not valid, or not known here, is kept as it is all the same.
                match decode(&record.kind, &record.json) {
                    Ok(Some(event)) => contents.batch.push(record, &event),
                    _ => contents.batch.push_unknown(record),
                }
            }
        }
    }
    contents
}

fn header(value: &Value, contents: &mut Contents) -> Result<(), &'static str> {
    if value.get("format").and_then(Value::as_str) != Some(FORMAT)
        || value.get("version").and_then(Value::as_u64) != Some(VERSION)
    {
        return Err("another format or version");
    }
    contents.id = field(value, "id");
    contents.key = field(value, "key");
    contents.agent = field(value, "agent");
    contents.title = field(value, "title");
    Ok(())
}

fn field<T: FromStr>(value: &Value, key: &str) -> Option<T> {
    value.get(key).and_then(Value::as_str)?.parse().ok()
}

fn record(value: &Value, last: u64) -> Result<Record, &'static str> {
    let seq = value.get("seq").and_then(Value::as_u64).ok_or("no number")?;
    let kind = value.get("kind").and_then(Value::as_str).ok_or("no kind")?;
    let at = value.get("at").and_then(Value::as_i64).ok_or("no time")?;
    let crc = value.get("crc").and_then(Value::as_u64).ok_or("no checksum")?;
    let event = value.get("event").ok_or("damaged when it was exported")?;
    if seq <= last || i64::try_from(seq).is_err() {
        return Err("out of order");
    }
    let record = Record { seq, kind: kind.to_owned(), json: event.to_string(), at };
    if u64::from(record.crc()) == crc { Ok(record) } else { Err("the checksum is wrong") }
}
