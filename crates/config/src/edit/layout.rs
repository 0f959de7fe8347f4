//! The layout of an object or a list: items, commas and lines.

use json5::char::{is_json5_line_terminator, is_json5_whitespace};

use crate::{
    diagnostic::TextSpan,
    text::{Lexer, TokenKind},
};

/// One entry or element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LayoutItem {
    /// From its first token to its last.
    pub(super) span: TextSpan,
    /// The offset of the comma behind it.
    pub(super) comma: Option<usize>,
}

/// An object or a list in a text, including duplicate keys.
#[derive(Debug, Clone)]
pub(super) struct ContainerLayout {
    pub(super) items: Vec<LayoutItem>,
    /// The bytes between the brackets.
    pub(super) inner_span: TextSpan,
}

impl ContainerLayout {
    /// Reads the layout of the container with this span.
    pub(super) fn from_text(text: &str, container: TextSpan) -> Self {
        let slice = text.get(container.start..container.end).unwrap_or_default();
        let mut depth = 0_usize;
        let mut items: Vec<LayoutItem> = Vec::new();
        let mut between = true;
        let mut inner_span = TextSpan { start: container.start + 1, end: container.end };
        for token in Lexer::new(slice) {
            let start = token.span.start + container.start;
            let end = token.span.end + container.start;
            match token.kind {
                TokenKind::OpenObject | TokenKind::OpenArray => depth += 1,
                TokenKind::CloseObject | TokenKind::CloseArray => depth -= 1.min(depth),
                _ => {}
            }
            let opens = start == container.start;
            if depth == 0 {
                inner_span.end = start;
                break;
            }
            match items.last_mut() {
                Some(last) if depth == 1 && token.kind == TokenKind::Comma => {
                    last.comma = Some(start);
                    between = true;
                }
                Some(last) if !between => last.span.end = end,
                _ if !opens => {
                    items.push(LayoutItem { span: TextSpan { start, end }, comma: None });
                    between = false;
                }
                _ => {}
            }
        }
        Self { items, inner_span }
    }
}

/// The spaces and comments behind an offset, on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTail {
    /// The end of the last comment, or the offset itself without comments.
    pub(super) end: usize,
    /// Whether it ends in a line comment, so that nothing may be appended on this line.
    pub(super) ends_in_line_comment: bool,
}

/// Reads the comments behind an offset, up to the end of the line or of a comment over several
/// lines.
pub(super) fn line_tail(text: &str, at: usize) -> LineTail {
    let mut tail = LineTail { end: at, ends_in_line_comment: false };
    loop {
        let start = tail.end + spaces_after(text, tail.end);
        let rest = text.get(start..).unwrap_or_default();
        if rest.starts_with("//") {
            let length = rest.find(is_json5_line_terminator).unwrap_or(rest.len());
            return LineTail { end: start + length, ends_in_line_comment: true };
        }
        let comment = rest.strip_prefix("/*").and_then(|inner| inner.split_once("*/"));
        let Some((comment, _)) = comment else { return tail };
        tail.end = start + comment.len() + 4;
        if comment.contains(is_json5_line_terminator) {
            return tail;
        }
    }
}

/// Counts the bytes of spaces that follow on the same line.
pub(super) fn spaces_after(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find(|c| !is_space(c)).unwrap_or(rest.len())
}

/// Counts the bytes of spaces that precede on the same line.
pub(super) fn spaces_before(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.trim_end_matches(is_space).len()
}

/// Whether an offset is the first non-space of its line.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    let before = text.get(..at - spaces_before(text, at)).unwrap_or_default();
    before.chars().next_back().is_none_or(is_json5_line_terminator)
}

/// The length of the line end at an offset, in bytes; `None` when more text follows on the line.
pub(super) fn line_end_length(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.chars().next() {
        None => Some(0),
        Some('\r') if rest.starts_with("\r\n") => Some(2),
        Some(first) => is_json5_line_terminator(first).then(|| first.len_utf8()),
    }
}

/// The indentation of the line at an offset.
pub(super) fn line_indent(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind(is_json5_line_terminator).map_or(0, |terminator| {
        terminator
            + before.get(terminator..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8)
    });
    // A byte order mark is white space in JSON5, but not indentation.
    let line = text.get(start..).unwrap_or_default().trim_start_matches('\u{feff}');
    line.get(..line.find(|c| !is_space(c)).unwrap_or(line.len())).unwrap_or_default()
}

/// Whether a text has only spaces and line ends.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_json5_whitespace)
}

fn is_space(character: char) -> bool {
    is_json5_whitespace(character) && !is_json5_line_terminator(character)
}
