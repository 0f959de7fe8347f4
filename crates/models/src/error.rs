//! Errors of setting up a model, before anything is sent.

use std::error::Error;
use std::fmt;

use openclaw_core::{ModelError, ModelRef};

/// A problem in the setup, of one of the kinds `K`.
///
/// Its text is a lower-case fragment that fits "failed to {…}". [`SetupError::hints`] has what a
/// person could do about it. Crates above use it with kinds of their own.
#[derive(Debug)]
pub struct SetupError<K = SetupErrorKind> {
    kind: K,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of a problem in the setup of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetupErrorKind {
    /// No model is named and none can be selected.
    NoModel,
    /// The text is not a model reference.
    InvalidReference,
    /// Neither the config nor the program has this provider.
    UnknownProvider,
    /// The provider does not have the model.
    UnknownModel,
    /// A key or header cannot be resolved.
    Secret,
    /// The provider's settings cannot be used.
    Provider,
    /// The trace folder cannot be determined.
    Trace,
    /// The model cannot do what is requested.
    Unable,
    /// The conversation must not leave this machine and the local network.
    Egress,
}

impl SetupErrorKind {
    /// The name used in JSON, e.g. `unknown_provider`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoModel => "no_model",
            Self::InvalidReference => "invalid_reference",
            Self::UnknownProvider => "unknown_provider",
            Self::UnknownModel => "unknown_model",
            Self::Secret => "secret",
            Self::Provider => "provider",
            Self::Trace => "trace",
            Self::Unable => "unable",
            Self::Egress => "egress",
        }
    }
}

impl<K: Copy> SetupError<K> {
    /// Creates an error. `message` is a lower-case fragment that fits "failed to {…}".
    pub fn new(kind: K, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// Adds what a person could do about it, as a sentence.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the cause without this error.
    pub(crate) fn into_source(self) -> Option<Box<dyn Error + Send + Sync>> {
        self.source
    }

    /// The kind of the problem.
    #[must_use]
    pub fn kind(&self) -> K {
        self.kind
    }

    /// What a person could do, most useful first.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl<K> fmt::Display for SetupError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<K: fmt::Debug> Error for SetupError<K> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Why a model cannot be connected: a problem in the setup, or the server's failure.
#[derive(Debug)]
pub enum ConnectError {
    /// A problem in the setup.
    Setup(SetupError),
    /// A failure of the server.
    Model(ModelError),
}

impl ConnectError {
    /// Adds what a person could do about it, as a sentence.
    #[must_use]
    pub fn with_hint(self, hint: String) -> Self {
        match self {
            Self::Setup(error) => Self::Setup(error.with_hint(hint)),
            Self::Model(error) => Self::Model(error.with_hint(hint)),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(error) => error.fmt(f),
            Self::Model(error) => error.fmt(f),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Setup(error) => error.source(),
            Self::Model(error) => error.source(),
        }
    }
}

/// The error when there is no model to choose.
pub(crate) fn no_model_error() -> ConnectError {
    ConnectError::Setup(
        SetupError::new(SetupErrorKind::NoModel, "choose a model: none is configured").with_hint(
            "Name one with `--model provider/model-id`, or set `agents.defaults.model.primary`; \
             `openclaw models list` shows what there is.",
        ),
    )
}

/// The error when no model is named and the servers list none.
pub(crate) fn empty_list_error() -> ConnectError {
    ConnectError::Setup(
        SetupError::new(SetupErrorKind::NoModel, "choose a model: the server lists no models")
            .with_hint(
                "Name one with `--model provider/model-id`, or set `agents.defaults.model.primary`: \
                 it is tried although the server does not list it.",
            ),
    )
}

/// The error when no model is named and the servers list several.
pub(crate) fn several_models_error(example: &ModelRef) -> ConnectError {
    ConnectError::Setup(
        SetupError::new(
            SetupErrorKind::NoModel,
            "choose a model: none is configured, and the servers list several",
        )
        .with_hint(format!(
            "Name one with `--model provider/model-id`, e.g. `--model {example}`, or set \
             `agents.defaults.model.primary`; `openclaw models list` shows what there is."
        )),
    )
}

/// The error when the config has no provider.
pub(crate) fn no_provider_error() -> ConnectError {
    ConnectError::Setup(
        SetupError::new(SetupErrorKind::NoModel, "choose a model: no server is configured")
            .with_hint("`openclaw setup` finds your server and writes the config."),
    )
}
