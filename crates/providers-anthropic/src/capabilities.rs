//! Learned capabilities of a server, shared by the clones of a model.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use openclaw_core::{LimitSource, ModelError, ModelLimits, TokenCount};

use crate::failure::{ContextOverflow, parse_output_limit, parse_overflow};
use crate::thinking_cache::ThinkingCache;

/// The least tokens per kilobyte: one for eight bytes.
const MIN_TOKENS_PER_KB: u32 = 125;
/// The assumed tokens per kilobyte before any count: one for three bytes, which is more than
/// English text and JSON need with the tokenizers in use.
const DEFAULT_TOKENS_PER_KB: u32 = 334;
/// A sample of fewer bytes does not change the ratio.
const MIN_SAMPLE_BYTES: usize = 256;

/// The fewest answer tokens worth a request: a shorter answer would only be cut off.
pub(crate) const MIN_ANSWER_TOKENS: u32 = 64;

/// The learned capabilities. A number is 0 until it is known.
#[derive(Debug, Default)]
pub(crate) struct ServerCapabilities {
    context_window: AtomicU32,
    /// The most tokens that an answer may have.
    max_output_tokens: AtomicU32,
    tokens_per_kilobyte: AtomicU32,
    /// Whether the server is known not to count tokens.
    token_count_unsupported: AtomicBool,
    pub(crate) thinking_cache: ThinkingCache,
}

/// How to resend a refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetryPlan {
    pub(crate) max_tokens: u32,
    /// A note for the user on what was learned.
    pub(crate) message: String,
}

impl ServerCapabilities {
    /// Applies the learned limits to those of the model.
    pub(crate) fn adjust_limits(&self, limits: ModelLimits) -> ModelLimits {
        let output =
            limits.max_output_tokens.into_iter().chain(load_nonzero(&self.max_output_tokens)).min();
        match load_nonzero(&self.context_window) {
            Some(window)
                if window < limits.context_window
                    || limits.context_window_source == LimitSource::Fallback =>
            {
                ModelLimits {
                    context_window: window,
                    context_window_source: LimitSource::Server,
                    max_output_tokens: output,
                }
            }
            _ => ModelLimits { max_output_tokens: output, ..limits },
        }
    }

    /// Estimates the tokens of a prompt from its bytes. With `is_near` the estimate is pessimistic.
    pub(crate) fn estimate_tokens(&self, bytes: usize, is_near: bool) -> TokenCount {
        let tokens = |ratio: u32| {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            let tokens = bytes.saturating_mul(u64::from(ratio)).div_ceil(1000);
            u32::try_from(tokens).unwrap_or(u32::MAX)
        };
        match load_nonzero(&self.tokens_per_kilobyte) {
            Some(ratio) if is_near => {
                TokenCount::Calibrated(tokens(ratio.max(DEFAULT_TOKENS_PER_KB)))
            }
            Some(ratio) => TokenCount::Calibrated(tokens(ratio)),
            None => TokenCount::Estimate(tokens(DEFAULT_TOKENS_PER_KB)),
        }
    }

    /// Records the server's token count of a prompt. The ratio rises at once and falls slowly: too
    /// high an estimate costs some room, too low a one a refusal.
    pub(crate) fn record_token_count(&self, bytes: usize, tokens: u32) {
        let before = load_nonzero(&self.tokens_per_kilobyte);
        if bytes < MIN_SAMPLE_BYTES || tokens == 0 {
            return;
        }
        let length = u64::try_from(bytes).unwrap_or(u64::MAX);
        let measured = u64::from(tokens).saturating_mul(1000).div_ceil(length);
        let measured = u32::try_from(measured).unwrap_or(u32::MAX).clamp(MIN_TOKENS_PER_KB, 1000);
        let next = match before {
            Some(ratio) if measured < ratio => ratio - (ratio - measured) / 8,
            _ => measured,
        };
        self.tokens_per_kilobyte.store(next, Ordering::Relaxed);
    }

    /// Returns whether the server may be asked for a count.
    pub(crate) fn may_count_tokens(&self) -> bool {
        !self.token_count_unsupported.load(Ordering::Relaxed)
    }

    /// Records that the server does not count tokens.
    pub(crate) fn mark_count_unsupported(&self) {
        self.token_count_unsupported.store(true, Ordering::Relaxed);
    }

    /// Learns from a refusal of a request, and returns how to resend it. `None` when there is
    /// nothing to change.
    pub(crate) fn plan_retry(
        &self,
        error: &ModelError,
        limits: ModelLimits,
        max_tokens: u32,
        prompt: TokenCount,
    ) -> Option<RetryPlan> {
        let server_message = &error.http_exchange()?.server_error.as_ref()?.message;
        if let Some(most) =
            parse_output_limit(server_message).filter(|limit| *limit > 0 && *limit < max_tokens)
        {
            self.max_output_tokens.store(most, Ordering::Relaxed);
            let message =
                format!("the model's answers have {most} tokens at most; asking for no more");
            return Some(RetryPlan { max_tokens: most, message });
        }
        let ContextOverflow { context_window: window, prompt_tokens: counted } =
            parse_overflow(server_message)?;
        if let Some(window) = window.filter(|it| *it > 0 && *it < limits.context_window) {
            self.context_window.store(window, Ordering::Relaxed);
        }
        let room = window?.saturating_sub(counted.unwrap_or(prompt.token_count()));
        (MIN_ANSWER_TOKENS..max_tokens).contains(&room).then(|| RetryPlan {
            max_tokens: room,
            message: format!("the window has room for {room} tokens more; asking for no more"),
        })
    }
}

fn load_nonzero(number: &AtomicU32) -> Option<u32> {
    Some(number.load(Ordering::Relaxed)).filter(|number| *number > 0)
}
