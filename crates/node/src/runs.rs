//! The invocations with an effect that run now, by their idempotency keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_protocol::gateway::{NodeError, NodeErrorCode};
use tokio::sync::watch;

use crate::answers::InvocationOutcome;
use crate::invokes::InvokeGuard;
use crate::output::LinkSender;

/// The invocations that run now.
#[derive(Debug, Default)]
pub(crate) struct RunTable {
    runs: Mutex<HashMap<String, Arc<SharedRun>>>,
}

/// An invocation that runs, and for which any number of requests with its key wait.
#[derive(Debug)]
pub(crate) struct SharedRun {
    digest: String,
    stop: watch::Sender<bool>,
    outcome: watch::Sender<Option<InvocationOutcome>>,
}

/// What becomes of a request with an effect.
#[derive(Debug)]
pub(crate) enum RunAdmission {
    /// It is the first: its holder runs it.
    First(RunGuard),
    /// The same runs already.
    Joined(Arc<SharedRun>),
    /// Something else runs with the same key.
    KeyReused,
}

/// The duty to run an invocation. Dropped without an outcome, it fails for all that wait.
#[derive(Debug)]
pub(crate) struct RunGuard {
    table: Arc<RunTable>,
    key: String,
    pub(crate) run: Arc<SharedRun>,
    /// The connection of the first request.
    pub(crate) link: LinkSender,
}

impl RunTable {
    /// Admits a request with an effect.
    pub(crate) fn admit_run(
        self: &Arc<Self>,
        key: &str,
        digest: &str,
        link: &LinkSender,
    ) -> RunAdmission {
        let mut runs = self.lock();
        if let Some(run) = runs.get(key) {
            let is_same = run.digest == digest;
            return if is_same {
                RunAdmission::Joined(Arc::clone(run))
            } else {
                RunAdmission::KeyReused
            };
        }
        let run = Arc::new(SharedRun {
            digest: digest.to_owned(),
            stop: watch::Sender::new(false),
            outcome: watch::Sender::new(None),
        });
        runs.insert(key.to_owned(), Arc::clone(&run));
        RunAdmission::First(RunGuard {
            table: Arc::clone(self),
            key: key.to_owned(),
            run,
            link: link.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<SharedRun>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedRun {
    /// Waits for the outcome on behalf of a request; the run is stopped when that is cancelled.
    pub(crate) async fn wait_for_outcome(&self, invoke: &mut InvokeGuard) -> InvocationOutcome {
        let mut outcome = self.outcome.subscribe();
        let mut ended = std::pin::pin!(async move {
            let known = outcome.wait_for(Option::is_some).await;
            known.ok().and_then(|outcome| outcome.clone())
        });
        let known = tokio::select! {
            known = &mut ended => known,
            () = invoke.wait_until_cancelled() => {
                self.stop.send_replace(true);
                ended.await
            }
        };
        known.unwrap_or_else(|| NodeError::new(NodeErrorCode::Unavailable, "the node ends").into())
    }

    /// Whether it is to be stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until it is to be stopped.
    pub(crate) async fn wait_until_stopped(&self) {
        // `self` holds the sender.
        let _ = self.stop.subscribe().wait_for(|stopped| *stopped).await;
    }
}

impl RunGuard {
    /// Tells the outcome to all that wait.
    pub(crate) fn complete_run(self, outcome: InvocationOutcome) {
        // Removed first: who comes later finds it in the ledger.
        self.table.lock().remove(&self.key);
        self.run.outcome.send_replace(Some(outcome));
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        if self.run.outcome.borrow().is_some() {
            return;
        }
        self.table.lock().remove(&self.key);
        let error = NodeError::new(
            NodeErrorCode::OutcomeUnknown,
            "the node failed while it ran the command, which may have run",
        );
        self.run.outcome.send_replace(Some(InvocationOutcome::Error(error)));
    }
}
