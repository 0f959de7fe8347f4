//! Repairs arguments that are not quite JSON, without inventing anything.
//!
//! Only what stands around or between values is repaired. A string, list or object that is not
//! closed stays so: its rest is unknown, and a tool call with half its arguments is worse than
//! none.

use openclaw_core::{ArgumentsParseError, ToolArguments};
use serde_json::Value;

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
const CONTROL_CHARACTER_REPAIR: &str = "escaped control characters in a string";
const TRAILING_COMMA_REPAIR: &str = "removed a trailing comma";
const TRAILING_TEXT_REPAIR: &str = "removed what followed the arguments";
const QUOTED_VALUE_REPAIR: &str = "wrote a value as its type wants";
const WRAPPED_REPAIR: &str = "took the arguments out of a call around them";
const QUOTED_KEY_REPAIR: &str = "removed quotes around a key";

/// Parses arguments as a model wrote them, with repairs if needed.
///
/// # Errors
/// When the text is not one JSON object and cannot be repaired; the error tells the fault.
pub(crate) fn parse_arguments(
    raw: &str,
    schema: ArgumentSchema<'_>,
) -> Result<RepairedArguments, ArgumentsParseError> {
    let mut repairs = Vec::new();
    let arguments = match ToolArguments::parse_json(raw) {
        Ok(arguments) => arguments,
        Err(error) => unwrap_object(raw, &mut repairs).ok_or(error)?,
    };
    let arguments = match wrapped_arguments(&arguments, schema) {
        Some(inner) => {
            repairs.push(WRAPPED_REPAIR);
            inner
        }
        None => arguments,
    };
    let arguments = fit_schema(&arguments, schema, &mut repairs);
    Ok(RepairedArguments { arguments, repairs })
}

/// Extracts the object from a code fence or a JSON string.
fn unwrap_object(raw: &str, repairs: &mut Vec<&'static str>) -> Option<ToolArguments> {
    let mut text = raw.trim();
    if let Some(fenced_text) = text.strip_prefix("```").and_then(|text| text.strip_suffix("```")) {
        repairs.push(FENCE_REPAIR);
        text = fenced_text.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim();
    }
    let quoted = if text.starts_with('"') {
        serde_json::from_str::<String>(text).ok()
    } else if text.starts_with("{\\\"") {
        serde_json::from_str::<String>(&format!("\"{text}\"")).ok()
    } else {
        return repair_object(text, repairs);
    };
    repairs.push(STRING_REPAIR);
    repair_object(quoted?.trim(), repairs)
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

/// The arguments inside a whole call that stands in their place: `{"name": …, "arguments": {…}}`.
/// `None` if the tool knows an argument of such a name, or if more would be lost than the name.
fn wrapped_arguments(
    arguments: &ToolArguments,
    schema: ArgumentSchema<'_>,
) -> Option<ToolArguments> {
    const WRAPPERS: [&str; 3] = ["arguments", "parameters", "input"];
    const BESIDE: [&str; 3] = ["name", "tool", "type"];
    let map = arguments.as_map();
    let key = WRAPPERS.into_iter().find(|key| map.get(*key).is_some_and(Value::is_object))?;
    let is_known = |key: &str| schema.has_argument(key);
    let is_wrapper = |name: &String| name == key || BESIDE.contains(&name.as_str());
    if map.keys().any(|name| is_known(name) || !is_wrapper(name)) {
        return None;
    }
    let inner = map.get(key)?.as_object()?;
    inner.keys().all(|name| is_known(name)).then(|| ToolArguments::from(inner.clone()))
}

/// Unwraps values from strings where the schema wants another type, and keys from quotes.
fn fit_schema(
    arguments: &ToolArguments,
    schema: ArgumentSchema<'_>,
    repairs: &mut Vec<&'static str>,
) -> ToolArguments {
    let mut map = arguments.as_map().clone();
    for (key, value) in arguments.as_map() {
        let unquoted_key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        let unquoted_key =
            unquoted_key.filter(|bare| schema.has_argument(bare) && !map.contains_key(*bare));
        let name = unquoted_key.unwrap_or(key);
        let unquoted_value = match value {
            Value::String(text) => unquote_value(text, name, schema),
            value => round_integer(value, name, schema),
        };
        if unquoted_key.is_none() && unquoted_value.is_none() {
            continue;
        }
        if unquoted_key.is_some() {
            map.remove(key);
            repairs.push(QUOTED_KEY_REPAIR);
        }
        if unquoted_value.is_some() {
            repairs.push(QUOTED_VALUE_REPAIR);
        }
        map.insert(name.to_owned(), unquoted_value.unwrap_or_else(|| value.clone()));
    }
    ToolArguments::from(map)
}

/// Reads a value out of a string where the schema allows no string, if nothing of it is lost.
fn unquote_value(text: &str, key: &str, schema: ArgumentSchema<'_>) -> Option<Value> {
    let types = schema.argument_types(key);
    if !types.forbids_text() {
        return None;
    }
    let value = types.parse_value(text);
    types.accepts_value(&value).then_some(value)
}

/// Writes a whole number with a fraction of zero as an integer, where the schema wants one.
fn round_integer(value: &Value, key: &str, schema: ArgumentSchema<'_>) -> Option<Value> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    let types = schema.argument_types(key);
    if types.allows_type("number") || !types.allows_type("integer") {
        return None;
    }
    Some(Value::from(number.to_string().parse::<i64>().ok()?))
}

#[cfg(test)]
mod tests;
