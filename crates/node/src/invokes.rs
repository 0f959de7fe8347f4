//! The requests of a gateway that are being handled, and which of them are cancelled.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The most cancellations that are remembered for requests that have not arrived.
const MAX_EARLY_CANCELS: usize = 256;

/// The requests that are being handled.
#[derive(Debug, Default)]
pub(crate) struct InvokeTable {
    state: Mutex<TableState>,
}

#[derive(Debug, Default)]
struct TableState {
    active: HashMap<String, watch::Sender<bool>>,
    early_cancels: VecDeque<String>,
}

/// What becomes of a request that arrives.
#[derive(Debug)]
pub(crate) enum InvokeAdmission {
    /// It is handled until the guard is dropped.
    Admitted(InvokeGuard),
    /// It was cancelled before.
    Cancelled,
    /// It is being handled already.
    Repeated,
}

/// A request that is being handled.
#[derive(Debug)]
pub(crate) struct InvokeGuard {
    table: Arc<InvokeTable>,
    id: String,
    cancelled: watch::Receiver<bool>,
}

impl InvokeTable {
    /// Admits a request.
    pub(crate) fn admit_invoke(self: &Arc<Self>, id: &str) -> InvokeAdmission {
        let mut state = self.lock();
        if state.active.contains_key(id) {
            return InvokeAdmission::Repeated;
        }
        let early = state.early_cancels.iter().position(|it| it == id);
        if let Some(position) = early {
            state.early_cancels.remove(position);
            return InvokeAdmission::Cancelled;
        }
        let (sender, cancelled) = watch::channel(false);
        state.active.insert(id.to_owned(), sender);
        InvokeAdmission::Admitted(InvokeGuard {
            table: Arc::clone(self),
            id: id.to_owned(),
            cancelled,
        })
    }

    /// Cancels a request, also one that has not arrived.
    pub(crate) fn cancel_invoke(&self, id: &str) {
        let mut state = self.lock();
        if let Some(sender) = state.active.get(id) {
            sender.send_replace(true);
            return;
        }
        if state.early_cancels.iter().any(|it| it == id) {
            return;
        }
        state.early_cancels.push_back(id.to_owned());
        if state.early_cancels.len() > MAX_EARLY_CANCELS {
            state.early_cancels.pop_front();
        }
    }

    /// How many requests are being handled.
    pub(crate) fn active_count(&self) -> usize {
        self.lock().active.len()
    }

    fn lock(&self) -> MutexGuard<'_, TableState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InvokeGuard {
    /// Waits until the request is cancelled.
    pub(crate) async fn wait_until_cancelled(&mut self) {
        // The sender is in the table as long as this guard exists.
        if self.cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for InvokeGuard {
    fn drop(&mut self) {
        self.table.lock().active.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cancelled(admission: &InvokeAdmission) -> bool {
        matches!(admission, InvokeAdmission::Cancelled)
    }

    #[tokio::test]
    async fn a_cancellation_counts_whenever_it_arrives() {
        let table = Arc::new(InvokeTable::default());
        table.cancel_invoke("early");
        table.cancel_invoke("early");
        assert!(is_cancelled(&table.admit_invoke("early")));
        let InvokeAdmission::Admitted(mut guard) = table.admit_invoke("early") else { panic!() };
        assert!(matches!(table.admit_invoke("early"), InvokeAdmission::Repeated));
        table.cancel_invoke("early");
        table.cancel_invoke("early");
        guard.wait_until_cancelled().await;
        drop(guard);
        assert_eq!(table.active_count(), 0);
        for number in 0..=MAX_EARLY_CANCELS {
            table.cancel_invoke(&number.to_string());
        }
        assert!(!is_cancelled(&table.admit_invoke("0")));
        assert!(is_cancelled(&table.admit_invoke("1")));
    }
}
