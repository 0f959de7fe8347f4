//! Mends arguments that are not quite JSON, without inventing anything.
//!
//! Only what stands around or between values is mended. A string, list or object that is not
//! closed stays so: what would have followed is not known, and a call with half its arguments is
//! worse than none.

use openclaw_core::{Arguments, InvalidArgumentsText};
use serde_json::Value;

use crate::schema::Schema;

/// Arguments, and what was done to read them, for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Salvaged {
    /// The arguments.
    pub(crate) arguments: Arguments,
    /// What was done, in order; empty if the text was right as it was.
    pub(crate) mends: Vec<&'static str>,
}

const FENCE: &str = "removed a code fence around the arguments";
const QUOTED: &str = "read the arguments out of a string";
const CONTROL: &str = "escaped control characters in a string";
const COMMA: &str = "removed a trailing comma";
const LEFTOVER: &str = "removed what followed the arguments";
const INNER: &str = "read a value out of a string, as its type wants";
const KEY: &str = "removed quotes around a key";

/// Reads arguments as a model wrote them, mended if need be.
///
/// # Errors
/// When the text is not one JSON object and cannot be mended; says what is wrong with the text.
pub(crate) fn read(raw: &str, schema: Schema<'_>) -> Result<Salvaged, InvalidArgumentsText> {
    let mut mends = Vec::new();
    let arguments = match Arguments::parse(raw) {
        Ok(arguments) => arguments,
        Err(error) => unwrap(raw, &mut mends).ok_or(error)?,
    };
    let arguments = fit(&arguments, schema, &mut mends);
    Ok(Salvaged { arguments, mends })
}

/// Takes the object out of a fence or a string.
fn unwrap(raw: &str, mends: &mut Vec<&'static str>) -> Option<Arguments> {
    let mut text = raw.trim();
    if let Some(inner) = text.strip_prefix("```").and_then(|text| text.strip_suffix("```")) {
        mends.push(FENCE);
        text = inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim();
    }
    let quoted = if text.starts_with('"') {
        serde_json::from_str::<String>(text).ok()
    } else if text.starts_with("{\\\"") {
        serde_json::from_str::<String>(&format!("\"{text}\"")).ok()
    } else {
        return tidy(text, mends);
    };
    mends.push(QUOTED);
    tidy(quoted?.trim(), mends)
}

/// Reads one object, mended inside, and drops what follows it.
fn tidy(text: &str, mends: &mut Vec<&'static str>) -> Option<Arguments> {
    let mut mended = String::with_capacity(text.len());
    let mut open = Vec::new();
    let mut comma = None;
    let mut chars = text.char_indices();
    let mut done = Vec::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                comma = None;
                mended.push(c);
                string(&mut chars, &mut mended, &mut done)?;
                continue;
            }
            '{' | '[' => {
                comma = None;
                open.push(if c == '{' { '}' } else { ']' });
            }
            '}' | ']' => {
                if open.pop() != Some(c) {
                    return None;
                }
                if let Some(place) = comma.take() {
                    mended.remove(place);
                    done.push(COMMA);
                }
            }
            ',' => comma = Some(mended.len()),
            _ if c.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        mended.push(c);
        if open.is_empty() {
            let (_, rest) = text.split_at_checked(at + 1)?;
            if !rest.trim().is_empty() {
                // More values would be a choice of what was meant.
                if rest.contains(['{', '[', '"']) {
                    return None;
                }
                done.push(LEFTOVER);
            }
            let arguments = Arguments::parse(&mended).ok()?;
            // Of an object without content nothing would be left of what the model wrote.
            if arguments.as_map().is_empty() && !done.is_empty() {
                return None;
            }
            done.dedup();
            mends.extend(done);
            return Some(arguments);
        }
    }
    None
}

/// Copies a string up to its closing quote; raw control characters become escapes.
fn string(
    chars: &mut std::str::CharIndices<'_>,
    mended: &mut String,
    done: &mut Vec<&'static str>,
) -> Option<()> {
    let mut escaped = false;
    for (_, c) in chars {
        if c < ' ' {
            // An escape of it is none that JSON has.
            if escaped {
                return None;
            }
            done.push(CONTROL);
            // Displaying a JSON string cannot fail: it writes the escape between quotes.
            mended.push_str(Value::from(c.to_string()).to_string().trim_matches('"'));
            continue;
        }
        mended.push(c);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(()),
            _ => {}
        }
    }
    None
}

/// Takes values out of strings where the schema wants a list or an object, and keys out of quotes.
fn fit(arguments: &Arguments, schema: Schema<'_>, mends: &mut Vec<&'static str>) -> Arguments {
    let mut map = arguments.as_map().clone();
    for (key, value) in arguments.as_map() {
        let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        let bare = bare.filter(|bare| schema.has(bare) && !map.contains_key(*bare));
        let name = bare.unwrap_or(key);
        let inner = value.as_str().and_then(|text| inner(text, name, schema));
        if bare.is_none() && inner.is_none() {
            continue;
        }
        if bare.is_some() {
            map.remove(key);
            mends.push(KEY);
        }
        if inner.is_some() {
            mends.push(INNER);
        }
        map.insert(name.to_owned(), inner.unwrap_or_else(|| value.clone()));
    }
    Arguments::from(map)
}

fn inner(text: &str, key: &str, schema: Schema<'_>) -> Option<Value> {
    let types = schema.types(key);
    if !types.forbid_text() || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let value = serde_json::from_str(text).ok()?;
    types.take(&value).then_some(value)
}

#[cfg(test)]
mod tests;
