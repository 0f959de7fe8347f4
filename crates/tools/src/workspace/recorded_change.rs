//! Records a change of a file before it is made.

use std::path::{Path, PathBuf};

use openclaw_fs::{DirectoryHandle, EntryError, EntryKind, EntryLocation};

use crate::change_journal::{
    ChangeJournalError, FileBefore, FileChangeRecord, MAX_KEPT_BYTES, hash_content,
};
use crate::workspace::{PathErrorKind, RelativePath, Workspace};

impl Workspace {
    /// Records that a file is about to get another content. `content_before` is `None` when there
    /// is no file, or its content is not known.
    pub(crate) fn record_change(
        &self,
        path: &RelativePath,
        location: &EntryLocation,
        content_before: Option<&[u8]>,
        content: &[u8],
    ) -> Result<(), PathErrorKind> {
        let Some(changes) = &self.changes else { return Ok(()) };
        let directory = path.directory();
        let place = location.relative_path();
        let root = directory.real_path().map_err(PathErrorKind::Entry)?;
        let metadata = directory.entry_metadata(place);
        // A change that is recorded and not made could keep the turn from being undone.
        if let Ok(metadata) = &metadata {
            check_replaceable(directory, place, metadata.kind)?;
        }
        let is_missing = matches!(metadata, Err(EntryError::Missing));
        let not_kept = |reason: &str| FileBefore::NotKept { reason: reason.to_owned() };
        let before = match content_before {
            _ if !FileChangeRecord::can_record(place) || !FileChangeRecord::can_record(&root) => {
                not_kept("its path is not UTF-8")
            }
            None if is_missing => FileBefore::Missing,
            None => not_kept("it was larger than 16 MiB or could not be read"),
            Some(content) if content.len() as u64 > MAX_KEPT_BYTES => {
                not_kept("it was larger than 16 MiB")
            }
            Some(content) => FileBefore::Content { hash: hash_content(content) },
        };
        let directories = if is_missing { missing_directories(path, place) } else { Vec::new() };
        let to_utf8 = |path: &Path| PathBuf::from(path.to_string_lossy().into_owned());
        let change = FileChangeRecord {
            root: to_utf8(&root),
            path: to_utf8(place),
            shown: path.text(),
            before,
            after: hash_content(content),
            directories: directories.iter().map(|path| to_utf8(path)).collect(),
        };
        let recorded = changes.record_change(change, content_before);
        recorded.map_err(|error| PathErrorKind::NotRecorded(describe(&error)))
    }

    /// Records that a command runs, whose changes cannot be undone.
    pub(crate) fn record_command(&self) {
        if let Some(changes) = &self.changes {
            // Only a note on what undoing leaves; nothing depends on it.
            let _ = changes.record_command();
        }
    }
}

/// Refuses what is never overwritten: anything that is there and no file. It is checked again when the
/// file is replaced.
fn check_replaceable(
    directory: &DirectoryHandle,
    place: &Path,
    kind: EntryKind,
) -> Result<(), PathErrorKind> {
    let error = match kind {
        EntryKind::File | EntryKind::Unknown => return Ok(()),
        EntryKind::Directory => EntryError::IsDirectory,
        EntryKind::SymbolicLink => {
            EntryError::SymbolicLink(directory.link_target(place).unwrap_or_default())
        }
        other => EntryError::SpecialFile(other),
    };
    Err(error.into())
}

/// The directories that are created for a file, the outermost first.
fn missing_directories<'p>(path: &RelativePath, place: &'p Path) -> Vec<&'p Path> {
    let above = place.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let is_missing =
        |above: &&Path| matches!(path.directory().entry_metadata(above), Err(EntryError::Missing));
    let mut missing: Vec<&Path> = above.take_while(is_missing).collect();
    missing.reverse();
    missing
}

fn describe(error: &ChangeJournalError) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}"));
    format!("failed to {error}{}", source.unwrap_or_default())
}
