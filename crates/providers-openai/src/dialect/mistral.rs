//! `[TOOL_CALLS][{"name": …, "arguments": …}]`, or `[TOOL_CALLS]name{…}` in newer models, which may
//! put `[CALL_ID]…` and `[ARGS]` before the arguments.
//!
//! Servers drop these markers from the text unless told to keep them, so the rest is also parsed
//! where it is the whole text.

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor, attach_partial_call};
use super::json_call::{JsonCallContext, parse_objects};

pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    cursor.eat_text("[TOOL_CALLS]")?;
    cursor.skip_whitespace();
    match cursor.peek_byte()? {
        b'[' | b'{' => parse_objects(cursor, JsonCallContext::Bare, calls),
        _ => parse_named_call(cursor, calls),
    }
}

pub(super) fn parse_unmarked_calls(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    match cursor.peek_byte()? {
        b'[' => parse_objects(cursor, JsonCallContext::Bare, calls),
        b'{' => Err(ParseStop::Mismatch),
        _ => parse_named_call(cursor, calls),
    }
}

fn parse_named_call(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    let name = cursor.read_tool_name()?;
    attach_partial_call(skip_argument_markers(cursor), &name, "")?;
    let remaining_text = cursor.remaining_text();
    let arguments = attach_partial_call(cursor.read_json(), &name, remaining_text)?.to_owned();
    calls.push(TextToolCall { name, arguments, problem: None });
    Ok(())
}

fn skip_argument_markers(cursor: &mut TextCursor<'_>) -> Result<(), ParseStop> {
    if cursor.eat_if("[CALL_ID]")? {
        cursor.read_while(|byte| byte.is_ascii_alphanumeric());
    }
    cursor.eat_if("[ARGS]")?;
    if cursor.peek_byte()? == b'{' { Ok(()) } else { Err(ParseStop::Mismatch) }
}
