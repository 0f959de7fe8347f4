//! Keeps the start and the end of output of any length.

use std::collections::VecDeque;

/// The output of a command, both streams interleaved in the order they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CapturedOutput {
    /// The start of the output, as raw bytes; may end within a UTF-8 character.
    pub head: Vec<u8>,
    /// How many bytes between `head` and `tail` were dropped.
    pub dropped_bytes: u64,
    /// The end of the output. When no bytes were dropped, it continues `head` directly.
    pub tail: Vec<u8>,
}

/// Collects a [`CapturedOutput`] of bounded size.
#[derive(Debug)]
pub struct OutputCapture {
    head: Vec<u8>,
    head_limit: usize,
    tail: VecDeque<u8>,
    tail_limit: usize,
    dropped_bytes: u64,
}

impl OutputCapture {
    /// Keeps `limit` bytes: the first half and the last half.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let tail_limit = limit / 2;
        Self {
            head: Vec::new(),
            head_limit: limit - tail_limit,
            tail: VecDeque::new(),
            tail_limit,
            dropped_bytes: 0,
        }
    }

    /// Adds the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let head_room = self.head_limit.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(head_room);
        self.head.extend_from_slice(first);

        let kept_bytes = rest.len().min(self.tail_limit);
        let (skipped, last) = rest.split_at(rest.len() - kept_bytes);
        let overflow = (self.tail.len() + kept_bytes).saturating_sub(self.tail_limit);
        self.tail.drain(..overflow);
        self.tail.extend(last);
        self.dropped_bytes += (skipped.len() + overflow) as u64;
    }

    /// Returns the captured output.
    #[must_use]
    pub fn into_output(self) -> CapturedOutput {
        CapturedOutput {
            head: self.head,
            dropped_bytes: self.dropped_bytes,
            tail: self.tail.into(),
        }
    }
}

impl CapturedOutput {
    /// The output as text, which says how much is left out. Invalid UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { head, dropped_bytes, tail } = self;
        if *dropped_bytes == 0 {
            return String::from_utf8_lossy(&[head.as_slice(), tail].concat()).into_owned();
        }
        format!(
            "{}\n[… {dropped_bytes} bytes left out …]\n{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(tail)
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn omitted_bytes_are_reported() {
        let output =
            CapturedOutput { head: b"one".into(), dropped_bytes: 7, tail: b"\xff two".into() };
        assert_eq!(output.to_text(), "one\n[… 7 bytes left out …]\n\u{fffd} two");
    }

    proptest! {
        #[test]
        fn any_output_keeps_its_ends_and_counts_the_rest(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
            limit in 0usize..100,
        ) {
            let mut capture = OutputCapture::new(limit);
            for piece in &pieces {
                capture.push(piece);
            }
            let captured = capture.into_output();
            let all_bytes = pieces.concat();
            prop_assert!(all_bytes.starts_with(&captured.head));
            prop_assert!(all_bytes.ends_with(&captured.tail));
            let kept_bytes = captured.head.len() + captured.tail.len();
            prop_assert_eq!(kept_bytes, all_bytes.len().min(limit));
            prop_assert_eq!(captured.dropped_bytes, (all_bytes.len() - kept_bytes) as u64);
        }
    }
}
