//! A tool's name, and pairs of a key and a value between tags:
//! `<tool_call>NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value></tool_call>`.

use serde_json::{Map, Value};

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};
use super::tags::ValuePadding;

/// Pairs of tags. A checkpoint's tags may all have the same suffix, `<tool_call:SUFFIX>`.
#[derive(Debug)]
pub(super) struct PairSyntax {
    /// The tag of a call.
    pub(super) call: &'static str,
    /// The tag between the name and the first key, which may be missing.
    pub(super) separator: &'static str,
    /// The tag of a key.
    pub(super) key: &'static str,
    /// The tag of a value's type, which may be missing.
    pub(super) kind: &'static str,
    /// The tag of a value.
    pub(super) value: &'static str,
    /// The closing tag of a call without its suffix, for one that cannot be read.
    pub(super) ends: &'static [&'static str],
}

impl PairSyntax {
    pub(super) fn parse_call(
        &self,
        cursor: &mut TextCursor<'_>,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        cursor.eat_text("<")?;
        cursor.eat_text(self.call)?;
        let suffix = if cursor.eat_if(":")? {
            let suffix = cursor.read_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            format!(":{suffix}")
        } else {
            String::new()
        };
        cursor.eat_text(">")?;
        cursor.skip_whitespace();
        let name = cursor.read_tool_name()?;
        cursor.skip_whitespace();
        let tag = |name: &str| format!("<{name}{suffix}>");
        let end_tag = |name: &str| format!("</{name}{suffix}>");
        cursor.eat_if(&tag(self.separator))?;
        cursor.skip_whitespace();
        let schema = cursor.offered_tools.argument_schema(&name);
        let mut arguments = Map::new();
        while cursor.eat_if(&tag(self.key))? {
            if !cursor.has_arguments() {
                cursor.begin_call(&name);
                cursor.begin_arguments();
            }
            let key = cursor.read_until(&end_tag(self.key))?.trim();
            cursor.eat_text(&end_tag(self.key))?;
            cursor.skip_whitespace();
            if cursor.eat_if(&tag(self.kind))? {
                cursor.read_until(&end_tag(self.kind))?;
                cursor.eat_text(&end_tag(self.kind))?;
                cursor.skip_whitespace();
            }
            cursor.eat_text(&tag(self.value))?;
            let value = cursor.read_until(&end_tag(self.value))?;
            cursor.eat_text(&end_tag(self.value))?;
            let value = ValuePadding::LineBreaks.strip(value);
            arguments.insert(key.to_owned(), schema.argument_types(key).parse_value(value));
            cursor.note_arguments(&name, &arguments);
            cursor.skip_whitespace();
        }
        cursor.eat_text(&end_tag(self.call))?;
        let arguments = Value::Object(arguments).to_string();
        calls.push(TextToolCall::new(name, arguments));
        Ok(())
    }
}
