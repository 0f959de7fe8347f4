//! Removes the client's secrets from text that a server sends back.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::ServerErrorMessage;

/// The text that replaces a secret.
pub(crate) const SECRET_PLACEHOLDER: &str = "[secret]";

/// Shorter texts are not scrubbed: they are too likely to be part of other words.
pub(crate) const MIN_SECRET_LEN: usize = 6;

/// The secrets of one client. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct ClientSecrets(Arc<[SecretString]>);

impl ClientSecrets {
    pub(crate) fn new(secrets: impl Iterator<Item = SecretString>) -> Self {
        Self(secrets.filter(|secret| secret.expose_secret().len() >= MIN_SECRET_LEN).collect())
    }

    /// Scrubs a server's error: some servers repeat the key that they refuse.
    pub(crate) fn scrub_server_error(&self, error: ServerErrorMessage) -> ServerErrorMessage {
        let text = |text: String| self.scrub_text(text);
        ServerErrorMessage {
            message: text(error.message),
            kind: error.kind.map(text),
            param: error.param.map(text),
            code: error.code.map(text),
        }
    }

    /// Replaces the secrets in a text.
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
        let said = ServerErrorMessage {
            message: "Incorrect API key provided: sk-canary-1 (sk-canary-1), exit".to_owned(),
            param: Some("sk-canary-1".to_owned()),
            ..ServerErrorMessage::default()
        };
        let scrubbed = secrets.scrub_server_error(said);
        assert_eq!(scrubbed.message, "Incorrect API key provided: [secret] ([secret]), exit");
        assert_eq!(scrubbed.param.as_deref(), Some("[secret]"));
    }
}
