//! What a client must never pass on, though a server may send it back.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::ServerError;

/// Stands where a secret was.
pub(crate) const SECRET_PLACEHOLDER: &str = "[secret]";

/// A shorter text is no secret worth the name, and too likely to be part of other words.
pub(crate) const MIN_SECRET_LEN: usize = 6;

/// The secrets of one client. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct ClientSecrets(Arc<[SecretString]>);

impl ClientSecrets {
    pub(crate) fn new(secrets: impl Iterator<Item = SecretString>) -> Self {
        Self(secrets.filter(|secret| secret.expose_secret().len() >= MIN_SECRET_LEN).collect())
    }

    /// Takes the secrets out of what a server said: some repeat the key that they refuse.
    pub(crate) fn scrub_server_error(&self, error: ServerError) -> ServerError {
        let text = |text: String| self.scrub_text(text);
        ServerError {
            message: text(error.message),
            kind: error.kind.map(text),
            param: error.param.map(text),
            code: error.code.map(text),
        }
    }

    /// Takes the secrets out of a text.
    pub(crate) fn scrub_text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            let secret = secret.expose_secret();
            if text.contains(secret) { text.replace(secret, SECRET_PLACEHOLDER) } else { text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_server_repeats_is_taken_out_of_every_field() {
        let keys = ["sk-canary-1", "x"].map(SecretString::from);
        let secrets = ClientSecrets::new(keys.into_iter());
        let said = ServerError {
            message: "Incorrect API key provided: sk-canary-1 (sk-canary-1), exit".to_owned(),
            param: Some("sk-canary-1".to_owned()),
            ..ServerError::default()
        };
        let scrubbed = secrets.scrub_server_error(said);
        assert_eq!(scrubbed.message, "Incorrect API key provided: [secret] ([secret]), exit");
        assert_eq!(scrubbed.param.as_deref(), Some("[secret]"));
    }
}
