//! What was learnt of a server, shared by the clones of a model.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use openclaw_core::{LimitSource, ModelError, ModelLimits, TokenCount};

use crate::failure::{Overflow, output_limit, overflow};
use crate::thoughts::Thoughts;

/// The least tokens that a kilobyte is: one for eight bytes.
const LEAST: u32 = 125;
/// What is assumed of what nothing is known of, in tokens a kilobyte: one for three bytes, which is
/// more than English text and JSON need with the tokenizers in use.
const BLIND: u32 = 334;
/// Fewer bytes than these say nothing of the next.
const FEW: usize = 256;

/// Less room than this for an answer is not worth sending: it would only be cut off.
pub(crate) const LEAST_ANSWER: u32 = 64;

/// What was learnt. A number is 0 until then.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    window: AtomicU32,
    /// The most tokens that an answer may have.
    output: AtomicU32,
    tokens_per_kilobyte: AtomicU32,
    /// The server does not count.
    counts_not: AtomicBool,
    pub(crate) thoughts: Thoughts,
}

/// How a refused request is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) cap: u32,
    /// What was learnt, for a person.
    pub(crate) how: String,
}

impl Learnt {
    /// The limits of the model in the light of what the server showed.
    pub(crate) fn limits(&self, limits: ModelLimits) -> ModelLimits {
        let output = limits.output.into_iter().chain(get(&self.output)).min();
        match get(&self.window) {
            Some(window)
                if window < limits.window || limits.window_source == LimitSource::Fallback =>
            {
                ModelLimits { window, window_source: LimitSource::Live, output }
            }
            _ => ModelLimits { output, ..limits },
        }
    }

    /// Sizes a prompt by its bytes. `is_near` is whether too low a number would do harm.
    pub(crate) fn size(&self, bytes: usize, is_near: bool) -> TokenCount {
        let tokens = |ratio: u32| {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            let tokens = bytes.saturating_mul(u64::from(ratio)).div_ceil(1000);
            u32::try_from(tokens).unwrap_or(u32::MAX)
        };
        match get(&self.tokens_per_kilobyte) {
            Some(ratio) if is_near => TokenCount::Calibrated(tokens(ratio.max(BLIND))),
            Some(ratio) => TokenCount::Calibrated(tokens(ratio)),
            None => TokenCount::Estimate(tokens(BLIND)),
        }
    }

    /// Notes that the server counted so many tokens. The ratio goes up at once and comes down
    /// slowly: too many tokens cost some room, too few a refusal.
    pub(crate) fn note_count(&self, bytes: usize, tokens: u32) {
        let before = get(&self.tokens_per_kilobyte);
        if bytes < FEW || tokens == 0 {
            return;
        }
        let length = u64::try_from(bytes).unwrap_or(u64::MAX);
        let seen = u64::from(tokens).saturating_mul(1000).div_ceil(length);
        let seen = u32::try_from(seen).unwrap_or(u32::MAX).clamp(LEAST, 1000);
        let next = match before {
            Some(ratio) if seen < ratio => ratio - (ratio - seen) / 8,
            _ => seen,
        };
        self.tokens_per_kilobyte.store(next, Ordering::Relaxed);
    }

    /// Whether the server may be asked for a count.
    pub(crate) fn may_count(&self) -> bool {
        !self.counts_not.load(Ordering::Relaxed)
    }

    /// Notes that the server does not count.
    pub(crate) fn never_counts(&self) {
        self.counts_not.store(true, Ordering::Relaxed);
    }

    /// Learns from a refusal of a request with a limit for its answer, and says how it may be taken
    /// after all. `None` when there is nothing to change about it.
    pub(crate) fn refused(
        &self,
        error: &ModelError,
        limits: ModelLimits,
        (cap, prompt): (u32, TokenCount),
    ) -> Option<Again> {
        let said = &error.exchange()?.server.as_ref()?.message;
        if let Some(most) = output_limit(said).filter(|most| *most > 0 && *most < cap) {
            self.output.store(most, Ordering::Relaxed);
            let how = format!("the model's answers have {most} tokens at most; asking for no more");
            return Some(Again { cap: most, how });
        }
        let Overflow { window, prompt: counted } = overflow(said)?;
        if let Some(window) = window.filter(|it| *it > 0 && *it < limits.window) {
            self.window.store(window, Ordering::Relaxed);
        }
        let room = window?.saturating_sub(counted.unwrap_or(prompt.tokens()));
        (LEAST_ANSWER..cap).contains(&room).then(|| Again {
            cap: room,
            how: format!("the window has room for {room} tokens more; asking for no more"),
        })
    }
}

fn get(number: &AtomicU32) -> Option<u32> {
    Some(number.load(Ordering::Relaxed)).filter(|number| *number > 0)
}
