//! Why a gateway does not start.

use std::error::Error;

/// Why a gateway does not start. `Display` fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct GatewayStartError {
    kind: GatewayStartErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`GatewayStartError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayStartErrorKind {
    /// The settings do not let it start: it would be open, or unreachable.
    Settings,
    /// Another gateway uses the state folder.
    AlreadyRunning,
    /// The address cannot be listened on.
    Address,
    /// A file of the state folder cannot be used.
    StateFile,
}

impl GatewayStartError {
    pub(crate) fn new(kind: GatewayStartErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> GatewayStartErrorKind {
        self.kind
    }

    /// How to mend it, as a sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The cause, if there is one.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.source.as_deref()
    }
}
