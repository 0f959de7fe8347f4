//! Tool calls as JSON objects with the tool's name and arguments. The arguments' text is kept as
//! it is, unless the object is written in another way.

mod loose;

use openclaw_core::ToolName;

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};

/// The deepest nesting of a call in a `function` field.
const MAX_FUNCTION_DEPTH: u8 = 2;

/// Calls as JSON objects.
#[derive(Debug)]
pub(super) struct JsonCallSyntax {
    /// The mark before each object or list; empty if there is none.
    pub(super) begin: &'static str,
    /// Marks behind it, in this order; each may be missing.
    pub(super) ends: &'static [&'static str],
    /// Whether objects may follow each other, with `;` or white space between them.
    pub(super) is_repeated: bool,
}

/// The fields of an object.
#[derive(Debug, Default)]
struct JsonCallFields<'a> {
    name: Option<ToolName>,
    arguments: Option<&'a str>,
}

/// Where an object stands.
#[derive(Debug, Clone, Copy)]
struct ObjectContext {
    /// Whether it stands between marks. Otherwise it must have a name and arguments, and nothing
    /// that other data has.
    is_marked: bool,
    ends: &'static [&'static str],
    depth: u8,
}

impl JsonCallSyntax {
    pub(super) fn parse_calls(
        &self,
        cursor: &mut TextCursor<'_>,
        is_marked: bool,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        let context = ObjectContext { is_marked, ends: self.ends, depth: MAX_FUNCTION_DEPTH };
        cursor.eat_text(self.begin)?;
        loop {
            cursor.skip_whitespace();
            let is_fenced = is_marked && eat_fence(cursor)?;
            parse_objects(cursor, context, calls)?;
            if is_fenced {
                cursor.skip_whitespace();
                cursor.eat_text(FENCE)?;
            }
            let end_of_object = cursor.clone();
            if self.is_repeated {
                cursor.skip_whitespace();
                match cursor.peek_byte() {
                    Ok(b';') => cursor.eat_text(";")?,
                    Ok(b'{') => {}
                    _ => return Ok(()),
                }
                continue;
            }
            if self.ends.is_empty() {
                return Ok(());
            }
            cursor.skip_whitespace();
            // Some servers' grammars let one extra brace through.
            while cursor.eat_if("}")? {
                cursor.skip_whitespace();
            }
            for end in self.ends {
                if cursor.eat_if(end)? {
                    return Ok(());
                }
            }
            if cursor.peek_byte()? != b'{' {
                *cursor = end_of_object;
                return Ok(());
            }
        }
    }
}

/// A code fence, which some models put inside their marks.
const FENCE: &str = "```";

/// Skips the beginning of a fence, and returns whether there was one.
fn eat_fence(cursor: &mut TextCursor<'_>) -> Result<bool, ParseStop> {
    if !cursor.eat_if(FENCE)? {
        return Ok(false);
    }
    cursor.read_while(|byte| byte.is_ascii_alphanumeric());
    cursor.skip_whitespace();
    Ok(true)
}

/// Reads `[{"NAME": {…}}, …]`.
pub(super) fn parse_keyed_list(
    cursor: &mut TextCursor<'_>,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    cursor.eat_text("[")?;
    loop {
        cursor.skip_whitespace();
        cursor.eat_text("{")?;
        cursor.skip_whitespace();
        let name = cursor.read_quoted_tool_name()?;
        cursor.begin_call(&name);
        cursor.skip_whitespace();
        cursor.eat_text(":")?;
        cursor.skip_whitespace();
        cursor.begin_arguments();
        let arguments = cursor.read_json()?.to_owned();
        cursor.skip_whitespace();
        cursor.eat_text("}")?;
        calls.push(TextToolCall::new(name, arguments));
        cursor.end_call();
        cursor.skip_whitespace();
        if !cursor.eat_if(",")? {
            return cursor.eat_text("]");
        }
    }
}

/// Reads one object, or a list of them.
fn parse_objects(
    cursor: &mut TextCursor<'_>,
    context: ObjectContext,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    if !cursor.eat_if("[")? {
        return parse_object_or_loose(cursor, context, calls);
    }
    loop {
        cursor.skip_whitespace();
        parse_object_or_loose(cursor, context, calls)?;
        cursor.skip_whitespace();
        if !cursor.eat_if(",")? {
            return cursor.eat_text("]");
        }
    }
}

