//! Repairs arguments that are not quite JSON, without inventing anything.
//!
//! Only what stands around or between values is repaired. A string, list or object that is not
//! closed stays so: its rest is unknown, and a tool call with half its arguments is worse than
//! none.

mod fit;

use openclaw_core::{ArgumentsParseError, ToolArguments};
use serde_json::{Map, Value};

use crate::dialect;
use crate::schema::ArgumentSchema;

/// Parsed arguments, and the repairs that were needed, for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepairedArguments {
    /// The arguments.
    pub(crate) arguments: ToolArguments,
    /// The repairs, in order; empty if the text was valid.
    pub(crate) repairs: Vec<&'static str>,
}

const FENCE_REPAIR: &str = "removed a code fence around the arguments";
const STRING_REPAIR: &str = "read the arguments out of a string";
const LIST_REPAIR: &str = "took the arguments out of a list";
const LITERAL_REPAIR: &str = "read the arguments as another language writes them";
const LEADING_TEXT_REPAIR: &str = "removed what stood before the arguments";
const CONTROL_CHARACTER_REPAIR: &str = "escaped control characters in a string";
const TRAILING_COMMA_REPAIR: &str = "removed a trailing comma";
const TRAILING_TEXT_REPAIR: &str = "removed what followed the arguments";
const QUOTED_VALUE_REPAIR: &str = "wrote a value as its type wants";
const WRAPPED_REPAIR: &str = "took the arguments out of a call around them";
const QUOTED_KEY_REPAIR: &str = "removed quotes around a key";

/// The most texts inside texts that arguments are read from.
const MAX_STRING_DEPTH: u8 = 4;

/// The most calls around arguments that are removed.
const MAX_WRAPPERS: u8 = 3;

/// Parses arguments as a model wrote them for a tool of this name, with repairs if needed.
///
/// # Errors
/// When the text is not one JSON object and cannot be repaired; the error tells the fault.
pub(crate) fn parse_arguments(
    raw: &str,
    tool_name: &str,
    schema: ArgumentSchema<'_>,
) -> Result<RepairedArguments, ArgumentsParseError> {
    let mut repairs = Vec::new();
    let mut arguments = match ToolArguments::parse_json(raw) {
        Ok(arguments) => arguments,
        Err(error) => unwrap_object(raw, MAX_STRING_DEPTH, &mut repairs).ok_or(error)?,
    };
    let mut wrappers = 0;
    while let Some(inner) = wrapped_arguments(&arguments, tool_name, schema)
        && wrappers < MAX_WRAPPERS
    {
        arguments = inner;
        wrappers += 1;
    }
    repairs.extend((wrappers > 0).then_some(WRAPPED_REPAIR));
    let arguments = fit::fit_arguments(&arguments, schema, &mut repairs);
    Ok(RepairedArguments { arguments, repairs })
}

/// Extracts the object from a code fence, a string, a list of one, or text around it.
fn unwrap_object(raw: &str, depth: u8, repairs: &mut Vec<&'static str>) -> Option<ToolArguments> {
    let depth = depth.checked_sub(1)?;
    let is_blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let mut text = raw.trim_matches(is_blank);
    if let Some(fenced_text) = text.strip_prefix('`') {
        repairs.push(FENCE_REPAIR);
        let inner = fenced_text.trim_start_matches('`');
        let inner = inner.strip_suffix("```").or_else(|| inner.strip_suffix('`')).unwrap_or(inner);
        text = inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim();
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(map)) => return Some(ToolArguments::from(map)),
        Ok(Value::String(inner)) => {
            repairs.push(STRING_REPAIR);
            return unwrap_object(&inner, depth, repairs);
        }
        Ok(Value::Array(list)) => {
            repairs.push(LIST_REPAIR);
            return match list.as_slice() {
                [Value::Object(map)] => Some(ToolArguments::from(map.clone())),
                [Value::String(inner)] => unwrap_object(inner, depth, repairs),
                _ => None,
            };
        }
        _ => {}
    }
    if text.starts_with("{\\\"") {
        let inner = serde_json::from_str::<String>(&format!("\"{text}\"")).ok()?;
        repairs.push(STRING_REPAIR);
        return unwrap_object(&inner, depth, repairs);
    }
    let (text, has_lead) = without_lead(text);
    let before = repairs.len();
    if has_lead {
        repairs.push(LEADING_TEXT_REPAIR);
    }
    repair_object(text, repairs).or_else(|| {
        repairs.truncate(before);
        let object = dialect::parse_python_object(text)?;
        repairs.push(LITERAL_REPAIR);
        Some(ToolArguments::from(object))
    })
}

