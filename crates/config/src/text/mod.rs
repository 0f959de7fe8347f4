//! The text of a config: read as JSON5 into a tree that knows where each value stands.
//!
//! The `json5` crate alone decides what is valid. It gives no positions of values and takes its
//! time, so a small tolerant scanner reads plain text by itself, finds the positions in any other
//! afterwards, and explains and masks a text that is broken.

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
pub(crate) use mask::{has_credential, is_secret_key_name, redact_secrets};
pub(crate) use node::{Json5Node, Json5Value, ObjectEntry};
pub(crate) use read::{Json5Document, MAX_BYTES, parse_document, parse_value};
