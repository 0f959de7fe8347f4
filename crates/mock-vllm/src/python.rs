//! Text as the server's Python writes it: `repr`, floats and `json.dumps`.

use std::fmt::Write as _;

use serde_json::Value;

/// `repr` of a string: single quotes, unless it holds one and no double quote.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char == quote => out.extend(['\\', char]),
            char if u32::from(char) < 0x20 || char == '\x7f' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push(quote);
    out
}

/// `repr` of a float.
pub(crate) fn float(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{value:?}")
}

/// The rejected input as a validation error shows it.
pub(crate) fn input(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() => float(value),
            _ => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("<list of {} items>", items.len()),
        Value::Object(map) => format!("<dict of {} items>", map.len()),
    }
}

/// Reads JSON and writes it as `json.dumps(…, ensure_ascii=False)` does, keys in their order.
///
/// Numbers with a fraction or an exponent become floats. `None` if it is not JSON.
pub(crate) fn redump(json: &str) -> Option<String> {
    // An unread value is checked in full, and keeps neither numbers nor the order of keys.
    serde_json::from_str::<&serde_json::value::RawValue>(json).ok()?;
    let mut out = String::with_capacity(json.len() + 16);
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if is_scalar(first) => rest.find(|char| !is_scalar(char)).unwrap_or(rest.len()),
            _ => 1,
        };
        let (token, after) = rest.split_at_checked(length)?;
        rest = after;
        match first {
            '"' => out.push_str(
                &serde_json::to_string(&serde_json::from_str::<String>(token).ok()?).ok()?,
            ),
            ',' => out.push_str(", "),
            ':' => out.push_str(": "),
            _ if first.is_ascii_whitespace() => {}
            '-' | '0'..='9' if token.contains(['.', 'e', 'E']) => {
                out.push_str(&float(token.parse().ok()?));
            }
            _ => out.push_str(token),
        }
    }
    Some(out)
}

fn is_scalar(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '+' | '.')
}

/// Bytes of the string token at the start, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_python_prints_them() {
        let shown: Vec<_> = [-1.0, 2.5, 1e16, 5e-5, 1.5e-7, 0.0, f64::INFINITY].map(float).into();
        assert_eq!(shown, ["-1.0", "2.5", "1e+16", "5e-05", "1.5e-07", "0.0", "Infinity"]);
    }

    #[test]
    fn json_is_written_anew() {
        let cases = [
            (" {\"b\":1 ,\n\"a\": [true,null]}", Some("{\"b\": 1, \"a\": [true, null]}")),
            ("19.2103E-01200600", Some("0.0")),
            ("\"\\u00e9\\/\\u0001\"", Some("\"é/\\u0001\"")),
            ("{\"a\": \"b, c: \\\"d\\\"\"}", Some("{\"a\": \"b, c: \\\"d\\\"\"}")),
            ("{\"cmd\": \"ls\"", None),
            ("{\"a\": \"\u{1}\"}", None),
            ("", None),
        ];
        for (json, written) in cases {
            assert_eq!(redump(json).as_deref(), written, "{json}");
        }
    }

    #[test]
    fn strings_are_quoted_as_repr_does() {
        assert_eq!(repr("plain"), "'plain'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("'\"\n\u{1}"), "'\\'\"\\n\\x01'");
    }
}
