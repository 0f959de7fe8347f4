//! Guards the files of a workspace that run or instruct something outside of the sandbox: hooks and
//! config of Git, shell start-up files, the settings of this program and of editors.
//!
//! The kernel cannot forbid a part of a writable tree, so a snapshot is taken before a command, and
//! what has changed when its whole tree has ended is put back and told. A search has to be complete:
//! no command begins without one before it, nor while the one after another command is owed.

mod checkouts;
mod commit_record;
mod entry;
mod git_config;
mod git_rules;
mod listing;
mod objects;
mod owed;
mod place;
mod references;
mod report;
mod restore;
mod scan;
mod targets;
mod undo;
mod zone;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::workspace::ToolWrites;
use checkouts::{CheckedOutTrees, CommitHistory};
pub(crate) use commit_record::CommitRecord;
use entry::{EntryContent, GuardedEntry};
use listing::ListingCache;
use owed::{OwedSearch, OwedSearches};
pub(crate) use report::GuardFailure;
use report::GuardReport;
#[cfg(test)]
use report::describe_report;
pub(crate) use scan::GuardedTree;
use scan::{GuardSnapshot, SnapshotRequest};
use undo::{GuardedChange, UndoResult, undo_changes};

/// How often a tree is searched again after something in it was undone, while others change it.
const MAX_PASSES: usize = 4;
/// How long the search of a tree may take, with all that is undone in it.
const MAX_SEARCH_TIME: Duration = Duration::from_mins(5);

/// The guard of the trees that commands may write to. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct FileGuard {
    trees: Arc<[GuardedTree]>,
    /// What the file tools write while commands run.
    writes: Arc<ToolWrites>,
    /// The commits that commands of any agent have made.
    commits: CommitRecord,
    state: Arc<Mutex<GuardState>>,
    /// The searches that are not complete yet.
    owed: OwedSearches,
    /// How long the search of a tree may take.
    search_time: Duration,
}

#[derive(Debug, Default)]
struct GuardState {
    /// One for each tree.
    searched: Vec<SearchedTree>,
    running: usize,
    /// How many commands have begun.
    begun: u64,
    /// Why no command may begin.
    failures: Vec<GuardFailure>,
    /// What was undone after a command whose result nobody got.
    untold: GuardReport,
}

#[derive(Debug, Default)]
struct SearchedTree {
    cache: ListingCache,
    /// How the files were before the first of the running commands.
    baseline: GuardSnapshot,
    history: CommitHistory,
}

/// A command that runs. When it is dropped, its changes are undone as well.
#[derive(Debug)]
pub(crate) struct GuardedRun {
    guard: FileGuard,
    /// Which of all commands it is, if versioned files may change with it.
    keeping_number: Option<u64>,
    is_finished: bool,
}

/// What was found after a command.
#[derive(Debug, Default)]
pub(crate) struct FinishedRun {
    /// What to tell the model and the person; `None` when there is nothing.
    pub(crate) told: Option<String>,
    /// Whether the guard holds.
    pub(crate) is_held: bool,
}

impl FileGuard {
    /// Guards trees, none of which is in another one without being skipped there.
    pub(crate) fn new(
        trees: Vec<GuardedTree>,
        writes: &Arc<ToolWrites>,
        commits: CommitRecord,
    ) -> Self {
        Self {
            trees: trees.into(),
            writes: Arc::clone(writes),
            commits,
            state: Arc::default(),
            owed: OwedSearches::default(),
            search_time: MAX_SEARCH_TIME,
        }
    }

    /// Takes a snapshot before a command, unless another one is running. With
    /// `keeps_versioned` versioned files may change if the command is one of Git that checks out another
    /// commit, one that no command made, and no other command runs at the same time.
    ///
    /// # Errors
    /// When the trees could not be searched as a whole, now or after an earlier command.
    pub(crate) fn begin_run(&self, keeps_versioned: bool) -> Result<GuardedRun, GuardFailure> {
        self.owed.wait(None);
        let mut state = self.lock();
        if state.running == 0 {
            self.begin_search(&mut state)?;
        } else if let Some(failure) = state.failures.first() {
            return Err(failure.clone());
        }
        let keeping_number = (keeps_versioned && state.running == 0).then_some(state.begun);
        state.running += 1;
        state.begun += 1;
        Ok(GuardedRun { guard: self.clone(), keeping_number, is_finished: false })
    }

    /// Completes the search that an earlier command still needs, and begins a new one.
    fn begin_search(&self, state: &mut GuardState) -> Result<(), GuardFailure> {
        self.repeat_search(state)?;
        self.writes.clear();
        state.searched.resize_with(self.trees.len(), SearchedTree::default);
        for (tree, searched) in self.trees.iter().zip(&mut state.searched) {
            if !tree.is_in_place() {
                return Err(GuardFailure::Replaced(tree.path.clone()));
            }
            let deadline = Instant::now() + self.search_time;
            let known = Some(&searched.baseline);
            let request = SnapshotRequest { before: None, known, deadline };
            let baseline = tree.take_snapshot(&mut searched.cache, request);
            if baseline.is_incomplete {
                return Err(GuardFailure::Unsearched(tree.path.clone()));
            }
            searched.baseline = baseline;
            searched.history.begin_run(tree, &searched.baseline);
        }
        Ok(())
    }

