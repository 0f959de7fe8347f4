//! An element for each argument, nested for lists and objects, each tag with a namespace before
//! it: `]<]minimax[>[<invoke name="NAME">]<]minimax[>[<KEY>VALUE]<]minimax[>[</KEY>…`.

use serde_json::{Map, Value};

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};

/// The beginning of a call up to its name.
pub(super) const CALL_START: &str = "]<]minimax[>[<invoke name=\"";
/// The end of a call.
pub(super) const CALL_END: &str = "]<]minimax[>[</invoke>";

const NAMESPACE: &str = "]<]minimax[>[";
/// The name of an element of a list.
const ITEM: &str = "item";
/// The deepest nesting of elements.
const MAX_NESTING_DEPTH: u8 = 32;

pub(super) fn parse_call(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    cursor.eat_text(CALL_START)?;
    let name = cursor.read_tool_name()?;
    cursor.eat_text("\">")?;
    cursor.begin_call(&name);
    cursor.begin_arguments();
    let schema = cursor.offered_tools.argument_schema(&name);
    let mut arguments = Map::new();
    loop {
        cursor.skip_whitespace();
        if cursor.eat_if(CALL_END)? {
            break;
        }
        let (key, value) = parse_element(cursor, MAX_NESTING_DEPTH)?;
        let value = match value {
            Value::String(text) => schema.argument_types(&key).parse_value(&text),
            value => value,
        };
        arguments.insert(key, value);
    }
    let arguments = Value::Object(arguments).to_string();
    calls.push(TextToolCall::new(name, arguments));
    Ok(())
}

/// Reads an element with its name: its text, or its children as a list or an object.
fn parse_element(cursor: &mut TextCursor<'_>, depth: u8) -> Result<(String, Value), ParseStop> {
    let depth = depth.checked_sub(1).ok_or(ParseStop::Mismatch)?;
    cursor.eat_text(NAMESPACE)?;
    cursor.eat_text("<")?;
    let name = cursor.read_while(|byte| !matches!(byte, b'<' | b'>' | b'/' | b'\n')).to_owned();
    cursor.eat_text(">")?;
    if name.is_empty() {
        return Err(ParseStop::Mismatch);
    }
    let end = format!("{NAMESPACE}</{name}>");
    let text = cursor.read_until(NAMESPACE)?.to_owned();
    let mut children: Vec<(String, Value)> = Vec::new();
    while !cursor.eat_if(&end)? {
        children.push(parse_element(cursor, depth)?);
        cursor.skip_whitespace();
    }
    let value = if children.is_empty() {
        Value::String(text)
    } else if children.iter().all(|(child, _)| child == ITEM) {
        children.into_iter().map(|(_, value)| value).collect()
    } else {
        Value::Object(children.into_iter().collect())
    };
    Ok((name, value))
}
