//! `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function></tool_call>`.
//!
//! Models sometimes leave out the outer marker, and some write the arguments as one JSON object. A
//! value is everything between its markers except one line break at each end; its type comes from
//! the tool's schema.

use openclaw_core::ToolName;
use serde_json::{Map, Value};

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor, UNREADABLE_CALL_PROBLEM, attach_partial_call};

const OPEN_MARKER: &str = "<tool_call>";
const CLOSE_MARKER: &str = "</tool_call>";
const FUNCTION_START: &str = "<function=";
const FUNCTION_END: &str = "</function>";
const PARAMETER_START: &str = "<parameter=";
const PARAMETER_END: &str = "</parameter>";

pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    let has_open_marker = cursor.eat_if(OPEN_MARKER)?;
    cursor.skip_whitespace();
    cursor.eat_text(FUNCTION_START)?;
    let name = cursor.read_tool_name()?;
    attach_partial_call(cursor.eat_text(">"), &name, "")?;
    let body = cursor.clone();
    match attach_partial_call(parse_parameters(cursor, &name), &name, body.remaining_text()) {
        Ok(arguments) => calls.push(TextToolCall { name, arguments, problem: None }),
        Err(ParseStop::Mismatch) if has_open_marker => {
            *cursor = body;
            let remaining_text = cursor.remaining_text();
            let raw_arguments =
                attach_partial_call(cursor.read_until(CLOSE_MARKER), &name, remaining_text)?
                    .trim()
                    .to_owned();
            calls.push(TextToolCall {
                name,
                arguments: raw_arguments,
                problem: Some(UNREADABLE_CALL_PROBLEM),
            });
        }
        Err(stop) => return Err(stop),
    }
    cursor.skip_whitespace();
    cursor.eat_if(CLOSE_MARKER)?;
    Ok(())
}

/// Reads up to the end of the function, and returns the arguments as JSON.
fn parse_parameters(cursor: &mut TextCursor<'_>, name: &ToolName) -> Result<String, ParseStop> {
    cursor.skip_whitespace();
    if cursor.peek_byte()? == b'{' {
        let json = cursor.read_json()?.to_owned();
        cursor.skip_whitespace();
        parse_function_end(cursor)?;
        return Ok(json);
    }
    let schema = cursor.offered_tools.argument_schema(name);
    let mut arguments = Map::new();
    while cursor.eat_if(PARAMETER_START)? {
        let key = cursor.read_while(|byte| !matches!(byte, b'>' | b'<' | b'\n'));
        cursor.eat_text(">")?;
        let value = cursor.read_until(PARAMETER_END)?;
        cursor.eat_text(PARAMETER_END)?;
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        // This parameter is not closed; the text belongs to the next one.
        if value.contains("\n<parameter=") {
            return Err(ParseStop::Mismatch);
        }
        arguments
            .insert(key.trim().to_owned(), schema.argument_types(key.trim()).parse_value(value));
        cursor.skip_whitespace();
    }
    parse_function_end(cursor)?;
    Ok(Value::Object(arguments).to_string())
}

/// Skips the end of the function; the end of the call replaces it.
fn parse_function_end(cursor: &mut TextCursor<'_>) -> Result<(), ParseStop> {
    if cursor.eat_if(FUNCTION_END)? { Ok(()) } else { cursor.clone().eat_text(CLOSE_MARKER) }
}
