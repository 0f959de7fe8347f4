//! Reads a part of a text of any length, bounded in lines and bytes.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// The most bytes of one page.
const MAX_PAGE_BYTES: usize = 50_000;
/// How many bytes of a text are scanned for the page and the line count. Larger than any text that
/// is read by line, and small enough to scan within the call.
const SCAN_BYTES: u64 = 256 << 20;
/// How many bytes at the start decide whether the file is text.
const PROBE_BYTES: usize = 8 * 1024;

/// The requested lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRange {
    /// The first line, from 1.
    pub(crate) first_line: u64,
    /// The most lines; at least 1.
    pub(crate) max_lines: u64,
    /// The most bytes; never more than [`MAX_PAGE_BYTES`].
    pub(crate) max_bytes: usize,
}

/// The lines of a range.
#[derive(Debug)]
pub(crate) struct TextPage {
    /// The lines, with their line ends.
    pub(crate) text: String,
    /// The number of lines.
    pub(crate) lines: u64,
    /// Notes on the page: how to read on, what was cut.
    pub(crate) notes: Vec<String>,
}

/// Why a page cannot be read.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The file is not text.
    Binary,
    /// The text has fewer lines than `first`.
    PastEnd { first: u64, lines: u64 },
    /// The first line is beyond the scan limit.
    BeyondScanLimit,
    /// The file cannot be read.
    Io(io::Error),
}

/// Collects the lines of a range while scanning.
#[derive(Default)]
struct LineScanner {
    kept_bytes: Vec<u8>,
    /// The index of the current line, from 0.
    line: u64,
    /// Whether the current line has bytes already.
    is_inside_line: bool,
    lines_kept: u64,
    /// Where the current line begins in `kept_bytes`.
    line_start: usize,
    /// Whether the page is full.
    is_full: bool,
    /// Whether the only line of the page is longer than the page.
    is_cut: bool,
}

impl TextPage {
    /// Reads the lines of a range.
    pub(crate) fn read_range(source: impl Read, range: PageRange) -> Result<Self, PageError> {
        let mut reader = BufReader::with_capacity(64 * 1024, source.take(SCAN_BYTES));
        let mut scanner = LineScanner::default();
        let mut scanned_bytes = 0;
        loop {
            let bytes = reader.fill_buf().map_err(PageError::Io)?;
            if scanned_bytes == 0 && bytes.iter().take(PROBE_BYTES).any(|byte| *byte == 0) {
                return Err(PageError::Binary);
            }
            if bytes.is_empty() {
                break;
            }
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                scanner.scan_piece(piece, range);
            }
            let count = bytes.len();
            scanned_bytes += count as u64;
            reader.consume(count);
        }
        scanner.into_page(range, scanned_bytes == SCAN_BYTES)
    }
}

impl LineScanner {
    /// Scans the next piece: a line, or a part of one.
    fn scan_piece(&mut self, piece: &[u8], range: PageRange) {
        let first = range.first_line - 1;
        if !self.is_full && self.line >= first {
            if self.line - first >= range.max_lines {
                self.is_full = true;
            } else {
                self.keep_piece(piece, range.max_bytes.min(MAX_PAGE_BYTES));
            }
        }
        self.is_inside_line = piece.last() != Some(&b'\n');
        if !self.is_inside_line {
            self.line += 1;
        }
    }

    fn keep_piece(&mut self, piece: &[u8], max_bytes: usize) {
        if !self.is_inside_line {
            self.line_start = self.kept_bytes.len();
            self.lines_kept += 1;
        }
        let remaining_bytes = max_bytes.saturating_sub(self.kept_bytes.len());
        if piece.len() <= remaining_bytes {
            self.kept_bytes.extend_from_slice(piece);
            return;
        }
        self.is_full = true;
        if self.lines_kept > 1 {
            // The complete line is on the next page.
            self.kept_bytes.truncate(self.line_start);
            self.lines_kept -= 1;
        } else {
            self.kept_bytes.extend_from_slice(piece.get(..remaining_bytes).unwrap_or_default());
            self.is_cut = true;
        }
    }

