//! `[name(a=1, b="x"), …]` as the whole text: a list of Python calls with named, literal arguments.

use openclaw_core::ToolName;
use serde_json::{Map, Number, Value};

use super::Written;
use super::scan::{Cursor, Stop, within};
use crate::schema::Types;

/// Lists and dictionaries are nested no deeper than this.
const DEPTH: u8 = 32;

pub(super) fn read(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    cursor.eat("[")?;
    loop {
        cursor.blanks();
        let name = cursor.name()?;
        cursor.eat("(")?;
        let rest = cursor.rest();
        let arguments = within(arguments(cursor, &name), &name, rest)?;
        calls.push(Written { name, arguments, fault: None });
        cursor.blanks();
        if !cursor.eat_if(",")? {
            return cursor.eat("]");
        }
    }
}

fn arguments(cursor: &mut Cursor<'_>, name: &ToolName) -> Result<String, Stop> {
    let schema = cursor.offered.schema(name);
    let mut arguments = Map::new();
    loop {
        cursor.blanks();
        if cursor.eat_if(")")? {
            return Ok(Value::Object(arguments).to_string());
        }
        if cursor.peek()? == b'=' {
            return Err(Stop::No);
        }
        let key = cursor.run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        cursor.blanks();
        cursor.eat("=")?;
        cursor.blanks();
        let before = cursor.rest();
        let value = literal(cursor, DEPTH)?;
        let len = before.len() - cursor.rest().len();
        let written = before.split_at_checked(len).map_or("", |(written, _)| written);
        arguments.insert(key.to_owned(), typed(value, written, &schema.types(key)));
        cursor.blanks();
        if !cursor.eat_if(",")? {
            cursor.eat(")")?;
            return Ok(Value::Object(arguments).to_string());
        }
    }
}

/// Gives a value the type that the schema wants, if what was `written` reads as that.
fn typed(value: Value, written: &str, types: &Types<'_>) -> Value {
    match value {
        Value::String(text) if types.forbid_text() => types.read(&text),
        Value::String(text) => Value::String(text),
        value if types.take(&value) => value,
        value if types.allow("string") && !(value.is_array() || value.is_object()) => {
            Value::String(written.to_owned())
        }
        value => value,
    }
}

fn literal(cursor: &mut Cursor<'_>, depth: u8) -> Result<Value, Stop> {
    let depth = depth.checked_sub(1).ok_or(Stop::No)?;
    match cursor.peek()? {
        b'"' | b'\'' => string(cursor).map(Value::String),
        b'[' => {
            let mut items = Vec::new();
            items_of(cursor, ("[", "]"), |cursor| {
                items.push(literal(cursor, depth)?);
                Ok(())
            })?;
            Ok(Value::Array(items))
        }
        b'{' => {
            let mut fields = Map::new();
            items_of(cursor, ("{", "}"), |cursor| {
                let key = string(cursor)?;
                cursor.blanks();
                cursor.eat(":")?;
                cursor.blanks();
                fields.insert(key, literal(cursor, depth)?);
                Ok(())
            })?;
            Ok(Value::Object(fields))
        }
        _ => word(cursor),
    }
}

fn items_of<'a>(
    cursor: &mut Cursor<'a>,
    (open, close): (&str, &str),
    mut item: impl FnMut(&mut Cursor<'a>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    cursor.eat(open)?;
    loop {
        cursor.blanks();
        if cursor.eat_if(close)? {
            return Ok(());
        }
        item(cursor)?;
        cursor.blanks();
        if !cursor.eat_if(",")? {
            return cursor.eat(close);
        }
    }
}

fn word(cursor: &mut Cursor<'_>) -> Result<Value, Stop> {
    let word =
        cursor.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'));
    cursor.peek()?;
    match word {
        "True" | "true" => Ok(Value::Bool(true)),
        "False" | "false" => Ok(Value::Bool(false)),
        "None" | "null" => Ok(Value::Null),
        _ => serde_json::from_str::<Number>(word).map(Value::Number).map_err(|_| Stop::No),
    }
}

/// Reads a string in quotes of any kind; an escape that Python does not know stays as it is.
fn string(cursor: &mut Cursor<'_>) -> Result<String, Stop> {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter();
    let quote = quote.into_iter().find(|quote| cursor.rest().starts_with(quote)).ok_or(Stop::No)?;
    cursor.eat(quote)?;
    let mut text = String::new();
    loop {
        let mut next = cursor.rest().chars();
        if cursor.eat_if(quote).unwrap_or_default() {
            return Ok(text);
        }
        let c = next.next().ok_or(Stop::Short(None))?;
        cursor.skip(c);
        if c == '\\' {
            escape(cursor, &mut text)?;
        } else {
            text.push(c);
        }
    }
}

fn escape(cursor: &mut Cursor<'_>, text: &mut String) -> Result<(), Stop> {
    let c = cursor.rest().chars().next().ok_or(Stop::Short(None))?;
    cursor.skip(c);
    let digits = match c {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    match c {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        '\\' | '\'' | '"' => text.push(c),
        '\n' => {}
        _ if digits > 0 => {
            let code = cursor.rest().get(..digits).ok_or(Stop::Short(None))?;
            let found = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            text.push(found.ok_or(Stop::No)?);
            code.chars().for_each(|digit| cursor.skip(digit));
        }
        _ => text.extend(['\\', c]),
    }
    Ok(())
}
