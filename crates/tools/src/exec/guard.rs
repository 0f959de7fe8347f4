//! Guards the files of a workspace that run or instruct something outside of the sandbox: hooks and
//! config of Git, shell start-up files, the settings of this program and of editors.
//!
//! The kernel cannot forbid a part of a writable tree, so a snapshot is taken before a command, and
//! what has changed when its whole tree has ended is put back and told.

mod entry;
mod git_config;
mod git_rules;
mod listing;
mod restore;
mod scan;
mod targets;
mod undo;
mod zone;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::workspace::ToolWrites;
use entry::{EntryContent, GuardedEntry};
use listing::ListingCache;
use scan::GuardSnapshot;
pub(crate) use scan::GuardedTree;
use undo::{ChangeOutcome, GuardedChange, UndoResult, undo_changes};

/// The most changes that are named one by one.
const MAX_NAMED: usize = 10;
/// How often a tree is searched again after something in it was undone, while others change it.
const MAX_PASSES: usize = 4;
/// The same while a flood of new files is removed part by part.
const MAX_FLOOD_PASSES: usize = 20;

/// The guard of the trees that commands may write to. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct FileGuard {
    trees: Arc<[GuardedTree]>,
    /// What the file tools write while commands run.
    writes: Arc<ToolWrites>,
    state: Arc<Mutex<GuardState>>,
}

#[derive(Debug, Default)]
struct GuardState {
    /// One for each tree.
    searched: Vec<SearchedTree>,
    running: usize,
    /// What was undone after a command whose result nobody got.
    untold: GuardReport,
}

#[derive(Debug, Default)]
struct SearchedTree {
    cache: ListingCache,
    /// How the files were before the first of the running commands.
    baseline: GuardSnapshot,
}

/// What was found after a command.
#[derive(Debug, Default)]
struct GuardReport {
    changes: BTreeMap<PathBuf, GuardedChange>,
    /// Trees of which not all could be searched.
    incomplete: Vec<PathBuf>,
}

/// A command that runs. When it is dropped, its changes are undone as well.
#[derive(Debug)]
pub(crate) struct GuardedRun {
    guard: FileGuard,
    keeps_versioned: bool,
    is_finished: bool,
}

impl FileGuard {
    /// Guards trees, none of which is in another one without being skipped there.
    pub(crate) fn new(trees: Vec<GuardedTree>, writes: &Arc<ToolWrites>) -> Self {
        Self { trees: trees.into(), writes: Arc::clone(writes), state: Arc::default() }
    }

    /// Takes a snapshot before a command, unless another one is running. `keeps_versioned` is for
    /// commands of Git that change the branch.
    pub(crate) fn begin_run(&self, keeps_versioned: bool) -> GuardedRun {
        let mut state = self.lock();
        if state.running == 0 {
            self.writes.clear();
            state.searched.resize_with(self.trees.len(), SearchedTree::default);
            for (tree, searched) in self.trees.iter().zip(&mut state.searched) {
                searched.baseline = tree.take_snapshot(&mut searched.cache, None);
            }
        }
        state.running += 1;
        GuardedRun { guard: self.clone(), keeps_versioned, is_finished: false }
    }

    fn lock(&self) -> MutexGuard<'_, GuardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuardedRun {
    /// Undoes the changes of the command, whose processes have all ended. Returns what to tell the
    /// model and the person; `None` when there is nothing.
    pub(crate) fn finish(mut self) -> Option<String> {
        let report = self.undo();
        describe_report(&report)
    }

    fn undo(&mut self) -> GuardReport {
        self.is_finished = true;
        let mut state = self.guard.lock();
        let mut report = std::mem::take(&mut state.untold);
        for (index, tree) in self.guard.trees.iter().enumerate() {
            let Some(searched) = state.searched.get_mut(index) else { continue };
            searched.accept_writes(tree, &self.guard.writes);
            undo_in_tree(tree, searched, self.keeps_versioned, &mut report);
        }
        state.running -= 1;
        report
    }
}

