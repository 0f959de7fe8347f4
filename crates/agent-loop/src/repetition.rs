//! Detects while a model streams that it repeats itself endlessly.
//!
//! A stream is a repetition when its end has one period for long enough: each byte equals the one a
//! period before. The last position of a byte sequence gives the period to try; comparing the bytes
//! proves it. Each byte costs the same, and the memory is fixed.
//!
//! Tables, code and lists of similar lines differ somewhere in each line, so no period lasts. Text
//! that may legitimately repeat has few different characters (rules, padding, zeros) or is a file
//! being written; its thresholds are higher.

/// How many bytes are remembered: the longest period.
const RING_BYTES: usize = 8_192;
/// How many byte sequences are remembered by their last position.
const SLOT_COUNT: usize = 4_096;
/// The length of such a sequence, in bytes.
const GRAM_BYTES: u64 = 16;
/// The base of the rolling hash.
const HASH_BASE: u64 = 0x0100_0000_01b3;
/// The fewest copies of a period that count as a repetition.
const MIN_COPIES: u64 = 8;
/// Periods with fewer different bytes (rules, padding) need more copies.
const MIN_DISTINCT_BYTES: usize = 8;
/// The token with number 0 in many vocabularies, which a broken engine emits endlessly.
const TOKEN_ZERO: u8 = b'!';
/// The most bytes of the repeated text that are shown.
const MAX_SAMPLE_BYTES: usize = 160;
/// Separates the parts of a message; no UTF-8 text has this byte.
const PART_SEPARATOR: u8 = 0xff;

/// A part of a model's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputPart {
    /// The visible text.
    Text,
    /// The reasoning.
    Reasoning,
    /// The arguments of a call.
    Arguments,
}

impl OutputPart {
    /// The word for it in messages, e.g. `reasoning`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "answer",
            Self::Reasoning => "reasoning",
            Self::Arguments => "call",
        }
    }

    /// How many bytes must repeat: for a period of few different bytes, and for any other.
    fn repeat_thresholds(self) -> (u64, u64) {
        match self {
            Self::Text | Self::Reasoning => (12_288, 4_096),
            Self::Arguments => (49_152, 16_384),
        }
    }
}

/// A repetition that was detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DetectedRepetition {
    /// The length of the period, in bytes.
    pub(crate) period: usize,
    /// How many of the last bytes of the part are copies.
    pub(crate) copied_bytes: usize,
    /// How many bytes of the delta came after it and were not examined.
    pub(crate) unread_bytes: usize,
}

/// Detects repetitions in one message.
pub(crate) struct RepetitionDetector {
    ring: Box<[u8]>,
    /// The last position of a byte sequence plus one, by its hash.
    slots: Box<[u64]>,
    position: u64,
    hash: u64,
    candidate: Option<PeriodCandidate>,
    part: Option<OutputPart>,
    /// How many bytes came since the part began.
    in_part: u64,
}

/// A period that the last bytes have.
#[derive(Debug, Clone, Copy)]
struct PeriodCandidate {
    period: u64,
    matched: u64,
    /// Whether the period has few different bytes, once that is needed.
    has_few_bytes: Option<bool>,
}

impl RepetitionDetector {
    pub(crate) fn new() -> Self {
        Self {
            ring: vec![0; RING_BYTES].into(),
            slots: vec![0; SLOT_COUNT].into(),
            position: 0,
            hash: 0,
            candidate: None,
            part: None,
            in_part: 0,
        }
    }

    /// Examines the next delta of a part, and returns a repetition when one is detected.
    pub(crate) fn observe_text(
        &mut self,
        part: OutputPart,
        text: &str,
    ) -> Option<DetectedRepetition> {
        if self.part.replace(part) != Some(part) {
            self.push_byte(PART_SEPARATOR);
            self.in_part = 0;
        }
        let found = text.bytes().enumerate().find_map(|(at, byte)| {
            self.push_byte(byte);
            self.in_part += 1;
            Some((at, self.check_candidate(part)?))
        });
        found.map(|(at, (period, copies))| DetectedRepetition {
            period,
            copied_bytes: copies,
            unread_bytes: text.len() - at - 1,
        })
    }

    /// The last bytes: two periods, at most [`MAX_SAMPLE_BYTES`].
    pub(crate) fn repeated_sample(&self, period: usize) -> String {
        let length = u64::try_from((2 * period).min(MAX_SAMPLE_BYTES))
            .unwrap_or_default()
            .min(self.position);
        let start = self.position - length;
        let bytes = (start..self.position).filter_map(|at| self.ring.get(ring_index(at)).copied());
        let bytes: Vec<u8> = bytes.filter(|byte| *byte != PART_SEPARATOR).collect();
        String::from_utf8_lossy(&bytes).trim_matches(char::REPLACEMENT_CHARACTER).to_owned()
    }

    fn push_byte(&mut self, byte: u8) {
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
        if self.position < GRAM_BYTES {
            return;
        }
        let Some(slot) = self.slots.get_mut(slot_index(self.hash)) else { return };
        let seen = std::mem::replace(slot, self.position);
        let period = self.position - seen;
        if self.candidate.is_none() && seen != 0 && period < RING_BYTES as u64 {
            self.candidate = Some(PeriodCandidate { period, matched: 0, has_few_bytes: None });
        }
    }

    /// The period and the copied bytes of a repetition that is long enough.
    fn check_candidate(&mut self, part: OutputPart) -> Option<(usize, usize)> {
        let PeriodCandidate { period, matched, has_few_bytes: plain } = self.candidate?;
        let (for_plain, for_any) = part.repeat_thresholds();
        let length = matched + period;
        let is_token_zero = || period == 1 && self.last_byte() == Some(TOKEN_ZERO);
        if length < MIN_COPIES * period
            || (length < for_any && (length < 1_024 || !is_token_zero()))
        {
            return None;
        }
        if !is_token_zero() {
            let plain = plain.unwrap_or_else(|| self.has_few_distinct_bytes(period));
            self.candidate = Some(PeriodCandidate { period, matched, has_few_bytes: Some(plain) });
            if plain && length < for_plain {
                return None;
            }
        }
        let whole = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Some((whole(period), whole(matched.min(self.in_part))))
    }

    fn last_byte(&self) -> Option<u8> {
        self.ring.get(ring_index(self.position.checked_sub(1)?)).copied()
    }

    /// Returns whether the last period has few different bytes.
    fn has_few_distinct_bytes(&self, period: u64) -> bool {
        let mut seen = [false; 256];
        for back in 1..=period.min(self.position) {
            if let Some(byte) = self.ring.get(ring_index(self.position - back))
                && let Some(seen) = seen.get_mut(usize::from(*byte))
            {
                *seen = true;
            }
        }
        seen.iter().filter(|seen| **seen).count() < MIN_DISTINCT_BYTES
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

#[cfg(test)]
mod tests;
