//! Keys, tokens and header values: their spellings, resolution and redaction.

mod input;
mod profiles;
mod providers;
mod resolve;
#[cfg(test)]
mod tests;

pub use input::{SecretCommand, SecretInput, SecretReferenceKind, SecretRequest};
pub use profiles::AuthProfileStore;
pub(crate) use resolve::is_variable_name;
pub use resolve::{ResolvedSecret, SecretError, SecretErrorKind, SecretSource};
