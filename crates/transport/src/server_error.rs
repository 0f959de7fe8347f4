//! Parses the error bodies of OpenAI-compatible servers, in all their shapes.

use openclaw_exchange::ServerErrorMessage;
use serde_json::{Map, Value};

use crate::json_repair::parse_lenient_json;

/// The longest message kept, in characters.
const MAX_MESSAGE: usize = 2_000;

/// The most levels of objects and of JSON inside texts that are searched for a message.
const MAX_DEPTH: u8 = 6;

/// The keys of an error's message, the most telling first. The value of each may be a text, an
/// object, or a list of them.
const MESSAGE_KEYS: [&str; 20] = [
    // Beside it, `error` is a short name of the kind.
    "error_description",
    "error",
    "Error",
    "errors",
    "fault",
    "faultstring",
    "message",
    "msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "detail",
    "details",
    "description",
    "reason",
    "Message",
    "title",
    "status_msg",
    "base_resp",
    "exception",
];

/// The keys that only an error has.
const ERROR_KEYS: [&str; 4] = ["error", "Error", "fault", "exception"];

/// The keys of what lies behind an error, whose message is shown with that of the error: a gateway
/// keeps the words of the server behind it there.
const CAUSE_KEYS: [&str; 7] =
    ["message", "metadata", "raw", "innererror", "inner_error", "cause", "provider_error"];

/// The keys of an error's code, the most telling first.
const CODE_KEYS: [&str; 6] =
    ["code", "error_code", "errorCode", "status_code", "statusCode", "status"];

/// Parses the body of a response that is not 2xx. The message is looked for under the usual keys
/// (`error`, `message`, `detail`, `msg`, …), in lists, in nested objects and in JSON inside a text.
/// Of a web page the visible text is the message, and of any other body the body itself. `None` for
/// a body that says nothing.
#[must_use]
pub fn parse_error_body(body: &[u8]) -> Option<ServerErrorMessage> {
    let text = String::from_utf8_lossy(body);
    match parse_lenient_json(&text) {
        Ok(value) => parse_error_value(&value),
        Err(_) => parse_error_text(&text),
    }
}

/// Parses a stream event that reports an error: one with a field `error`, or one that has no part of
/// an answer and says what went wrong in another way (`"object": "error"`, `detail`, `message`, a
/// code). `None` for any other event.
#[must_use]
pub fn parse_error_event(event: &Value) -> Option<ServerErrorMessage> {
    match event {
        Value::Array(events) => events.iter().find_map(parse_error_event),
        Value::Object(object) => {
            let is_error = ERROR_KEYS.iter().any(|key| object.get(*key).is_some_and(is_set))
                || (!has_answer_part(object) && has_sign_of_error(object));
            if is_error {
                return parse_error_value(event);
            }
            find_named_error(object).and_then(parse_error_value)
        }
        _ => None,
    }
}

/// The error in an event that has it under its own name (`{"throttlingException": {…}}`), or in a
/// vendor's extension (`{"x_groq": {"error": …}}`).
fn find_named_error(event: &Map<String, Value>) -> Option<&Value> {
    let in_extension = event.iter().find_map(|(name, value)| {
        value.get("error").filter(|error| name.starts_with("x_") && is_set(error))
    });
    in_extension.or_else(|| {
        let names_error = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.ends_with("exception") || name.ends_with("error")
        };
        let errors = event.iter().filter(|(name, value)| names_error(name) && value.is_object());
        errors.map(|(_, value)| value).find(|value| is_set(value) && !has_answer_part(event))
    })
}

/// Parses a plain text or a web page. `None` if it says nothing.
fn parse_error_text(text: &str) -> Option<ServerErrorMessage> {
    let text = text.trim();
    let message = if text.starts_with('<') { visible_text(text) } else { text.to_owned() };
    (!message.is_empty()).then(|| ServerErrorMessage {
        message: printable_text(&message),
        ..ServerErrorMessage::default()
    })
}

fn parse_error_value(value: &Value) -> Option<ServerErrorMessage> {
    let mut error = ServerErrorMessage::default();
    error.message = match find_message(value, MAX_DEPTH, &mut error) {
        Some(message) => printable_text(&message),
        // The whole body is shown: nothing else is known.
        None => printable_text(&Some(value).filter(|value| is_set(value))?.to_string()),
    };
    Some(error)
}

/// Adds the fields beside a message. Those further inside were added before, and win.
fn fill_fields(error: &mut ServerErrorMessage, object: &Map<String, Value>) {
    let field =
        |name: &str| object.get(name).and_then(scalar_text).map(|text| printable_text(&text));
    error.kind = error.kind.take().or_else(|| field("type"));
    error.param = error.param.take().or_else(|| field("param"));
    let code = || CODE_KEYS.into_iter().find_map(field);
    error.code = error.code.take().or_else(code);
}

