//! Finds the period of a stream's end.
//!
//! The last position of a byte sequence gives the period to try; comparing the bytes proves it.
//! Each byte costs the same, and the memory is fixed.

/// How many bytes are remembered: the longest period.
const RING_BYTES: usize = 8_192;
/// How many byte sequences are remembered by their last position.
const SLOT_COUNT: usize = 4_096;
/// The length of such a sequence, in bytes.
const GRAM_BYTES: u64 = 16;
/// The base of the rolling hash.
const HASH_BASE: u64 = 0x0100_0000_01b3;

/// Finds the period of the last bytes.
pub(super) struct PeriodTracker {
    ring: Box<[u8; RING_BYTES]>,
    /// The last position of a byte sequence plus one, by its hash.
    slots: Box<[u64]>,
    position: u64,
    hash: u64,
    candidate: Option<PeriodCandidate>,
}

/// A period that the last bytes have.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeriodCandidate {
    pub(super) period: u64,
    /// How many bytes equal those a period before.
    pub(super) matched: u64,
}

impl PeriodCandidate {
    /// The length of everything with this period, in bytes.
    pub(super) fn total_len(self) -> u64 {
        self.matched + self.period
    }
}

impl PeriodTracker {
    pub(super) fn new() -> Self {
        Self {
            ring: Box::new([0; RING_BYTES]),
            slots: vec![0; SLOT_COUNT].into(),
            position: 0,
            hash: 0,
            candidate: None,
        }
    }

    /// Adds a byte, and returns the period of the end. Its `matched` is 0 when it is a new one.
    #[inline]
    pub(super) fn push_byte(&mut self, byte: u8) -> Option<PeriodCandidate> {
        if let Some(candidate) = &mut self.candidate {
            let before = self.ring.get(ring_index(self.position - candidate.period)).copied();
            if before == Some(byte) {
                candidate.matched += 1;
            } else {
                self.candidate = None;
            }
        }
        let leaving = match self.position.checked_sub(GRAM_BYTES) {
            Some(start) => self.ring.get(ring_index(start)).copied().unwrap_or_default(),
            None => 0,
        };
        let gone = u64::from(leaving).wrapping_mul(HASH_BASE_TO_GRAM);
        self.hash =
            self.hash.wrapping_mul(HASH_BASE).wrapping_add(u64::from(byte)).wrapping_sub(gone);
        if let Some(slot) = self.ring.get_mut(ring_index(self.position)) {
            *slot = byte;
        }
        self.position += 1;
        if self.position >= GRAM_BYTES
            && let Some(slot) = self.slots.get_mut(slot_index(self.hash))
        {
            let seen = std::mem::replace(slot, self.position);
            let period = self.position - seen;
            if self.candidate.is_none() && seen != 0 && period < RING_BYTES as u64 {
                self.candidate = Some(PeriodCandidate { period, matched: 0 });
            }
        }
        self.candidate
    }

    /// The last bytes, newest first: at most `count` of them.
    pub(super) fn last_bytes(&self, count: u64) -> impl Iterator<Item = u8> {
        let count = count.min(self.position).min(RING_BYTES as u64);
        (1..=count).filter_map(|back| self.ring.get(ring_index(self.position - back)).copied())
    }
}

/// The factor of a byte that leaves the rolling hash.
const HASH_BASE_TO_GRAM: u64 = {
    let (mut power, mut at) = (1_u64, 0);
    while at < GRAM_BYTES {
        power = power.wrapping_mul(HASH_BASE);
        at += 1;
    }
    power
};

#[expect(clippy::cast_possible_truncation, reason = "it is below the size of the ring")]
fn ring_index(position: u64) -> usize {
    (position % RING_BYTES as u64) as usize
}

fn slot_index(hash: u64) -> usize {
    // The low bits of the hash depend on the last bytes only, so take higher ones.
    ((hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % SLOT_COUNT as u64) as usize
}
