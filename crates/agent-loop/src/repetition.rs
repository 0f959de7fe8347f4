//! Detects while a model streams that it repeats itself endlessly.
//!
//! A stream is a repetition when its end has one period for long enough: each byte equals the one a
//! period before. It is one as well when only its numbers change, but after more text.
//!
//! Code, tables of words and lists of similar lines differ somewhere in each line, so no period
//! lasts. Text that may legitimately repeat has few different characters (rules, padding, zeros) or
//! is a file being written; its thresholds are higher.

mod numbers;
mod period;

use std::num::NonZeroU32;

use self::numbers::NumberPatternDetector;
use self::period::{PeriodCandidate, PeriodTracker};

/// The fewest copies of a period that count as a repetition.
const MIN_COPIES: u64 = 8;
/// Periods with fewer different bytes (rules, padding) need more copies.
const MIN_DISTINCT_BYTES: usize = 8;
/// The token with number 0 in many vocabularies, which a broken engine emits endlessly.
const TOKEN_ZERO: u8 = b'!';
/// The lines of an answer that may be the same: somebody may ask for a hundred.
const MIN_SAME_LINES: u64 = 128;
/// The lines of the limit that the thresholds in bytes are for.
const REFERENCE_LINES: u64 = 500;
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
pub struct DetectedRepetition {
    /// The length of the period, in bytes.
    pub period: usize,
    /// How many of the last bytes of the part are copies.
    pub copied_bytes: usize,
    /// How many bytes of the delta came after it and were not examined.
    pub unread_bytes: usize,
}

/// How much of a message may repeat itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RepetitionLimit {
    /// The lines that may be the same but for their numbers; without line breaks eight tokens count
    /// as one line. The limit of exact copies is lower and changes with it.
    pub lines: NonZeroU32,
}

impl RepetitionLimit {
    /// A limit in lines; `None` for 0, which means no limit.
    #[must_use]
    pub fn from_lines(lines: u32) -> Option<Self> {
        NonZeroU32::new(lines).map(|lines| Self { lines })
    }

    fn scale_bytes(self, bytes: u64) -> u64 {
        bytes.saturating_mul(u64::from(self.lines.get())) / REFERENCE_LINES
    }
}

/// Detects repetitions in one message.
pub struct RepetitionDetector {
    tracker: PeriodTracker,
    numbers: NumberPatternDetector,
    limit: RepetitionLimit,
    /// What is known of the period of the candidate, once that is needed.
    profile: Option<PeriodProfile>,
    part: Option<OutputPart>,
    /// How many bytes came since the part began.
    in_part: u64,
}

/// What a period consists of.
#[derive(Debug, Clone, Copy)]
struct PeriodProfile {
    has_few_bytes: bool,
    line_breaks: u64,
}

impl RepetitionDetector {
    /// Starts with the first delta of a message.
    #[must_use]
    pub fn new(limit: RepetitionLimit) -> Self {
        Self {
            tracker: PeriodTracker::new(),
            numbers: NumberPatternDetector::new(limit),
            limit,
            profile: None,
            part: None,
            in_part: 0,
        }
    }

    /// Examines the next delta of a part, and returns a repetition when one is detected.
    pub fn observe_text(&mut self, part: OutputPart, text: &str) -> Option<DetectedRepetition> {
        if self.part.replace(part) != Some(part) {
            self.tracker.push_byte(PART_SEPARATOR);
            self.numbers.start_part();
            self.in_part = 0;
        }
        let found = text.bytes().enumerate().find_map(|(at, byte)| {
            self.in_part += 1;
            let candidate = self.tracker.push_byte(byte);
            let exact = candidate.and_then(|candidate| self.check_candidate(part, candidate));
            let has_pattern = self.numbers.observe_byte(part, byte);
            // What differs in its numbers is kept: it may be what was wanted.
            let pattern = has_pattern.then_some((MAX_SAMPLE_BYTES / 2, 0));
            Some((at, exact.or(pattern)?))
        });
        found.map(|(at, (period, copies))| DetectedRepetition {
            period,
            copied_bytes: copies,
            unread_bytes: text.len() - at - 1,
        })
    }

    /// The last bytes: two periods, at most 160 bytes.
    #[must_use]
    pub fn repeated_sample(&self, period: usize) -> String {
        let length = u64::try_from((2 * period).min(MAX_SAMPLE_BYTES)).unwrap_or_default();
        let mut bytes: Vec<u8> =
            self.tracker.last_bytes(length).filter(|byte| *byte != PART_SEPARATOR).collect();
        bytes.reverse();
        String::from_utf8_lossy(&bytes).trim_matches(char::REPLACEMENT_CHARACTER).to_owned()
    }

    /// The period and the copied bytes of a repetition that is long enough.
    fn check_candidate(
        &mut self,
        part: OutputPart,
        candidate: PeriodCandidate,
    ) -> Option<(usize, usize)> {
        let PeriodCandidate { period, matched } = candidate;
        if matched == 0 {
            self.profile = None;
        }
        let (for_plain, for_any) = part.repeat_thresholds();
        let (for_plain, for_any) =
            (self.limit.scale_bytes(for_plain), self.limit.scale_bytes(for_any));
        let length = candidate.total_len();
        let is_token_zero = || period == 1 && self.tracker.last_bytes(1).next() == Some(TOKEN_ZERO);
        if length < MIN_COPIES * period
            || (length < for_any && (length < 1_024 || !is_token_zero()))
        {
            return None;
        }
        if !is_token_zero() {
            let profile = self.profile.unwrap_or_else(|| self.profile_period(period));
            self.profile = Some(profile);
            let same_lines = profile.line_breaks.saturating_mul(length / period);
            let may_be_wanted = part == OutputPart::Text
                && profile.line_breaks > 0
                && same_lines < self.limit.scale_bytes(MIN_SAME_LINES);
            if length < for_plain && (profile.has_few_bytes || may_be_wanted) {
                return None;
            }
        }
        let whole = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Some((whole(period), whole(matched.min(self.in_part))))
    }

    fn profile_period(&self, period: u64) -> PeriodProfile {
        let mut seen = [false; 256];
        let mut line_breaks = 0;
        for byte in self.tracker.last_bytes(period) {
            line_breaks += u64::from(byte == b'\n');
            if let Some(seen) = seen.get_mut(usize::from(byte)) {
                *seen = true;
            }
        }
        let distinct = seen.iter().filter(|seen| **seen).count();
        PeriodProfile { has_few_bytes: distinct < MIN_DISTINCT_BYTES, line_breaks }
    }
}

impl std::fmt::Debug for RepetitionDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RepetitionDetector")
            .field("limit", &self.limit)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
