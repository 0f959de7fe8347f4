//! Reads the folder of recorded exchanges.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::TraceRecord;

const EXTENSION: &str = "jsonl";

/// What each file of an exchange begins with.
const FIRST_BYTES: &[u8] = b"{\"request\":";

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A folder of recorded exchanges. Another process may write to it meanwhile.
#[derive(Debug, Clone)]
pub struct TraceStore {
    folder: PathBuf,
}

impl TraceStore {
    /// Opens a folder, which need not exist.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of an exchange's file.
    #[must_use]
    pub fn record_path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}.{EXTENSION}"))
    }

    /// The numbers of the exchanges in the folder, oldest first.
    #[must_use]
    pub fn list_numbers(&self) -> Vec<u64> {
        let Ok(files) = fs::read_dir(&self.folder) else { return Vec::new() };
        let number = |file: fs::DirEntry| {
            let path = file.path();
            let is_ours = path.extension().is_some_and(|end| end == EXTENSION);
            let number = path.file_stem()?.to_str()?.parse().ok()?;
            (is_ours && self.record_path(number) == path).then_some(number)
        };
        let mut numbers: Vec<u64> = files.filter_map(Result::ok).filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Reads an exchange; `None` when it is missing or has no complete request.
    #[must_use]
    pub fn read_record(&self, number: u64) -> Option<TraceRecord> {
        let bytes = openclaw_fs::read_bytes(&self.record_path(number), MAX_FILE_BYTES).ok()?;
        TraceRecord::parse_lines(number, &bytes)
    }

    /// Reads all exchanges, oldest first.
    pub fn read_records(&self) -> impl Iterator<Item = TraceRecord> {
        self.list_numbers().into_iter().filter_map(|number| self.read_record(number))
    }

    /// Reads the last streamed exchange, or else the last of all.
    #[must_use]
    pub fn read_last(&self) -> Option<TraceRecord> {
        let numbers = self.list_numbers();
        let newest = || numbers.iter().rev().filter_map(|number| self.read_record(*number));
        newest().find(|record| record.request.streams).or_else(|| newest().next())
    }

    /// Removes all exchanges, and returns how many there were. A file with such a name that is no
    /// exchange stays.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove_all(&self) -> io::Result<usize> {
        let mut removed_count = 0;
        for number in self.list_numbers() {
            removed_count += usize::from(self.remove_record(number)?);
        }
        Ok(removed_count)
    }

    /// Removes the file of an exchange. Returns false for one that is gone, or is no exchange:
    /// somebody else put it there.
    pub(super) fn remove_record(&self, number: u64) -> io::Result<bool> {
        let path = self.record_path(number);
        // A killed writer leaves the beginning of one.
        let is_own = openclaw_fs::read_prefix(&path, FIRST_BYTES.len() as u64)
            .is_ok_and(|bytes| FIRST_BYTES.starts_with(&bytes));
        if !is_own {
            return Ok(false);
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.map(|()| true),
        }
    }
}
