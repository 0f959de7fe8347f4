//! Errors of model calls.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use openclaw_exchange::{HttpExchange, TimeoutKind};

/// A failed model call.
///
/// Its text is a lower-case fragment that fits "failed to {…}" and never repeats its cause, which
/// is in [`Error::source`]. Suggestions for the user are in [`ModelError::hints`].
#[derive(Debug)]
pub struct ModelError {
    kind: ModelErrorKind,
    message: String,
    exchange: Option<Box<HttpExchange>>,
    hints: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of failure. Callers decide by it what to do, e.g. retry, compact or fall back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// Nothing answers at the address.
    Connect,
    /// A timeout of the client ran out.
    Timeout {
        /// Which timeout.
        kind: TimeoutKind,
        /// The length of the timeout.
        after: Duration,
    },
    /// The server answers, but the model is not loaded yet.
    Loading,
    /// The server is overloaded.
    Overloaded,
    /// The server's rate limit was hit.
    RateLimited {
        /// How long the server asks to wait before the next request, if it says so.
        retry_after: Option<Duration>,
    },
    /// The prompt, or the prompt and the requested output tokens, exceed the context window.
    ContextOverflow {
        /// The context window in tokens, as the server reports it.
        context_window: Option<u32>,
        /// The prompt in tokens, as the server reports it.
        prompt_tokens: Option<u32>,
    },
    /// The API key is missing or wrong.
    Auth,
    /// The server does not serve this model.
    UnknownModel,
    /// The server refuses the request for another reason.
    Rejected,
    /// The response is not one of the expected API.
    Protocol,
    /// The connection, the engine or the server failed before the answer was complete.
    Interrupted,
    /// The answer did not end within the most bytes that one may have.
    AnswerTooLarge,
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
            Self::AnswerTooLarge => "answer_too_large",
        }
    }
}

impl ModelError {
    /// Makes an error of this kind; the message is a lower-case fragment without the cause.
    pub fn new(kind: ModelErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), exchange: None, hints: Vec::new(), source: None }
    }

    /// Adds the HTTP exchange that failed.
    #[must_use]
    pub fn with_exchange(mut self, exchange: HttpExchange) -> Self {
        self.exchange = Some(Box::new(exchange));
        self
    }

    /// Adds a hint: a sentence on what the user could do.
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

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ModelErrorKind {
        self.kind
    }

    /// The HTTP exchange that failed; `None` when no request was sent.
    #[must_use]
    pub fn http_exchange(&self) -> Option<&HttpExchange> {
        self.exchange.as_deref()
    }

    /// What the user could do, most useful first.
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
