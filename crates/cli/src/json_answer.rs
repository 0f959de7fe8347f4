//! Writes JSON answers. The fields are in alphabetical order, whatever their order in the structs.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use openclaw_terminal::{OutputPrinter, sanitize};
use serde::Serialize;

/// Writes a JSON value to stdout, indented.
pub(crate) fn write_json_answer(printer: &OutputPrinter, value: &impl Serialize) -> io::Result<()> {
    let value = serde_json::to_value(value).map_err(io::Error::other)?;
    printer.write_answer_line(escape_json(&format!("{value:#}")))
}

/// Writes a JSON value to stdout, on one line.
pub(crate) fn write_json_line(printer: &OutputPrinter, value: &impl Serialize) -> io::Result<()> {
    let value = serde_json::to_value(value).map_err(io::Error::other)?;
    printer.write_answer_line(escape_json(&value.to_string()))
}

/// Escapes what commands a terminal, hides or reorders text, as JSON does: the value stays the same.
/// JSON itself escapes the controls of ASCII only.
fn escape_json(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| c != '\n' && sanitize::is_unsafe(c);
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            // Writing to a string cannot fail. Each of them is below U+10000.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_same_without_a_character_that_commands_a_terminal() {
        let value = serde_json::json!({"a\u{9b}31m": "\u{1b}[31m\u{202e}\u{7f}\u{ad}\r\n é"});
        for text in [value.to_string(), format!("{value:#}")] {
            let escaped = escape_json(&text);
            assert!(!escaped.contains(|c| c != '\n' && sanitize::is_unsafe(c)), "{escaped}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        }
    }
}
