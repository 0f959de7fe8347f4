//! A traced exchange as text.

use std::fmt::Write as _;

use openclaw_models::{AnswerSummary, TraceRecord};
use serde_json::{Map, Value};

use super::summary::{format_bytes, format_millis, format_seconds, outcome_text, seconds_ago};
use super::timestamp::format_utc;

/// How many characters of a text are shown without `--full`.
const PREVIEW_CHARS: usize = 400;

/// How much of an exchange is described.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExchangeDetail {
    /// Whether each event of the answer is listed with its time, instead of the answer.
    pub events: bool,
    /// Whether long texts are whole.
    pub full: bool,
}

/// Describes an exchange: what was sent, what came back, and when. Keys are not redacted:
/// one that is spread over several deltas becomes whole only here.
#[must_use]
pub fn describe_exchange(record: &TraceRecord, detail: ExchangeDetail) -> String {
    let mut text = String::new();
    let when = format_utc(record.request.at);
    let ago = format_seconds(seconds_ago(record));
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "exchange {}: {}, {when} UTC, {ago} ago",
        record.number,
        outcome_text(record)
    );
    write_request(&mut text, record, detail.full);
    write_response(&mut text, record);
    if detail.events {
        write_events(&mut text, record);
    } else {
        write_answer(&mut text, record, detail.full);
    }
    write_footer(&mut text, record);
    text
}

fn write_request(text: &mut String, record: &TraceRecord, full: bool) {
    let request = &record.request;
    let attempt = match request.attempt {
        0 | 1 => String::new(),
        attempt => format!(" (attempt {attempt})"),
    };
    let _ = writeln!(text, "\n{} {}{attempt}", request.method, request.url);
    for (name, value) in &request.headers {
        let from = request.variables.iter().find(|(header, _)| header == name);
        let from = from.map(|(_, variable)| format!("   (from {variable})")).unwrap_or_default();
        let _ = writeln!(text, "  {name}: {value}{from}");
    }
    let Some(body) = &request.body else { return };
    let _ = writeln!(text, "  body: {}{}", format_bytes(body.size), body_notes(body));
    if let Some(Value::Object(fields)) = record.request_json() {
        write_conversation(text, &fields, full);
    } else {
        let raw = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let _ = writeln!(text, "{}", truncate_text(&raw, full));
    }
}

/// Writes a JSON body, with its conversation last.
fn write_conversation(text: &mut String, fields: &Map<String, Value>, full: bool) {
    let is_long = |key: &str| matches!(key, "messages" | "tools" | "input" | "instructions");
    for (key, value) in fields.iter().filter(|(key, _)| !is_long(key)) {
        let _ = writeln!(text, "  {key}: {}", truncate_text(&value.to_string(), full));
    }
    if let Some(tools) = fields.get("tools").and_then(Value::as_array) {
        let names = tools.iter().filter_map(tool_name);
        let _ = writeln!(text, "  tools: {}", names.collect::<Vec<_>>().join(", "));
    }
    if let Some(instructions) = fields.get("instructions").and_then(Value::as_str) {
        let _ = writeln!(text, "[instructions] {}", truncate_text(instructions, full));
    }
    let messages = fields.get("messages").or_else(|| fields.get("input"));
    for message in messages.and_then(Value::as_array).into_iter().flatten() {
        let _ = writeln!(text, "{}", message_line(message, full));
    }
    if let Some(input) = fields.get("input").and_then(Value::as_str) {
        let _ = writeln!(text, "[user] {}", truncate_text(input, full));
    }
}

fn body_notes(body: &openclaw_models::TracedBody) -> String {
    let mut notes = String::new();
    if body.cut {
        notes.push_str(", cut in the middle (`diagnostics.trace.maxBytes`)");
    }
    match body.hidden {
        0 => {}
        1 => notes.push_str(", a secret was taken out"),
        count => {
            let _ = write!(notes, ", {count} secrets were taken out");
        }
    }
    notes
}

fn tool_name(tool: &Value) -> Option<&str> {
    tool.get("function").unwrap_or(tool).get("name")?.as_str()
}

/// Formats a message with its role in brackets, including its tool calls.
fn message_line(message: &Value, full: bool) -> String {
    let field = |key: &str| message.get(key).and_then(Value::as_str);
    let role = field("role").or_else(|| field("type")).unwrap_or("?");
    let mut parts = Vec::new();
    match message.get("content").or_else(|| message.get("output")) {
        Some(Value::String(content)) => parts.push(truncate_text(content, full)),
        Some(Value::Null) | None => {}
        Some(other) => parts.push(truncate_text(&other.to_string(), full)),
    }
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let function = call.get("function").unwrap_or(call);
        let part = |key: &str| function.get(key).and_then(Value::as_str).unwrap_or_default();
        parts.push(truncate_text(&format!("→ {}({})", part("name"), part("arguments")), full));
    }
    if let (Some(name), Some(arguments)) = (field("name"), field("arguments")) {
        parts.push(truncate_text(&format!("→ {name}({arguments})"), full));
    }
    format!("[{role}] {}", parts.join("\n  "))
}

