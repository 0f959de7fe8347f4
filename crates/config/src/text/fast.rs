//! Reads the plain JSON5 that nearly every config is, in one pass and with its places.
//!
//! It gives up on any doubt, and then the `json5` crate reads the text: that crate alone decides
//! what is valid, and it also reads each string, number or key that is not of the plainest kind.

use super::{
    lexer::{Lexer, Token, TokenKind},
    node::{Entry, Node, Value},
    read::Top,
};
use crate::diagnostic::Span;

/// The tree of a text; absent when the text is not plain or nests deeper than `depth` levels.
pub(super) fn read(text: &str, depth: usize) -> Option<Node> {
    let mut reader = Reader { text, tokens: Lexer::new(text) };
    let first = reader.tokens.next()?;
    let node = reader.value(first, depth)?;
    reader.tokens.next().is_none().then_some(node)
}

/// Room for so many keys is made at once; what is too much is given back.
const USUAL_KEYS: usize = 8;

struct Reader<'t> {
    text: &'t str,
    tokens: Lexer<'t>,
}

impl<'t> Reader<'t> {
    fn value(&mut self, token: Token, depth: usize) -> Option<Node> {
        let value = match token.kind {
            TokenKind::OpenObject => return self.object(token, depth.checked_sub(1)?),
            TokenKind::OpenArray => return self.array(token, depth.checked_sub(1)?),
            TokenKind::Text { closed: true } => Value::Text(self.string(token.span)?),
            TokenKind::Word => scalar(self.slice(token.span))?,
            _ => return None,
        };
        Some(Node::new(value, token.span))
    }

    fn object(&mut self, open: Token, depth: usize) -> Option<Node> {
        let mut entries = Vec::with_capacity(USUAL_KEYS);
        let mut token = self.tokens.next()?;
        while token.kind != TokenKind::CloseObject {
            let key_span = token.span;
            let key = match token.kind {
                TokenKind::Text { closed: true } => self.string(key_span)?,
                TokenKind::Word => plain_key(self.slice(key_span))?.to_owned(),
                _ => return None,
            };
            if self.tokens.next()?.kind != TokenKind::Colon {
                return None;
            }
            let first = self.tokens.next()?;
            entries.push(Entry { key, key_span, node: self.value(first, depth)? });
            token = self.after_value(TokenKind::CloseObject)?;
        }
        entries.shrink_to_fit();
        Some(Node::new(Value::Object(entries), between(open, token)))
    }

    fn array(&mut self, open: Token, depth: usize) -> Option<Node> {
        let mut elements = Vec::new();
        let mut token = self.tokens.next()?;
        while token.kind != TokenKind::CloseArray {
            elements.push(self.value(token, depth)?);
            token = self.after_value(TokenKind::CloseArray)?;
        }
        elements.shrink_to_fit();
        Some(Node::new(Value::Array(elements), between(open, token)))
    }

    /// The token that ends the container or begins its next element.
    fn after_value(&mut self, close: TokenKind) -> Option<Token> {
        let token = self.tokens.next()?;
        match token.kind {
            TokenKind::Comma => self.tokens.next(),
            kind if kind == close => Some(token),
            _ => None,
        }
    }

    fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn string(&self, span: Span) -> Option<String> {
        let quoted = self.slice(span);
        let plain = quoted.get(1..quoted.len().checked_sub(1)?)?;
        if plain.bytes().all(|byte| byte >= b' ' && byte != b'\\') {
            return Some(plain.to_owned());
        }
        match json5::from_str(quoted) {
            Ok(Top(Value::Text(text))) => Some(text),
            _ => None,
        }
    }
}

fn between(open: Token, close: Token) -> Span {
    Span { start: open.span.start, end: close.span.end }
}

fn plain_key(word: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    (word.bytes().all(is_plain) && !word.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

fn scalar(word: &str) -> Option<Value> {
    match word {
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "null" => return Some(Value::Null),
        _ => {}
    }
    let plain = word.len() < 16
        && word.bytes().all(|byte| byte.is_ascii_digit())
        && (word == "0" || !word.starts_with('0'));
    if plain {
        return word.parse().ok().map(Value::Unsigned);
    }
    match json5::from_str(word) {
        Ok(Top(value @ (Value::Unsigned(_) | Value::Negative(_) | Value::Float(_)))) => Some(value),
        _ => None,
    }
}
