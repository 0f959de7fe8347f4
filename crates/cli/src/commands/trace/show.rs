//! `openclaw trace show`.

use std::fmt::Write as _;
use std::io;

use openclaw_runtime::{Answer, Record};
use serde_json::{Map, Value};

use super::facts::{age, bytes, duration, outcome, seconds_ago};
use crate::args::trace::TraceShow;
use crate::commands::Context;
use crate::exit::Exit;
use crate::times::utc;

/// How much of a text is shown without `--full`, in characters.
const SHORT: usize = 400;

pub(super) fn run(context: &Context, record: &Record, args: &TraceShow) -> io::Result<Exit> {
    if args.json {
        let value = serde_json::to_value(record).map_err(io::Error::other)?;
        context.printer.answer_json(&value)?;
        return Ok(Exit::Ok);
    }
    let text = describe(record, args);
    // A key that came in several pieces is one only here.
    context.printer.answer(&context.runtime.without_keys(&text))?;
    Ok(Exit::Ok)
}

fn describe(record: &Record, args: &TraceShow) -> String {
    let mut text = String::new();
    let when = utc(record.request.at);
    let ago = age(seconds_ago(record));
    // Writing to a string does not fail.
    let _ =
        writeln!(text, "exchange {}: {}, {when} UTC, {ago} ago", record.number, outcome(record));
    request(&mut text, record, args.full);
    response(&mut text, record);
    if args.events {
        events(&mut text, record);
    } else {
        answer(&mut text, record, args.full);
    }
    end(&mut text, record);
    text
}

fn request(text: &mut String, record: &Record, full: bool) {
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
    let _ = writeln!(text, "  body: {}{}", bytes(body.size), body_notes(body));
    if let Some(Value::Object(fields)) = record.request_json() {
        conversation(text, &fields, full);
    } else {
        let raw = String::from_utf8_lossy(&body.bytes()).into_owned();
        let _ = writeln!(text, "{}", cut(&raw, full));
    }
}

/// What a body in JSON says, its conversation last.
fn conversation(text: &mut String, fields: &Map<String, Value>, full: bool) {
    let is_long = |key: &str| matches!(key, "messages" | "tools" | "input" | "instructions");
    for (key, value) in fields.iter().filter(|(key, _)| !is_long(key)) {
        let _ = writeln!(text, "  {key}: {}", cut(&value.to_string(), full));
    }
    if let Some(tools) = fields.get("tools").and_then(Value::as_array) {
        let names = tools.iter().filter_map(tool_name);
        let _ = writeln!(text, "  tools: {}", names.collect::<Vec<_>>().join(", "));
    }
    if let Some(instructions) = fields.get("instructions").and_then(Value::as_str) {
        let _ = writeln!(text, "[instructions] {}", cut(instructions, full));
    }
    let messages = fields.get("messages").or_else(|| fields.get("input"));
    for message in messages.and_then(Value::as_array).into_iter().flatten() {
        let _ = writeln!(text, "{}", message_line(message, full));
    }
    if let Some(input) = fields.get("input").and_then(Value::as_str) {
        let _ = writeln!(text, "[user] {}", cut(input, full));
    }
}

fn body_notes(body: &openclaw_runtime::Body) -> String {
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

/// A message in its role's brackets, calls included.
fn message_line(message: &Value, full: bool) -> String {
    let field = |key: &str| message.get(key).and_then(Value::as_str);
    let role = field("role").or_else(|| field("type")).unwrap_or("?");
    let mut parts = Vec::new();
    match message.get("content").or_else(|| message.get("output")) {
        Some(Value::String(content)) => parts.push(cut(content, full)),
        Some(Value::Null) | None => {}
        Some(other) => parts.push(cut(&other.to_string(), full)),
    }
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let function = call.get("function").unwrap_or(call);
        let part = |key: &str| function.get(key).and_then(Value::as_str).unwrap_or_default();
        parts.push(cut(&format!("→ {}({})", part("name"), part("arguments")), full));
    }
    if let (Some(name), Some(arguments)) = (field("name"), field("arguments")) {
        parts.push(cut(&format!("→ {name}({arguments})"), full));
    }
    format!("[{role}] {}", parts.join("\n  "))
}

