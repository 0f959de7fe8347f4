//! Which prompt blocks the server has seen before.

use std::collections::HashSet;

/// Tokens a block holds; only whole blocks are cached.
pub(crate) const BLOCK: usize = 128;

/// The blocks of every prompt so far, each known by the hash of all that came before it.
#[derive(Debug, Default)]
pub(crate) struct PrefixCache {
    blocks: HashSet<u64>,
}

/// How much of one prompt was found, and how much was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PrefixUse {
    pub(crate) cached_tokens: u32,
    pub(crate) created_tokens: u32,
}

impl PrefixCache {
    /// Looks a prompt up and keeps its blocks. `salt` separates models and `cache_salt` values.
    ///
    /// At least one token is always computed, so a prompt of whole blocks never hits its last one.
    pub(crate) fn admit(&mut self, salt: u64, prompt: &[u32]) -> PrefixUse {
        let (mut chain, mut hits, mut created, mut unbroken) = (salt, 0, 0, true);
        for (index, block) in prompt.chunks_exact(BLOCK).enumerate() {
            chain = block.iter().fold(chain, |hash, &id| mix(hash, u64::from(id)));
            let is_new = self.blocks.insert(chain);
            unbroken &= !is_new && (index + 1) * BLOCK < prompt.len();
            hits += usize::from(unbroken);
            created += usize::from(is_new);
        }
        let tokens = |blocks: usize| u32::try_from(blocks * BLOCK).unwrap_or(u32::MAX);
        PrefixUse { cached_tokens: tokens(hits), created_tokens: tokens(created) }
    }
}

/// Folds one number into a hash.
pub(crate) fn mix(hash: u64, value: u64) -> u64 {
    let mixed = (hash.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grown_prompt_hits_its_whole_blocks() {
        let mut cache = PrefixCache::default();
        let prompt: Vec<u32> = (0..403).collect();
        assert_eq!(cache.admit(0, &prompt), PrefixUse { cached_tokens: 0, created_tokens: 384 });
        assert_eq!(cache.admit(0, &prompt), PrefixUse { cached_tokens: 384, created_tokens: 0 });
        let grown: Vec<u32> = (0..600).collect();
        assert_eq!(cache.admit(0, &grown), PrefixUse { cached_tokens: 384, created_tokens: 128 });
        assert_eq!(cache.admit(1, &prompt), PrefixUse { cached_tokens: 0, created_tokens: 384 });
    }

    #[test]
    fn a_change_early_on_spoils_all_that_follows() {
        let mut cache = PrefixCache::default();
        let mut prompt: Vec<u32> = (0..512).collect();
        cache.admit(0, &prompt);
        prompt[130] = 9;
        assert_eq!(cache.admit(0, &prompt), PrefixUse { cached_tokens: 128, created_tokens: 384 });
    }

    #[test]
    fn the_last_token_is_always_computed() {
        let mut cache = PrefixCache::default();
        let prompt: Vec<u32> = (0..256).collect();
        cache.admit(0, &prompt);
        assert_eq!(cache.admit(0, &prompt), PrefixUse { cached_tokens: 128, created_tokens: 0 });
    }
}
