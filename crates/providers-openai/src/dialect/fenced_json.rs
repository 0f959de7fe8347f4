//! One fence of JSON as the whole text: `{"name" or "tool": …, "arguments" or "parameters": …}`.

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};
use super::json_call::{JsonCallContext, parse_objects};

const FENCE: &str = "```";
const FENCE_LANGUAGE: &str = "json";

pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    cursor.eat_text(FENCE)?;
    cursor.eat_if(FENCE_LANGUAGE)?;
    cursor.skip_whitespace();
    parse_objects(cursor, JsonCallContext::Bare, calls)?;
    cursor.skip_whitespace();
    cursor.eat_text(FENCE)
}
