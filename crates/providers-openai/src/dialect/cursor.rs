//! A cursor over text that may still grow.

use openclaw_core::ToolName;

use super::{OfferedTools, TextToolCall};

/// Why parsing stops.
#[derive(Debug)]
pub(super) enum ParseStop {
    /// The text is not a call.
    Mismatch,
    /// The text ends too early; holds the call that it ends in, if its tool is known.
    Incomplete(Option<TextToolCall>),
}

/// The problem of a call that ends in the middle.
pub(super) const UNCLOSED_CALL_PROBLEM: &str = "The call has no end.";

/// The problem of an unreadable call between markers.
pub(super) const UNREADABLE_CALL_PROBLEM: &str =
    "What stands between the marks of the call is not a call.";

/// A position in a text.
#[derive(Debug, Clone)]
pub(super) struct TextCursor<'a> {
    text: &'a str,
    offset: usize,
    /// The tools that may be called.
    pub(super) offered_tools: &'a OfferedTools,
}

impl<'a> TextCursor<'a> {
    pub(super) fn new(text: &'a str, offered_tools: &'a OfferedTools) -> Self {
        Self { text, offset: 0, offered_tools }
    }

    /// The bytes read so far.
    pub(super) fn bytes_read(&self) -> usize {
        self.offset
    }

    /// The unread text.
    pub(super) fn remaining_text(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    /// Skips white space.
    pub(super) fn skip_whitespace(&mut self) {
        self.offset = self.text.len() - self.remaining_text().trim_ascii_start().len();
    }

    /// The next byte.
    pub(super) fn peek_byte(&self) -> Result<u8, ParseStop> {
        self.remaining_text().bytes().next().ok_or(ParseStop::Incomplete(None))
    }

    /// Skips `expected`, which must come next.
    pub(super) fn eat_text(&mut self, expected: &str) -> Result<(), ParseStop> {
        let remaining_text = self.remaining_text();
        if remaining_text.starts_with(expected) {
            self.offset += expected.len();
            return Ok(());
        }
        Err(if expected.starts_with(remaining_text) {
            ParseStop::Incomplete(None)
        } else {
            ParseStop::Mismatch
        })
    }

    /// Skips `expected` if it comes next, and returns whether it did.
    pub(super) fn eat_if(&mut self, expected: &str) -> Result<bool, ParseStop> {
        match self.eat_text(expected) {
            Ok(()) => Ok(true),
            Err(ParseStop::Mismatch) => Ok(false),
            Err(incomplete) => Err(incomplete),
        }
    }

    /// Skips the next character, which is `next`.
    pub(super) fn skip_char(&mut self, next: char) {
        self.offset += next.len_utf8();
    }

    /// Reads all bytes that `accepts` allows; the text may end after them.
    pub(super) fn read_while(&mut self, accepts: fn(u8) -> bool) -> &'a str {
        let remaining_text = self.remaining_text();
        let len = remaining_text.bytes().take_while(|byte| accepts(*byte)).count();
        let (matched, _) = remaining_text.split_at_checked(len).unwrap_or_default();
        self.offset += matched.len();
        matched
    }

    /// Reads up to a marker, which stays unread.
    pub(super) fn read_until(&mut self, marker: &str) -> Result<&'a str, ParseStop> {
        let (before, _) =
            self.remaining_text().split_once(marker).ok_or(ParseStop::Incomplete(None))?;
        self.offset += before.len();
        Ok(before)
    }

    /// Reads the unquoted name of an offered tool.
    pub(super) fn read_tool_name(&mut self) -> Result<ToolName, ParseStop> {
        let word =
            self.read_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if self.remaining_text().is_empty() {
            let is_name_prefix = self.offered_tools.has_name_prefix(word);
            return Err(if is_name_prefix {
                ParseStop::Incomplete(None)
            } else {
                ParseStop::Mismatch
            });
        }
        self.offered_tools.find_tool(word).cloned().ok_or(ParseStop::Mismatch)
    }

    /// Reads the name of an offered tool as a JSON string.
    pub(super) fn read_quoted_tool_name(&mut self) -> Result<ToolName, ParseStop> {
        self.eat_text("\"")?;
        let name = self.read_tool_name()?;
        self.eat_text("\"")?;
        Ok(name)
    }

    /// Reads one JSON value by its outline: strings closed, brackets paired. Raw control characters
    /// in strings and stray commas are left to later repair.
    pub(super) fn read_json(&mut self) -> Result<&'a str, ParseStop> {
        let mut open_brackets = Vec::new();
        let mut bytes = self.remaining_text().bytes().enumerate();
        while let Some((offset, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    let end = find_string_end(&mut bytes).ok_or(ParseStop::Incomplete(None))?;
                    if open_brackets.is_empty() {
                        return self.end_json(end + 1);
                    }
                }
                b'{' => open_brackets.push(b'}'),
                b'[' => open_brackets.push(b']'),
                b'}' | b']' if !open_brackets.is_empty() => {
                    if open_brackets.pop() != Some(byte) {
                        return Err(ParseStop::Mismatch);
                    }
                    if open_brackets.is_empty() {
                        return self.end_json(offset + 1);
                    }
                }
                // These end a number or a word.
                b'}' | b']' | b',' | b';' | b'<' if open_brackets.is_empty() => {
                    return self.end_json(offset);
                }
                _ if byte.is_ascii_whitespace() && open_brackets.is_empty() => {
                    return self.end_json(offset);
                }
                b',' | b':' | b'+' | b'-' | b'.' => {}
                _ if byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() => {}
                _ => return Err(ParseStop::Mismatch),
            }
        }
        Err(ParseStop::Incomplete(None))
    }

    fn end_json(&mut self, len: usize) -> Result<&'a str, ParseStop> {
        let (value, _) = self.remaining_text().split_at_checked(len).ok_or(ParseStop::Mismatch)?;
        self.offset += value.len();
        if value.is_empty() { Err(ParseStop::Mismatch) } else { Ok(value) }
    }
}

/// Finds the end of the string whose opening quote was read.
fn find_string_end(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Option<usize> {
    let mut is_escaped = false;
    bytes.find_map(|(offset, byte)| {
        let is_closing = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_closing.then_some(offset)
    })
}

/// Adds to an incomplete result the call that the text ends in, whose tool is known and whose
/// arguments begin with `raw`.
pub(super) fn attach_partial_call<T>(
    result: Result<T, ParseStop>,
    name: &ToolName,
    raw_arguments: &str,
) -> Result<T, ParseStop> {
    result.map_err(|stop| match stop {
        ParseStop::Incomplete(None) => ParseStop::Incomplete(Some(TextToolCall {
            name: name.clone(),
            arguments: raw_arguments.to_owned(),
            problem: Some(UNCLOSED_CALL_PROBLEM),
        })),
        stop => stop,
    })
}
