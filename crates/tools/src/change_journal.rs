//! Keeps what files were before tools changed them, so that a turn's changes can be shown and
//! undone.
//!
//! A change is recorded before it is made. Whether it was made is seen from the file itself: it has
//! the content before, the content after, or another one, which is never overwritten.

mod blobs;
mod record;
mod undo;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_fs::{create_private_dir, open_private_file};

pub use undo::{ChangedFile, TurnChanges, UndoConflict, UndoError, UndoReport};

use blobs::BlobStore;
use record::JournalRecord;
pub(crate) use record::{FileBefore, FileChangeRecord, hash_content};

/// The name of the record in the folder of a session.
const RECORD_NAME: &str = "changes.jsonl";
/// The largest record that is read.
const MAX_RECORD_BYTES: u64 = 64 << 20;
/// The largest file whose content is kept.
pub(crate) const MAX_KEPT_BYTES: u64 = 16 << 20;

/// What the tools of a session changed, by turn. The folder is created with the first change, and
/// only its owner can read it.
#[derive(Debug)]
pub struct ChangeJournal {
    folder: PathBuf,
    state: Mutex<JournalState>,
}

#[derive(Debug, Default)]
struct JournalState {
    /// Whether the turn that runs is not recorded yet.
    is_turn_pending: bool,
    /// The hashes of this turn, which are never dropped.
    turn_hashes: Vec<String>,
    file: Option<File>,
}

/// A change could not be recorded, or the record not be read.
#[derive(Debug, thiserror::Error)]
#[error("keep what is changed in {}", path.display())]
pub struct ChangeJournalError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl ChangeJournal {
    /// The journal of a session, in a folder of its own.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, state: Mutex::default() }
    }

    /// Begins a turn. The changes before belong to the one before.
    ///
    /// # Errors
    /// When the start of the turn cannot be recorded.
    pub fn begin_turn(&self) -> Result<(), ChangeJournalError> {
        let mut state = self.lock();
        *state = JournalState { is_turn_pending: true, ..JournalState::default() };
        // Without a record there is nothing to separate this turn from.
        if self.record_path().exists() { self.append(&mut state, None) } else { Ok(()) }
    }

    /// Removes the record and the kept contents.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        *self.lock() = JournalState::default();
        blobs::remove_journal(&self.folder, RECORD_NAME)
    }

    /// Records a change that is about to be made, with the content before it.
    pub(crate) fn record_change(
        &self,
        change: FileChangeRecord,
        content_before: Option<&[u8]>,
    ) -> Result<(), ChangeJournalError> {
        let mut state = self.lock();
        let blobs = self.blobs();
        if let (Some(content), FileBefore::Content { hash }) = (content_before, &change.before) {
            let kept = blobs.keep_content(hash, content, &state.turn_hashes);
            kept.map_err(|error| self.wrap_error(error))?;
            state.turn_hashes.push(hash.clone());
        }
        self.append(&mut state, Some(&JournalRecord::Change(change)))
    }

    /// Records that a command runs. What it changes is not kept.
    pub(crate) fn record_command(&self) -> Result<(), ChangeJournalError> {
        self.append(&mut self.lock(), Some(&JournalRecord::Command))
    }

    /// Appends a record, and before it that of the turn if there is none yet.
    fn append(
        &self,
        state: &mut JournalState,
        record: Option<&JournalRecord>,
    ) -> Result<(), ChangeJournalError> {
        let turn = state.is_turn_pending.then_some(&JournalRecord::Turn);
        let mut lines = String::new();
        for record in turn.into_iter().chain(record) {
            lines.push_str(&record.to_json());
            lines.push('\n');
        }
        let written = self.open_record(state).and_then(|file| file.write_all(lines.as_bytes()));
        written.map_err(|error| self.wrap_error(error))?;
        state.is_turn_pending = false;
        Ok(())
    }

    /// The record, opened for appending. A last line that was cut off by a crash is ended.
    fn open_record<'s>(&self, state: &'s mut JournalState) -> io::Result<&'s mut File> {
        if let Some(file) = state.file.take() {
            return Ok(state.file.insert(file));
        }
        create_private_dir(&self.folder)?;
        let mut file = open_private_file(&self.record_path())?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(state.file.insert(file))
    }

    /// The records of the journal; empty when nothing was changed. Lines that were cut off by a
    /// crash are left out: their change was not made.
    fn read_records(&self) -> Result<Vec<JournalRecord>, ChangeJournalError> {
        match openclaw_fs::read_bytes(&self.record_path(), MAX_RECORD_BYTES) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                Ok(text.lines().filter_map(JournalRecord::from_json).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.wrap_error(error)),
        }
    }

    fn record_path(&self) -> PathBuf {
        self.folder.join(RECORD_NAME)
    }

    fn blobs(&self) -> BlobStore<'_> {
        BlobStore { folder: &self.folder }
    }

    fn wrap_error(&self, source: io::Error) -> ChangeJournalError {
        ChangeJournalError { path: self.folder.clone(), source }
    }

    fn lock(&self) -> MutexGuard<'_, JournalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the journals of sessions that were not changed for `max_age`, and the oldest ones while
/// all together are larger than `max_bytes`. `kept` stays.
///
/// # Errors
/// When the folder cannot be read.
pub fn prune_change_journals(
    folder: &Path,
    kept: &Path,
    max_age: std::time::Duration,
    max_bytes: u64,
) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut journals = Vec::new();
    let mut total_bytes = 0_u64;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let record = path.join(RECORD_NAME);
        // Only what this program keeps here is removed.
        let Ok(modified) = std::fs::symlink_metadata(&record).and_then(|it| it.modified()) else {
            continue;
        };
        let bytes = blobs::count_bytes(&path);
        total_bytes = total_bytes.saturating_add(bytes);
        if path != kept {
            journals.push((modified, bytes, path));
        }
    }
    journals.sort_unstable();
    let now = std::time::SystemTime::now();
    for (modified, bytes, path) in journals {
        let is_old = now.duration_since(modified).is_ok_and(|age| age > max_age);
        if !is_old && total_bytes <= max_bytes {
            break;
        }
        blobs::remove_journal(&path, RECORD_NAME)?;
        total_bytes = total_bytes.saturating_sub(bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