/// Reads one object; one that is written in another way is read by its value.
fn parse_object_or_loose(
    cursor: &mut TextCursor<'_>,
    context: ObjectContext,
    calls: &mut Vec<TextToolCall>,
) -> Result<(), ParseStop> {
    let mut loose_cursor = cursor.clone();
    let strict = parse_object(cursor, context);
    // Arguments may stand beside the name.
    let has_arguments = |call: &TextToolCall| !call.arguments.is_empty() || !context.is_marked;
    match strict {
        Ok(call) if has_arguments(&call) => {
            calls.push(call);
            return Ok(());
        }
        Err(ParseStop::Incomplete) => return Err(ParseStop::Incomplete),
        _ => {}
    }
    match (loose::parse_calls(&mut loose_cursor, context.is_marked), strict) {
        (Ok(loose), strict) if !loose.is_empty() => {
            if strict.is_err() {
                *cursor = loose_cursor;
            }
            calls.extend(loose);
        }
        (_, Ok(call)) => calls.push(call),
        (Err(ParseStop::Incomplete), Err(_)) => return Err(ParseStop::Incomplete),
        (_, Err(stop)) => return Err(stop),
    }
    Ok(())
}

fn parse_object(
    cursor: &mut TextCursor<'_>,
    context: ObjectContext,
) -> Result<TextToolCall, ParseStop> {
    let mut fields = JsonCallFields::default();
    fields.read_fields(cursor, context)?;
    let name = fields.name.ok_or(ParseStop::Mismatch)?;
    if !context.is_marked && fields.arguments.is_none() {
        return Err(ParseStop::Mismatch);
    }
    cursor.end_call();
    let arguments = fields.arguments.unwrap_or_default().to_owned();
    Ok(TextToolCall::new(name, arguments))
}

impl<'a> JsonCallFields<'a> {
    fn read_fields(
        &mut self,
        cursor: &mut TextCursor<'a>,
        context: ObjectContext,
    ) -> Result<(), ParseStop> {
        cursor.eat_text("{")?;
        loop {
            cursor.skip_whitespace();
            match cursor.peek_byte()? {
                b'}' => return cursor.eat_text("}"),
                b',' => cursor.eat_text(",")?,
                b'"' => self.read_field(cursor, context)?,
                // The object's closing brace may be missing when its arguments are complete.
                _ if self.arguments.is_some() => {
                    return cursor.clone().eat_any(context.ends).map(drop);
                }
                _ => return Err(ParseStop::Mismatch),
            }
        }
    }

    fn read_field(
        &mut self,
        cursor: &mut TextCursor<'a>,
        context: ObjectContext,
    ) -> Result<(), ParseStop> {
        cursor.eat_text("\"")?;
        let key = cursor.read_while(|byte| !matches!(byte, b'"' | b'\\'));
        cursor.eat_text("\"")?;
        cursor.skip_whitespace();
        cursor.eat_text(":")?;
        cursor.skip_whitespace();
        match key {
            "function" if cursor.peek_byte()? == b'{' => {
                let depth = context.depth.checked_sub(1).ok_or(ParseStop::Mismatch)?;
                self.read_fields(cursor, ObjectContext { depth, ..context })?;
            }
            "name" | "tool" | "tool_name" | "function" => {
                let name = cursor.read_quoted_tool_name()?;
                cursor.begin_call(&name);
                self.name = Some(name);
            }
            "arguments" | "parameters" | "args" => {
                if !context.is_marked && !matches!(cursor.peek_byte()?, b'{' | b'"') {
                    return Err(ParseStop::Mismatch);
                }
                cursor.begin_arguments();
                self.arguments = Some(cursor.read_json()?);
            }
            "id" | "type" | "tool_call_id" => drop(cursor.read_json()?),
            _ if context.is_marked => drop(cursor.read_json()?),
            _ => return Err(ParseStop::Mismatch),
        }
        Ok(())
    }
}
