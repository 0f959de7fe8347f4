//! A fast parser with positions for the plain JSON5 that most configs consist of.
//!
//! When in doubt it gives up and the `json5` crate parses the text: that crate alone decides what
//! is valid. It also parses each string, number and key that is not plain.

use super::{
    lexer::{Lexer, Token, TokenKind},
    node::{Json5Node, Json5Value, ObjectEntry},
    read::RootValue,
};
use crate::diagnostic::TextSpan;

/// Parses a text; `None` when it is not plain or nests deeper than `depth` levels.
pub(super) fn parse_fast(text: &str, depth: usize) -> Option<Json5Node> {
    let mut reader = FastParser { text, tokens: Lexer::new(text) };
    let first = reader.tokens.next()?;
    let node = reader.parse_value(first, depth)?;
    reader.tokens.next().is_none().then_some(node)
}

/// The initial capacity for keys; the unused part is released.
const TYPICAL_KEY_COUNT: usize = 8;

struct FastParser<'t> {
    text: &'t str,
    tokens: Lexer<'t>,
}

impl<'t> FastParser<'t> {
    fn parse_value(&mut self, token: Token, depth: usize) -> Option<Json5Node> {
        let value = match token.kind {
            TokenKind::OpenObject => return self.parse_object(token, depth.checked_sub(1)?),
            TokenKind::OpenArray => return self.parse_array(token, depth.checked_sub(1)?),
            TokenKind::Text { closed: true } => Json5Value::Text(self.parse_string(token.span)?),
            TokenKind::Word => parse_scalar(self.span_text(token.span))?,
            _ => return None,
        };
        Some(Json5Node::new(value, token.span))
    }

    fn parse_object(&mut self, open: Token, depth: usize) -> Option<Json5Node> {
        let mut entries = Vec::with_capacity(TYPICAL_KEY_COUNT);
        let mut token = self.tokens.next()?;
        while token.kind != TokenKind::CloseObject {
            let key_span = token.span;
            let key = match token.kind {
                TokenKind::Text { closed: true } => self.parse_string(key_span)?,
                TokenKind::Word => plain_key(self.span_text(key_span))?.to_owned(),
                _ => return None,
            };
            if self.tokens.next()?.kind != TokenKind::Colon {
                return None;
            }
            let first = self.tokens.next()?;
            entries.push(ObjectEntry { key, key_span, node: self.parse_value(first, depth)? });
            token = self.next_after_value(TokenKind::CloseObject)?;
        }
        entries.shrink_to_fit();
        Some(Json5Node::new(Json5Value::Object(entries), span_between(open, token)))
    }

    fn parse_array(&mut self, open: Token, depth: usize) -> Option<Json5Node> {
        let mut elements = Vec::new();
        let mut token = self.tokens.next()?;
        while token.kind != TokenKind::CloseArray {
            elements.push(self.parse_value(token, depth)?);
            token = self.next_after_value(TokenKind::CloseArray)?;
        }
        elements.shrink_to_fit();
        Some(Json5Node::new(Json5Value::Array(elements), span_between(open, token)))
    }

    /// The token that ends the container or starts its next element.
    fn next_after_value(&mut self, close: TokenKind) -> Option<Token> {
        let token = self.tokens.next()?;
        match token.kind {
            TokenKind::Comma => self.tokens.next(),
            kind if kind == close => Some(token),
            _ => None,
        }
    }

    fn span_text(&self, span: TextSpan) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn parse_string(&self, span: TextSpan) -> Option<String> {
        let quoted = self.span_text(span);
        let plain = quoted.get(1..quoted.len().checked_sub(1)?)?;
        if plain.bytes().all(|byte| byte >= b' ' && byte != b'\\') {
            return Some(plain.to_owned());
        }
        match json5::from_str(quoted) {
            Ok(RootValue(Json5Value::Text(text))) => Some(text),
            _ => None,
        }
    }
}

fn span_between(open: Token, close: Token) -> TextSpan {
    TextSpan { start: open.span.start, end: close.span.end }
}

fn plain_key(word: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    (word.bytes().all(is_plain) && !word.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

fn parse_scalar(word: &str) -> Option<Json5Value> {
    match word {
        "true" => return Some(Json5Value::Bool(true)),
        "false" => return Some(Json5Value::Bool(false)),
        "null" => return Some(Json5Value::Null),
        _ => {}
    }
    let plain = word.len() < 16
        && word.bytes().all(|byte| byte.is_ascii_digit())
        && (word == "0" || !word.starts_with('0'));
    if plain {
        return word.parse().ok().map(Json5Value::Unsigned);
    }
    match json5::from_str(word) {
        Ok(RootValue(
            value @ (Json5Value::Unsigned(_) | Json5Value::Negative(_) | Json5Value::Float(_)),
        )) => Some(value),
        _ => None,
    }
}
