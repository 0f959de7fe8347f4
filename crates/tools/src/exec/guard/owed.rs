//! The searches after commands. One may take long, so it runs on a thread of its own, and whoever
//! needs it to be complete waits for it: the next command, and the end of the program.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::report::{GuardReport, describe_report};
use super::{FileGuard, FinishedRun, GuardedRun};

/// How many searches are not complete. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct OwedSearches(Arc<SearchCounter>);

#[derive(Debug, Default)]
struct SearchCounter {
    count: Mutex<usize>,
    changed: Condvar,
}

impl OwedSearches {
    fn add(&self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn remove(&self) {
        let mut count = self.0.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_sub(1);
        self.0.changed.notify_all();
    }

    /// Waits until all are complete, `limit` at most. Returns whether they are.
    pub(super) fn wait(&self, limit: Option<Duration>) -> bool {
        let count = self.0.count.lock().unwrap_or_else(PoisonError::into_inner);
        let is_owed = |count: &mut usize| *count > 0;
        match limit {
            None => {
                let waited = self.0.changed.wait_while(count, is_owed);
                drop(waited);
                true
            }
            Some(limit) => {
                let waited = self.0.changed.wait_timeout_while(count, limit, is_owed);
                !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
            }
        }
    }
}

/// The search after a command. However it ends, it is made: when it is dropped at the latest.
#[derive(Debug)]
pub(super) struct OwedSearch {
    run: Option<GuardedRun>,
    owed: OwedSearches,
}

impl OwedSearch {
    pub(super) fn new(run: GuardedRun) -> Self {
        let owed = run.guard.owed.clone();
        owed.add();
        Self { run: Some(run), owed }
    }

    /// Makes the search on a thread where it may take long.
    pub(super) fn make_elsewhere(self) {
        match Handle::try_current() {
            // When the runtime ends, it drops what it did not begin.
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(self))),
            Err(_) => drop(self),
        }
    }

    fn make(&mut self) -> Option<GuardReport> {
        self.run.take().map(|mut run| run.undo())
    }
}

impl Drop for OwedSearch {
    fn drop(&mut self) {
        if let Some(mut run) = self.run.take() {
            let report = run.undo();
            run.guard.lock().untold.append(report);
        }
        self.owed.remove();
    }
}

/// A search that is under way. What it finds is told later if nobody waits for it.
struct SearchResult {
    receiver: oneshot::Receiver<GuardReport>,
    guard: FileGuard,
}

impl Drop for SearchResult {
    fn drop(&mut self) {
        self.receiver.close();
        if let Ok(report) = self.receiver.try_recv() {
            self.guard.lock().untold.append(report);
        }
    }
}

impl GuardedRun {
    /// Undoes the changes of the command, whose processes have all ended, without holding up the
    /// runtime. When this future is dropped, the search goes on.
    pub(crate) async fn finish_elsewhere(self) -> FinishedRun {
        let (sender, receiver) = oneshot::channel();
        let guard = self.guard.clone();
        let mut result = SearchResult { receiver, guard: guard.clone() };
        let mut search = OwedSearch::new(self);
        tokio::task::spawn_blocking(move || {
            if let Some(report) = search.make()
                && let Err(untold) = sender.send(report)
            {
                guard.lock().untold.append(untold);
            }
        });
        match (&mut result.receiver).await {
            Ok(report) => {
                FinishedRun { told: describe_report(&report), is_held: report.failures.is_empty() }
            }
            // The runtime ends, and with it this future.
            Err(_) => std::future::pending().await,
        }
    }
}
