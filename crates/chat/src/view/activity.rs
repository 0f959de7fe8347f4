//! What a turn is doing, its running tools, and its token rate.

use std::time::{Duration, Instant};

use openclaw_core::ToolCallId;

use crate::number_format;

/// After this long without a delta there is no rate to show.
const RATE_EXPIRY: Duration = Duration::from_secs(2);

/// What the turn is doing.
#[derive(Debug)]
pub(super) struct Activity {
    pub(super) label: String,
    pub(super) started_at: Instant,
    /// The longest it may take.
    pub(super) limit: Option<Duration>,
    /// A detail, such as `2 ahead`.
    pub(super) note: Option<String>,
}

/// A tool at work.
#[derive(Debug)]
pub(super) struct RunningTool {
    pub(super) id: ToolCallId,
    pub(super) label: String,
    pub(super) started_at: Instant,
}

/// Estimates the token rate from stream deltas.
#[derive(Debug, Default)]
pub(super) struct TokenRateMeter {
    first_delta_at: Option<Instant>,
    last_delta_at: Option<Instant>,
    delta_count: u32,
    byte_count: usize,
    /// The generation time of the finished messages, each counted from its first content.
    pub(super) generation_time: Duration,
}

impl Activity {
    pub(super) fn new(label: &str) -> Self {
        Self { label: label.to_owned(), started_at: Instant::now(), limit: None, note: None }
    }
}

impl TokenRateMeter {
    pub(super) fn record_delta(&mut self, text: &str) {
        let now = Instant::now();
        self.first_delta_at.get_or_insert(now);
        self.last_delta_at = Some(now);
        self.delta_count += 1;
        self.byte_count += text.len();
    }

    /// Begins another message.
    pub(super) fn reset_message(&mut self) {
        *self = Self { generation_time: self.generation_time, ..Self::default() };
    }

    /// Formats the approximate token rate while deltas arrive. Most servers send one token per
    /// delta, and a token is rarely longer than four bytes.
    pub(super) fn format_rate(&self) -> Option<String> {
        let tokens = self.delta_count.max(u32::try_from(self.byte_count / 5).unwrap_or(u32::MAX));
        let elapsed_time = self.first_delta_at?.elapsed();
        self.last_delta_at.filter(|last| last.elapsed() < RATE_EXPIRY)?;
        let rate = number_format::format_token_rate(tokens, elapsed_time)
            .filter(|_| elapsed_time > Duration::from_millis(500));
        rate.map(|pace| format!("≈{pace}"))
    }
}