/// Finds the message in a value, and adds the fields beside it to `error`.
fn find_message(value: &Value, depth: u8, error: &mut ServerErrorMessage) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::String(text) => {
            let text = text.trim();
            let inner =
                if text.starts_with(['{', '[']) { parse_lenient_json(text).ok() } else { None };
            let inner = inner.and_then(|inner| find_message(&inner, depth, error));
            inner.or_else(|| (!text.is_empty()).then(|| text.to_owned()))
        }
        Value::Array(faults) => {
            let lines: Vec<String> =
                faults.iter().filter_map(|fault| find_fault(fault, depth, error)).collect();
            (!lines.is_empty()).then(|| lines.join("; "))
        }
        Value::Object(object) => {
            let values = MESSAGE_KEYS.into_iter().filter_map(|key| object.get(key));
            let message = values.filter(|value| is_set(value)).find_map(|value| match value {
                // An object without a message is one: `{"error": {"code": 7}}`.
                Value::Object(inner) => find_message(value, depth, error).or_else(|| {
                    fill_fields(error, inner);
                    Some(value.to_string())
                }),
                value => find_message(value, depth, error),
            });
            let message = with_cause(message, object, depth);
            fill_fields(error, object);
            message
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Adds to the message of an object what its cause says, if that is more.
fn with_cause(message: Option<String>, object: &Map<String, Value>, depth: u8) -> Option<String> {
    let causes = CAUSE_KEYS.into_iter().filter_map(|key| object.get(key));
    let mut fields = ServerErrorMessage::default();
    let mut causes = causes.filter_map(|cause| find_message(cause, depth, &mut fields));
    let Some(message) = message else { return causes.next() };
    match causes.find(|cause| !message.contains(cause.as_str())) {
        Some(cause) => Some(format!("{message}: {cause}")),
        None => Some(message),
    }
}

/// Finds the message of one of several faults, with its place in the request.
fn find_fault(fault: &Value, depth: u8, error: &mut ServerErrorMessage) -> Option<String> {
    let place = fault
        .get("loc")
        .and_then(Value::as_array)
        .map(|parts| parts.iter().filter_map(scalar_text).collect::<Vec<_>>().join("."));
    let mut of_fault = ServerErrorMessage::default();
    let message = find_message(fault, depth, &mut of_fault)
        .or_else(|| is_set(fault).then(|| fault.to_string()))?;
    if let Some(place) = place {
        let message = format!("{place}: {message}");
        error.param.get_or_insert_with(|| printable_text(&place));
        return Some(message);
    }
    let ServerErrorMessage { kind, param, code, .. } = of_fault;
    error.kind = error.kind.take().or(kind);
    error.param = error.param.take().or(param);
    error.code = error.code.take().or(code);
    Some(message)
}

/// Returns whether an event holds a part of an answer.
fn has_answer_part(object: &Map<String, Value>) -> bool {
    ["choices", "delta", "output", "content", "content_block", "item", "part", "response", "usage"]
        .into_iter()
        .any(|key| object.get(key).is_some_and(is_set))
}

/// Returns whether an event without a part of an answer reports an error.
fn has_sign_of_error(object: &Map<String, Value>) -> bool {
    let says = |key: &str, words: &[&str]| {
        object.get(key).and_then(Value::as_str).is_some_and(|value| words.contains(&value))
    };
    if says("object", &["error"])
        || says("type", &["error"])
        || says("status", &["error", "failed", "failure", "fail"])
        || object.get("success") == Some(&Value::Bool(false))
        || object.get("base_resp").and_then(Value::as_object).is_some_and(has_sign_of_error)
    {
        return true;
    }
    // An event of another kind may use these keys with another meaning.
    let is_other_kind = |kind: &str| {
        let kind = kind.to_ascii_lowercase();
        !["err", "fail", "exception"].iter().any(|word| kind.contains(word))
    };
    if object.get("type").and_then(Value::as_str).is_some_and(is_other_kind) {
        return false;
    }
    let has_words = MESSAGE_KEYS
        .into_iter()
        .filter(|key| *key != "title")
        .any(|key| object.get(key).is_some_and(|value| is_set(value) && !value.is_object()));
    let code = ["code", "error_code", "status_code", "status"].into_iter().find_map(|key| {
        let code = object.get(key)?;
        code.as_u64().or_else(|| code.as_str()?.parse().ok())
    });
    match code {
        // Some servers report success like this.
        Some(0 | 200..=299) => false,
        Some(_) => true,
        None => has_words,
    }
}

/// Returns whether a value says anything.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(object) => object.values().any(is_set),
    }
}

/// The text of a web page without its tags, its style and its scripts.
fn visible_text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag_start)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let skipped = ["style", "script"].into_iter().find(|name| {
            tag_start.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        let after = match skipped {
            Some(name) => tag_start.split_once(&format!("</{name}")).map(|(_, after)| after),
            None => Some(tag_start),
        };
        rest = after.and_then(|after| after.split_once('>')).map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the first number between `before` and `after` in a server's message, such as `8192`
/// between `length is ` and ` tokens`. An empty `after` matches anything.
#[must_use]
pub fn number_between(text: &str, before: &str, after: &str) -> Option<u32> {
    text.match_indices(before).find_map(|(at, _)| {
        let rest = text.get(at + before.len()..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at_checked(end)?;
        rest.starts_with(after).then(|| digits.parse().ok())?
    })
}

/// Returns a string or a number as text; `None` for anything else.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Cuts a text to [`MAX_MESSAGE`] and replaces control characters, which could drive a terminal.
fn printable_text(text: &str) -> String {
    let clean = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(MAX_MESSAGE).map(clean).collect();
    if text.chars().nth(MAX_MESSAGE).is_some() {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
