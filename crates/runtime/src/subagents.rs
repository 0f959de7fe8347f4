//! Sub-agents: sessions that a session started for a task, which run beside it in this program.

mod child_task;
mod end_notice;
mod fence;
mod fenced_judge;
mod session_desk;
mod session_reading;
mod session_sending;
mod spawning;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use openclaw_store::{ChildRun, SessionId};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

pub use end_notice::describe_ends;
pub(crate) use fence::{Fence, FenceLayer};
pub(crate) use session_desk::{DeskOptions, SessionDesk};

/// How long the ends of cancelled sub-agents are waited for.
const CANCEL_WAIT: Duration = Duration::from_secs(5);

/// Learns that a sub-agent ended, to wake the session that asked for it. Without one the session is
/// told with its next message.
pub trait SubagentObserver: Send + Sync + Debug {
    /// Called after the end was recorded. Must not block.
    fn subagent_ended(&self, run: &ChildRun);
}

/// The sub-agents that run or wait in this program. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct SubagentRegistry(Arc<RegistryState>);

#[derive(Debug, Default)]
struct RegistryState {
    live: Mutex<HashMap<String, LiveChild>>,
    ended: Notify,
    /// Made with the first sub-agent, by the limit of then.
    slots: OnceLock<Arc<Semaphore>>,
    observer: OnceLock<Arc<dyn SubagentObserver>>,
}

/// A sub-agent that runs or waits.
#[derive(Debug, Clone)]
struct LiveChild {
    /// The id of the session that asked for it.
    parent: String,
    /// The key of its own session.
    child_key: String,
    name: String,
    stop: watch::Sender<bool>,
    /// Its place among those that run at once. It gives it up while it waits for its own children:
    /// these could never run otherwise.
    slot: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

/// Removes a sub-agent from those that run, however its task ends.
#[derive(Debug)]
struct LiveChildGuard {
    registry: SubagentRegistry,
    id: String,
}

impl Drop for LiveChildGuard {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.id);
        self.registry.0.ended.notify_waiters();
    }
}

impl SubagentRegistry {
    /// Tells the ends of sub-agents from now on; the first observer stays.
    pub(crate) fn set_observer(&self, observer: Arc<dyn SubagentObserver>) {
        let _ = self.0.observer.set(observer);
    }

    fn tell_end(&self, run: &ChildRun) {
        if let Some(observer) = self.0.observer.get() {
            observer.subagent_ended(run);
        }
    }

    fn add(&self, id: &str, child: LiveChild) -> LiveChildGuard {
        self.lock().insert(id.to_owned(), child);
        LiveChildGuard { registry: self.clone(), id: id.to_owned() }
    }

    fn slots(&self, limit: u32) -> Arc<Semaphore> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Arc::clone(self.0.slots.get_or_init(|| Arc::new(Semaphore::new(limit))))
    }

    /// How many sub-agents of a session run or wait here.
    fn child_count(&self, parent: &SessionId) -> usize {
        self.lock().values().filter(|child| child.parent == parent.as_str()).count()
    }

    fn is_live(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Completes at the next end.
    fn next_end(&self) -> Notified<'_> {
        self.0.ended.notified()
    }

    /// The sub-agent whose session has this key.
    fn find_by_session(&self, key: &str) -> Option<LiveChild> {
        self.lock().values().find(|child| child.child_key == key).cloned()
    }

    /// Tells sub-agents of a session to stop, those that `is_meant` accepts by their ids; returns
    /// their ids and names.
    fn stop_children(
        &self,
        parent: &SessionId,
        is_meant: impl Fn(&str) -> bool,
    ) -> Vec<(String, String)> {
        let live = self.lock();
        let meant = live
            .iter()
            .filter(|(id, child)| child.parent == parent.as_str() && is_meant(id))
            .map(|(id, child)| {
                child.stop.send_replace(true);
                (id.clone(), child.name.clone())
            });
        meant.collect()
    }

    /// Waits until none of these runs any more, at most for a time.
    async fn wait_for_ends(&self, ids: &[String], limit: Duration) {
        let all_ended = async {
            loop {
                let next = self.next_end();
                tokio::pin!(next);
                next.as_mut().enable();
                if !ids.iter().any(|id| self.is_live(id)) {
                    return;
                }
                next.await;
            }
        };
        // Whoever waits looks at what has ended.
        let _ = tokio::time::timeout(limit, all_ended).await;
    }

    /// Stops all sub-agents of a session, and waits for their ends for a short time. Returns their
    /// names.
    pub(crate) async fn cancel_children(&self, parent: &SessionId) -> Vec<String> {
        let stopped = self.stop_children(parent, |_| true);
        let (ids, names): (Vec<String>, Vec<String>) = stopped.into_iter().unzip();
        self.wait_for_ends(&ids, CANCEL_WAIT).await;
        names
    }

    /// The names of a session's sub-agents that run or wait here.
    pub(crate) fn child_names(&self, parent: &SessionId) -> Vec<String> {
        let live = self.lock();
        let own = live.values().filter(|child| child.parent == parent.as_str());
        own.map(|child| child.name.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, LiveChild>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
