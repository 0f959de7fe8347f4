//! Keys, tokens and header values: their spellings, resolution and redaction.

mod input;
mod resolve;
#[cfg(test)]
mod tests;

pub use input::SecretInput;
pub(crate) use resolve::is_variable_name;
pub use resolve::{ResolvedSecret, SecretError, SecretErrorKind, SecretSource};