    fn into_page(self, range: PageRange, is_partial_scan: bool) -> Result<TextPage, PageError> {
        let total_lines = self.line + u64::from(self.is_inside_line);
        let mut notes = Vec::new();
        if self.lines_kept == 0 {
            match total_lines {
                _ if is_partial_scan => return Err(PageError::BeyondScanLimit),
                0 if range.first_line == 1 => notes.push("empty".to_owned()),
                lines => return Err(PageError::PastEnd { first: range.first_line, lines }),
            }
        }
        let next_line = range.first_line + self.lines_kept;
        if self.is_cut {
            notes.push(format!(
                "line {} is cut after {} bytes",
                range.first_line,
                self.kept_bytes.len()
            ));
        }
        if is_partial_scan {
            notes.push(format!("more lines; read on with offset {next_line}"));
        } else if next_line <= total_lines {
            let remaining_lines = total_lines + 1 - next_line;
            notes.push(format!("{remaining_lines} more lines; read on with offset {next_line}"));
        }
        let mut page_bytes = self.kept_bytes;
        if self.is_cut {
            trim_partial_character(&mut page_bytes);
        }
        let text = String::from_utf8(page_bytes).unwrap_or_else(|error| {
            notes.push("not UTF-8: bytes that are not are shown as \u{fffd}".to_owned());
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Ok(TextPage { text, lines: self.lines_kept, notes })
    }
}

/// Removes an incomplete UTF-8 character at the end.
fn trim_partial_character(bytes: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary => f.write_str("it is not text"),
            Self::PastEnd { first, lines } => {
                write!(f, "offset {first} is past the end: there are {lines} lines")
            }
            Self::BeyondScanLimit => write!(f, "it is too large to read to there; use `exec`"),
            Self::Io(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_page(text: &[u8], first: u64, limit: u64) -> TextPage {
        TextPage::read_range(
            text,
            PageRange { first_line: first, max_lines: limit, max_bytes: MAX_PAGE_BYTES },
        )
        .unwrap()
    }

    #[test]
    fn pages_put_together_are_the_whole_text() {
        let line = "x".repeat(700);
        let lines: Vec<String> = (0..500).map(|number| format!("{number} {line}\r\n")).collect();
        let text = lines.concat();
        let text = text.trim_end();
        let (mut joined_text, mut next_line) = (String::new(), 1);
        while next_line <= 500 {
            let page = read_page(text.as_bytes(), next_line, 60);
            assert!(page.text.len() <= MAX_PAGE_BYTES && page.lines <= 60 && page.lines > 0);
            joined_text.push_str(&page.text);
            next_line += page.lines;
            let remaining_lines = 501 - next_line;
            let note = format!("{remaining_lines} more lines; read on with offset {next_line}");
            assert_eq!(page.notes, if remaining_lines > 0 { vec![note] } else { vec![] });
        }
        assert_eq!(joined_text, text);
    }

    #[test]
    fn a_page_is_bounded_in_bytes_at_a_line() {
        let text = format!("{}\n{}\nend\n", "a".repeat(MAX_PAGE_BYTES - 10), "b".repeat(20));
        let page = read_page(text.as_bytes(), 1, 100);
        assert_eq!((page.lines, page.text.len()), (1, MAX_PAGE_BYTES - 9));
        assert_eq!(page.notes, ["2 more lines; read on with offset 2"]);
    }

    #[test]
    fn a_line_longer_than_a_page_is_cut_at_a_character() {
        let text = format!("x{}\nend", "é".repeat(200_000));
        let page = read_page(text.as_bytes(), 1, 100);
        assert_eq!((page.lines, page.text.len()), (1, MAX_PAGE_BYTES - 1));
        assert!(text.starts_with(&page.text));
        assert_eq!(
            page.notes,
            ["line 1 is cut after 50000 bytes", "1 more lines; read on with offset 2"]
        );
    }

    #[test]
    fn missing_and_unreadable_content_is_reported() {
        assert_eq!(read_page(b"", 1, 10).notes, ["empty"]);
        for text in [b"a\nb".as_slice(), b"a\nb\n"] {
            let error = TextPage::read_range(
                text,
                PageRange { first_line: 3, max_lines: 10, max_bytes: MAX_PAGE_BYTES },
            )
            .unwrap_err();
            assert_eq!(error.to_string(), "offset 3 is past the end: there are 2 lines");
        }
        assert!(matches!(
            TextPage::read_range(
                &b"\x7fELF\0"[..],
                PageRange { first_line: 1, max_lines: 1, max_bytes: MAX_PAGE_BYTES }
            ),
            Err(PageError::Binary)
        ));
        let page = read_page(b"caf\xe9\n", 1, 10);
        assert_eq!(page.text, "caf\u{fffd}\n");
        assert_eq!(page.notes.len(), 1);
    }
}
