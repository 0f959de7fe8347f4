//! A part of a text, bounded in lines and bytes, however long the text is.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// The most bytes of one page.
const MAX_BYTES: usize = 50_000;
/// How many bytes of a text are looked at for the page and for the count of its lines. More than
/// any text that is read by line, and little enough to go through within the call.
const SCAN_BYTES: u64 = 256 << 20;
/// How many bytes at the start decide whether it is text.
const PROBE_BYTES: usize = 8 * 1024;

/// Which lines are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// The first one, from 1.
    pub(crate) first: u64,
    /// How many at most; at least 1.
    pub(crate) limit: u64,
    /// How many bytes at most; never more than [`MAX_BYTES`].
    pub(crate) bytes: usize,
}

/// The lines of a range.
#[derive(Debug)]
pub(crate) struct Page {
    /// The lines, with their line ends.
    pub(crate) text: String,
    /// How many there are.
    pub(crate) lines: u64,
    /// What there is to know besides: how to read on, what was cut.
    pub(crate) notes: Vec<String>,
}

/// A text that has no such page.
#[derive(Debug)]
pub(crate) enum PageError {
    /// It is not text.
    Binary,
    /// It has only so many lines.
    PastEnd { first: u64, lines: u64 },
    /// The first line wanted comes after what is looked at.
    TooFar,
    /// It cannot be read.
    Io(io::Error),
}

/// The lines of a text as they go by.
#[derive(Default)]
struct Scan {
    kept: Vec<u8>,
    /// The line that the next byte belongs to, from 0.
    line: u64,
    /// Whether that line has bytes already.
    in_line: bool,
    lines_kept: u64,
    /// Where the line being kept begins in `kept`.
    line_start: usize,
    /// Whether the page takes no more.
    full: bool,
    /// Whether the only line kept is longer than a page.
    cut: bool,
}

impl Page {
    /// Reads the lines of a range.
    pub(crate) fn read(source: impl Read, range: Range) -> Result<Self, PageError> {
        let mut reader = BufReader::with_capacity(64 * 1024, source.take(SCAN_BYTES));
        let mut scan = Scan::default();
        let mut scanned = 0;
        loop {
            let bytes = reader.fill_buf().map_err(PageError::Io)?;
            if scanned == 0 && bytes.iter().take(PROBE_BYTES).any(|byte| *byte == 0) {
                return Err(PageError::Binary);
            }
            if bytes.is_empty() {
                break;
            }
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                scan.take(piece, range);
            }
            let count = bytes.len();
            scanned += count as u64;
            reader.consume(count);
        }
        scan.into_page(range, scanned == SCAN_BYTES)
    }
}

impl Scan {
    /// Takes the next bytes: a line, or a part of one.
    fn take(&mut self, piece: &[u8], range: Range) {
        let first = range.first - 1;
        if !self.full && self.line >= first {
            if self.line - first >= range.limit {
                self.full = true;
            } else {
                self.keep(piece, range.bytes.min(MAX_BYTES));
            }
        }
        self.in_line = piece.last() != Some(&b'\n');
        if !self.in_line {
            self.line += 1;
        }
    }

    fn keep(&mut self, piece: &[u8], most: usize) {
        if !self.in_line {
            self.line_start = self.kept.len();
            self.lines_kept += 1;
        }
        let room = most.saturating_sub(self.kept.len());
        if piece.len() <= room {
            self.kept.extend_from_slice(piece);
            return;
        }
        self.full = true;
        if self.lines_kept > 1 {
            // The line comes whole with the next page.
            self.kept.truncate(self.line_start);
            self.lines_kept -= 1;
        } else {
            self.kept.extend_from_slice(piece.get(..room).unwrap_or_default());
            self.cut = true;
        }
    }

    fn into_page(self, range: Range, unfinished: bool) -> Result<Page, PageError> {
        let total = self.line + u64::from(self.in_line);
        let mut notes = Vec::new();
        if self.lines_kept == 0 {
            match total {
                _ if unfinished => return Err(PageError::TooFar),
                0 if range.first == 1 => notes.push("empty".to_owned()),
                lines => return Err(PageError::PastEnd { first: range.first, lines }),
            }
        }
        let next = range.first + self.lines_kept;
        if self.cut {
            notes.push(format!("line {} is cut after {} bytes", range.first, self.kept.len()));
        }
        if unfinished {
            notes.push(format!("more lines; read on with offset {next}"));
        } else if next <= total {
            let left = total + 1 - next;
            notes.push(format!("{left} more lines; read on with offset {next}"));
        }
        let mut kept = self.kept;
        if self.cut {
            trim_partial_character(&mut kept);
        }
        let text = String::from_utf8(kept).unwrap_or_else(|error| {
            notes.push("not UTF-8: bytes that are not are shown as \u{fffd}".to_owned());
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Ok(Page { text, lines: self.lines_kept, notes })
    }
}

/// Removes the last bytes if they begin a character that does not end.
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
            Self::TooFar => write!(f, "it is too large to read to there; use `exec`"),
            Self::Io(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &[u8], first: u64, limit: u64) -> Page {
        Page::read(text, Range { first, limit, bytes: MAX_BYTES }).unwrap()
    }

    #[test]
    fn pages_put_together_are_the_whole_text() {
        let line = "x".repeat(700);
        let lines: Vec<String> = (0..500).map(|number| format!("{number} {line}\r\n")).collect();
        let text = lines.concat();
        let text = text.trim_end();
        let (mut whole, mut next) = (String::new(), 1);
        while next <= 500 {
            let page = page(text.as_bytes(), next, 60);
            assert!(page.text.len() <= MAX_BYTES && page.lines <= 60 && page.lines > 0);
            whole.push_str(&page.text);
            next += page.lines;
            let left = 501 - next;
            let note = format!("{left} more lines; read on with offset {next}");
            assert_eq!(page.notes, if left > 0 { vec![note] } else { vec![] });
        }
        assert_eq!(whole, text);
    }

    #[test]
    fn a_page_is_bounded_in_bytes_at_a_line() {
        let text = format!("{}\n{}\nend\n", "a".repeat(MAX_BYTES - 10), "b".repeat(20));
        let page = page(text.as_bytes(), 1, 100);
        assert_eq!((page.lines, page.text.len()), (1, MAX_BYTES - 9));
        assert_eq!(page.notes, ["2 more lines; read on with offset 2"]);
    }

    #[test]
    fn a_line_longer_than_a_page_is_cut_at_a_character() {
        let text = format!("x{}\nend", "é".repeat(200_000));
        let page = page(text.as_bytes(), 1, 100);
        assert_eq!((page.lines, page.text.len()), (1, MAX_BYTES - 1));
        assert!(text.starts_with(&page.text));
        assert_eq!(
            page.notes,
            ["line 1 is cut after 50000 bytes", "1 more lines; read on with offset 2"]
        );
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert_eq!(page(b"", 1, 10).notes, ["empty"]);
        for text in [b"a\nb".as_slice(), b"a\nb\n"] {
            let error =
                Page::read(text, Range { first: 3, limit: 10, bytes: MAX_BYTES }).unwrap_err();
            assert_eq!(error.to_string(), "offset 3 is past the end: there are 2 lines");
        }
        assert!(matches!(
            Page::read(&b"\x7fELF\0"[..], Range { first: 1, limit: 1, bytes: MAX_BYTES }),
            Err(PageError::Binary)
        ));
        let page = page(b"caf\xe9\n", 1, 10);
        assert_eq!(page.text, "caf\u{fffd}\n");
        assert_eq!(page.notes.len(), 1);
    }
}
