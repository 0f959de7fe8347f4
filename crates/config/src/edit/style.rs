//! Detects the style of a document, so that new text looks like the rest.

use super::layout::{ContainerLayout, begins_line, line_indent};
use crate::text::{Json5Document, Json5Node, Json5Value, Lexer, TokenKind};

/// The style of a document. Without an example it is that of plain JSON over several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentStyle {
    /// One level of indentation.
    pub(super) indent_unit: String,
    pub(super) line_end: &'static str,
    /// Whether the document has more than one line.
    pub(super) multiline: bool,
    /// Whether the last item of a multi-line container has a trailing comma.
    pub(super) trailing_comma: bool,
    /// What follows a colon, and a comma within a line: a space or nothing.
    pub(super) separator_space: &'static str,
    pub(super) quote: char,
    /// Whether keys are quoted that need no quotes.
    pub(super) quotes_keys: bool,
}

impl DocumentStyle {
    pub(super) fn from_document(document: &Json5Document) -> Self {
        let text: &str = &document.text;
        let root = &document.root;
        let empty = matches!(&root.value, Json5Value::Object(entries) if entries.is_empty());
        let (mut plain, mut double, mut single, mut unit) = (0, 0, 0, None);
        root.walk_nodes(&mut |_, key_span, node| {
            // For an element the key span is the element itself.
            let key = key_span != node.span;
            match text.get(key_span.start..).and_then(|key| key.chars().next()) {
                Some('"') => double += 1,
                Some('\'') => single += 1,
                Some(_) if key => plain += 1,
                _ => {}
            }
            match text.get(node.span.start..).and_then(|value| value.chars().next()) {
                Some('"') => double += 1,
                Some('\'') => single += 1,
                _ => {}
            }
            if unit.is_none() {
                unit = detect_indent_unit(text, node);
            }
            true
        });
        Self {
            indent_unit: detect_indent_unit(text, root).or(unit).unwrap_or_else(|| "  ".to_owned()),
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            multiline: empty
                || text.get(root.span.start..root.span.end).is_some_and(has_line_break),
            trailing_comma: has_trailing_commas(text),
            separator_space: if is_compact(text) { "" } else { " " },
            quote: if single > double { '\'' } else { '"' },
            quotes_keys: plain == 0,
        }
    }
}

fn has_line_break(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

/// How much further a container's items are indented than its own line.
fn detect_indent_unit(text: &str, node: &Json5Node) -> Option<String> {
    if !matches!(node.value, Json5Value::Object(_) | Json5Value::Array(_)) {
        return None;
    }
    let first = ContainerLayout::from_text(text, node.span).items.first()?.span.start;
    let unit = line_indent(text, first).strip_prefix(line_indent(text, node.span.start))?;
    (begins_line(text, first) && !unit.is_empty()).then(|| unit.to_owned())
}

/// Whether most of the multi-line containers have a trailing comma.
fn has_trailing_commas(text: &str) -> bool {
    let (mut with, mut without) = (0, 0);
    let mut last = None;
    for token in Lexer::new(text) {
        let closes = matches!(token.kind, TokenKind::CloseObject | TokenKind::CloseArray);
        if closes && begins_line(text, token.span.start) {
            match last {
                Some(TokenKind::Comma) => with += 1,
                Some(TokenKind::OpenObject | TokenKind::OpenArray) => {}
                _ => without += 1,
            }
        }
        last = Some(token.kind);
    }
    with > without
}

fn is_compact(text: &str) -> bool {
    let colon = Lexer::new(text).find(|token| token.kind == TokenKind::Colon);
    let next = colon.and_then(|colon| text.get(colon.span.end..)?.chars().next());
    next.is_some_and(|next| !next.is_whitespace())
}