    /// Searches again when the search after an earlier command has failed.
    fn repeat_search(&self, state: &mut GuardState) -> Result<(), GuardFailure> {
        let was_searched = state.failures.iter().all(|it| matches!(it, GuardFailure::NotUndone(_)));
        if was_searched {
            // Whatever else has changed since is the user's.
            let failures = std::mem::take(&mut state.failures);
            state.failures = failures.into_iter().filter(|it| !self.is_mended(state, it)).collect();
        } else {
            let mut report = GuardReport::default();
            self.search_trees(state, false, &mut report);
            state.failures = std::mem::take(&mut report.failures);
            state.untold.append(report);
        }
        state.failures.first().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// Whether what a command changed is gone, or as it was.
    fn is_mended(&self, state: &mut GuardState, failure: &GuardFailure) -> bool {
        let GuardFailure::NotUndone(path) = failure else { return false };
        self.trees.iter().zip(&mut state.searched).all(|(tree, searched)| {
            let Ok(path) = path.strip_prefix(&tree.path) else { return true };
            let deadline = Instant::now() + self.search_time;
            let request = searched.baseline.later_request(deadline);
            let now = tree.take_snapshot(&mut searched.cache, request);
            let before = searched.baseline.entries.get(path).map(|entry| &entry.content);
            now.entries.get(path).is_none_or(|entry| Some(&entry.content) == before)
        })
    }

    /// Undoes what has changed since the snapshots.
    fn search_trees(
        &self,
        state: &mut GuardState,
        keeps_versioned: bool,
        report: &mut GuardReport,
    ) {
        // Whatever is in place of a tree is moved first, to be searched in the tree around it.
        for tree in self.trees.iter() {
            match tree.return_to_place() {
                Ok(change) => report.places.extend(change),
                Err(failure) => report.failures.push(failure),
            }
        }
        for (tree, searched) in self.trees.iter().zip(&mut state.searched) {
            let deadline = Instant::now() + self.search_time;
            searched.accept_writes(tree, &self.writes, deadline);
            let order = UndoOrder { keeps_versioned, deadline, commits: &self.commits };
            undo_in_tree(tree, searched, order, report);
            searched.history.end_run(tree, &searched.baseline, &self.commits);
        }
    }

    /// Waits for the searches after commands, `limit` at most.
    pub(crate) fn wait_for_searches(&self, limit: Duration) {
        self.owed.wait(Some(limit));
    }

    fn lock(&self) -> MutexGuard<'_, GuardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuardedRun {
    /// Undoes the changes of the command, whose processes have all ended.
    #[cfg(test)]
    pub(crate) fn finish(mut self) -> FinishedRun {
        let report = self.undo();
        FinishedRun { told: describe_report(&report), is_held: report.failures.is_empty() }
    }

    fn undo(&mut self) -> GuardReport {
        self.is_finished = true;
        let mut state = self.guard.lock();
        let mut report = std::mem::take(&mut state.untold);
        // Another command could have written what Git is taken to have changed.
        let keeps_versioned = self.keeping_number.is_some_and(|it| it + 1 == state.begun);
        self.guard.search_trees(&mut state, keeps_versioned, &mut report);
        state.failures.clone_from(&report.failures);
        state.running -= 1;
        report
    }
}

impl SearchedTree {
    /// Takes over what tools have written since the snapshot, each after its own question.
    fn accept_writes(&mut self, tree: &GuardedTree, writes: &ToolWrites, deadline: Instant) {
        let paths = writes.list_paths();
        let own: Vec<&Path> =
            paths.iter().filter_map(|path| path.strip_prefix(&tree.path).ok()).collect();
        if own.is_empty() {
            return;
        }
        let now = tree.take_snapshot(&mut self.cache, self.baseline.later_request(deadline));
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

/// How a tree is searched after a command.
#[derive(Debug, Clone, Copy)]
struct UndoOrder<'a> {
    keeps_versioned: bool,
    deadline: Instant,
    commits: &'a CommitRecord,
}

/// Searches a tree and undoes what is found, until nothing is.
fn undo_in_tree(
    tree: &GuardedTree,
    searched: &mut SearchedTree,
    order: UndoOrder<'_>,
    report: &mut GuardReport,
) {
    let UndoOrder { keeps_versioned, deadline, commits } = order;
    for pass in 1.. {
        let request = searched.baseline.later_request(deadline);
        let after = tree.take_snapshot(&mut searched.cache, request);
        let kept = if keeps_versioned {
            searched.history.find_checkouts(tree, &searched.baseline, &after, commits)
        } else {
            CheckedOutTrees::default()
        };
        let UndoResult { changes, accepted } =
            undo_changes(tree, &searched.baseline, &after, &kept);
        searched.baseline.accept(accepted, &after);
        let has_undone = changes.values().any(|change| change.outcome.is_undone());
        let is_last = !has_undone || (!after.is_incomplete && pass >= MAX_PASSES);
        for (path, change) in changes {
            if is_last && change.acts_outside(&after) {
                report.failures.push(GuardFailure::NotUndone(tree.path.join(&path)));
            }
            // Relative to the workspace; other trees are told with their whole path.
            let path = if tree.is_workspace { path } else { tree.path.join(path) };
            report.changes.insert(path.clone(), GuardedChange { path, ..change });
        }
        // While a flood of new files is removed part by part, there is more to be found.
        if !is_last && Instant::now() < deadline {
            continue;
        }
        if after.is_incomplete || !is_last {
            report.failures.push(GuardFailure::Unsearched(tree.path.clone()));
        }
        return;
    }
}

impl Drop for GuardedRun {
    fn drop(&mut self) {
        if !self.is_finished {
            self.is_finished = true;
            let (guard, keeping_number) = (self.guard.clone(), self.keeping_number);
            let run = Self { guard, keeping_number, is_finished: false };
            OwedSearch::new(run).make_elsewhere();
        }
    }
}

#[cfg(test)]
mod tests;
