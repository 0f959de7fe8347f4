//! Parses the error bodies of OpenAI-compatible servers, in all their shapes.

use serde_json::{Map, Value};

/// The longest message kept, in characters.
const MAX_MESSAGE: usize = 2_000;

/// An error as a server reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerError {
    /// The message: at most 2,000 characters, without control characters but line ends and tabs.
    pub message: String,
    /// The `type` field.
    pub kind: Option<String>,
    /// The `param` field, or the path of the first fault in a list of them.
    pub param: Option<String>,
    /// The `code` field, as text.
    pub code: Option<String>,
}

impl ServerError {
    /// Reads the body of a response that is not 2xx. Accepts `{"error": {…}}`, `{"error": "…"}`,
    /// `{"object": "error", "message": …}`, `{"detail": "…"}`, `{"detail": [{"loc", "msg"}]}` and
    /// plain text. `None` for an empty body, for HTML, and for JSON without an error.
    #[must_use]
    pub fn from_body(body: &[u8]) -> Option<Self> {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::from_value(&value);
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        (!text.is_empty() && !text.starts_with('<')).then(|| Self::from_text(text))
    }

    /// Reads a stream event that reports an error instead of a delta: `{"error": …}` or `{"object":
    /// "error", …}`. `None` for any other event.
    #[must_use]
    pub fn from_event(event: &Value) -> Option<Self> {
        let object = event.as_object()?;
        match object.get("error") {
            Some(Value::Object(error)) => Some(Self::from_object(error)),
            Some(Value::String(text)) => Some(Self::from_text(text)),
            _ if object.get("object").is_some_and(|kind| kind == "error") => {
                Some(Self::from_object(object))
            }
            _ => None,
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::from_text(text)),
            Value::Object(object) => Self::from_event(value).or_else(|| {
                match (object.get("detail"), object.get("message")) {
                    (Some(Value::Array(faults)), _) => Some(Self::from_faults(faults)),
                    (Some(Value::Null) | None, Some(_)) => Some(Self::from_object(object)),
                    (Some(Value::Null) | None, None) => None,
                    (Some(detail), _) => Self::from_value(detail),
                }
            }),
            _ => None,
        }
    }

    fn from_text(text: &str) -> Self {
        Self { message: printable_text(text), ..Self::default() }
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let field = |name| object.get(name).and_then(scalar_text).map(|text| printable_text(&text));
        Self {
            // Without a message the whole object is shown: nothing else is known.
            message: field("message")
                .unwrap_or_else(|| printable_text(&Value::Object(object.clone()).to_string())),
            kind: field("type"),
            param: field("param"),
            code: field("code"),
        }
    }

    /// Reads the list of faults of a server that validates requests.
    fn from_faults(faults: &[Value]) -> Self {
        let place = |fault: &Value| {
            let parts = fault.get("loc")?.as_array()?;
            Some(parts.iter().filter_map(scalar_text).collect::<Vec<_>>().join("."))
        };
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| {
                let text =
                    fault.get("msg").and_then(scalar_text).unwrap_or_else(|| fault.to_string());
                place(fault).map_or_else(|| text.clone(), |place| format!("{place}: {text}"))
            })
            .collect();
        Self {
            message: printable_text(&lines.join("; ")),
            kind: None,
            param: faults.first().and_then(place).map(|place| printable_text(&place)),
            code: None,
        }
    }
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
