//! Gives every value of a tree its place in the text that the tree was read from.

use super::{
    lexer::{Lexer, Token, TokenKind},
    node::{Node, Value},
};

/// Sets the spans below `node` by walking the tokens of its text along the tree.
///
/// Absent when text and tree do not go together; the spans found so far are kept.
pub(crate) fn attach(node: &mut Node, text: &str) -> Option<()> {
    value(node, &mut Lexer::new(text))
}

fn value(node: &mut Node, tokens: &mut Lexer<'_>) -> Option<()> {
    node.span = tokens.next()?.span;
    let mut last = None;
    match &mut node.value {
        Value::Object(entries) => {
            for entry in entries {
                entry.key_span = tokens.next()?.span;
                expect(tokens.next()?, TokenKind::Colon)?;
                value(&mut entry.node, tokens)?;
                last = Some(tokens.next()?);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                value(element, tokens)?;
                last = Some(tokens.next()?);
            }
        }
        _ => return Some(()),
    }
    let close = match last {
        Some(token) if token.kind != TokenKind::Comma => token,
        _ => tokens.next()?,
    };
    node.span.end = close.span.end;
    Some(())
}

fn expect(token: Token, kind: TokenKind) -> Option<()> {
    (token.kind == kind).then_some(())
}
