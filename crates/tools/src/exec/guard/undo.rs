//! Finds what a command changed of the guarded files, and puts it back.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use openclaw_core::FileProtection;

use super::checkouts::CheckedOutTrees;
use super::entry::{EntryContent, GuardKind, GuardedEntry, UnreadReason};
use super::git_rules::{SnapshotPair, without_added_commands};
use super::listing::REBASE_LIST;
use super::restore::TreeRestorer;
use super::scan::{GuardSnapshot, GuardedTree};

/// A change of a guarded file that was found after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuardedChange {
    /// Relative to the tree.
    pub(crate) path: PathBuf,
    pub(crate) protection: FileProtection,
    pub(crate) outcome: ChangeOutcome,
    /// How it is guarded.
    pub(crate) kind: GuardKind,
    /// Whether something was there before.
    pub(crate) was_there: bool,
}

impl GuardedChange {
    /// Whether a change that could not be undone acts outside of the sandbox by itself: what is
    /// usually a part of a repository is seen there, and what is gone does nothing.
    pub(crate) fn acts_outside(&self, after: &GuardSnapshot) -> bool {
        matches!(self.outcome, ChangeOutcome::Failed(_))
            && !matches!(self.kind, GuardKind::Versioned(_))
            && (after.entries.contains_key(&self.path) || after.unlisted.contains(&self.path))
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangeOutcome {
    Undone,
    /// What was there before the command under another name is in this file of the tree now.
    SetAside(PathBuf),
    /// What was moved away is back, but could not be compared with what it was.
    Returned,
    /// Git changed it with the branch.
    Kept,
    /// Why it is still there.
    Failed(String),
}

impl ChangeOutcome {
    /// Whether the tree was changed.
    pub(crate) fn is_undone(&self) -> bool {
        matches!(self, Self::Undone | Self::SetAside(_) | Self::Returned)
    }
}

/// The changes that were found in a tree.
#[derive(Debug, Default)]
pub(crate) struct UndoResult {
    pub(crate) changes: BTreeMap<PathBuf, GuardedChange>,
    /// How entries may be from now on; `None` for one that is gone.
    pub(crate) accepted: BTreeMap<PathBuf, Option<GuardedEntry>>,
}

/// Undoes every change between two snapshots of a tree that a command may not make. Changes
/// of versioned files in the work trees `kept` stay.
pub(crate) fn undo_changes(
    tree: &GuardedTree,
    before: &GuardSnapshot,
    after: &GuardSnapshot,
    kept: &CheckedOutTrees,
) -> UndoResult {
    let pair = SnapshotPair::new(tree, before, after);
    let restorer = TreeRestorer::new(tree, &pair, kept);
    let result = UndoResult::default();
    let mut run = UndoRun { pair: &pair, restorer, kept, result };
    run.open_directories();
    run.return_entries();
    run.disarm_repositories();
    run.remove_new_entries();
    run.restore_old_entries();
    run.result
}

struct UndoRun<'a> {
    pair: &'a SnapshotPair<'a>,
    restorer: TreeRestorer<'a>,
    kept: &'a CheckedOutTrees,
    result: UndoResult,
}

impl UndoRun<'_> {
    fn record(&mut self, path: &Path, kind: GuardKind, outcome: ChangeOutcome) {
        if outcome == ChangeOutcome::Kept {
            let entry = self.pair.after.entries.get(path).cloned();
            self.result.accepted.insert(path.to_owned(), entry);
        }
        let change = GuardedChange {
            path: path.to_owned(),
            protection: kind.protection(),
            kind,
            outcome,
            was_there: self.pair.before.entries.contains_key(path),
        };
        self.result.changes.insert(path.to_owned(), change);
    }

    /// Moves back what cannot be put back from a copy, before what holds it now is removed.
    fn return_entries(&mut self) {
        let after = self.pair.after;
        for (path, entry) in &after.entries {
            let Some((old_path, old)) = self.pair.find_known(entry.identity, entry.born_ns) else {
                continue;
            };
            let is_kept =
                !matches!(old.content, EntryContent::Unread { .. } | EntryContent::Special);
            let may_stay = self.kept.keeps(old_path, old.kind) || self.kept.keeps(path, entry.kind);
            if is_kept
                || may_stay
                || after.entries.contains_key(old_path)
                || self.pair.may_be_created(path, entry)
                || self.pair.may_become(old_path, old)
            {
                continue;
            }
            let Ok(Some(stamp)) = self.restorer.return_entry(path, old_path, old) else { continue };
            let mut returned = old.clone();
            if let EntryContent::Unread { stamp: known, .. } = &mut returned.content {
                *known = stamp;
            }
            self.result.accepted.insert(old_path.to_owned(), Some(returned));
            self.record(old_path, old.kind, ChangeOutcome::Returned);
        }
    }

