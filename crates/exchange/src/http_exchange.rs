//! The facts of one HTTP exchange, and the error that a server reports in it.

use std::borrow::Cow;
use std::time::Duration;

/// One request and its response, as far as it got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpExchange {
    /// The HTTP method, e.g. `POST`.
    pub method: Cow<'static, str>,
    /// The full URL, without credentials.
    pub url: String,
    /// The HTTP status; `None` when no response came.
    pub status: Option<u16>,
    /// The error in the response's body, if it has one.
    pub server_error: Option<ServerErrorMessage>,
    /// The request id that the server assigned, from `x-request-id` or `request-id`.
    pub request_id: Option<String>,
    /// The requested model; `None` where the sender does not know it.
    pub model: Option<String>,
    /// The number of the attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The wait that the `Retry-After` header asks for.
    pub retry_after: Option<Duration>,
    /// The setting that the expired timeout comes from; `None` when no timeout expired.
    pub timeout_source: Option<String>,
    /// How long nothing had arrived when the exchange ended: since the request was sent, or since
    /// the last event. Zero while it runs, and after a timeout.
    pub idle_for: Duration,
    /// The `Content-Type` header of the response.
    pub content_type: Option<String>,
}

impl HttpExchange {
    /// Sets the requested model, if the sender knows it.
    #[must_use]
    pub fn with_model(self, model: Option<&str>) -> Self {
        Self { model: model.map(str::to_owned), ..self }
    }
}

/// An error as a server reports it, read from any of the body shapes in use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerErrorMessage {
    /// The message. `openclaw-transport` keeps at most 2,000 characters, without control characters
    /// except line ends and tabs.
    pub message: String,
    /// The `type` field.
    pub kind: Option<String>,
    /// The `param` field, or the path of the first fault in a list of them.
    pub param: Option<String>,
    /// The `code` field, as text.
    pub code: Option<String>,
}
