//! A tool's name, and its arguments as JSON behind it, with marks around both.

use super::TextToolCall;
use super::cursor::{ParseStop, TextCursor};

/// The mark before the id of a call.
const CALL_ID_MARK: &str = "[CALL_ID]";

/// A name and its arguments.
#[derive(Debug)]
pub(super) struct NamedJsonSyntax {
    /// Alternatives of the mark before the name; empty if there is none.
    pub(super) begins: &'static [&'static str],
    /// What ends the header that the name belongs to; empty if there is no header.
    pub(super) header_end: &'static str,
    /// Marks between the name and the arguments, in this order; each may be missing.
    pub(super) separators: &'static [&'static str],
    /// Marks behind the arguments, in this order; each may be missing.
    pub(super) ends: &'static [&'static str],
}

impl NamedJsonSyntax {
    pub(super) fn parse_call(
        &self,
        cursor: &mut TextCursor<'_>,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        if !self.begins.is_empty() {
            cursor.eat_any(self.begins)?;
            cursor.skip_whitespace();
        }
        let name = cursor.read_tool_name()?;
        if !self.header_end.is_empty() {
            cursor.read_tag_rest(self.header_end)?;
        } else if !self.begins.is_empty() {
            cursor.begin_call(&name);
        }
        if cursor.eat_if(CALL_ID_MARK)? {
            cursor.read_while(|byte| byte.is_ascii_alphanumeric());
        }
        cursor.eat_each_if(self.separators)?;
        if !self.begins.is_empty() {
            cursor.skip_whitespace();
        }
        if cursor.peek_byte()? != b'{' {
            return Err(ParseStop::Mismatch);
        }
        cursor.begin_call(&name);
        cursor.begin_arguments();
        let arguments = cursor.read_json()?.to_owned();
        calls.push(TextToolCall::new(name, arguments));
        cursor.end_call();
        cursor.eat_each_if(self.ends)
    }
}
