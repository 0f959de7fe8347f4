//! Splits JSON5 text into tokens with their places, for valid and for broken text.
//!
//! It judges nothing: on valid JSON5 its tokens are the right ones, on any other text it still
//! comes to the end in one pass.

use json5::char::{is_json5_line_terminator, is_json5_whitespace};

use crate::diagnostic::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    OpenObject,
    CloseObject,
    OpenArray,
    CloseArray,
    Colon,
    Comma,
    /// A string in quotes; not closed when its line or the text ends before it does.
    Text {
        closed: bool,
    },
    /// Anything else: a number, a literal, an identifier.
    Word,
    /// A block comment that never ends; other comments are left out.
    OpenComment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        self.at += self.rest().find(|c| !accept(c)).unwrap_or(self.rest().len());
    }

    /// Skips spaces and comments; `false` in front of a comment that never ends.
    fn skip_blank(&mut self) -> bool {
        loop {
            self.skip_while(is_json5_whitespace);
            if self.rest().starts_with("//") {
                self.skip_while(|c| !is_json5_line_terminator(c));
            } else if let Some(comment) = self.rest().strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => self.at += end + 4,
                    None => return false,
                }
            } else {
                return true;
            }
        }
    }

    fn text(&mut self, quote: char) -> TokenKind {
        let mut chars = self.rest().char_indices().skip(1).peekable();
        let start = self.at;
        while let Some((offset, character)) = chars.next() {
            match character {
                '\\' => {
                    if let Some((_, '\r')) = chars.next() {
                        chars.next_if(|(_, c)| *c == '\n');
                    }
                }
                '\n' | '\r' => {
                    self.at = start + offset;
                    return TokenKind::Text { closed: false };
                }
                _ if character == quote => {
                    self.at = start + offset + 1;
                    return TokenKind::Text { closed: true };
                }
                _ => {}
            }
        }
        self.at = self.text.len();
        TokenKind::Text { closed: false }
    }

    fn word(&mut self) -> TokenKind {
        let ends = |c| is_json5_whitespace(c) || matches!(c, '{' | '}' | '[' | ']' | ':' | ',');
        let ends = |c| ends(c) || matches!(c, '"' | '\'' | '/');
        // A `/` or another character that cannot begin a word is a word of its own.
        self.at += self.peek().map_or(0, char::len_utf8);
        self.skip_while(|c| !ends(c));
        TokenKind::Word
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let ended = self.skip_blank();
        let start = self.at;
        let first = self.peek()?;
        let single = match first {
            '{' => Some(TokenKind::OpenObject),
            '}' => Some(TokenKind::CloseObject),
            '[' => Some(TokenKind::OpenArray),
            ']' => Some(TokenKind::CloseArray),
            ':' => Some(TokenKind::Colon),
            ',' => Some(TokenKind::Comma),
            _ => None,
        };
        let kind = match (single, first) {
            (Some(kind), _) => {
                self.at += 1;
                kind
            }
            (None, '"' | '\'') => self.text(first),
            _ if !ended => {
                self.at = self.text.len();
                TokenKind::OpenComment
            }
            _ => self.word(),
        };
        Some(Token { kind, span: Span { start, end: self.at } })
    }
}

/// The openers that `text` up to `end` leaves open, outermost first: containers, then a string or
/// a comment.
pub(crate) fn unclosed(text: &str, end: usize) -> Vec<Token> {
    let mut open = Vec::new();
    for token in Lexer::new(text).take_while(|token| token.span.start < end) {
        match token.kind {
            TokenKind::OpenObject
            | TokenKind::OpenArray
            | TokenKind::OpenComment
            | TokenKind::Text { closed: false } => open.push(token),
            TokenKind::CloseObject | TokenKind::CloseArray => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}
