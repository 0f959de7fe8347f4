//! Keys, tokens and header values: written in several ways, shown in none.

mod input;
mod resolve;
#[cfg(test)]
mod tests;

pub use input::SecretInput;
pub(crate) use resolve::is_variable_name;
pub use resolve::{ResolvedSecret, SecretError, SecretErrorKind, SecretSource};
