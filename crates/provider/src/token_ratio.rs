//! Estimates the tokens of a request from the server's earlier counts.
//!
//! A conversation grows at its end, so the last count covers most of the next request. Only the
//! added bytes are estimated, by the learned ratio of tokens to bytes. The ratio rises at once and
//! falls slowly: an estimate that is too high wastes some of the window, one that is too low causes
//! a refusal.

use openclaw_core::TokenCount;

use crate::SerializedRequest;

/// The least tokens per kilobyte: one for eight bytes.
const MIN_TOKENS_PER_KB: u32 = 125;

/// The assumed tokens per kilobyte before any count: one for three bytes, which is more than
/// English text and JSON need with the tokenizers in use.
const DEFAULT_TOKENS_PER_KB: u32 = 334;

/// A sample of fewer bytes does not change the ratio.
const MIN_SAMPLE_BYTES: usize = 256;

/// From this share of the context window, in per cent, too low an estimate does harm.
const NEAR_WINDOW_PERCENT: u64 = 85;

/// The size of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PromptSize {
    /// The estimated tokens, and how they were found.
    pub count: TokenCount,
    /// The most tokens possible: each byte that was not counted is a token.
    pub upper_bound: u32,
}

/// A prompt divided into what the server counted before and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptSplit {
    /// The tokens that the server counted.
    pub counted_tokens: u32,
    /// The bytes of the rest.
    pub uncounted_len: usize,
}

/// A request and the server's token count.
#[derive(Debug, Clone, Copy)]
pub struct CountedPrompt {
    /// The length of the body that longer requests begin with, in bytes.
    prefix_len: usize,
    prefix_hash: u64,
    /// The counted tokens, those of the suffix included.
    tokens: u32,
    /// The whole prompt's [cost](SerializedRequest::cost_len).
    cost_len: usize,
}

impl CountedPrompt {
    /// Records the count of a prompt.
    #[must_use]
    pub fn new(prompt: &mut SerializedRequest, tokens: u32) -> Self {
        let prefix_len = prompt.stable_len();
        Self {
            prefix_len,
            prefix_hash: prompt.hash_prefix(prefix_len).unwrap_or_default(),
            tokens,
            cost_len: prompt.cost_len(),
        }
    }

    /// Divides a prompt that begins with this one; `None` if it does not. One suffix stands for the
    /// other: they are much the same.
    #[must_use]
    pub fn split_counted(&self, prompt: &mut SerializedRequest) -> Option<PromptSplit> {
        // Without images this is the length without prefix and suffix.
        let uncounted_len = prompt.cost_len().saturating_sub(self.cost_len);
        (prompt.hash_prefix(self.prefix_len)? == self.prefix_hash)
            .then_some(PromptSplit { counted_tokens: self.tokens, uncounted_len })
    }
}

/// Sizes a prompt of `len` bytes by a ratio in tokens a kilobyte. `is_near_limit` is whether too
/// low a number would do harm.
#[must_use]
pub fn estimate_size(
    len: usize,
    split: PromptSplit,
    ratio: Option<u32>,
    is_near_limit: bool,
) -> PromptSize {
    let PromptSplit { counted_tokens, uncounted_len } = split;
    let ratio = match ratio {
        Some(ratio) if is_near_limit => ratio.max(DEFAULT_TOKENS_PER_KB),
        Some(ratio) => ratio,
        None => DEFAULT_TOKENS_PER_KB,
    };
    let tokens = counted_tokens
        .saturating_add(tokens_for_bytes(uncounted_len, ratio))
        .max(tokens_for_bytes(len, MIN_TOKENS_PER_KB));
    let is_calibrated = counted_tokens > 0 || ratio != DEFAULT_TOKENS_PER_KB;
    PromptSize {
        count: if is_calibrated {
            TokenCount::Calibrated(tokens)
        } else {
            TokenCount::Estimate(tokens)
        },
        upper_bound: counted_tokens
            .saturating_add(u32::try_from(uncounted_len).unwrap_or(u32::MAX))
            .max(tokens),
    }
}

/// Returns the ratio after a sample of `len` bytes with this many tokens. Short samples change
/// nothing.
#[must_use]
pub fn next_ratio(ratio: Option<u32>, len: usize, tokens: u32) -> u32 {
    if let Some(ratio) = ratio
        && len < MIN_SAMPLE_BYTES
    {
        return ratio;
    }
    let observed_ratio =
        u64::from(tokens).saturating_mul(1000).div_ceil(u64::try_from(len.max(1)).unwrap_or(1));
    let observed_ratio =
        u32::try_from(observed_ratio).unwrap_or(u32::MAX).clamp(MIN_TOKENS_PER_KB, 1000);
    match ratio {
        None => observed_ratio,
        Some(ratio) if observed_ratio > ratio => observed_ratio,
        Some(ratio) => ratio - (ratio - observed_ratio) / 8,
    }
}

/// Whether a prompt comes so close to the context window `window`, in tokens, that too low an
/// estimate would do harm.
#[must_use]
pub fn is_near_window(count: TokenCount, window: u32) -> bool {
    u64::from(count.token_count()) * 100 >= u64::from(window) * NEAR_WINDOW_PERCENT
}

fn tokens_for_bytes(len: usize, ratio: u32) -> u32 {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    let tokens = len.saturating_mul(u64::from(ratio)).div_ceil(1000);
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

impl PromptSplit {
    /// A prompt of `len` bytes that the server counted nothing of.
    #[must_use]
    pub fn uncounted(len: usize) -> Self {
        Self { counted_tokens: 0, uncounted_len: len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_rises_at_once_and_falls_slowly() {
        assert_eq!(next_ratio(None, 1000, 300), 300);
        assert_eq!(next_ratio(Some(300), 1000, 500), 500);
        assert_eq!(next_ratio(Some(500), 1000, 300), 475);
        assert_eq!(next_ratio(Some(300), MIN_SAMPLE_BYTES - 1, 256), 300, "a short sample");
        assert_eq!(next_ratio(None, 1000, 1), MIN_TOKENS_PER_KB);
        assert_eq!(next_ratio(None, 0, 5), 1000);
    }

    #[test]
    fn a_prompt_that_goes_on_is_estimated_by_what_was_added() {
        let prompt = |json: &str| SerializedRequest::new(json.as_bytes().to_vec(), 4);
        let counted = CountedPrompt::new(&mut prompt("{[one??]}"), 40);
        let split = counted.split_counted(&mut prompt("{[one,two??]}")).unwrap();
        assert_eq!(split, PromptSplit { counted_tokens: 40, uncounted_len: 4 });
        assert_eq!(counted.split_counted(&mut prompt("{[other??]}")), None);
        assert_eq!(counted.split_counted(&mut prompt("{[??]}")), None, "a shorter one");
        let size = estimate_size(12, split, Some(500), false);
        assert_eq!(size.count, TokenCount::Calibrated(42));
        assert_eq!(size.upper_bound, 44);
    }

    #[test]
    fn an_estimate_near_the_window_is_no_lower_than_the_default() {
        let estimate = |ratio, is_near| {
            estimate_size(3000, PromptSplit::uncounted(3000), ratio, is_near).count
        };
        assert_eq!(estimate(None, false), TokenCount::Estimate(1002));
        assert_eq!(estimate(Some(200), false), TokenCount::Calibrated(600));
        assert_eq!(estimate(Some(200), true).token_count(), 1002);
        assert!(is_near_window(TokenCount::Exact(85), 100));
        assert!(!is_near_window(TokenCount::Exact(84), 100));
    }
}