    /// Makes directories readable that a command has closed, so that the next search finds what is
    /// in them.
    fn open_directories(&mut self) {
        for path in &self.pair.after.unlisted {
            if self.pair.before.unlisted.contains(path) {
                continue;
            }
            let outcome = match self.restorer.open_directory(path) {
                Ok(()) => ChangeOutcome::Undone,
                Err(error) => ChangeOutcome::Failed(error.to_string()),
            };
            self.record(path, GuardKind::Fixed(FileProtection::GitData), outcome);
        }
    }

    /// Makes Git take no directory for a repository that was none before and has hooks or settings
    /// that no command may make. What is in it may be anybody's.
    fn disarm_repositories(&mut self) {
        let (before, after) = (self.pair.before, self.pair.after);
        let mut disarmed = BTreeSet::new();
        for (path, entry) in &after.entries {
            let mut folders = path.ancestors().skip(1);
            let Some(folder) = folders.find(|it| after.git_directories.contains(*it)) else {
                continue;
            };
            let looks_new = !before.git_directories.contains(folder)
                && !folder.ends_with(".git")
                && after.searched.get(folder).is_some_and(|listing| listing.is_git_directory);
            if !looks_new {
                continue;
            }
            if entry.kind == GuardKind::GitDirectory
                && !before.entries.contains_key(path)
                && !disarmed.contains(folder)
                && !self.pair.may_be_created(path, entry)
            {
                disarmed.insert(folder.to_owned());
                let (name, outcome) = self.restorer.disarm_repository(folder);
                self.record(&folder.join(name), GuardKind::GitDirectory, outcome);
            }
        }
    }

    /// Removes what is new. It goes first, since it can be where something was.
    fn remove_new_entries(&mut self) {
        let (before, after) = (self.pair.before, self.pair.after);
        let mut done: Option<PathBuf> = None;
        for (path, entry) in &after.entries {
            let is_done = done.as_ref().is_some_and(|done| path.starts_with(done));
            if before.entries.contains_key(path)
                || is_done
                || self.is_disarmed(path)
                || self.pair.may_be_created(path, entry)
            {
                continue;
            }
            let outcome = self.undo_new_entry(path, entry);
            if outcome.is_undone() {
                done = Some(path.clone());
            }
            self.record(path, entry.kind, outcome);
        }
    }

    fn undo_new_entry(&self, path: &Path, entry: &GuardedEntry) -> ChangeOutcome {
        if self.kept.keeps(path, entry.kind) {
            return ChangeOutcome::Kept;
        }
        if !self.pair.is_certainly_new(path) {
            return ChangeOutcome::Failed("it may have been there before".to_owned());
        }
        if path.ends_with(REBASE_LIST)
            && let EntryContent::File { bytes, mode } = &entry.content
        {
            return self.restorer.put_file(path, &without_added_commands(None, bytes), *mode);
        }
        self.restorer.remove(path)
    }

    /// Whether a path is in a directory that is no repository any more.
    fn is_disarmed(&self, path: &Path) -> bool {
        path.ancestors().skip(1).any(|folder| {
            self.pair.after.git_directories.contains(folder)
                && !self.pair.before.git_directories.contains(folder)
                && self.result.changes.contains_key(&folder.join("HEAD"))
        })
    }

    /// Puts back what was changed or removed.
    fn restore_old_entries(&mut self) {
        let (before, after) = (self.pair.before, self.pair.after);
        for (path, entry) in &before.entries {
            let current = after.entries.get(path);
            let is_same = current.is_some_and(|current| current.content == entry.content);
            let is_back = self.result.accepted.contains_key(path);
            if is_same || is_back || self.pair.may_become(path, entry) {
                continue;
            }
            let outcome = if self.kept.keeps(path, entry.kind) {
                ChangeOutcome::Kept
            } else {
                self.undo_old_entry(path, entry, current)
            };
            self.record(path, entry.kind, outcome);
        }
    }

    fn undo_old_entry(
        &self,
        path: &Path,
        entry: &GuardedEntry,
        current: Option<&GuardedEntry>,
    ) -> ChangeOutcome {
        if path.ends_with(REBASE_LIST)
            && let EntryContent::File { bytes: old, .. } = &entry.content
            && let Some(EntryContent::File { bytes, mode }) = current.map(|it| &it.content)
        {
            let text = without_added_commands(Some(old), bytes);
            return self.restorer.put_file(path, &text, *mode);
        }
        match &entry.content {
            EntryContent::Unread { reason: UnreadReason::Unreadable, .. } => {
                ChangeOutcome::Failed("it could not be read before".to_owned())
            }
            EntryContent::Unread { reason: UnreadReason::TooLarge, .. } => {
                ChangeOutcome::Failed("it is too large to be kept".to_owned())
            }
            EntryContent::Special => {
                ChangeOutcome::Failed("it is no file that can be put back".to_owned())
            }
            _ => self.restorer.restore(path, entry),
        }
    }
}

/// An error of the system for people, without its number.
pub(crate) fn describe_error(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}
