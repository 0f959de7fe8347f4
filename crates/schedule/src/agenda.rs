//! Which of many jobs are due.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// When each of many jobs is due. A look at it costs no more for jobs that are not due.
#[derive(Debug, Clone, Default)]
pub struct JobAgenda<Id> {
    due: HashMap<Id, i64>,
    order: BTreeSet<(i64, Id)>,
}

impl<Id: Clone + Ord + Hash> JobAgenda<Id> {
    /// An agenda without jobs.
    #[must_use]
    pub fn new() -> Self {
        Self { due: HashMap::new(), order: BTreeSet::new() }
    }

    /// Sets when a job is due, in milliseconds since the Unix epoch; `None` takes it away.
    pub fn set_due(&mut self, id: &Id, due_ms: Option<i64>) {
        if let Some(before) = self.due.remove(id) {
            self.order.remove(&(before, id.clone()));
        }
        if let Some(due_ms) = due_ms {
            self.due.insert(id.clone(), due_ms);
            self.order.insert((due_ms, id.clone()));
        }
    }

    /// Takes the jobs away that are due, the longest due first.
    pub fn take_due(&mut self, now_ms: i64) -> Vec<Id> {
        let mut taken = Vec::new();
        while let Some((_, id)) = self.order.first().filter(|(due, _)| *due <= now_ms).cloned() {
            self.order.pop_first();
            self.due.remove(&id);
            taken.push(id);
        }
        taken
    }

    /// When the next job is due.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<i64> {
        self.order.first().map(|(due, _)| *due)
    }

    /// When a job is due; `None` when it is not on the agenda.
    #[must_use]
    pub fn due_ms(&self, id: &Id) -> Option<i64> {
        self.due.get(id).copied()
    }
}
