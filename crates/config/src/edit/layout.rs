//! How an object or a list is laid out: its items, its commas, and the lines it is on.

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
    /// Where the comma behind it is.
    pub(super) comma: Option<usize>,
}

/// An object or a list in a text, keys that stand twice included.
#[derive(Debug, Clone)]
pub(super) struct ContainerLayout {
    pub(super) items: Vec<LayoutItem>,
    /// The bytes between the brackets.
    pub(super) inner_span: TextSpan,
}

impl ContainerLayout {
    /// Looks at the container with this span.
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

/// What stands on one line behind a place: spaces and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTail {
    /// Behind the last comment, or the place itself when there is none.
    pub(super) end: usize,
    /// Whether nothing more may come on this line.
    pub(super) ends_in_line_comment: bool,
}

/// Looks at the comments behind a place, up to the end of its line or of a comment over several
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

/// How many bytes of spaces follow on the same line.
pub(super) fn spaces_after(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find(|c| !is_space(c)).unwrap_or(rest.len())
}

/// How many bytes of spaces precede on the same line.
pub(super) fn spaces_before(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.trim_end_matches(is_space).len()
}

/// Whether a place is the first of its line that is no space.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    let before = text.get(..at - spaces_before(text, at)).unwrap_or_default();
    before.chars().next_back().is_none_or(is_json5_line_terminator)
}

/// How many bytes end the line here; absent when more stands on it.
pub(super) fn line_end_length(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.chars().next() {
        None => Some(0),
        Some('\r') if rest.starts_with("\r\n") => Some(2),
        Some(first) => is_json5_line_terminator(first).then(|| first.len_utf8()),
    }
}

/// The spaces that the line of a place begins with.
pub(super) fn line_indent(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind(is_json5_line_terminator).map_or(0, |terminator| {
        terminator
            + before.get(terminator..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8)
    });
    // A byte order mark is a space to JSON5, and no indentation.
    let line = text.get(start..).unwrap_or_default().trim_start_matches('\u{feff}');
    line.get(..line.find(|c| !is_space(c)).unwrap_or(line.len())).unwrap_or_default()
}

/// Whether there is nothing but spaces and line ends.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_json5_whitespace)
}

fn is_space(character: char) -> bool {
    is_json5_whitespace(character) && !is_json5_line_terminator(character)
}
