//! A function between tags, with a tag for each parameter:
//! `<function=NAME><parameter=KEY>VALUE</parameter></function>`.
//!
//! Some models write the arguments as one JSON object instead. The type of a value comes from the
//! tool's schema, or from an attribute of its tag.

use openclaw_core::ToolName;
use serde_json::{Map, Value};

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};

/// Tags of a function and its parameters. A name stands behind the opening text, in quotes or
/// bare, and attributes may follow it.
#[derive(Debug)]
pub(super) struct TagSyntax {
    /// Text before the function, which may be missing.
    pub(super) preface: &'static str,
    /// The opening tag of a function up to its name.
    pub(super) function_starts: &'static [&'static str],
    /// What ends an opening tag.
    pub(super) tag_end: &'static str,
    /// The closing tag of a function and what follows it, in this order; all but the first may be
    /// missing.
    pub(super) function_ends: &'static [&'static str],
    /// The opening tag of a parameter up to its name.
    pub(super) parameter_starts: &'static [&'static str],
    /// The closing tag of a parameter.
    pub(super) parameter_end: &'static str,
    /// What stands around a value and does not belong to it.
    pub(super) padding: ValuePadding,
}

/// What stands around a value and does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValuePadding {
    /// Nothing: white space belongs to the value.
    Nothing,
    /// One line break at each end.
    LineBreaks,
    /// All white space.
    WhiteSpace,
}

/// The type that a tag gives its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaggedType {
    /// None: the schema decides.
    Unspecified,
    /// A string.
    Text,
    /// JSON.
    Json,
}

impl TagSyntax {
    pub(super) fn parse_call(
        &self,
        cursor: &mut TextCursor<'_>,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        cursor.eat_if(self.preface)?;
        cursor.eat_any(self.function_starts)?;
        let quote = read_quote(cursor)?;
        let name = cursor.read_tool_name()?;
        cursor.eat_text(quote)?;
        cursor.read_tag_rest(self.tag_end)?;
        cursor.begin_call(&name);
        cursor.begin_arguments();
        let arguments = self.parse_parameters(cursor, &name)?;
        calls.push(TextToolCall::new(name, arguments));
        cursor.end_call();
        cursor.eat_each_if(self.function_ends.get(1..).unwrap_or_default())
    }

    /// Reads up to the end of the function, and returns the arguments as JSON.
    fn parse_parameters(
        &self,
        cursor: &mut TextCursor<'_>,
        name: &ToolName,
    ) -> Result<String, ParseStop> {
        cursor.skip_whitespace();
        if cursor.peek_byte()? == b'{' {
            let json = cursor.read_json()?.to_owned();
            cursor.skip_whitespace();
            self.parse_function_end(cursor)?;
            return Ok(json);
        }
        let schema = cursor.offered_tools.argument_schema(name);
        let mut arguments = Map::new();
        while self.eat_parameter_start(cursor)? {
            let quote = read_quote(cursor)?;
            let key = cursor.read_while(|byte| !matches!(byte, b'>' | b'<' | b'\n' | b'"' | b'\''));
            cursor.eat_text(quote)?;
            let attributes = cursor.read_tag_rest(self.tag_end)?;
            let written = cursor.read_until(self.parameter_end)?;
            cursor.eat_text(self.parameter_end)?;
            // This parameter is not closed; the text belongs to the next one.
            let is_nested = |start: &&str| written.contains(&format!("\n{start}"));
            if self.parameter_starts.iter().any(is_nested) {
                return Err(ParseStop::Mismatch);
            }
            let text = unwrap_character_data(self.padding.strip(written));
            let value = match tagged_type(attributes) {
                TaggedType::Unspecified => schema.argument_types(key.trim()).parse_value(text),
                TaggedType::Text => Value::from(text),
                TaggedType::Json => {
                    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
                }
            };
            arguments.insert(key.trim().to_owned(), value);
            cursor.note_arguments(name, &arguments);
            cursor.skip_whitespace();
        }
        self.parse_function_end(cursor)?;
        Ok(Value::Object(arguments).to_string())
    }

    fn eat_parameter_start(&self, cursor: &mut TextCursor<'_>) -> Result<bool, ParseStop> {
        match cursor.eat_any(self.parameter_starts) {
            Ok(_) => Ok(true),
            Err(ParseStop::Mismatch) => Ok(false),
            Err(incomplete) => Err(incomplete),
        }
    }

    /// Skips the end of the function; the end of the section may replace it.
    fn parse_function_end(&self, cursor: &mut TextCursor<'_>) -> Result<(), ParseStop> {
        let end = self.function_ends.first().copied().unwrap_or_default();
        if cursor.eat_if(end)? {
            return Ok(());
        }
        let next = cursor.remaining_text();
        if next.starts_with("</tool_call>") || "</tool_call>".starts_with(next) {
            cursor.clone().eat_text("</tool_call>")
        } else {
            Err(ParseStop::Mismatch)
        }
    }
}

impl ValuePadding {
    pub(super) fn strip(self, value: &str) -> &str {
        match self {
            Self::Nothing => value,
            Self::LineBreaks => {
                let value = value.strip_prefix('\n').unwrap_or(value);
                value.strip_suffix('\n').unwrap_or(value)
            }
            Self::WhiteSpace => value.trim(),
        }
    }
}

/// Skips an opening quote, and returns what must follow the name.
fn read_quote(cursor: &mut TextCursor<'_>) -> Result<&'static str, ParseStop> {
    Ok(match cursor.peek_byte()? {
        b'"' => {
            cursor.eat_text("\"")?;
            "\""
        }
        b'\'' => {
            cursor.eat_text("'")?;
            "'"
        }
        _ => "",
    })
}

fn tagged_type(attributes: &str) -> TaggedType {
    if attributes.contains("string=\"true\"") || attributes.contains("type=\"string\"") {
        TaggedType::Text
    } else if attributes.contains("string=\"") || attributes.contains("type=\"") {
        TaggedType::Json
    } else {
        TaggedType::Unspecified
    }
}

fn unwrap_character_data(text: &str) -> &str {
    let inner = text.trim().strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
    inner.unwrap_or(text)
}
