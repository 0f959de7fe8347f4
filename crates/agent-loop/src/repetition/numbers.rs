//! Detects text in which only the numbers change.
//!
//! Each number is replaced by one placeholder before the period is looked for. Such text is also
//! what tables and data look like, so two things more are measured. How much of it there is: its
//! lines, and an estimate of its tokens. And whether the numbers can be foretold, which those of a
//! counter can and those of data cannot: data may go on for longer.

use std::collections::VecDeque;

use super::period::{PeriodCandidate, PeriodTracker};
use super::{MIN_COPIES, OutputPart, PART_SEPARATOR, RepetitionLimit};

/// Stands for a number. All digits are replaced, so nothing else is this byte.
const PLACEHOLDER: u8 = b'0';
/// How many numbers are remembered.
const MAX_NUMBERS: usize = 1_024;
/// The fewest copies of the period whose numbers show whether they can be foretold.
const MIN_NUMBER_COPIES: usize = 4;
/// A number can be foretold if it changes as before in this share of the copies, in per cent. The
/// rest is for what wraps around, such as seconds.
const FORETOLD_PERCENT: usize = 80;
/// The estimated tokens of one line.
const TOKENS_PER_LINE: u64 = 8;
/// How much more text there may be when it has line breaks: rows of a table are long.
const LONG_LINES_FACTOR: u64 = 4;
/// How often the limit is doubled for numbers that cannot be foretold.
const UNFORETOLD_DOUBLINGS: u32 = 2;
/// How much longer a list of nothing but numbers may be.
const BARE_NUMBERS_FACTOR: u64 = 3;
/// How much longer the arguments of a call may be: they may be a file.
const ARGUMENTS_FACTOR: u64 = 4;

/// Detects a stream whose end is the same but for its numbers.
pub(super) struct NumberPatternDetector {
    tracker: PeriodTracker,
    /// The number that is being read.
    number: Option<u64>,
    /// The last numbers, oldest first.
    numbers: VecDeque<u64>,
    span: PatternSpan,
    token_counter: TokenCounter,
    limit: RepetitionLimit,
}

/// What has the current period.
#[derive(Debug, Clone, Copy, Default)]
struct PatternSpan {
    lines: u64,
    tokens: u64,
    numbers: usize,
    /// How often the numbers could not be foretold when the limit was reached.
    doublings: u32,
}

impl NumberPatternDetector {
    pub(super) fn new(limit: RepetitionLimit) -> Self {
        Self {
            tracker: PeriodTracker::new(),
            number: None,
            numbers: VecDeque::with_capacity(MAX_NUMBERS),
            span: PatternSpan::default(),
            token_counter: TokenCounter::default(),
            limit,
        }
    }

    /// Begins another part of the message.
    pub(super) fn start_part(&mut self) {
        self.finish_number();
        self.push_normalised(PART_SEPARATOR);
    }

