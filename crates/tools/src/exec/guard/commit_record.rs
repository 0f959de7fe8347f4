//! The commits that commands have made, kept for later runs of the program and for its other agents:
//! a commit of a command does not become one of the user's with a new start.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use openclaw_fs::StateFile;

/// The most commits that are kept; the oldest give way. The file is then far below its limit.
const MAX_COMMITS: usize = 10_000;

/// The record, in memory alone or in a file as well. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommitRecord {
    file: Option<StateFile>,
    /// What was recorded and is not known to be in the file.
    unsaved: Arc<Mutex<HashSet<String>>>,
}

impl CommitRecord {
    /// The record in a file, a commit in each line; none for one in memory.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { file: path.map(StateFile::new), unsaved: Arc::default() }
    }

    /// Adds commits that a command has made.
    pub(crate) fn add(&self, commits: impl IntoIterator<Item = String>) {
        let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        let before = unsaved.len();
        unsaved.extend(commits);
        if unsaved.is_empty() || (unsaved.len() == before && self.file.is_none()) {
            return;
        }
        let Some(file) = &self.file else { return };
        let saved = file.update_text(|text| {
            // A file that cannot be read is left: nothing is taken for the user's with it.
            let text = text.ok()?.unwrap_or_default();
            let known: HashSet<&str> = text.lines().collect();
            let new = unsaved.iter().filter(|commit| !known.contains(commit.as_str()));
            let mut lines: Vec<&str> = text.lines().chain(new.map(String::as_str)).collect();
            lines.drain(..lines.len().saturating_sub(MAX_COMMITS));
            Some(lines.join("\n") + "\n")
        });
        if saved.is_ok() && file.read_text().is_ok() {
            unsaved.clear();
        }
    }

    /// Whether a command may have made a commit, as far as the record says. It is read again each
    /// time, since other programs add to it.
    pub(crate) fn may_contain(&self, commit: &str) -> bool {
        let unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        if unsaved.contains(commit) {
            return true;
        }
        match self.file.as_ref().map(StateFile::read_text) {
            None | Some(Ok(None)) => false,
            Some(Ok(Some(text))) => text.lines().any(|line| line == commit),
            Some(Err(_)) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_has_recorded_another_one_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/commits");
        let record = || CommitRecord::new(Some(path.clone()));
        assert!(!record().may_contain("a"));
        record().add(["a".to_owned(), "b".to_owned()]);
        record().add(["b".to_owned(), "c".to_owned()]);
        record().add([]);
        for commit in ["a", "b", "c"] {
            assert!(record().may_contain(commit), "{commit}");
        }
        assert!(!record().may_contain("d"));
        record().add((0..MAX_COMMITS).map(|number| number.to_string()));
        assert!(!record().may_contain("a") && record().may_contain("9999"));
    }

    #[test]
    fn with_a_record_that_cannot_be_read_nothing_is_the_users() {
        let folder = tempfile::tempdir().unwrap();
        let record = CommitRecord::new(Some(folder.path().to_owned()));
        assert!(record.may_contain("a"));
        record.add(["b".to_owned()]);
        assert!(record.may_contain("b"));
        let in_memory = CommitRecord::default();
        in_memory.add(["a".to_owned()]);
        assert!(in_memory.may_contain("a") && !in_memory.may_contain("b"));
    }
}
