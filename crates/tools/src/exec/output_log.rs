//! The output of a running command as text: the last part of it, with its place in the whole.

/// The most bytes of output that are kept of a command in the background.
const MAX_LOG_BYTES: usize = 512 * 1024;

/// The last part of a command's output.
#[derive(Debug, Default)]
pub(crate) struct OutputLog {
    text: String,
    /// How many bytes were dropped before `text`.
    dropped_bytes: u64,
    /// How many lines were dropped before `text`.
    dropped_lines: u64,
}

/// Some lines of the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogLines {
    /// The number of the first line, from 1.
    pub(crate) first: u64,
    /// How many lines the whole output has.
    pub(crate) total: u64,
    pub(crate) text: String,
}

impl OutputLog {
    /// Adds text at the end.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        // Twice the size, so that dropping costs little per byte.
        if self.text.len() > 2 * MAX_LOG_BYTES {
            let mut cut = self.text.len() - MAX_LOG_BYTES;
            while !self.text.is_char_boundary(cut) {
                cut += 1;
            }
            let dropped: String = self.text.drain(..cut).collect();
            self.dropped_bytes += cut as u64;
            self.dropped_lines += dropped.matches('\n').count() as u64;
        }
    }

    /// The number of bytes of the whole output.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.dropped_bytes + self.text.len() as u64
    }

    /// The output from a byte position on; names the bytes that are no longer kept.
    pub(crate) fn text_from(&self, position: u64) -> String {
        let Some(start) = position.checked_sub(self.dropped_bytes) else {
            let missing = self.dropped_bytes - position;
            return format!("[… {missing} bytes left out …]\n{}", self.text);
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        self.text.get(start..).unwrap_or_default().to_owned()
    }

    /// At most `limit` lines from line `offset` on, counted from 1; without an offset the last.
    pub(crate) fn lines(&self, offset: Option<u64>, limit: usize) -> LogLines {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        let total = self.dropped_lines + lines.len() as u64;
        let last_page = total.saturating_sub(limit as u64) + 1;
        let first = offset.unwrap_or(last_page).max(self.dropped_lines + 1);
        let skipped = usize::try_from(first - 1 - self.dropped_lines).unwrap_or(usize::MAX);
        let text = lines.into_iter().skip(skipped).take(limit).collect();
        LogLines { first, total, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_over_the_whole_output() {
        let mut log = OutputLog::default();
        log.push("1\n2\n");
        log.push("3\n4");
        let lines = |offset, limit| log.lines(offset, limit);
        let expect = |first, text: &str| LogLines { first, total: 4, text: text.to_owned() };
        assert_eq!(lines(None, 2), expect(3, "3\n4"));
        assert_eq!(lines(None, 9), expect(1, "1\n2\n3\n4"));
        assert_eq!(lines(Some(2), 2), expect(2, "2\n3\n"));
        assert_eq!(lines(Some(0), 1), expect(1, "1\n"));
        assert_eq!(lines(Some(9), 2), expect(9, ""));
        assert_eq!(log.text_from(4), "3\n4");
        assert_eq!(log.text_from(99), "");
    }

    #[test]
    fn a_flood_keeps_its_end_and_its_count() {
        let mut log = OutputLog::default();
        for number in 0..400_000 {
            log.push(&format!("é{number}\n"));
        }
        assert!(log.text.len() <= 2 * MAX_LOG_BYTES);
        let lines = log.lines(None, 1);
        assert_eq!((lines.total, lines.text.as_str()), (400_000, "é399999\n"));
        assert_eq!(log.lines(Some(399_000), 1).text, "é398999\n");
        assert!(log.text_from(0).starts_with("[… "));
        assert_eq!(log.text_from(log.total_bytes() - 7), "399999\n");
    }
}
