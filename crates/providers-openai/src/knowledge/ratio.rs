//! How many tokens a request is, learnt from what the server counted before.
//!
//! A conversation grows at its end, so the count of the request before is most of that of the
//! next; only what was added is estimated, by the ratio of all that was counted so far. The ratio
//! goes up at once and comes down slowly: too many tokens cost some room, too few a refusal.

use std::hash::{DefaultHasher, Hasher};

use openclaw_core::TokenCount;

/// The least tokens that a kilobyte is: one for eight bytes.
const LEAST: u32 = 125;

/// What is assumed of what nothing is known of, in tokens a kilobyte: one for three bytes, which
/// is more than English text and JSON need with the tokenizers in use.
const BLIND: u32 = 334;

/// Fewer bytes than these say nothing of the next.
const FEW: usize = 256;

/// The size of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptSize {
    /// The likeliest number of tokens, and how it was found.
    pub count: TokenCount,
    /// No less than it can be: each byte that was not counted is a token.
    pub at_most: u32,
}

/// A request that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    /// The bytes that a longer one would begin with.
    len: usize,
    hash: u64,
    /// With those of the bytes that were sent after it.
    tokens: u32,
    tail: usize,
}

impl Counted {
    /// A body that the server counted, with so many bytes after it that never come again.
    pub(super) fn new((body, tail): (&[u8], usize), tokens: u32) -> Self {
        // The list of messages goes on where it ends.
        let shared = body.strip_suffix(b"]}").unwrap_or(body);
        Self { len: shared.len(), hash: hash(shared), tokens, tail }
    }

    /// The tokens of the beginning of a body, and the bytes of the rest. One tail stands for the
    /// other: they are much the same.
    pub(super) fn split(&self, (body, tail): (&[u8], usize)) -> Option<(u32, usize)> {
        let shared = body.get(..self.len)?;
        let rest = (body.len() - self.len + tail).saturating_sub(self.tail);
        (hash(shared) == self.hash).then_some((self.tokens, rest))
    }
}

/// Sizes a body of which so many tokens and bytes are counted and not, by a ratio in tokens a
/// kilobyte. `is_near` is whether too low a number would do harm.
pub(super) fn size(
    len: usize,
    (counted, rest): (u32, usize),
    ratio: Option<u32>,
    is_near: bool,
) -> PromptSize {
    let ratio = match ratio {
        Some(ratio) if is_near => ratio.max(BLIND),
        Some(ratio) => ratio,
        None => BLIND,
    };
    let tokens = counted.saturating_add(tokens(rest, ratio)).max(tokens(len, LEAST));
    let is_calibrated = counted > 0 || ratio != BLIND;
    PromptSize {
        count: if is_calibrated {
            TokenCount::Calibrated(tokens)
        } else {
            TokenCount::Estimate(tokens)
        },
        at_most: counted.saturating_add(u32::try_from(rest).unwrap_or(u32::MAX)).max(tokens),
    }
}

/// The ratio after so many bytes were so many tokens. A few bytes change nothing.
pub(super) fn next(ratio: Option<u32>, len: usize, tokens: u32) -> u32 {
    if let Some(ratio) = ratio
        && len < FEW
    {
        return ratio;
    }
    let seen =
        u64::from(tokens).saturating_mul(1000).div_ceil(u64::try_from(len.max(1)).unwrap_or(1));
    let seen = u32::try_from(seen).unwrap_or(u32::MAX).clamp(LEAST, 1000);
    match ratio {
        None => seen,
        Some(ratio) if seen > ratio => seen,
        Some(ratio) => ratio - (ratio - seen) / 8,
    }
}

fn tokens(len: usize, ratio: u32) -> u32 {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    let tokens = len.saturating_mul(u64::from(ratio)).div_ceil(1000);
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
