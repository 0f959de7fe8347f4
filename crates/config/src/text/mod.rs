//! The text of a config: read as JSON5 into a tree that knows where each value stands.
//!
//! The `json5` crate alone decides what is valid. It gives no positions of values, so a small
//! tolerant scanner finds them afterwards; the same scanner explains and masks a text that is
//! broken.

mod lexer;
mod mask;
mod node;
mod read;
mod spans;
mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use lexer::{Lexer, TokenKind};
pub(crate) use mask::mask;
pub(crate) use node::{Entry, Node, Value};
pub(crate) use read::{Document, MAX_BYTES, read, read_value};
