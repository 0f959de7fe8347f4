//! `<tool_call>{"name": …, "arguments": …}</tool_call>`, also with a list of such objects.

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};
use super::json_call::{JsonCallContext, parse_objects};

const OPEN_MARKER: &str = "<tool_call>";
const CLOSE_MARKER: &str = "</tool_call>";

pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    cursor.eat_text(OPEN_MARKER)?;
    cursor.skip_whitespace();
    parse_objects(cursor, JsonCallContext::BeforeMarker(CLOSE_MARKER), calls)?;
    cursor.skip_whitespace();
    // Some servers' grammars let one extra brace through.
    while cursor.eat_if("}")? {
        cursor.skip_whitespace();
    }
    cursor.eat_if(CLOSE_MARKER)?;
    Ok(())
}
