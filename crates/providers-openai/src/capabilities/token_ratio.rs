//! Estimates the tokens of a request from the server's earlier counts.
//!
//! A conversation grows at its end, so the last count covers most of the next request. Only the
//! added bytes are estimated, by the learned ratio of tokens to bytes. The ratio rises at once and
//! falls slowly: too high an estimate costs some room, too low a one a refusal.

use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;
use openclaw_core::TokenCount;

/// The least tokens per kilobyte: one for eight bytes.
const MIN_TOKENS_PER_KB: u32 = 125;

/// The assumed tokens per kilobyte before any count: one for three bytes, which is more than
/// English text and JSON need with the tokenizers in use.
const DEFAULT_TOKENS_PER_KB: u32 = 334;

/// A sample of fewer bytes does not change the ratio.
const MIN_SAMPLE_BYTES: usize = 256;

/// The size of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptSize {
    /// The estimated tokens, and how they were found.
    pub count: TokenCount,
    /// The most tokens possible: each byte that was not counted is a token.
    pub upper_bound: u32,
}

/// The bytes that a prompt is sized by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PromptBytes {
    /// The body without a limit for the answer, which the body of the next request begins with.
    pub(crate) body: Bytes,
    /// How many bytes are sent after it and never again.
    pub(crate) suffix_len: usize,
}

impl PromptBytes {
    pub(super) fn total_len(&self) -> usize {
        self.body.len() + self.suffix_len
    }
}

/// A prompt divided into what the server counted before and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PromptSplit {
    pub(super) counted_tokens: u32,
    /// The bytes of the rest.
    pub(super) uncounted_len: usize,
}

/// A request and the server's token count.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedPrompt {
    /// The length of the body that longer requests begin with, in bytes.
    prefix_len: usize,
    prefix_hash: u64,
    /// The counted tokens, those of the suffix included.
    tokens: u32,
    suffix_len: usize,
}

impl CountedPrompt {
    /// Records the count of a body and the length of the suffix after it, which is sent only once.
    pub(super) fn new(prompt: &PromptBytes, tokens: u32) -> Self {
        // The list of messages goes on where it ends.
        let prefix = prompt.body.strip_suffix(b"]}").unwrap_or(&prompt.body);
        Self {
            prefix_len: prefix.len(),
            prefix_hash: hash_bytes(prefix),
            tokens,
            suffix_len: prompt.suffix_len,
        }
    }

    /// Divides a prompt that begins with this one; `None` if it does not. One tail stands for the
    /// other: they are much the same.
    pub(super) fn split_counted(&self, prompt: &PromptBytes) -> Option<PromptSplit> {
        let prefix = prompt.body.get(..self.prefix_len)?;
        let uncounted_len = (prompt.total_len() - self.prefix_len).saturating_sub(self.suffix_len);
        (hash_bytes(prefix) == self.prefix_hash)
            .then_some(PromptSplit { counted_tokens: self.tokens, uncounted_len })
    }
}

/// Sizes a prompt of `len` bytes by a ratio in tokens a kilobyte. `is_near_limit` is whether too
/// low a number would do harm.
pub(super) fn estimate_size(
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
