//! Shows and undoes the changes of the last turn.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use openclaw_core::FileChange;
use openclaw_fs::{DirectoryHandle, EntryError, FileVersion, OpenedEntry};

use super::record::{FileBefore, FileChangeRecord, JournalRecord, hash_content};
use super::{ChangeJournal, ChangeJournalError, MAX_KEPT_BYTES};
use crate::workspace::describe_change;

/// The changes of one turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnChanges {
    /// The number of the turn in the journal.
    turn: usize,
    /// The changed files, in the order of their first change.
    files: Vec<ChangedFile>,
    /// How many commands ran, whose changes are not known.
    pub commands: usize,
}

/// A file that a turn changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// The path as the model used it.
    pub shown: String,
    root: PathBuf,
    path: PathBuf,
    before: FileBefore,
    /// The hashes of the contents that tools wrote, in order.
    after: Vec<String>,
    directories: Vec<PathBuf>,
}

/// What undoing did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UndoReport {
    /// The files that have their content from before the turn again.
    pub restored: Vec<String>,
    /// The files that the turn had created, now removed.
    pub removed: Vec<String>,
    /// How many commands ran in the turn; what they changed stays.
    pub commands: usize,
}

/// A file that cannot be undone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoConflict {
    /// The path as the model used it.
    pub path: String,
    /// Why, to follow the path.
    pub problem: String,
}

/// Nothing more was undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// Files are not as the turn left them, or their content is not kept. Nothing was changed.
    #[error("undo the changes of the turn")]
    Conflicts(Vec<UndoConflict>),
    /// A file could not be restored; those before it were.
    #[error("undo the change of `{path}`")]
    File {
        /// The path as the model used it.
        path: String,
        /// Why.
        #[source]
        source: EntryError,
    },
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] ChangeJournalError),
}

/// What is at the place of a file now.
enum CurrentFile {
    Missing,
    Content(Vec<u8>, FileVersion),
}

/// What to do to undo the change of a file.
enum UndoStep {
    Nothing,
    Restore(Vec<u8>, FileVersion),
    Remove(FileVersion),
}

impl fmt::Display for UndoConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path.escape_debug(), self.problem)
    }
}

impl TurnChanges {
    /// The changed files, in the order of their first change.
    #[must_use]
    pub fn files(&self) -> &[ChangedFile] {
        &self.files
    }
}

