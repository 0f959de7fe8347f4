//! Writes values in the style of a document.

use std::fmt::Write as _;

use super::{layout::line_indent, patch::TextPatch, style::DocumentStyle};
use crate::{diagnostic::TextSpan, text::Json5Value};

/// Lists of scalars longer than this, in characters, are written on several lines.
const MAX_LINE_WIDTH: usize = 80;

impl DocumentStyle {
    /// The patch that replaces a value.
    pub(super) fn replacement_patch(
        &self,
        text: &str,
        span: TextSpan,
        value: &Json5Value,
    ) -> TextPatch {
        let mut new = String::new();
        self.write_value(value, line_indent(text, span.start), &mut new);
        TextPatch { span, text: new }
    }

    /// Writes a value; `indent` is the indentation of its first line.
    pub(super) fn write_value(&self, value: &Json5Value, indent: &str, out: &mut String) {
        let written = match value {
            Json5Value::Null => write!(out, "null"),
            Json5Value::Bool(value) => write!(out, "{value}"),
            Json5Value::Unsigned(number) => write!(out, "{number}"),
            Json5Value::Negative(number) => write!(out, "{number}"),
            Json5Value::Float(number) if number.is_nan() => write!(out, "NaN"),
            Json5Value::Float(number) if number.is_infinite() => {
                write!(out, "{}Infinity", if *number < 0.0 { "-" } else { "" })
            }
            // Written with a point or an exponent, so that it stays a float.
            Json5Value::Float(number) => write!(out, "{number:?}"),
            Json5Value::Text(text) => return self.write_text(text, out),
            Json5Value::Array(elements) => {
                let items: Vec<LabeledValue<'_>> = elements
                    .iter()
                    .map(|node| LabeledValue { key: None, value: &node.value })
                    .collect();
                return self.write_items(&items, ARRAY_BRACKETS, indent, out);
            }
            Json5Value::Object(entries) => {
                let items: Vec<LabeledValue<'_>> = entries
                    .iter()
                    .map(|e| LabeledValue { key: Some(&e.key), value: &e.node.value })
                    .collect();
                return self.write_items(&items, OBJECT_BRACKETS, indent, out);
            }
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }

    /// Writes a key and its colon.
    pub(super) fn write_key(&self, key: &str, out: &mut String) {
        if self.quotes_keys || !is_identifier(key) {
            self.write_text(key, out);
        } else {
            out.push_str(key);
        }
        out.push(':');
        out.push_str(self.separator_space);
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

    /// Writes the items in brackets, with keys for an object.
    fn write_items(
        &self,
        items: &[LabeledValue<'_>],
        brackets: BracketPair,
        indent: &str,
        out: &mut String,
    ) {
        out.push(brackets.open);
        let start = out.len();
        let is_scalar = |item: &LabeledValue<'_>| {
            item.key.is_none()
                && !matches!(item.value, Json5Value::Array(_) | Json5Value::Object(_))
        };
        let on_line = !self.multiline || items.iter().all(is_scalar);
        if on_line {
            let pad = if brackets == OBJECT_BRACKETS && !items.is_empty() {
                self.separator_space
            } else {
                ""
            };
            let comma = format!(",{}", self.separator_space);
            out.push_str(pad);
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position == 0 { "" } else { &comma });
                self.write_item(*item, indent, out);
            }
            out.push_str(pad);
        }
        let too_long = self.multiline && out.len() - start + indent.len() > MAX_LINE_WIDTH;
        if !on_line || too_long {
            out.truncate(start);
            let below = format!("{indent}{}", self.indent_unit);
            for (position, item) in items.iter().enumerate() {
                out.push_str(self.line_end);
                out.push_str(&below);
                self.write_item(*item, &below, out);
                if position + 1 < items.len() || self.trailing_comma {
                    out.push(',');
                }
            }
            out.push_str(self.line_end);
            out.push_str(indent);
        }
        out.push(brackets.close);
    }

    fn write_item(&self, item: LabeledValue<'_>, indent: &str, out: &mut String) {
        if let Some(key) = item.key {
            self.write_key(key, out);
        }
        self.write_value(item.value, indent, out);
    }
}

/// A value, with its key when it is in an object.
#[derive(Clone, Copy)]
struct LabeledValue<'v> {
    key: Option<&'v str>,
    value: &'v Json5Value,
}

/// What stands around the items of an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BracketPair {
    open: char,
    close: char,
}

const ARRAY_BRACKETS: BracketPair = BracketPair { open: '[', close: ']' };
const OBJECT_BRACKETS: BracketPair = BracketPair { open: '{', close: '}' };

fn is_identifier(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
}
