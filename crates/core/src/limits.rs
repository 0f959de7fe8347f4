//! How much fits into a model, and who says so.

use std::fmt;

/// The limits of one model, resolved once per request. The only numbers that budgets,
/// compaction and diagnostics read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelLimits {
    /// The context window in tokens, prompt and answer together.
    pub context_window: u32,
    /// Where `window` comes from.
    pub context_window_source: LimitSource,
    /// The most tokens an answer may have, if anyone set it; `None`: whatever room is left.
    pub max_output_tokens: Option<u32>,
}

/// Where a limit comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitSource {
    /// The server said so in this process.
    Server,
    /// The config says so and the server did not contradict it.
    Config,
    /// The server said so before, and has not been asked again.
    Cached,
    /// Nobody knows; this is the named fallback.
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

/// A number of tokens, with how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenCount {
    /// Counted by the server's own tokenizer.
    Exact(u32),
    /// Estimated with a ratio learnt from what this server counted before.
    Calibrated(u32),
    /// Estimated from bytes alone; never below an eighth of the request's bytes.
    Estimate(u32),
}

impl TokenCount {
    /// The number, however it was found.
    #[must_use]
    pub fn token_count(self) -> u32 {
        match self {
            Self::Exact(n) | Self::Calibrated(n) | Self::Estimate(n) => n,
        }
    }
}
