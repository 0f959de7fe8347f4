//! A tool call as a JSON object with the tool's name and arguments. The arguments' text is kept as
//! it is.

use openclaw_core::ToolName;

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor, UNREADABLE_CALL_PROBLEM, attach_partial_call};

/// The context of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonCallContext {
    /// On its own: it must have a name and arguments, and nothing that other data has.
    Bare,
    /// Before this marker, which also ends an unreadable object.
    BeforeMarker(&'static str),
}

#[derive(Debug, Default)]
struct JsonCallFields<'a> {
    name: Option<ToolName>,
    arguments: Option<&'a str>,
    /// The start of the arguments.
    arguments_start: Option<TextCursor<'a>>,
}

/// Reads one object, or a list of them.
pub(super) fn parse_objects(
    cursor: &mut TextCursor<'_>,
    context: JsonCallContext,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    if !cursor.eat_if("[")? {
        calls.push(parse_object(cursor, context)?);
        return Ok(());
    }
    loop {
        cursor.skip_whitespace();
        calls.push(parse_object(cursor, context)?);
        cursor.skip_whitespace();
        if !cursor.eat_if(",")? {
            return cursor.eat_text("]");
        }
    }
}

/// Reads one object.
pub(super) fn parse_object(
    cursor: &mut TextCursor<'_>,
    context: JsonCallContext,
) -> Result<TextToolCall, ParseStop> {
    let start = cursor.clone();
    let mut fields = JsonCallFields::default();
    let read_result = fields.read_fields(cursor, context);
    let name = match (fields.name, context) {
        (Some(name), JsonCallContext::BeforeMarker(marker)) => {
            if let Err(ParseStop::Mismatch) = read_result {
                *cursor = fields.arguments_start.unwrap_or(start);
                let remaining_text = cursor.remaining_text();
                let raw_arguments =
                    attach_partial_call(cursor.read_until(marker), &name, remaining_text)?
                        .trim()
                        .to_owned();
                return Ok(TextToolCall {
                    name,
                    arguments: raw_arguments,
                    problem: Some(UNREADABLE_CALL_PROBLEM),
                });
            }
            name
        }
        (Some(name), JsonCallContext::Bare) if fields.arguments_start.is_some() => name,
        _ => return Err(read_result.err().unwrap_or(ParseStop::Mismatch)),
    };
    attach_partial_call(read_result, &name, fields.arguments.unwrap_or_default())?;
    let arguments = fields.arguments.unwrap_or_default().to_owned();
    Ok(TextToolCall { name, arguments, problem: None })
}

impl<'a> JsonCallFields<'a> {
    fn read_fields(
        &mut self,
        cursor: &mut TextCursor<'a>,
        context: JsonCallContext,
    ) -> Result<(), ParseStop> {
        cursor.eat_text("{")?;
        loop {
            cursor.skip_whitespace();
            match cursor.peek_byte()? {
                b'}' => return cursor.eat_text("}"),
                b',' => cursor.eat_text(",")?,
                b'"' => self.read_field(cursor, context)?,
                // The object's closing brace may be missing when its arguments are complete.
                _ => match (context, self.arguments) {
                    (JsonCallContext::BeforeMarker(marker), Some(_)) => {
                        return cursor.clone().eat_text(marker);
                    }
                    _ => return Err(ParseStop::Mismatch),
                },
            }
        }
    }

    fn read_field(
        &mut self,
        cursor: &mut TextCursor<'a>,
        context: JsonCallContext,
    ) -> Result<(), ParseStop> {
        cursor.eat_text("\"")?;
        let key = cursor.read_while(|byte| !matches!(byte, b'"' | b'\\'));
        cursor.eat_text("\"")?;
        cursor.skip_whitespace();
        cursor.eat_text(":")?;
        cursor.skip_whitespace();
        match key {
            "name" | "tool" => self.name = Some(cursor.read_quoted_tool_name()?),
            "arguments" | "parameters" => {
                if context == JsonCallContext::Bare && !matches!(cursor.peek_byte()?, b'{' | b'"') {
                    return Err(ParseStop::Mismatch);
                }
                let remaining_text = cursor.remaining_text();
                self.arguments_start = Some(cursor.clone());
                let raw_arguments = cursor.read_json();
                self.arguments = Some(match &self.name {
                    Some(name) => attach_partial_call(raw_arguments, name, remaining_text)?,
                    None => raw_arguments?,
                });
            }
            "id" | "type" => drop(cursor.read_json()?),
            _ if context != JsonCallContext::Bare => drop(cursor.read_json()?),
            _ => return Err(ParseStop::Mismatch),
        }
        Ok(())
    }
}
