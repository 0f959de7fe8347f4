//! Frames that are not written as the API has them: several in one event, one inside an envelope,
//! and those of other APIs that the same servers have.

use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::dialect;

/// The most envelopes around a frame.
const MAX_ENVELOPES: usize = 3;

/// The keys of an envelope.
const ENVELOPE_KEYS: [&str; 5] = ["data", "result", "output", "body", "response"];

/// Splits an event into its JSON texts and end markers. A text that breaks off before the field
/// name of the next one is left out. Empty if there is nothing to read.
pub(super) fn split_frames(data: &str) -> Vec<&str> {
    const FIELD: &str = "data:";
    let mut frames = Vec::new();
    let mut rest = data;
    loop {
        rest =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}'));
        if let Some(behind) = rest.strip_prefix(FIELD) {
            rest = behind;
            continue;
        }
        if openclaw_transport::is_end_marker(rest) {
            frames.push(rest);
            return frames;
        }
        let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        let is_text = rest.starts_with(['{', '[']) && matches!(texts.next(), Some(Ok(_)));
        if let Some((frame, behind)) =
            rest.split_at_checked(texts.byte_offset()).filter(|_| is_text)
        {
            frames.push(frame);
            rest = behind;
            continue;
        }
        let Some((_, behind)) = rest.split_once(FIELD) else { return frames };
        rest = behind;
    }
}

/// Decodes an event that a proxy wrote as a bytes literal of Python: `b'{…}'`.
pub(super) fn parse_bytes_literal(data: &str) -> Option<String> {
    let literal = data.trim().strip_prefix('b')?;
    let quote = literal.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut chars = literal.strip_prefix(quote)?.strip_suffix(quote)?.chars();
    let mut bytes = Vec::with_capacity(literal.len());
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        bytes.push(match chars.next()? {
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).ok()?
            }
            c => u8::try_from(c).ok()?,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Parses a frame that is written as a Python object.
pub(super) fn parse_python_frame(data: &str) -> Option<Value> {
    dialect::parse_python_object(data.trim()).map(Value::Object)
}

/// The frame inside a value, as the API has it; the value itself if there is none.
pub(super) fn open_envelope(mut value: Value) -> Value {
    for _ in 0..MAX_ENVELOPES {
        let Value::Object(object) = &mut value else { break };
        if object.contains_key("choices") {
            break;
        }
        if let Some(choice) = native_choice(object) {
            let usage = object.remove("usage").unwrap_or_else(|| native_usage(object));
            return json!({ "choices": [choice], "usage": usage });
        }
        let inner =
            ENVELOPE_KEYS.iter().find(|key| object.get(**key).is_some_and(Value::is_object));
        let Some(inner) = inner.and_then(|key| object.remove(*key)) else { break };
        value = inner;
    }
    value
}

/// The choice that a frame of another API amounts to: of the native API of Ollama, of llama.cpp,
/// of text-generation-inference, of Cloudflare.
fn native_choice(object: &Map<String, Value>) -> Option<Value> {
    let is_true = |key: &str| object.get(key) == Some(&Value::Bool(true));
    let is_end = is_true("done") || is_true("stop");
    let token = object.get("token").and_then(Value::as_object);
    let details = object.get("details").and_then(|details| details.get("finish_reason"));
    let reason = ["finish_reason", "done_reason", "stop_reason"]
        .iter()
        .find_map(|key| object.get(*key).filter(|reason| reason.is_string()))
        .or(details)
        .cloned()
        .unwrap_or_else(|| if is_end { json!("stop") } else { Value::Null });
    // A text in place of the message says something about the answer.
    let message = object.get("message").filter(|message| message.is_object());
    let delta = match message.or_else(|| object.get("delta")) {
        Some(message) => message.clone(),
        None if token.is_some_and(|token| token.get("special") == Some(&json!(true))) => json!({}),
        None => {
            let text = token.and_then(|token| token.get("text"));
            let keys = ["response", "content", "text", "generated_text", "completion"];
            let text = text.or_else(|| keys.iter().find_map(|key| object.get(*key)));
            json!({ "content": text.filter(|text| text.is_string())? })
        }
    };
    Some(json!({ "index": 0, "delta": delta, "finish_reason": reason }))
}

/// The usage of the native API of Ollama.
fn native_usage(object: &Map<String, Value>) -> Value {
    match (object.get("prompt_eval_count"), object.get("eval_count")) {
        (None, None) => Value::Null,
        (prompt, completion) => json!({"prompt_tokens": prompt, "completion_tokens": completion}),
    }
}