fn write_response(text: &mut String, record: &TraceRecord) {
    let Some(response) = &record.response else {
        let _ = writeln!(text, "\nno answer");
        return;
    };
    let connection = match response.connect_ms {
        Some(ms) => format!("a new connection, opened in {}", format_millis(ms)),
        None => "a connection that was open already".to_owned(),
    };
    let after = format_millis(response.ms);
    let _ = writeln!(text, "\nstatus {} after {after}, over {connection}", response.status);
    for (name, value) in &response.headers {
        let _ = writeln!(text, "  {name}: {value}");
    }
}

fn write_events(text: &mut String, record: &TraceRecord) {
    let mut before = record.response.as_ref().map_or(0.0, |response| response.ms);
    for (n, event) in record.events.iter().enumerate() {
        if let Some(gap) = record.gap.filter(|gap| gap.after == n) {
            let size = format_bytes(gap.bytes);
            let _ = writeln!(text, "… {} events of {size} were left out here …", gap.events);
        }
        let since = event.ms - before;
        before = event.ms;
        let data = event.data.as_deref().unwrap_or(": (a comment)");
        let _ = writeln!(text, "{:>10.1} ms {since:>+9.1}  {data}", event.ms);
    }
    if let Some(body) = &record.body {
        let _ = writeln!(text, "{}", String::from_utf8_lossy(&body.to_bytes()));
    }
}

fn write_answer(text: &mut String, record: &TraceRecord, full: bool) {
    let AnswerSummary { text: answer_text, reasoning, calls, finish_reason, error, .. } =
        record.summarize_answer();
    if !reasoning.is_empty() {
        let _ = writeln!(text, "[reasoning] {}", truncate_text(&reasoning, full));
    }
    if !answer_text.is_empty() {
        let _ = writeln!(text, "[answer] {}", truncate_text(&answer_text, full));
    }
    for call in &calls {
        let call = format!("{}({})", call.name, call.arguments);
        let _ = writeln!(text, "[call] {}", truncate_text(&call, full));
    }
    if let Some(finish) = finish_reason {
        let _ = writeln!(text, "[finish] {finish}");
    }
    let is_empty_answer = answer_text.is_empty() && reasoning.is_empty() && calls.is_empty();
    match (&error, &record.body) {
        (Some(error), _) => {
            let _ = writeln!(text, "[error] {}", error.message);
        }
        (None, Some(body)) if is_empty_answer => {
            let _ = writeln!(
                text,
                "{}",
                truncate_text(&String::from_utf8_lossy(&body.to_bytes()), full)
            );
        }
        _ => {}
    }
}

fn write_footer(text: &mut String, record: &TraceRecord) {
    let mut facts = Vec::new();
    if let Some(ms) = record.end.as_ref().and_then(|end| end.first_byte_ms) {
        facts.push(format!("first byte {}", format_millis(ms)));
    }
    if let Some(ms) = record.first_token_ms() {
        facts.push(format!("first token {}", format_millis(ms)));
    }
    match &record.end {
        Some(end) => facts.push(format!("end {}", format_millis(end.ms))),
        None => facts.push("no end: it is under way, or the program was killed".to_owned()),
    }
    let omitted_events = record.gap.map_or(0, |gap| gap.events);
    let count = u64::try_from(record.events.len()).unwrap_or_default() + omitted_events;
    if count > 0 {
        facts.push(format!("{count} events"));
    }
    if let Some(end) = &record.end {
        facts.push(format_bytes(end.bytes));
    }
    if let Some((input, output)) = record.summarize_answer().usage {
        facts.push(format!("{input} tokens in, {output} out"));
    }
    let _ = writeln!(text, "\n{}", facts.join(" · "));
    let Some(end) = &record.end else { return };
    if let Some(error) = &end.error {
        let _ = writeln!(text, "failed to {}", error.message);
        if let Some(cause) = &error.cause {
            let _ = writeln!(text, "  cause: {cause}");
        }
    }
    if end.unreadable > 0 {
        let _ = writeln!(text, "{} events were not understood and skipped", end.unreadable);
    }
    if end.unwritten > 0 {
        let _ = writeln!(text, "{} lines are missing: the disk was too slow", end.unwritten);
    }
}

/// Returns the text, truncated unless `full`.
fn truncate_text(text: &str, full: bool) -> String {
    match text.char_indices().nth(PREVIEW_CHARS) {
        Some((at, _)) if !full => {
            let rest = text.chars().count() - PREVIEW_CHARS;
            format!("{}… ({rest} more characters; `--full`)", text.get(..at).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}