    /// Examines a byte, and returns whether the end has been the same for too long.
    pub(super) fn observe_byte(&mut self, part: OutputPart, byte: u8) -> bool {
        self.span.tokens += self.token_counter.count_byte(byte);
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            let is_first = self.number.is_none();
            let number = self.number.unwrap_or_default().wrapping_mul(10).wrapping_add(digit);
            self.number = Some(number);
            if is_first {
                self.push_normalised(PLACEHOLDER);
            }
            return false;
        }
        self.finish_number();
        let Some(candidate) = self.push_normalised(byte) else { return false };
        self.span.lines += u64::from(byte == b'\n');
        self.exceeds_limit(part, candidate)
    }

    fn finish_number(&mut self) {
        let Some(number) = self.number.take() else { return };
        if self.numbers.len() == MAX_NUMBERS {
            self.numbers.pop_front();
        }
        self.numbers.push_back(number);
        self.span.numbers += 1;
    }

    /// Adds a byte of the text without its numbers. What was counted is forgotten when the end has
    /// no period or another one.
    fn push_normalised(&mut self, byte: u8) -> Option<PeriodCandidate> {
        let candidate = self.tracker.push_byte(byte);
        if candidate.is_none_or(|candidate| candidate.matched == 0) {
            self.span = PatternSpan::default();
        }
        candidate
    }

    fn exceeds_limit(&mut self, part: OutputPart, candidate: PeriodCandidate) -> bool {
        let part_factor = if part == OutputPart::Arguments { ARGUMENTS_FACTOR } else { 1 };
        let lines =
            u64::from(self.limit.lines.get()).saturating_mul(part_factor << self.span.doublings);
        if !self.span.reaches(lines)
            || self.span.numbers == 0
            || candidate.total_len() < MIN_COPIES * candidate.period
        {
            return false;
        }
        if self.is_bare_numbers(candidate.period)
            && !self.span.reaches(lines.saturating_mul(BARE_NUMBERS_FACTOR))
        {
            return false;
        }
        if self.span.doublings == UNFORETOLD_DOUBLINGS || self.can_foretell(candidate.period) {
            return true;
        }
        self.span.doublings += 1;
        false
    }

    /// Returns whether the period has next to nothing but numbers.
    fn is_bare_numbers(&self, period: u64) -> bool {
        let mut others = self
            .tracker
            .last_bytes(period)
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != PLACEHOLDER);
        let first = others.next();
        others.all(|byte| Some(byte) == first)
    }

    /// Returns whether each number of the period changes by the same step from copy to copy, and one
    /// of them does change: exact copies are found otherwise.
    fn can_foretell(&self, period: u64) -> bool {
        let slots = self.tracker.last_bytes(period).filter(|byte| *byte == PLACEHOLDER).count();
        let known = self.numbers.len().min(self.span.numbers);
        let copies = known.checked_div(slots).unwrap_or_default();
        if copies < MIN_NUMBER_COPIES {
            return false;
        }
        let mut changes = false;
        let is_steady = (0..slots).all(|slot| {
            let newest_first = self.numbers.iter().rev().skip(slot).step_by(slots).take(copies);
            let older = newest_first.clone().skip(1);
            let steps: Vec<u64> =
                newest_first.zip(older).map(|(new, old)| new.wrapping_sub(*old)).collect();
            changes |= steps.iter().any(|step| *step != 0);
            let same_steps = steps.windows(2).filter(|pair| pair.first() == pair.last()).count();
            same_steps * 100 >= (steps.len() - 1) * FORETOLD_PERCENT
        });
        is_steady && changes
    }
}

impl PatternSpan {
    /// Returns whether there are so many lines, or as much text without line breaks, or far more
    /// text with a few of them.
    fn reaches(self, lines: u64) -> bool {
        let token_factor = if self.lines == 0 { 1 } else { LONG_LINES_FACTOR };
        self.lines >= lines || self.tokens >= lines.saturating_mul(TOKENS_PER_LINE * token_factor)
    }
}

/// Estimates tokens from runs of bytes of one class.
#[derive(Debug, Clone, Copy, Default)]
struct TokenCounter {
    class: Option<ByteClass>,
    run_len: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByteClass {
    Word,
    Digit,
    /// A blank is a part of the token after it.
    Blank,
    Punctuation,
}

impl TokenCounter {
    /// The tokens that begin with this byte: 0 or 1.
    fn count_byte(&mut self, byte: u8) -> u64 {
        let class = match byte {
            b'0'..=b'9' => ByteClass::Digit,
            b' ' | b'\t' => ByteClass::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => ByteClass::Word,
            _ => ByteClass::Punctuation,
        };
        let is_same = self.class.replace(class) == Some(class);
        self.run_len = if is_same { self.run_len.saturating_add(1) } else { 0 };
        let token_len = match class {
            ByteClass::Word | ByteClass::Punctuation => 4,
            ByteClass::Digit => 3,
            ByteClass::Blank => return 0,
        };
        u64::from(self.run_len.is_multiple_of(token_len))
    }
}
