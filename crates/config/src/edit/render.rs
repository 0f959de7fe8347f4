//! Writes values in the style of a document.

use std::fmt::Write as _;

use super::{layout::indent, patch::Patch, style::Style};
use crate::{
    diagnostic::Span,
    text::{Node, Value},
};

/// A list of plain values that is longer than this stands on several lines.
const LINE: usize = 80;

impl Style {
    /// Puts a value in the place of another.
    pub(super) fn replacement(&self, text: &str, span: Span, value: &Value) -> Patch {
        let mut new = String::new();
        self.write(value, indent(text, span.start), &mut new);
        Patch { span, text: new }
    }

    /// Writes a value whose first line is indented by `indent`.
    pub(super) fn write(&self, value: &Value, indent: &str, out: &mut String) {
        let written = match value {
            Value::Null => write!(out, "null"),
            Value::Bool(value) => write!(out, "{value}"),
            Value::Unsigned(number) => write!(out, "{number}"),
            Value::Negative(number) => write!(out, "{number}"),
            Value::Float(number) if number.is_nan() => write!(out, "NaN"),
            Value::Float(number) if number.is_infinite() => {
                write!(out, "{}Infinity", if *number < 0.0 { "-" } else { "" })
            }
            // With a point or an exponent, so that it stays a float.
            Value::Float(number) => write!(out, "{number:?}"),
            Value::Text(text) => return self.write_text(text, out),
            Value::Array(elements) => {
                return self.write_items(
                    elements,
                    ('[', ']'),
                    indent,
                    out,
                    |element, below, out| {
                        self.write(&element.value, below, out);
                    },
                );
            }
            Value::Object(entries) => {
                return self.write_items(entries, ('{', '}'), indent, out, |entry, below, out| {
                    self.write_key(&entry.key, out);
                    self.write(&entry.node.value, below, out);
                });
            }
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }

    /// Writes a key and its colon.
    pub(super) fn write_key(&self, key: &str, out: &mut String) {
        if self.quoted_keys || !is_identifier(key) {
            self.write_text(key, out);
        } else {
            out.push_str(key);
        }
        out.push_str(if self.compact { ":" } else { ": " });
    }

    fn write_text(&self, text: &str, out: &mut String) {
        out.push(self.quote);
        for character in text.chars() {
            match character {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                quote if quote == self.quote => {
                    out.push('\\');
                    out.push(quote);
                }
                control if control.is_control() || matches!(control, '\u{2028}' | '\u{2029}') => {
                    let written = write!(out, "\\u{:04x}", u32::from(control));
                    debug_assert!(written.is_ok(), "a string takes everything");
                }
                other => out.push(other),
            }
        }
        out.push(self.quote);
    }

    fn write_items<T: Item>(
        &self,
        items: &[T],
        (open, close): (char, char),
        indent: &str,
        out: &mut String,
        write: impl Fn(&T, &str, &mut String),
    ) {
        out.push(open);
        let start = out.len();
        let short = !self.multiline || items.iter().all(T::stays_on_line);
        if short {
            let pad = if open == '{' && !self.compact && !items.is_empty() { " " } else { "" };
            out.push_str(pad);
            for (position, item) in items.iter().enumerate() {
                match (position, self.compact) {
                    (0, _) => {}
                    (_, true) => out.push(','),
                    (_, false) => out.push_str(", "),
                }
                write(item, indent, out);
            }
            out.push_str(pad);
        }
        if !short || (self.multiline && out.len() - start + indent.len() > LINE) {
            out.truncate(start);
            let below = format!("{indent}{}", self.unit);
            for (position, item) in items.iter().enumerate() {
                out.push_str(self.line_end);
                out.push_str(&below);
                write(item, &below, out);
                if position + 1 < items.len() || self.trailing_comma {
                    out.push(',');
                }
            }
            out.push_str(self.line_end);
            out.push_str(indent);
        }
        out.push(close);
    }
}

/// What a container has in it.
trait Item {
    /// Whether it may stand beside others on one line.
    fn stays_on_line(&self) -> bool;
}

impl Item for Node {
    fn stays_on_line(&self) -> bool {
        !matches!(self.value, Value::Array(_) | Value::Object(_))
    }
}

impl Item for crate::text::Entry {
    fn stays_on_line(&self) -> bool {
        false
    }
}

fn is_identifier(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
}
