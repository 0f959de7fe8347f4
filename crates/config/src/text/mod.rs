//! Parses config text as JSON5 into a tree with positions.
//!
//! The `json5` crate alone decides what is valid. It gives no positions of values and is slow, so a
//! small tolerant scanner parses plain text itself, finds the positions in other text afterwards,
//! and explains and redacts broken text.

mod fast;
mod lexer;
mod mask;
mod node;
mod read;
mod spans;
mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use lexer::{Lexer, TokenKind};
pub(crate) use mask::{
    WITHHELD_SECRET, find_secrets, has_credential, is_secret_key_name, redact_secrets,
    withhold_secrets,
};
pub(crate) use node::{Json5Node, Json5Value, ObjectEntry};
pub(crate) use read::{Json5Document, MAX_BYTES, parse_document, parse_value};