/// The text from its object on, and whether words stood before it. They may be the name of the
/// tool, of a language, or a tag: nothing that could be a part of arguments.
fn without_lead(text: &str) -> (&str, bool) {
    match text.split_once('{') {
        Some((lead, _)) if !lead.is_empty() && !lead.contains(['"', '\'', '[', '}', ']']) => {
            (text.get(lead.len()..).unwrap_or_default(), true)
        }
        _ => (text, false),
    }
}

/// Parses one object, repaired inside, and drops what follows it.
fn repair_object(text: &str, repairs: &mut Vec<&'static str>) -> Option<ToolArguments> {
    let mut repaired = String::with_capacity(text.len());
    let mut open_brackets = Vec::new();
    let mut last_comma = None;
    let mut chars = text.char_indices();
    let mut object_repairs = Vec::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                last_comma = None;
                repaired.push(c);
                copy_string(&mut chars, &mut repaired, &mut object_repairs)?;
                continue;
            }
            '{' | '[' => {
                last_comma = None;
                open_brackets.push(if c == '{' { '}' } else { ']' });
            }
            '}' | ']' => {
                if open_brackets.pop() != Some(c) {
                    return None;
                }
                if let Some(comma_position) = last_comma.take() {
                    repaired.remove(comma_position);
                    object_repairs.push(TRAILING_COMMA_REPAIR);
                }
            }
            ',' => last_comma = Some(repaired.len()),
            _ if c.is_ascii_whitespace() => {}
            _ => last_comma = None,
        }
        repaired.push(c);
        if open_brackets.is_empty() {
            let (_, rest) = text.split_at_checked(at + 1)?;
            if !rest.trim().is_empty() {
                // With further values it is unclear which one was meant.
                if rest.contains(['{', '[', '"']) {
                    return None;
                }
                object_repairs.push(TRAILING_TEXT_REPAIR);
            }
            let arguments = ToolArguments::parse_json(&repaired).ok()?;
            // An object that is empty after repairs has nothing left of what the model wrote.
            if arguments.as_map().is_empty() && !object_repairs.is_empty() {
                return None;
            }
            object_repairs.dedup();
            repairs.extend(object_repairs);
            return Some(arguments);
        }
    }
    None
}

/// Copies a string up to its closing quote; raw control characters become escapes.
fn copy_string(
    chars: &mut std::str::CharIndices<'_>,
    repaired: &mut String,
    repairs: &mut Vec<&'static str>,
) -> Option<()> {
    let mut is_escaped = false;
    for (_, c) in chars {
        if c < ' ' {
            // JSON has no escape of a raw control character.
            if is_escaped {
                return None;
            }
            repairs.push(CONTROL_CHARACTER_REPAIR);
            // Displaying a JSON string cannot fail: it writes the escape between quotes.
            repaired.push_str(Value::from(c.to_string()).to_string().trim_matches('"'));
            continue;
        }
        repaired.push(c);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some(()),
            _ => {}
        }
    }
    None
}

/// The arguments inside a whole call that stands in their place: `{"name": …, "arguments": {…}}`,
/// or inside the name of the tool. `None` if the tool knows an argument of such a name, or if more
/// would be lost than the name.
fn wrapped_arguments(
    arguments: &ToolArguments,
    tool_name: &str,
    schema: ArgumentSchema<'_>,
) -> Option<ToolArguments> {
    const WRAPPERS: [&str; 8] =
        ["arguments", "parameters", "input", "args", "kwargs", "params", "properties", "function"];
    const BESIDE: [&str; 5] = ["name", "tool", "type", "id", "tool_name"];
    let map = arguments.as_map();
    let keys = || WRAPPERS.into_iter().chain([tool_name]);
    let (key, inner) = keys().find_map(|key| Some((key, as_object(map.get(key)?)?)))?;
    let is_known = |key: &str| schema.has_argument(key);
    let is_wrapper = |name: &String| name == key || BESIDE.contains(&name.as_str());
    if map.keys().any(|name| is_known(name) || !is_wrapper(name)) {
        return None;
    }
    let is_call =
        |name: &String| keys().any(|wrapper| wrapper == name) || BESIDE.contains(&name.as_str());
    let is_inner = inner.keys().all(|name| is_known(name)) || inner.keys().all(is_call);
    is_inner.then(|| ToolArguments::from(inner))
}

/// An object, or one written as text.
fn as_object(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
