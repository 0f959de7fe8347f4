//! The errors of a call, with the exchange that failed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use openclaw_exchange::{HttpExchange, TimeoutKind};

/// A failed call.
///
/// Its text is a lower-case fragment that fits "failed to {…}"; it names the method and the URL,
/// never a credential, and never repeats its cause, which is in [`Error::source`].
pub struct TransportError(Box<ErrorDetails>);

struct ErrorDetails {
    kind: TransportErrorKind,
    exchange: HttpExchange,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The client cannot be built from its options, or the URL is not one of its endpoint.
    InvalidOptions,
    /// No connection: refused, unknown name, no route, or TLS failed. Never retried.
    Connect,
    /// A timeout of the caller expired.
    Timeout {
        /// The timeout that expired.
        clock: TimeoutKind,
        /// Its limit.
        after: Duration,
    },
    /// The server answered with a status other than 2xx. Redirects are among them: they are not
    /// followed.
    Status(u16),
    /// The peer does not speak the API: it sent HTML, another content type, or not even HTTP.
    NotAnApi,
    /// A body or an event exceeds 16 MiB.
    TooLarge,
    /// The connection ended before the response did; before its first byte if the exchange has no
    /// status.
    Interrupted,
    /// The body is compressed, which was not asked for.
    Encoded,
    /// The body is not the JSON that was expected.
    InvalidBody,
}

impl TransportError {
    pub(crate) fn new(kind: TransportErrorKind, exchange: HttpExchange) -> Self {
        Self(Box::new(ErrorDetails { kind, exchange, source: None }))
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }

    /// The exchange that failed.
    #[must_use]
    pub fn exchange(&self) -> &HttpExchange {
        &self.0.exchange
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.0.kind)
            .field("exchange", &self.0.exchange)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HttpExchange { method, url, .. } = &self.0.exchange;
        match self.0.kind {
            TransportErrorKind::InvalidOptions => write!(f, "set up the HTTP client for {url}"),
            TransportErrorKind::Connect => write!(f, "connect to {}", url_origin(url)),
            TransportErrorKind::Timeout { clock, after } => self.fmt_timeout(f, clock, after),
            TransportErrorKind::Status(status) => {
                write!(f, "{method} {url}: status {status}")?;
                match &self.0.exchange.server_error {
                    Some(server) => write!(f, ": {}", server.message),
                    None => Ok(()),
                }
            }
            TransportErrorKind::NotAnApi => {
                write!(f, "find an OpenAI-compatible API at {url}")?;
                match (self.0.exchange.status, &self.0.exchange.content_type) {
                    (None, _) => write!(f, ": what answers does not speak HTTP"),
                    (Some(status), Some(content_type)) => {
                        write!(f, ": status {status} with content type {content_type}")
                    }
                    (Some(status), None) => write!(f, ": status {status} without a content type"),
                }?;
                match &self.0.exchange.server_error {
                    Some(server) => write!(f, ": {}", server.message),
                    None => Ok(()),
                }
            }
            TransportErrorKind::TooLarge => {
                write!(f, "read the answer to {method} {url}: it is too large")
            }
            TransportErrorKind::Interrupted if self.0.exchange.status.is_none() => {
                write!(f, "get an answer to {method} {url}")
            }
            TransportErrorKind::Interrupted => write!(f, "read the whole answer to {method} {url}"),
            TransportErrorKind::Encoded => {
                write!(f, "read the answer to {method} {url}: it is compressed")
            }
            TransportErrorKind::InvalidBody => write!(f, "understand the answer to {method} {url}"),
        }
    }
}

impl TransportError {
    fn fmt_timeout(
        &self,
        f: &mut fmt::Formatter<'_>,
        clock: TimeoutKind,
        after: Duration,
    ) -> fmt::Result {
        let HttpExchange { method, url, timeout_source: clock_source, .. } = &self.0.exchange;
        match clock {
            TimeoutKind::Connect => write!(f, "connect to {}", url_origin(url)),
            TimeoutKind::ResponseHeaders => {
                write!(f, "get the headers of the answer to {method} {url}")
            }
            TimeoutKind::FirstToken => {
                write!(f, "get the first token of the answer to {method} {url}")
            }
            TimeoutKind::BetweenTokens => {
                write!(f, "get the next piece of the answer to {method} {url}")
            }
            TimeoutKind::Total => write!(f, "finish {method} {url}"),
        }?;
        write!(f, " within {} s ({clock}", after.as_secs_f64())?;
        match clock_source {
            Some(source) => write!(f, ", from {source})"),
            None => f.write_str(")"),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// The scheme, host and port of a URL, as text.
fn url_origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}
