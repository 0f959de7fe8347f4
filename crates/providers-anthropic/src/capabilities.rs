//! Learned capabilities of a server, shared by the clones of a model.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use openclaw_core::{LimitSource, ModelError, ModelLimits, TokenCount};
use openclaw_provider::{
    MIN_ANSWER_TOKENS, OverflowReport, PromptSplit, apply_learned_window, estimate_size,
    next_ratio, overflow_from_error,
};

use crate::output_limit::parse_output_limit;
use crate::thinking_cache::ThinkingCache;

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
        let limits = ModelLimits { max_output_tokens: output, ..limits };
        apply_learned_window(limits, load_nonzero(&self.context_window), LimitSource::Server)
    }

    /// Estimates the tokens of a prompt from its bytes. With `is_near` the estimate is pessimistic.
    pub(crate) fn estimate_tokens(&self, bytes: usize, is_near: bool) -> TokenCount {
        let ratio = load_nonzero(&self.tokens_per_kilobyte);
        estimate_size(bytes, PromptSplit::uncounted(bytes), ratio, is_near).count
    }

    /// Records the server's token count of a prompt. A prompt of no tokens was not counted.
    pub(crate) fn record_token_count(&self, bytes: usize, tokens: u32) {
        if tokens > 0 {
            let ratio = next_ratio(load_nonzero(&self.tokens_per_kilobyte), bytes, tokens);
            self.tokens_per_kilobyte.store(ratio, Ordering::Relaxed);
        }
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
        let OverflowReport { context_window: window, prompt_tokens: counted, .. } =
            overflow_from_error(error)?;
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
