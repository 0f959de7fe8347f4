//! Guards the files of a workspace that run or instruct something outside of the sandbox: hooks and
//! config of Git, shell start-up files, the settings of this program and of editors.
//!
//! The kernel cannot forbid a part of a writable tree, so a snapshot is taken before a command, and
//! what has changed when its whole tree has ended is put back and told.

mod git_config;
mod restore;
mod scan;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use restore::{ChangeOutcome, GuardedChange, undo_changes};
use scan::{DirectoryCache, GuardSnapshot};

/// The most changes that are named one by one.
const MAX_NAMED: usize = 10;

/// The guard of one workspace. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct FileGuard {
    root: PathBuf,
    state: Arc<Mutex<GuardState>>,
}

#[derive(Debug, Default)]
struct GuardState {
    cache: DirectoryCache,
    /// How the files were before the first of the running commands.
    baseline: GuardSnapshot,
    running: usize,
    /// Whether the last search did not find all files.
    is_incomplete: bool,
    /// What was undone after a command whose result nobody got.
    untold: Vec<GuardedChange>,
}

/// A command that runs. When it is dropped, its changes are undone as well.
#[derive(Debug)]
pub(crate) struct GuardedRun {
    guard: FileGuard,
    keeps_versioned: bool,
    is_finished: bool,
}

impl FileGuard {
    /// Guards the workspace at this path.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), state: Arc::default() }
    }

    /// Takes a snapshot before a command, unless another one is running. `keeps_versioned` is for
    /// commands of Git that change the branch.
    pub(crate) fn begin_run(&self, keeps_versioned: bool) -> GuardedRun {
        let mut state = self.lock();
        if state.running == 0 {
            state.baseline = state.cache.take_snapshot(&self.root);
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
        let changes = self.undo();
        let told = describe_changes(&changes);
        if !self.guard.lock().is_incomplete {
            return told;
        }
        let warning = "[warning: the workspace has too many directories to find all changes of hooks \
                       and settings]";
        Some(told.map_or_else(|| warning.to_owned(), |told| format!("{told}\n{warning}")))
    }

    fn undo(&mut self) -> Vec<GuardedChange> {
        self.is_finished = true;
        let mut state = self.guard.lock();
        let mut changes = std::mem::take(&mut state.untold);
        let after = state.cache.take_snapshot(&self.guard.root);
        state.is_incomplete = after.is_incomplete || state.baseline.is_incomplete;
        changes.extend(undo_changes(
            &self.guard.root,
            &state.baseline,
            &after,
            self.keeps_versioned,
        ));
        state.running -= 1;
        changes
    }
}

impl Drop for GuardedRun {
    fn drop(&mut self) {
        if !self.is_finished {
            let changes = self.undo();
            self.guard.lock().untold.extend(changes);
        }
    }
}

/// Says which changes were undone, one a line.
fn describe_changes(changes: &[GuardedChange]) -> Option<String> {
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
            ChangeOutcome::Kept => format!("[changed by Git: {path}: {protection}]"),
            ChangeOutcome::Failed(error) => format!(
                "[warning: the command changed {path}: {protection}; it could not be undone: {error}]"
            ),
        });
    }
    if changes.len() > MAX_NAMED {
        lines.push(format!("[and {} more such files]", changes.len() - MAX_NAMED));
    }
    if changes.iter().any(|change| change.outcome == ChangeOutcome::Undone) {
        lines.push("[to change such a file, use `write` or `edit`, which ask the user]".to_owned());
    }
    Some(lines.join("\n"))
}

fn escape_name(path: &Path) -> String {
    format!("`{}`", path.to_string_lossy().escape_debug())
}

#[cfg(test)]
mod tests;
