//! `call:NAME{key:value,…}`, where strings stand between marks that serve as quotes.

use serde_json::{Map, Value};

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};

/// The deepest nesting of lists and objects.
const MAX_NESTING_DEPTH: u8 = 32;

/// Calls with braces.
#[derive(Debug)]
pub(super) struct BracedSyntax {
    /// The mark before a call.
    pub(super) begin: &'static str,
    /// The mark around a string.
    pub(super) quote: &'static str,
    /// The mark behind a call, which may be missing.
    pub(super) ends: &'static [&'static str],
}

impl BracedSyntax {
    pub(super) fn parse_call(
        &self,
        cursor: &mut TextCursor<'_>,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        cursor.eat_text(self.begin)?;
        cursor.skip_whitespace();
        cursor.eat_text("call:")?;
        let name = cursor.read_tool_name()?;
        cursor.begin_call(&name);
        cursor.begin_arguments();
        let schema = cursor.offered_tools.argument_schema(&name);
        let mut arguments = self.parse_object(cursor, MAX_NESTING_DEPTH)?;
        for (key, value) in &mut arguments {
            let types = schema.argument_types(key);
            match value {
                Value::String(text) if types.forbids_text() => *value = types.parse_value(text),
                Value::Number(_) | Value::Bool(_)
                    if !types.accepts_value(value) && types.allows_type("string") =>
                {
                    *value = Value::String(value.to_string());
                }
                _ => {}
            }
        }
        let arguments = Value::Object(arguments).to_string();
        calls.push(TextToolCall::new(name, arguments));
        cursor.end_call();
        cursor.eat_each_if(self.ends)
    }

    fn parse_object(
        &self,
        cursor: &mut TextCursor<'_>,
        depth: u8,
    ) -> Result<Map<String, Value>, ParseStop> {
        cursor.eat_text("{")?;
        let mut fields = Map::new();
        loop {
            cursor.skip_whitespace();
            if cursor.eat_if("}")? {
                return Ok(fields);
            }
            let key = if cursor.eat_if(self.quote)? {
                self.read_string(cursor)?
            } else {
                let key = cursor.read_while(|byte| !matches!(byte, b':' | b'{' | b'}' | b'<'));
                key.trim().to_owned()
            };
            cursor.skip_whitespace();
            cursor.eat_text(":")?;
            cursor.skip_whitespace();
            let value = self.parse_value(cursor, depth)?;
            fields.insert(key, value);
            cursor.skip_whitespace();
            if !cursor.eat_if(",")? {
                cursor.eat_text("}")?;
                return Ok(fields);
            }
        }
    }

    fn parse_value(&self, cursor: &mut TextCursor<'_>, depth: u8) -> Result<Value, ParseStop> {
        let depth = depth.checked_sub(1).ok_or(ParseStop::Mismatch)?;
        if cursor.eat_if(self.quote)? {
            return self.read_string(cursor).map(Value::String);
        }
        match cursor.peek_byte()? {
            b'{' => self.parse_object(cursor, depth).map(Value::Object),
            b'[' => self.parse_list(cursor, depth).map(Value::Array),
            _ => {
                let word = cursor.read_while(|byte| !matches!(byte, b',' | b'}' | b']' | b'<'));
                cursor.peek_byte()?;
                let word = word.trim();
                Ok(serde_json::from_str(word).unwrap_or_else(|_| Value::from(word)))
            }
        }
    }

    fn parse_list(&self, cursor: &mut TextCursor<'_>, depth: u8) -> Result<Vec<Value>, ParseStop> {
        cursor.eat_text("[")?;
        let mut items = Vec::new();
        loop {
            cursor.skip_whitespace();
            if cursor.eat_if("]")? {
                return Ok(items);
            }
            items.push(self.parse_value(cursor, depth)?);
            cursor.skip_whitespace();
            if !cursor.eat_if(",")? {
                cursor.eat_text("]")?;
                return Ok(items);
            }
        }
    }

    /// Reads a string whose opening mark was read.
    fn read_string(&self, cursor: &mut TextCursor<'_>) -> Result<String, ParseStop> {
        let text = cursor.read_until(self.quote)?.to_owned();
        cursor.eat_text(self.quote)?;
        Ok(text)
    }
}
