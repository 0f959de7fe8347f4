//! Reads the end of a log, and what is appended to it, also when a new file takes its place.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use openclaw_fs::RotatingLog;

/// The most bytes that are read at once.
const MAX_READ_BYTES: u64 = 1 << 20;

/// Reads what is appended to a log.
#[derive(Debug)]
pub(super) struct LogTail {
    path: PathBuf,
    /// The file, while there is one.
    file: Option<File>,
    position: u64,
    /// The beginning of a line whose end is not written yet.
    partial: Vec<u8>,
}

impl LogTail {
    /// Begins at the end of the log.
    pub(super) fn open_at_end(path: &Path) -> Self {
        let file = File::open(path).ok();
        let length = file.as_ref().and_then(|file| file.metadata().ok());
        let position = length.map_or(0, |metadata| metadata.len());
        Self { path: path.to_owned(), file, position, partial: Vec::new() }
    }

    /// How much of the file was passed.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Reads the lines that were appended since the last call. When another file took the place of
    /// the one that is read, its rest comes first.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn read_new_lines(&mut self) -> io::Result<Vec<String>> {
        // Asked first: what is written before the file is replaced is in the file that is open.
        let is_replaced = self.is_replaced();
        let mut lines = Vec::new();
        self.read_lines(&mut lines)?;
        if is_replaced {
            (self.file, self.position) = (File::open(&self.path).ok(), 0);
            self.read_lines(&mut lines)?;
        }
        Ok(lines)
    }

    /// Whether the path leads to another file than the one that is open.
    fn is_replaced(&self) -> bool {
        let Ok(at_path) = fs::metadata(&self.path) else { return false };
        let open = self.file.as_ref().and_then(|file| file.metadata().ok());
        open.is_none_or(|open| !is_same_file(&open, &at_path))
    }

    fn read_lines(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if file.metadata()?.len() < self.position {
            // The file was emptied.
            (self.position, self.partial) = (0, Vec::new());
        }
        loop {
            file.seek(SeekFrom::Start(self.position))?;
            let mut bytes = Vec::new();
            let read = file.by_ref().take(MAX_READ_BYTES).read_to_end(&mut bytes)?;
            if read == 0 {
                return Ok(());
            }
            self.position = self.position.saturating_add(read as u64);
            self.partial.append(&mut bytes);
            let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else { continue };
            let rest = self.partial.split_off(end + 1);
            let whole = std::mem::replace(&mut self.partial, rest);
            let texts = whole.trim_ascii_end().split(|byte| *byte == b'\n');
            lines.extend(texts.map(|text| String::from_utf8_lossy(text.trim_ascii_end()).into()));
        }
    }
}

#[cfg(unix)]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// Reads the last whole lines of a log up to a position in its file, the oldest first. What is
/// missing to `max_bytes` comes from the older file.
///
/// # Errors
/// When a file is there and cannot be read.
pub(super) fn read_last_lines(
    log: &RotatingLog,
    end: u64,
    max_bytes: u64,
) -> io::Result<Vec<String>> {
    let mut lines = read_end(log.path(), Some(end), max_bytes)?;
    let left = max_bytes.saturating_sub(end);
    if left > 0 {
        let older = read_end(&log.older_path(), None, left)?;
        lines.splice(..0, older);
    }
    Ok(lines)
}

fn read_end(path: &Path, end: Option<u64>, max_bytes: u64) -> io::Result<Vec<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let end = end.unwrap_or(file.metadata()?.len());
    let start = end.saturating_sub(max_bytes);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(end - start).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned);
    // The first line is cut, unless the file begins with it.
    Ok(lines.skip(usize::from(start > 0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(max_bytes: u64) -> (tempfile::TempDir, RotatingLog) {
        let folder = tempfile::tempdir().unwrap();
        let log = RotatingLog::new(folder.path().join("program.log"), max_bytes);
        (folder, log)
    }

    #[test]
    fn every_line_is_followed_once_while_files_are_replaced() {
        let (_folder, log) = log(30);
        log.append_line("before").unwrap();
        let mut tail = LogTail::open_at_end(log.path());
        let mut seen = Vec::new();
        for number in 0..20 {
            log.append_line(&format!("line {number:02}")).unwrap();
            if number % 3 == 0 {
                seen.extend(tail.read_new_lines().unwrap());
            }
        }
        seen.extend(tail.read_new_lines().unwrap());
        let expected: Vec<String> = (0..20).map(|number| format!("line {number:02}")).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_log_that_does_not_exist_yet_is_followed_from_its_beginning() {
        let (_folder, log) = log(1000);
        let mut tail = LogTail::open_at_end(log.path());
        assert_eq!(tail.read_new_lines().unwrap(), Vec::<String>::new());
        log.append_line("first").unwrap();
        assert_eq!(tail.read_new_lines().unwrap(), ["first"]);
    }

    #[test]
    fn the_last_lines_come_from_both_files_and_none_is_cut() {
        let (_folder, log) = log(30);
        for number in 0..6 {
            log.append_line(&format!("line {number:02}")).unwrap();
        }
        let end = LogTail::open_at_end(log.path()).position();
        let read = |bytes: u64| read_last_lines(&log, end, bytes).unwrap();
        assert_eq!(read(1000), ["line 00", "line 01", "line 02", "line 03", "line 04", "line 05"]);
        assert_eq!(read(20), ["line 04", "line 05"]);
        assert_eq!(read(34), ["line 02", "line 03", "line 04", "line 05"]);
    }
}
