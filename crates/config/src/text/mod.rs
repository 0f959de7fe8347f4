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
pub(crate) use mask::{has_credential, mask, sounds_secret};
pub(crate) use node::{Entry, Node, Value};
pub(crate) use read::{Document, MAX_BYTES, read, read_value};
