//! The timeouts of a call, and a limit with the setting that it comes from.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A time limit and the setting that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLimit {
    /// The limit.
    pub duration: Duration,
    /// The setting as its user writes it, e.g. `agents.defaults.timeoutSeconds` or `--timeout`.
    pub source: Cow<'static, str>,
}

/// Displays e.g. `600 s, from agents.defaults.timeoutSeconds`.
impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}", format_seconds(self.duration), self.source)
    }
}

/// Formats a duration exactly, e.g. `600 s` or `0.25 s`.
fn format_seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// The kind of a timeout of a call. There are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutKind {
    /// From the start of an attempt to an open connection: name lookup, TCP and TLS.
    Connect,
    /// From the start of an attempt to the response's headers, connecting included.
    ResponseHeaders,
    /// From the response's headers to the first content.
    FirstToken,
    /// From one chunk of content to the next.
    BetweenTokens,
    /// The whole call, all attempts and the pauses between them included.
    Total,
}

impl TimeoutKind {
    /// The name used in config, messages and JSON, e.g. `first_token`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::ResponseHeaders => "response_headers",
            Self::FirstToken => "first_token",
            Self::BetweenTokens => "between_tokens",
            Self::Total => "total",
        }
    }
}

impl fmt::Display for TimeoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