fn response(text: &mut String, record: &Record) {
    let Some(response) = &record.response else {
        let _ = writeln!(text, "\nno answer");
        return;
    };
    let connection = match response.connect_ms {
        Some(ms) => format!("a new connection, opened in {}", duration(ms)),
        None => "a connection that was open already".to_owned(),
    };
    let after = duration(response.ms);
    let _ = writeln!(text, "\nstatus {} after {after}, over {connection}", response.status);
    for (name, value) in &response.headers {
        let _ = writeln!(text, "  {name}: {value}");
    }
}

fn events(text: &mut String, record: &Record) {
    let mut before = record.response.as_ref().map_or(0.0, |response| response.ms);
    for (n, event) in record.events.iter().enumerate() {
        if let Some(gap) = record.gap.filter(|gap| gap.after == n) {
            let size = bytes(gap.bytes);
            let _ = writeln!(text, "… {} events of {size} were left out here …", gap.events);
        }
        let since = event.ms - before;
        before = event.ms;
        let data = event.data.as_deref().unwrap_or(": (a comment)");
        let _ = writeln!(text, "{:>10.1} ms {since:>+9.1}  {data}", event.ms);
    }
    if let Some(body) = &record.body {
        let _ = writeln!(text, "{}", String::from_utf8_lossy(&body.bytes()));
    }
}

fn answer(text: &mut String, record: &Record, full: bool) {
    let Answer { text: said, reasoning, calls, finish, error, .. } = record.answer();
    if !reasoning.is_empty() {
        let _ = writeln!(text, "[reasoning] {}", cut(&reasoning, full));
    }
    if !said.is_empty() {
        let _ = writeln!(text, "[answer] {}", cut(&said, full));
    }
    for call in &calls {
        let call = format!("{}({})", call.name, call.arguments);
        let _ = writeln!(text, "[call] {}", cut(&call, full));
    }
    if let Some(finish) = finish {
        let _ = writeln!(text, "[finish] {finish}");
    }
    let said_nothing = said.is_empty() && reasoning.is_empty() && calls.is_empty();
    match (&error, &record.body) {
        (Some(error), _) => {
            let _ = writeln!(text, "[error] {}", error.message);
        }
        (None, Some(body)) if said_nothing => {
            let _ = writeln!(text, "{}", cut(&String::from_utf8_lossy(&body.bytes()), full));
        }
        _ => {}
    }
}

fn end(text: &mut String, record: &Record) {
    let mut facts = Vec::new();
    if let Some(ms) = record.end.as_ref().and_then(|end| end.first_byte_ms) {
        facts.push(format!("first byte {}", duration(ms)));
    }
    if let Some(ms) = record.first_token_ms() {
        facts.push(format!("first token {}", duration(ms)));
    }
    match &record.end {
        Some(end) => facts.push(format!("end {}", duration(end.ms))),
        None => facts.push("no end: it is under way, or the program was killed".to_owned()),
    }
    let left_out = record.gap.map_or(0, |gap| gap.events);
    let count = u64::try_from(record.events.len()).unwrap_or_default() + left_out;
    if count > 0 {
        facts.push(format!("{count} events"));
    }
    if let Some(end) = &record.end {
        facts.push(bytes(end.bytes));
    }
    if let Some((input, output)) = record.answer().usage {
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
    if end.unwritten > 0 {
        let _ = writeln!(text, "{} lines are missing: the disk was too slow", end.unwritten);
    }
}

/// The text, or its beginning.
fn cut(text: &str, full: bool) -> String {
    match text.char_indices().nth(SHORT) {
        Some((at, _)) if !full => {
            let rest = text.chars().count() - SHORT;
            format!("{}… ({rest} more characters; `--full`)", text.get(..at).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}
