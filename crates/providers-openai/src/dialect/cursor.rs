//! A cursor over text that may still grow.

use openclaw_core::ToolName;
use serde_json::{Map, Value};

use super::{OfferedTools, TextToolCall};

/// Why parsing stops.
#[derive(Debug)]
pub(super) enum ParseStop {
    /// The text is not a call.
    Mismatch,
    /// The text ends too early.
    Incomplete,
}

/// The longest tag with its attributes, in bytes.
const MAX_TAG_BYTES: usize = 256;

/// A position in a text.
#[derive(Debug, Clone)]
pub(super) struct TextCursor<'a> {
    text: &'a str,
    offset: usize,
    /// The tools that may be called.
    pub(super) offered_tools: &'a OfferedTools,
    /// The tool of the call that is being read.
    call_name: Option<ToolName>,
    /// Where its arguments begin.
    arguments_start: Option<usize>,
    /// The call with the arguments that are complete so far, and where they end.
    complete_so_far: Option<(TextToolCall, usize)>,
}

/// The longest rest of a text that may be the beginning of a closing mark, in bytes.
const MAX_CLOSING_BYTES: usize = 64;

impl<'a> TextCursor<'a> {
    pub(super) fn new(text: &'a str, offered_tools: &'a OfferedTools) -> Self {
        Self {
            text,
            offset: 0,
            offered_tools,
            call_name: None,
            arguments_start: None,
            complete_so_far: None,
        }
    }

    /// Notes that the arguments are complete up to here, in case that the text ends.
    pub(super) fn note_arguments(&mut self, name: &ToolName, arguments: &Map<String, Value>) {
        if self.remaining_text().len() <= MAX_CLOSING_BYTES {
            let arguments = Value::Object(arguments.clone()).to_string();
            let call =
                TextToolCall { is_unclosed: true, ..TextToolCall::new(name.clone(), arguments) };
            self.complete_so_far = Some((call, self.offset));
        }
    }

    /// Ends the call that is being read if nothing follows its arguments but the beginning of its
    /// end.
    pub(super) fn take_unclosed_call(&mut self, closing_marks: &[&str]) -> Option<TextToolCall> {
        let (call, end) = self.complete_so_far.take()?;
        let rest = self.text.get(end..)?.trim();
        let is_closing = closing_marks.iter().any(|mark| mark.starts_with(rest));
        (is_closing && self.is_in_call()).then_some(call)
    }

    /// Notes that a call of this tool is being read.
    pub(super) fn begin_call(&mut self, name: &ToolName) {
        self.call_name = Some(name.clone());
    }

    /// Notes that the arguments of the call begin here.
    pub(super) fn begin_arguments(&mut self) {
        self.arguments_start = Some(self.offset);
    }

    /// Ends the call that is being read.
    pub(super) fn end_call(&mut self) {
        (self.call_name, self.arguments_start, self.complete_so_far) = (None, None, None);
    }

    /// Whether a call is being read whose tool is known.
    pub(super) fn is_in_call(&self) -> bool {
        self.call_name.is_some()
    }

    /// Whether arguments have begun in the call that is being read.
    pub(super) fn has_arguments(&self) -> bool {
        self.arguments_start.is_some()
    }

    /// Ends the call that is being read, whose tool is known, and returns it with a problem. Its
    /// arguments are what was written up to `end`.
    pub(super) fn take_invalid_call(
        &mut self,
        end: usize,
        problem: String,
    ) -> Option<TextToolCall> {
        let start = self.arguments_start.take().unwrap_or(end).min(end);
        let arguments = self.text.get(start..end).unwrap_or_default().trim().to_owned();
        let name = self.call_name.take()?;
        Some(TextToolCall { problem: Some(problem), ..TextToolCall::new(name, arguments) })
    }

    /// The offset of the first of these marks behind the start of the arguments.
    pub(super) fn find_mark(&self, marks: &[&str]) -> Option<usize> {
        let start = self.arguments_start.unwrap_or(self.offset);
        let text = self.text.get(start..)?;
        let first = marks.iter().filter_map(|mark| text.find(mark)).min()?;
        Some(start + first)
    }

    /// Goes to an offset.
    pub(super) fn move_to(&mut self, offset: usize) {
        self.offset = offset.min(self.text.len());
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
        self.remaining_text().bytes().next().ok_or(ParseStop::Incomplete)
    }

    /// Skips `expected`, which must come next.
    pub(super) fn eat_text(&mut self, expected: &str) -> Result<(), ParseStop> {
        let remaining_text = self.remaining_text();
        if remaining_text.starts_with(expected) {
            self.offset += expected.len();
            return Ok(());
        }
        Err(if expected.starts_with(remaining_text) {
            ParseStop::Incomplete
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
        let (before, _) = self.remaining_text().split_once(marker).ok_or(ParseStop::Incomplete)?;
        self.offset += before.len();
        Ok(before)
    }

    /// Reads the rest of a tag, up to and without its end, which is skipped.
    pub(super) fn read_tag_rest(&mut self, end: &str) -> Result<&'a str, ParseStop> {
        let line = self.remaining_text().split('\n').next().unwrap_or_default();
        let is_whole_line = line.len() < self.remaining_text().len();
        if (is_whole_line || line.len() > MAX_TAG_BYTES) && !line.contains(end) {
            return Err(ParseStop::Mismatch);
        }
        let rest = self.read_until(end)?;
        self.eat_text(end)?;
        Ok(rest)
    }

    /// Reads the unquoted name of an offered tool, with its namespace if it has one.
    pub(super) fn read_tool_name(&mut self) -> Result<ToolName, ParseStop> {
        let word = self.read_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':')
        });
        if self.remaining_text().is_empty() {
            let is_name_prefix = self.offered_tools.has_name_prefix(word);
            return Err(if is_name_prefix { ParseStop::Incomplete } else { ParseStop::Mismatch });
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

    /// Skips the first of the texts that comes next, and returns it; of two that begin alike, the
    /// longer one stands first.
    pub(super) fn eat_any(&mut self, expected: &[&'static str]) -> Result<&'static str, ParseStop> {
        for text in expected {
            match self.eat_text(text) {
                Ok(()) => return Ok(text),
                Err(ParseStop::Mismatch) => {}
                Err(ParseStop::Incomplete) => return Err(ParseStop::Incomplete),
            }
        }
        Err(ParseStop::Mismatch)
    }

    /// Skips the texts that come next in this order, each of which may be missing, and the white
    /// space before each.
    pub(super) fn eat_each_if(&mut self, expected: &[&str]) -> Result<(), ParseStop> {
        for text in expected {
            let start = self.clone();
            self.skip_whitespace();
            if !self.eat_if(text)? {
                *self = start;
            }
        }
        Ok(())
    }

    /// Reads one JSON value by its outline: strings closed, brackets paired. Raw control characters
    /// in strings and stray commas are left to later repair.
    pub(super) fn read_json(&mut self) -> Result<&'a str, ParseStop> {
        let mut open_brackets = Vec::new();
        let mut bytes = self.remaining_text().bytes().enumerate();
        while let Some((offset, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    let end = find_string_end(&mut bytes).ok_or(ParseStop::Incomplete)?;
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
        Err(ParseStop::Incomplete)
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
