//! What a client must never pass on, though a server may send it back.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::ServerError;

/// Stands where a secret was.
pub(crate) const MARK: &str = "[secret]";

/// A shorter text is no secret worth the name, and too likely to be part of other words.
pub(crate) const SHORTEST: usize = 6;

/// The secrets of one client. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<[SecretString]>);

impl Secrets {
    pub(crate) fn new(secrets: impl Iterator<Item = SecretString>) -> Self {
        Self(secrets.filter(|secret| secret.expose_secret().len() >= SHORTEST).collect())
    }

    /// Takes the secrets out of what a server said: some repeat the key that they refuse.
    pub(crate) fn scrub(&self, said: ServerError) -> ServerError {
        let text = |text: String| self.scrub_text(text);
        ServerError {
            message: text(said.message),
            kind: said.kind.map(text),
            param: said.param.map(text),
            code: said.code.map(text),
        }
    }

    /// Takes the secrets out of a text.
    pub(crate) fn scrub_text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            let secret = secret.expose_secret();
            if text.contains(secret) { text.replace(secret, MARK) } else { text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_server_repeats_is_taken_out_of_every_field() {
        let keys = ["sk-canary-1", "x"].map(SecretString::from);
        let secrets = Secrets::new(keys.into_iter());
        let said = ServerError {
            message: "Incorrect API key provided: sk-canary-1 (sk-canary-1), exit".to_owned(),
            param: Some("sk-canary-1".to_owned()),
            ..ServerError::default()
        };
        let scrubbed = secrets.scrub(said);
        assert_eq!(scrubbed.message, "Incorrect API key provided: [secret] ([secret]), exit");
        assert_eq!(scrubbed.param.as_deref(), Some("[secret]"));
    }
}
