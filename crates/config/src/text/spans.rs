//! Adds to every value of a tree its position in the text.

use super::{
    lexer::{Lexer, Token, TokenKind},
    node::{Json5Node, Json5Value},
};

/// Sets the spans below `node` by walking the tokens of the text along the tree.
///
/// Returns `None` when text and tree do not match; spans found so far are kept.
pub(crate) fn attach_spans(node: &mut Json5Node, text: &str) -> Option<()> {
    attach_value_spans(node, &mut Lexer::new(text))
}

fn attach_value_spans(node: &mut Json5Node, tokens: &mut Lexer<'_>) -> Option<()> {
    node.span = tokens.next()?.span;
    let mut last = None;
    match &mut node.value {
        Json5Value::Object(entries) => {
            for entry in entries {
                entry.key_span = tokens.next()?.span;
                expect_token(tokens.next()?, TokenKind::Colon)?;
                attach_value_spans(&mut entry.node, tokens)?;
                last = Some(tokens.next()?);
            }
        }
        Json5Value::Array(elements) => {
            for element in elements {
                attach_value_spans(element, tokens)?;
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

fn expect_token(token: Token, kind: TokenKind) -> Option<()> {
    (token.kind == kind).then_some(())
}
