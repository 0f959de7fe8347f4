//! How many tokens a request is, learnt from what the server counted before.
//!
//! A conversation grows at its end, so the count of the request before is most of that of the
//! next; only what was added is estimated, by the ratio of all that was counted so far. The ratio
//! goes up at once and comes down slowly: too many tokens cost some room, too few a refusal.

use std::hash::{DefaultHasher, Hasher};

use openclaw_core::TokenCount;

/// The least tokens that a kilobyte is: one for eight bytes.
const MIN_TOKENS_PER_KB: u32 = 125;

/// What is assumed of what nothing is known of, in tokens a kilobyte: one for three bytes, which
/// is more than English text and JSON need with the tokenizers in use.
const DEFAULT_TOKENS_PER_KB: u32 = 334;

/// Fewer bytes than these say nothing of the next.
const MIN_SAMPLE_BYTES: usize = 256;

/// The size of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptSize {
    /// The likeliest number of tokens, and how it was found.
    pub count: TokenCount,
    /// No less than it can be: each byte that was not counted is a token.
    pub upper_bound: u32,
}

/// A request that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedPrompt {
    /// The bytes that a longer one would begin with.
    prefix_len: usize,
    prefix_hash: u64,
    /// With those of the bytes that were sent after it.
    tokens: u32,
    suffix_len: usize,
}

impl CountedPrompt {
    /// A body that the server counted, with so many bytes after it that never come again.
    pub(super) fn new((body, suffix_len): (&[u8], usize), tokens: u32) -> Self {
        // The list of messages goes on where it ends.
        let prefix = body.strip_suffix(b"]}").unwrap_or(body);
        Self { prefix_len: prefix.len(), prefix_hash: hash_bytes(prefix), tokens, suffix_len }
    }

    /// The tokens of the beginning of a body, and the bytes of the rest. One tail stands for the
    /// other: they are much the same.
    pub(super) fn split_counted(&self, (body, suffix_len): (&[u8], usize)) -> Option<(u32, usize)> {
        let prefix = body.get(..self.prefix_len)?;
        let uncounted_len =
            (body.len() - self.prefix_len + suffix_len).saturating_sub(self.suffix_len);
        (hash_bytes(prefix) == self.prefix_hash).then_some((self.tokens, uncounted_len))
    }
}

/// Sizes a body of which so many tokens and bytes are counted and not, by a ratio in tokens a
/// kilobyte. `is_near` is whether too low a number would do harm.
pub(super) fn estimate_size(
    len: usize,
    (counted_tokens, uncounted_len): (u32, usize),
    ratio: Option<u32>,
    is_near_limit: bool,
) -> PromptSize {
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

/// The ratio after so many bytes were so many tokens. A few bytes change nothing.
pub(super) fn next_ratio(ratio: Option<u32>, len: usize, tokens: u32) -> u32 {
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

fn tokens_for_bytes(len: usize, ratio: u32) -> u32 {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    let tokens = len.saturating_mul(u64::from(ratio)).div_ceil(1000);
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
