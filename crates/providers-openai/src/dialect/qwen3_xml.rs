//! `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function></tool_call>`.
//!
//! Models leave the outer mark out at times, and some write the arguments as one JSON object. A
//! value is everything between its marks but one line break at each end; its type is the one that
//! the tool's schema says.

use openclaw_core::ToolName;
use serde_json::{Map, Value};

use super::Written;
use super::scan::{Cursor, NOT_READABLE, Stop, within};

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";
const FUNCTION: &str = "<function=";
const FUNCTION_END: &str = "</function>";
const PARAMETER: &str = "<parameter=";
const PARAMETER_END: &str = "</parameter>";

pub(super) fn read(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    let is_marked = cursor.eat_if(OPEN)?;
    cursor.blanks();
    cursor.eat(FUNCTION)?;
    let name = cursor.name()?;
    within(cursor.eat(">"), &name, "")?;
    let body = cursor.clone();
    match within(arguments(cursor, &name), &name, body.rest()) {
        Ok(arguments) => calls.push(Written { name, arguments, fault: None }),
        Err(Stop::No) if is_marked => {
            *cursor = body;
            let rest = cursor.rest();
            let raw = within(cursor.until(CLOSE), &name, rest)?.trim().to_owned();
            calls.push(Written { name, arguments: raw, fault: Some(NOT_READABLE) });
        }
        Err(stop) => return Err(stop),
    }
    cursor.blanks();
    cursor.eat_if(CLOSE)?;
    Ok(())
}

/// Reads up to the end of the function, and returns the arguments as JSON.
fn arguments(cursor: &mut Cursor<'_>, name: &ToolName) -> Result<String, Stop> {
    cursor.blanks();
    if cursor.peek()? == b'{' {
        let json = cursor.json()?.to_owned();
        cursor.blanks();
        end(cursor)?;
        return Ok(json);
    }
    let schema = cursor.offered.schema(name);
    let mut arguments = Map::new();
    while cursor.eat_if(PARAMETER)? {
        let key = cursor.run(|byte| !matches!(byte, b'>' | b'<' | b'\n'));
        cursor.eat(">")?;
        let value = cursor.until(PARAMETER_END)?;
        cursor.eat(PARAMETER_END)?;
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        // This parameter has no end; what follows belongs to the next.
        if value.contains("\n<parameter=") {
            return Err(Stop::No);
        }
        arguments.insert(key.trim().to_owned(), schema.types(key.trim()).read(value));
        cursor.blanks();
    }
    end(cursor)?;
    Ok(Value::Object(arguments).to_string())
}

/// Passes the end of the function; that of the call stands for it.
fn end(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    if cursor.eat_if(FUNCTION_END)? { Ok(()) } else { cursor.clone().eat(CLOSE) }
}
