//! Splits JSON5 text into tokens with positions; tolerates broken text.
//!
//! It does not validate. Valid JSON5 gives the correct tokens, and any other text is tokenized to
//! its end in one pass.

use json5::char::{is_json5_line_terminator, is_json5_whitespace};

use crate::diagnostic::TextSpan;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    OpenObject,
    CloseObject,
    OpenArray,
    CloseArray,
    Colon,
    Comma,
    /// A quoted string; unclosed when its line or the text ends first.
    Text {
        closed: bool,
    },
    /// Anything else: a number, a literal, an identifier.
    Word,
    /// An unclosed block comment; other comments are skipped.
    OpenComment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: TextSpan,
}

#[derive(Debug, Clone)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    fn remaining_text(&self) -> &'t str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn current_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        self.position +=
            self.remaining_text().find(|c| !accept(c)).unwrap_or(self.remaining_text().len());
    }

    /// Skips ASCII bytes, which most of a config consists of.
    fn skip_bytes(&mut self, accept: impl Fn(u8) -> bool) {
        let bytes = self.text.as_bytes().get(self.position..).unwrap_or_default();
        self.position += bytes.iter().position(|byte| !accept(*byte)).unwrap_or(bytes.len());
    }

    /// Skips spaces and comments; returns `false` at an unclosed comment.
    fn skip_blank(&mut self) -> bool {
        loop {
            self.skip_bytes(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
            match self.current_byte() {
                Some(b'!'..=b'.' | b'0'..=b'~') | None => return true,
                Some(b'/') => {}
                Some(_) => self.skip_while(is_json5_whitespace),
            }
            if self.remaining_text().starts_with("//") {
                self.skip_while(|c| !is_json5_line_terminator(c));
            } else if let Some(comment) = self.remaining_text().strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => self.position += end + 4,
                    None => return false,
                }
            } else if !self.remaining_text().starts_with(is_json5_whitespace) {
                return true;
            }
        }
    }

    fn scan_string(&mut self, quote: u8) -> TokenKind {
        self.position += 1;
        loop {
            self.skip_bytes(|byte| byte != quote && !matches!(byte, b'\\' | b'\n' | b'\r'));
            match self.current_byte() {
                // The escaped byte may start a longer character; its other bytes are never mistaken
                // for ASCII.
                Some(b'\\') => {
                    self.position += 1;
                    let is_return = self.current_byte() == Some(b'\r');
                    self.position += usize::from(self.current_byte().is_some());
                    self.position += usize::from(is_return && self.current_byte() == Some(b'\n'));
                }
                Some(b'\n' | b'\r') | None => return TokenKind::Text { closed: false },
                Some(_) => {
                    self.position += 1;
                    return TokenKind::Text { closed: true };
                }
            }
        }
    }

    fn scan_word(&mut self) -> TokenKind {
        self.skip_bytes(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if self
            .current_byte()
            .is_some_and(|byte| !matches!(byte, b' ' | b',' | b':' | b'\n' | b'}'))
        {
            let ends = |c| is_json5_whitespace(c) || matches!(c, '{' | '}' | '[' | ']' | ':' | ',');
            let ends = |c| ends(c) || matches!(c, '"' | '\'' | '/');
            self.skip_while(|c| !ends(c));
        }
        TokenKind::Word
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let ended = self.skip_blank();
        let start = self.position;
        let first = self.current_byte()?;
        let single = match first {
            b'{' => Some(TokenKind::OpenObject),
            b'}' => Some(TokenKind::CloseObject),
            b'[' => Some(TokenKind::OpenArray),
            b']' => Some(TokenKind::CloseArray),
            b':' => Some(TokenKind::Colon),
            b',' => Some(TokenKind::Comma),
            _ => None,
        };
        let kind = match (single, first) {
            (Some(kind), _) => {
                self.position += 1;
                kind
            }
            (None, b'"' | b'\'') => self.scan_string(first),
            _ if !ended => {
                self.position = self.text.len();
                TokenKind::OpenComment
            }
            _ => {
                // Any other word ends before a `/`.
                self.position += usize::from(first == b'/');
                self.scan_word()
            }
        };
        Some(Token { kind, span: TextSpan { start, end: self.position } })
    }
}

/// The unclosed openers of `text` up to `end`, outermost first: containers, then a string or
/// comment.
pub(crate) fn unclosed_tokens(text: &str, end: usize) -> Vec<Token> {
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
