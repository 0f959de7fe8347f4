//! Calls in an object that is not written as their family has them: as Python writes objects, with
//! the name as its key, with the arguments beside the name, or in a list of calls.

use openclaw_core::ToolName;
use serde_json::{Map, Value};

use crate::dialect::TextToolCall;
use crate::dialect::cursor::{ParseStop, TextCursor};
use crate::dialect::pythonic;

/// The deepest nesting of values.
const MAX_NESTING_DEPTH: u8 = 32;

/// The keys of a list of calls.
const LIST_KEYS: [&str; 3] = ["tool_calls", "toolCalls", "tool_call"];
/// The keys of the name.
const NAME_KEYS: [&str; 5] = ["name", "tool", "tool_name", "function", "function_name"];
/// The keys of the arguments.
const ARGUMENT_KEYS: [&str; 5] = ["arguments", "parameters", "args", "input", "params"];
/// Keys that say nothing about the call.
const OTHER_KEYS: [&str; 4] = ["id", "type", "tool_call_id", "index"];

/// Reads one object and returns its calls; none if it is no call. Between marks only the name must
/// be one; elsewhere there must be nothing else than a call has.
pub(super) fn parse_calls(
    cursor: &mut TextCursor<'_>,
    is_marked: bool,
) -> Result<Vec<TextToolCall>, ParseStop> {
    if cursor.peek_byte()? != b'{' {
        return Ok(Vec::new());
    }
    match pythonic::parse_literal(cursor, MAX_NESTING_DEPTH)? {
        Value::Object(object) => Ok(read_calls(&object, cursor, is_marked).unwrap_or_default()),
        _ => Ok(Vec::new()),
    }
}

fn read_calls(
    object: &Map<String, Value>,
    cursor: &TextCursor<'_>,
    is_marked: bool,
) -> Option<Vec<TextToolCall>> {
    if let [(key, list)] = object.iter().collect::<Vec<_>>().as_slice() {
        if LIST_KEYS.contains(&key.as_str()) {
            let elements = list.as_array().map_or(std::slice::from_ref(*list), Vec::as_slice);
            let calls = elements.iter().map(|it| read_call(it.as_object()?, cursor, false));
            return calls.collect();
        }
        if is_marked
            && list.is_object()
            && let Some(name) = cursor.offered_tools.find_tool(key)
        {
            return Some(vec![TextToolCall::new(name.clone(), list.to_string())]);
        }
    }
    read_call(object, cursor, is_marked).map(|call| vec![call])
}

fn read_call(
    object: &Map<String, Value>,
    cursor: &TextCursor<'_>,
    is_marked: bool,
) -> Option<TextToolCall> {
    let field = |keys: &[&str]| keys.iter().find_map(|key| object.get(*key));
    if let Some(Value::Object(function)) = object.get("function") {
        let is_call =
            object.keys().all(|key| key == "function" || OTHER_KEYS.contains(&key.as_str()));
        return read_call(function, cursor, is_marked).filter(|_| is_call);
    }
    let name = cursor.offered_tools.find_tool(field(&NAME_KEYS)?.as_str()?)?;
    if let Some(arguments) = field(&ARGUMENT_KEYS) {
        let is_known = |key: &String| {
            [&NAME_KEYS[..], &ARGUMENT_KEYS, &OTHER_KEYS].concat().contains(&key.as_str())
        };
        let text = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
        let is_call = is_marked
            || (object.keys().all(is_known) && (arguments.is_object() || arguments.is_string()));
        return is_call.then(|| TextToolCall::new(name.clone(), text));
    }
    is_marked.then(|| flat_call(object, name, cursor)).flatten()
}

/// A call whose arguments stand beside its name. The tool must know each of them.
fn flat_call(
    object: &Map<String, Value>,
    name: &ToolName,
    cursor: &TextCursor<'_>,
) -> Option<TextToolCall> {
    let schema = cursor.offered_tools.argument_schema(name);
    let is_beside = |key: &String| {
        [&NAME_KEYS[..], &OTHER_KEYS].concat().contains(&key.as_str()) && !schema.has_argument(key)
    };
    let fields = object.iter().filter(|(key, _)| !is_beside(key));
    let arguments: Map<String, Value> =
        fields.map(|(key, value)| (key.clone(), value.clone())).collect();
    let is_call = !arguments.is_empty() && arguments.keys().all(|key| schema.has_argument(key));
    is_call.then(|| TextToolCall::new(name.clone(), Value::Object(arguments).to_string()))
}