impl SearchedTree {
    /// Takes over what tools have written since the snapshot, each after its own question.
    fn accept_writes(&mut self, tree: &GuardedTree, writes: &ToolWrites) {
        let paths = writes.list_paths();
        let own: Vec<&Path> =
            paths.iter().filter_map(|path| path.strip_prefix(&tree.path).ok()).collect();
        if own.is_empty() {
            return;
        }
        let now = tree.take_snapshot(&mut self.cache, Some(&self.baseline));
        for path in own {
            let Some(entry) = now.entries.get(path) else { continue };
            let EntryContent::File { bytes, .. } = &entry.content else { continue };
            if !writes.is_content_of(&tree.path.join(path), bytes) {
                continue;
            }
            self.baseline.entries.insert(path.to_owned(), entry.clone());
            for folder in path.ancestors().skip(1) {
                let Some(entry) = now.entries.get(folder) else { continue };
                let entry = GuardedEntry { has_all_names: true, ..entry.clone() };
                self.baseline.entries.entry(folder.to_owned()).or_insert(entry);
            }
        }
    }
}

/// Searches a tree and undoes what is found, until nothing is.
fn undo_in_tree(
    tree: &GuardedTree,
    searched: &mut SearchedTree,
    keeps_versioned: bool,
    report: &mut GuardReport,
) {
    let mut is_incomplete = searched.baseline.is_incomplete;
    for pass in 1..=MAX_FLOOD_PASSES {
        let after = tree.take_snapshot(&mut searched.cache, Some(&searched.baseline));
        let UndoResult { changes, accepted } =
            undo_changes(tree, &searched.baseline, &after, keeps_versioned);
        searched.baseline.accept(accepted, &after);
        let has_undone = changes.values().any(|change| change.outcome.is_undone());
        for (path, change) in changes {
            // Relative to the workspace; other trees are told with their whole path.
            let path = if tree.is_workspace { path } else { tree.path.join(path) };
            report.changes.insert(path.clone(), GuardedChange { path, ..change });
        }
        if !has_undone || (!after.is_incomplete && pass >= MAX_PASSES) {
            is_incomplete |= after.is_incomplete;
            break;
        }
        is_incomplete |= after.is_incomplete && pass == MAX_FLOOD_PASSES;
    }
    if is_incomplete {
        report.incomplete.push(tree.path.clone());
    }
}

impl Drop for GuardedRun {
    fn drop(&mut self) {
        if !self.is_finished {
            let report = self.undo();
            let mut state = self.guard.lock();
            state.untold.changes.extend(report.changes);
            state.untold.incomplete.extend(report.incomplete);
        }
    }
}

/// Says what was found, one change a line; `None` when there is nothing.
fn describe_report(report: &GuardReport) -> Option<String> {
    let mut changes: Vec<&GuardedChange> = report.changes.values().collect();
    changes.sort_by_key(|change| !change.was_there);
    let mut lines: Vec<String> = describe_changes(&changes).into_iter().collect();
    if let Some(path) = report.incomplete.first() {
        lines.push(format!(
            "[warning: not all of {} could be searched for changed hooks and settings: it has too many \
             files or too long paths]",
            escape_name(path)
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Says which changes were undone, one a line.
fn describe_changes(changes: &[&GuardedChange]) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    for change in changes.iter().take(MAX_NAMED) {
        let (path, protection) = (escape_name(&change.path), change.protection);
        lines.push(match &change.outcome {
            ChangeOutcome::Undone => {
                format!("[undone: the command changed {path}: {protection}]")
            }
            ChangeOutcome::SetAside(name) => format!(
                "[undone: the command changed {path}: {protection}; what was moved there is {} now]",
                escape_name(name)
            ),
            ChangeOutcome::Returned => format!(
                "[undone: the command moved {path}: {protection}; it is back, but could not be \
                 compared with what it was]"
            ),
            ChangeOutcome::Kept => format!("[changed by Git: {path}: {protection}]"),
            ChangeOutcome::Failed(error) => format!(
                "[warning: the command changed {path}: {protection}; it could not be undone: {error}]"
            ),
        });
    }
    if changes.len() > MAX_NAMED {
        lines.push(format!("[and {} more such files]", changes.len() - MAX_NAMED));
    }
    if changes.iter().any(|change| change.outcome.is_undone()) {
        lines.push("[to change such a file, use `write` or `edit`, which ask the user]".to_owned());
    }
    Some(lines.join("\n"))
}

fn escape_name(path: &Path) -> String {
    // The top of the tree has no name.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    format!("`{}`", path.to_string_lossy().escape_debug())
}

#[cfg(test)]
mod tests;
