//! What people and models are told of the search after a command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::place::PlaceChange;
use super::undo::{ChangeOutcome, GuardedChange};

/// The most changes that are named one by one.
const MAX_NAMED: usize = 10;

/// What was found after a command.
#[derive(Debug, Default)]
pub(crate) struct GuardReport {
    pub(crate) changes: BTreeMap<PathBuf, GuardedChange>,
    /// Trees that were moved away from their paths.
    pub(crate) places: Vec<PlaceChange>,
    /// Why the guard does not hold any more.
    pub(crate) failures: Vec<GuardFailure>,
}

/// Why the guard cannot say that nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum GuardFailure {
    /// Not all of a tree could be searched.
    #[error(
        "not all of {} could be searched for changed hooks and settings: it has too many files or too \
         long paths, or a part of it could not be read. Remove what is not needed there",
        escape_name(.0)
    )]
    Unsearched(PathBuf),
    /// Something else is at the path of a tree.
    #[error(
        "{} is another folder than when the program started. Start the program again",
        escape_name(.0)
    )]
    Replaced(PathBuf),
    /// What a command changed could not be put back, and acts outside of the sandbox.
    #[error(
        "{}, which a command changed, could not be put back. Examine it, and remove it or start the \
         program again",
        escape_name(.0)
    )]
    NotUndone(PathBuf),
}

impl GuardReport {
    pub(crate) fn append(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.places.extend(other.places);
        self.failures.extend(other.failures);
        self.failures.sort_unstable();
        self.failures.dedup();
    }
}

/// Says what was found, one change a line; `None` when there is nothing.
pub(crate) fn describe_report(report: &GuardReport) -> Option<String> {
    let mut changes: Vec<&GuardedChange> = report.changes.values().collect();
    changes.sort_by_key(|change| !change.was_there);
    let mut lines: Vec<String> = describe_changes(&changes).into_iter().collect();
    lines.extend(report.places.iter().map(|place| {
        let path = escape_name(&place.path);
        match &place.aside {
            Some(name) => format!(
                "[undone: the command replaced the folder {path}; what it put there is {} now]",
                escape_name(name)
            ),
            None => format!("[undone: the command moved the folder {path} away]"),
        }
    }));
    lines.extend(
        report.failures.iter().map(|failure| {
            format!("[stopped: {failure}; until then no command runs in the sandbox]")
        }),
    );
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

pub(crate) fn escape_name(path: &Path) -> String {
    // The top of the tree has no name.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    format!("`{}`", path.to_string_lossy().escape_debug())
}
