//! Token limits of a model, and where each comes from.

use std::fmt;

/// The limits of one model, resolved once per request. Budgets, compaction and diagnostics read no
/// other numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelLimits {
    /// The context window in tokens, prompt and answer together.
    pub context_window: u32,
    /// Where `context_window` comes from.
    pub context_window_source: LimitSource,
    /// The most output tokens of one answer; `None` when no limit is configured.
    pub max_output_tokens: Option<u32>,
}

/// Where a limit comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitSource {
    /// Reported by the server to this process.
    Server,
    /// Configured, and not contradicted by the server.
    Config,
    /// Reported by the server earlier, and read from the cache.
    Cached,
    /// Unknown; a fixed default.
    Fallback,
}

impl LimitSource {
    /// A short label for tables and JSON: `server`, `config`, `cache` or `fallback`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Config => "config",
            Self::Cached => "cache",
            Self::Fallback => "fallback",
        }
    }
}

impl fmt::Display for LimitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A number of tokens, with how it was determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenCount {
    /// Counted by the server's own tokenizer.
    Exact(u32),
    /// Estimated with a bytes-per-token ratio learned from this server's earlier counts.
    Calibrated(u32),
    /// Estimated from bytes alone; never below an eighth of the request's bytes.
    Estimate(u32),
}

impl TokenCount {
    /// The number of tokens, however it was determined.
    #[must_use]
    pub fn token_count(self) -> u32 {
        match self {
            Self::Exact(n) | Self::Calibrated(n) | Self::Estimate(n) => n,
        }
    }
}
