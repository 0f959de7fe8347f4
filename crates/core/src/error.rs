//! How a model call fails.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::ModelTimeoutKind;

/// A failed model call.
///
/// Its text is a lower-case fragment that fits "failed to {…}" and never repeats its cause, which
/// is in [`Error::source`]. What a person could do is beside it, in [`ModelError::hints`].
#[derive(Debug)]
pub struct ModelError {
    kind: ModelErrorKind,
    message: String,
    exchange: Option<Box<HttpExchange>>,
    hints: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure it is; one action belongs to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// Nothing answers at the address.
    Connect,
    /// One of the client's own clocks ran out.
    Timeout {
        /// Which one.
        kind: ModelTimeoutKind,
        /// How long it was.
        after: Duration,
    },
    /// The server is there, the model is not yet.
    Loading,
    /// The server has too much to do.
    Overloaded,
    /// The server wants fewer requests.
    RateLimited {
        /// When it wants the next one, if it said so.
        retry_after: Option<Duration>,
    },
    /// The prompt, or the prompt with the answer asked for, does not fit.
    ContextOverflow {
        /// The window in tokens, as the server said.
        context_window: Option<u32>,
        /// The prompt in tokens, as the server said.
        prompt_tokens: Option<u32>,
    },
    /// The key is missing or wrong.
    Auth,
    /// The server does not serve this model.
    UnknownModel,
    /// The server refuses the request for another reason.
    Rejected,
    /// What answered does not speak the API.
    Protocol,
    /// The connection, the engine or the server failed before the answer was whole.
    Interrupted,
}

impl ModelErrorKind {
    /// The name used in JSON, e.g. `context_overflow`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout { .. } => "timeout",
            Self::Loading => "loading",
            Self::Overloaded => "overloaded",
            Self::RateLimited { .. } => "rate_limited",
            Self::ContextOverflow { .. } => "context_overflow",
            Self::Auth => "auth",
            Self::UnknownModel => "unknown_model",
            Self::Rejected => "rejected",
            Self::Protocol => "protocol",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The exchange that failed, as far as it got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpExchange {
    /// The method, e.g. `POST`.
    pub method: String,
    /// The whole address; it never holds a credential.
    pub url: String,
    /// The status; `None` when no answer came.
    pub status: Option<u16>,
    /// What the server said of the error.
    pub server_error: Option<ServerErrorMessage>,
    /// The id that the server gave the request.
    pub request_id: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// How long the server asks to be left alone, if it does.
    pub retry_after: Option<Duration>,
}

/// What a server says of an error, in any of the shapes in use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerErrorMessage {
    /// The text, capped in length.
    pub message: String,
    /// The `type` field.
    pub kind: Option<String>,
    /// The `param` field.
    pub param: Option<String>,
    /// The `code` field, as text.
    pub code: Option<String>,
}

impl ModelError {
    /// Makes an error of a kind with its message.
    pub fn new(kind: ModelErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), exchange: None, hints: Vec::new(), source: None }
    }

    /// Adds the exchange that failed.
    #[must_use]
    pub fn with_exchange(mut self, exchange: HttpExchange) -> Self {
        self.exchange = Some(Box::new(exchange));
        self
    }

    /// Adds a sentence on what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ModelErrorKind {
        self.kind
    }

    /// The exchange that failed; `None` when none was begun.
    #[must_use]
    pub fn http_exchange(&self) -> Option<&HttpExchange> {
        self.exchange.as_deref()
    }

    /// What a person could do, most useful first.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
