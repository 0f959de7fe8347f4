//! `[name(a=1, b="x"), …]`: Python calls with named, literal arguments.

use openclaw_core::ToolName;
use serde_json::{Map, Number, Value};

use super::cursor::{ParseStop, TextCursor};
use super::{OfferedTools, TextToolCall};
use crate::schema::JsonTypes;

/// The deepest nesting of lists and dictionaries.
const MAX_NESTING_DEPTH: u8 = 32;

/// Reads a list of calls; between marks, also one call without the brackets of a list.
pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    is_marked: bool,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    if is_marked && cursor.peek_byte()? != b'[' {
        return parse_call(cursor, calls);
    }
    cursor.eat_text("[")?;
    loop {
        cursor.skip_whitespace();
        parse_call(cursor, calls)?;
        cursor.skip_whitespace();
        if !cursor.eat_if(",")? {
            return cursor.eat_text("]");
        }
    }
}

fn parse_call(cursor: &mut TextCursor<'_>, calls: &mut Vec<TextToolCall>) -> Result<(), ParseStop> {
    // Gemma prints the result of a call.
    let is_printed = cursor.eat_if("print(")?;
    let name = cursor.read_tool_name()?;
    cursor.eat_text("(")?;
    cursor.begin_call(&name);
    cursor.begin_arguments();
    let arguments = parse_keyword_arguments(cursor, &name)?;
    if is_printed {
        cursor.skip_whitespace();
        cursor.eat_text(")")?;
    }
    calls.push(TextToolCall::new(name, arguments));
    cursor.end_call();
    Ok(())
}

