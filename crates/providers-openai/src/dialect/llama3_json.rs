//! `{"name": …, "parameters": …}` as the whole text, several separated by `;` or white space, also
//! after `<|python_tag|>`.

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};
use super::json_call::{JsonCallContext, parse_object};

const PYTHON_TAG: &str = "<|python_tag|>";

pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    cursor.eat_if(PYTHON_TAG)?;
    loop {
        cursor.skip_whitespace();
        calls.push(parse_object(cursor, JsonCallContext::Bare)?);
        cursor.skip_whitespace();
        match cursor.peek_byte() {
            Ok(b';') => cursor.eat_text(";")?,
            Ok(b'{') => {}
            _ => return Ok(()),
        }
    }
}