impl ChangeJournal {
    /// The changes of the last turn that is not undone; `None` when there is no such turn, or
    /// nothing was ever changed. It may have changed nothing.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn last_turn(&self) -> Result<Option<TurnChanges>, ChangeJournalError> {
        if self.lock().is_turn_pending {
            // It ran no tool that changes anything.
            return Ok(None);
        }
        Ok(self.find_turns()?.into_iter().next_back())
    }

    /// The changes of the last turn that changed a file and is not undone.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn last_turn_with_changes(&self) -> Result<Option<TurnChanges>, ChangeJournalError> {
        Ok(self.find_turns()?.into_iter().rfind(|turn| !turn.files.is_empty()))
    }

    fn find_turns(&self) -> Result<Vec<TurnChanges>, ChangeJournalError> {
        let mut turns: Vec<(TurnChanges, bool)> = Vec::new();
        for record in self.read_records()? {
            if record == JournalRecord::Turn || turns.is_empty() {
                let turn = turns.len() + 1;
                turns.push((TurnChanges { turn, files: Vec::new(), commands: 0 }, false));
            }
            let Some((current, _)) = turns.last_mut() else { continue };
            match record {
                JournalRecord::Turn => {}
                JournalRecord::Change(change) => current.add_change(change),
                JournalRecord::Command => current.commands += 1,
                JournalRecord::Undone { turn, files_only } => {
                    if let Some((changes, is_undone)) =
                        turn.checked_sub(1).and_then(|index| turns.get_mut(index))
                    {
                        changes.files.clear();
                        *is_undone = !files_only;
                    }
                }
            }
        }
        Ok(turns.into_iter().filter(|(_, is_undone)| !is_undone).map(|(turn, _)| turn).collect())
    }

    /// Gives each file of a turn the content that it had before. Nothing is changed unless every
    /// file is as the turn left it, or as it was before.
    ///
    /// # Errors
    /// When a file was changed since, or its content is not kept: [`UndoError::Conflicts`] with
    /// each of them. When a file cannot be written; undoing again goes on from there.
    pub fn undo_turn(&self, turn: &TurnChanges) -> Result<UndoReport, UndoError> {
        let report = self.restore_files(turn)?;
        self.mark_undone(turn, true)?;
        Ok(report)
    }

    /// Marks a turn as taken out of the conversation. Its changes cannot be undone from then on.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn retract_turn(&self, turn: &TurnChanges) -> Result<(), ChangeJournalError> {
        self.mark_undone(turn, false)
    }

    fn mark_undone(&self, turn: &TurnChanges, files_only: bool) -> Result<(), ChangeJournalError> {
        let record = JournalRecord::Undone { turn: turn.turn, files_only };
        self.append(&mut self.lock(), Some(&record))
    }

    fn restore_files(&self, turn: &TurnChanges) -> Result<UndoReport, UndoError> {
        let mut steps = Vec::new();
        let mut conflicts = Vec::new();
        let mut roots = BTreeMap::new();
        for file in &turn.files {
            let root = roots
                .entry(file.root.as_path())
                .or_insert_with(|| DirectoryHandle::open(&file.root));
            let planned = match root {
                Ok(root) => self.plan_undo(file, root),
                Err(error) => Err(format!("is in a folder that cannot be opened: {error}")),
            };
            match planned {
                Ok(step) => steps.push((file, step)),
                Err(problem) => conflicts.push(UndoConflict { path: file.shown.clone(), problem }),
            }
        }
        if !conflicts.is_empty() {
            return Err(UndoError::Conflicts(conflicts));
        }
        let mut report = UndoReport { commands: turn.commands, ..UndoReport::default() };
        for (file, step) in steps {
            let Some(Ok(root)) = roots.get(file.root.as_path()) else { continue };
            let undone = match step {
                UndoStep::Nothing => Ok(()),
                UndoStep::Restore(content, version) => {
                    report.restored.push(file.shown.clone());
                    root.replace_file(&file.path, &content, Some(&version)).map(drop)
                }
                UndoStep::Remove(version) => {
                    report.removed.push(file.shown.clone());
                    file.remove_created(root, &version)
                }
            };
            undone.map_err(|source| UndoError::File { path: file.shown.clone(), source })?;
        }
        let directories = turn.files.iter().flat_map(|file| {
            file.directories.iter().map(|directory| (file.root.as_path(), directory.as_path()))
        });
        let mut directories: Vec<(&Path, &Path)> = directories.collect();
        directories.sort_by_key(|(_, directory)| Reverse(directory.components().count()));
        for (root, directory) in directories {
            if let Some(Ok(root)) = roots.get(root) {
                // One that has other files by now stays.
                let _ = root.remove_empty_directory(directory);
            }
        }
        Ok(report)
    }

    /// Plans how to undo the change of a file.
    ///
    /// # Errors
    /// Why it cannot be undone, to follow the path.
    fn plan_undo(&self, file: &ChangedFile, root: &DirectoryHandle) -> Result<UndoStep, String> {
        let current = file.read_current(root)?;
        let current_hash = match &current {
            CurrentFile::Missing => None,
            CurrentFile::Content(content, _) => Some(hash_content(content)),
        };
        let hash_before = match &file.before {
            FileBefore::Missing => None,
            FileBefore::Content { hash } => Some(hash),
            FileBefore::NotKept { reason } => {
                return Err(format!("cannot be restored, because {reason}"));
            }
        };
        if current_hash.as_ref() == hash_before {
            return Ok(UndoStep::Nothing);
        }
        match current {
            CurrentFile::Missing => Err("was removed since".to_owned()),
            CurrentFile::Content(_, version) => {
                if !current_hash.is_some_and(|hash| file.after.contains(&hash)) {
                    return Err("was changed since".to_owned());
                }
                let Some(hash) = hash_before else { return Ok(UndoStep::Remove(version)) };
                let content = self.blobs().read_content(hash);
                let content = content.ok_or("cannot be restored: its content is not kept any more");
                Ok(UndoStep::Restore(content?, version))
            }
        }
    }

    /// Describes how the files of a turn differ now from what they were before it.
    #[must_use]
    pub fn describe_turn(&self, turn: &TurnChanges) -> Vec<FileChange> {
        let describe = |file: &ChangedFile| {
            let before = match &file.before {
                FileBefore::Missing => Some(Vec::new()),
                FileBefore::Content { hash } => self.blobs().read_content(hash),
                FileBefore::NotKept { .. } => None,
            };
            let root = DirectoryHandle::open(&file.root).ok();
            let now = match root.map(|root| file.read_current(&root)) {
                Some(Ok(CurrentFile::Content(content, _))) => Some(content),
                Some(Ok(CurrentFile::Missing)) => Some(Vec::new()),
                _ => None,
            };
            let [before, now] =
                [before, now].map(|content| content.and_then(|it| String::from_utf8(it).ok()));
            let before = before.filter(|_| now.is_some());
            describe_change(file.shown.clone(), before.as_deref(), &now.unwrap_or_default())
        };
        turn.files.iter().map(describe).collect()
    }
}

impl TurnChanges {
    fn add_change(&mut self, change: FileChangeRecord) {
        let FileChangeRecord { root, path, shown, before, after, directories } = change;
        let known = self.files.iter_mut().find(|file| file.root == root && file.path == path);
        match known {
            Some(file) => {
                file.after.push(after);
                file.directories.extend(directories);
            }
            None => self.files.push(ChangedFile {
                shown,
                root,
                path,
                before,
                after: vec![after],
                directories,
            }),
        }
    }
}

impl ChangedFile {
    /// Reads the file as it is now.
    ///
    /// # Errors
    /// Why it cannot be told, to follow the path.
    fn read_current(&self, root: &DirectoryHandle) -> Result<CurrentFile, String> {
        match root.locate_entry(&self.path) {
            Ok(location) if location.relative_path() == self.path => {}
            Ok(_) => return Err("is reached through a symbolic link since".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
        // Not followed below, and no content of this program's tools.
        if root.link_target(&self.path).is_some() {
            return Err("is a symbolic link since".to_owned());
        }
        match root.open_entry(&self.path, 1) {
            Ok(OpenedEntry::File(file, version)) => {
                let mut content = Vec::new();
                let read = file.take(MAX_KEPT_BYTES + 1).read_to_end(&mut content);
                read.map_err(|error| format!("cannot be read: {error}"))?;
                Ok(CurrentFile::Content(content, version))
            }
            Ok(OpenedEntry::Directory(_)) => Err("is a directory since".to_owned()),
            Err(EntryError::Missing) => Ok(CurrentFile::Missing),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Removes a file that the turn created.
    fn remove_created(&self, root: &DirectoryHandle, seen: &FileVersion) -> Result<(), EntryError> {
        if root.entry_version(&self.path)? != *seen {
            return Err(EntryError::ConcurrentChange);
        }
        root.remove_file(&self.path)
    }
}