/// Parses a text that is one object as Python writes it; also one as JavaScript does, with bare
/// keys.
pub(super) fn parse_object(text: &str, offered_tools: &OfferedTools) -> Option<Map<String, Value>> {
    // Python joins such lines; in JSON the backslash is a mistake whose meaning is unknown.
    if text.contains("\\\n") {
        return None;
    }
    let mut cursor = TextCursor::new(text, offered_tools);
    let object = parse_literal(&mut cursor, MAX_NESTING_DEPTH).ok();
    let is_whole = cursor.remaining_text().trim().is_empty();
    match object.filter(|_| is_whole) {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn parse_keyword_arguments(
    cursor: &mut TextCursor<'_>,
    name: &ToolName,
) -> Result<String, ParseStop> {
    let schema = cursor.offered_tools.argument_schema(name);
    let mut arguments = Map::new();
    loop {
        cursor.skip_whitespace();
        if cursor.eat_if(")")? {
            return Ok(Value::Object(arguments).to_string());
        }
        if cursor.peek_byte()? == b'=' {
            return Err(ParseStop::Mismatch);
        }
        let key = cursor.read_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        cursor.skip_whitespace();
        cursor.eat_text("=")?;
        cursor.skip_whitespace();
        let text_before = cursor.remaining_text();
        let value = parse_literal(cursor, MAX_NESTING_DEPTH)?;
        let len = text_before.len() - cursor.remaining_text().len();
        let source_text = text_before.split_at_checked(len).map_or("", |(written, _)| written);
        arguments
            .insert(key.to_owned(), coerce_value(value, source_text, &schema.argument_types(key)));
        cursor.skip_whitespace();
        if !cursor.eat_if(",")? {
            cursor.eat_text(")")?;
            return Ok(Value::Object(arguments).to_string());
        }
    }
}

/// Converts a value to the type that the schema wants, if `source_text` can be read as that.
fn coerce_value(value: Value, source_text: &str, types: &JsonTypes<'_>) -> Value {
    match value {
        Value::String(text) if types.forbids_text() => types.parse_value(&text),
        Value::String(text) => Value::String(text),
        value if types.accepts_value(&value) => value,
        value if types.allows_type("string") && !(value.is_array() || value.is_object()) => {
            Value::String(source_text.to_owned())
        }
        value => value,
    }
}

pub(super) fn parse_literal(cursor: &mut TextCursor<'_>, depth: u8) -> Result<Value, ParseStop> {
    let depth = depth.checked_sub(1).ok_or(ParseStop::Mismatch)?;
    match cursor.peek_byte()? {
        b'"' | b'\'' => parse_string(cursor).map(Value::String),
        b'[' => {
            let mut items = Vec::new();
            parse_items(cursor, "[", "]", |cursor| {
                items.push(parse_literal(cursor, depth)?);
                Ok(())
            })?;
            Ok(Value::Array(items))
        }
        b'{' => {
            let mut fields = Map::new();
            parse_items(cursor, "{", "}", |cursor| {
                let key = parse_key(cursor)?;
                cursor.skip_whitespace();
                cursor.eat_text(":")?;
                cursor.skip_whitespace();
                fields.insert(key, parse_literal(cursor, depth)?);
                Ok(())
            })?;
            Ok(Value::Object(fields))
        }
        _ => parse_word(cursor),
    }
}

/// Reads the key of a field: a string, or a bare word.
fn parse_key(cursor: &mut TextCursor<'_>) -> Result<String, ParseStop> {
    if matches!(cursor.peek_byte()?, b'"' | b'\'') {
        return parse_string(cursor);
    }
    let word = cursor.read_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if word.is_empty() {
        return Err(ParseStop::Mismatch);
    }
    Ok(word.to_owned())
}

fn parse_items<'a>(
    cursor: &mut TextCursor<'a>,
    open: &str,
    close: &str,
    mut parse_item: impl FnMut(&mut TextCursor<'a>) -> Result<(), ParseStop>,
) -> Result<(), ParseStop> {
    cursor.eat_text(open)?;
    loop {
        cursor.skip_whitespace();
        if cursor.eat_if(close)? {
            return Ok(());
        }
        parse_item(cursor)?;
        cursor.skip_whitespace();
        if !cursor.eat_if(",")? {
            return cursor.eat_text(close);
        }
    }
}

fn parse_word(cursor: &mut TextCursor<'_>) -> Result<Value, ParseStop> {
    let word = cursor
        .read_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'));
    cursor.peek_byte()?;
    match word {
        "True" | "true" => Ok(Value::Bool(true)),
        "False" | "false" => Ok(Value::Bool(false)),
        "None" | "null" => Ok(Value::Null),
        _ => {
            serde_json::from_str::<Number>(word).map(Value::Number).map_err(|_| ParseStop::Mismatch)
        }
    }
}

/// Reads a string in any kind of quotes; escapes that Python does not know stay as they are.
fn parse_string(cursor: &mut TextCursor<'_>) -> Result<String, ParseStop> {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter();
    let quote = quote
        .into_iter()
        .find(|quote| cursor.remaining_text().starts_with(quote))
        .ok_or(ParseStop::Mismatch)?;
    cursor.eat_text(quote)?;
    let mut text = String::new();
    loop {
        let mut next_chars = cursor.remaining_text().chars();
        if cursor.eat_if(quote).unwrap_or_default() {
            return Ok(text);
        }
        let c = next_chars.next().ok_or(ParseStop::Incomplete)?;
        cursor.skip_char(c);
        if c == '\\' {
            parse_escape(cursor, &mut text)?;
        } else {
            text.push(c);
        }
    }
}

fn parse_escape(cursor: &mut TextCursor<'_>, text: &mut String) -> Result<(), ParseStop> {
    let c = cursor.remaining_text().chars().next().ok_or(ParseStop::Incomplete)?;
    cursor.skip_char(c);
    let digits = match c {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    match c {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        '\\' | '\'' | '"' => text.push(c),
        '/' => text.push('/'),
        '\n' => {}
        _ if digits > 0 => {
            let code = cursor.remaining_text().get(..digits).ok_or(ParseStop::Incomplete)?;
            let decoded = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            text.push(decoded.ok_or(ParseStop::Mismatch)?);
            code.chars().for_each(|digit| cursor.skip_char(digit));
        }
        _ => text.extend(['\\', c]),
    }
    Ok(())
}
