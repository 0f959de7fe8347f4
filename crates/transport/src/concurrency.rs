//! How many streams an endpoint has at a time, and who is next.
//!
//! One machine generates for one request about as fast as for two together, and a queue in front
//! of it can put a person before a background job, which the server's own cannot. Whoever waits
//! here has sent nothing.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Lets a limited number of streams in at a time; the others wait in line. Clones are handles of
/// the same one, so that several clients of an endpoint can share it.
#[derive(Clone)]
pub struct ConcurrencyLimiter(Arc<LimiterShared>);

/// How urgent a stream is. Of those that wait, the more urgent goes first; of equals, the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum StreamPriority {
    /// Nobody waits for it.
    Background,
    /// A turn goes on with what its tools brought.
    FollowUp,
    /// A person waits for the first answer to what they said.
    #[default]
    User,
}

/// How busy a turnstile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// Streams that were let in and have not ended.
    pub in_flight: usize,
    /// Streams that wait in line.
    pub waiting: usize,
}

struct LimiterShared {
    limit: NonZeroUsize,
    state: Mutex<LimiterState>,
}

#[derive(Default)]
struct LimiterState {
    in_flight: usize,
    next_id: u64,
    /// One line for each priority, the least urgent first.
    queues: [VecDeque<QueueWaiter>; 3],
}

struct QueueWaiter {
    id: u64,
    permit_sender: oneshot::Sender<StreamPermit>,
}

/// The right to have a stream; dropping it lets the next one in.
pub(crate) struct StreamPermit(Option<Arc<LimiterShared>>);

impl ConcurrencyLimiter {
    /// Lets in at most `limit` streams at a time.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self(Arc::new(LimiterShared { limit, state: Mutex::default() }))
    }

    /// The most streams at a time.
    #[must_use]
    pub fn limit(&self) -> NonZeroUsize {
        self.0.limit
    }

    /// How many are in, and how many wait.
    #[must_use]
    pub fn queue_depth(&self) -> QueueDepth {
        let state = self.0.lock_state();
        let waiting = state.queues.iter().map(VecDeque::len).sum();
        QueueDepth { in_flight: state.in_flight, waiting }
    }

    /// Waits to be let in. A dropped future leaves the line.
    pub(crate) async fn acquire_permit(&self, priority: StreamPriority) -> StreamPermit {
        let (id, receiver) = {
            let mut state = self.0.lock_state();
            // Whenever there is room, nobody waits: who leaves lets the next one in.
            if state.in_flight < self.0.limit.get() {
                state.in_flight += 1;
                return StreamPermit(Some(Arc::clone(&self.0)));
            }
            let (permit_sender, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            state.queue_mut(priority).push_back(QueueWaiter { id, permit_sender });
            (id, receiver)
        };
        let _queue_entry = QueueEntry { shared: &self.0, priority, id };
        match receiver.await {
            Ok(permit) => permit,
            // A waiter is dropped only by its own place.
            Err(_gone) => StreamPermit(None),
        }
    }
}

/// A place in line, given up when it is dropped.
struct QueueEntry<'a> {
    shared: &'a LimiterShared,
    priority: StreamPriority,
    id: u64,
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock_state();
        state.queue_mut(self.priority).retain(|waiter| waiter.id != self.id);
    }
}

impl LimiterShared {
    fn lock_state(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a pass on to the next in line, or makes room.
    fn release_permit(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = self.lock_state();
                let next = state.queues.iter_mut().rev().find_map(VecDeque::pop_front);
                if next.is_none() {
                    state.in_flight -= 1;
                }
                next
            };
            let Some(waiter) = next else { return };
            // A pass that is on its way to someone who leaves comes back by being dropped.
            match waiter.permit_sender.send(StreamPermit(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                Err(mut refused) => refused.0 = None,
            }
        }
    }
}

impl LimiterState {
    fn queue_mut(&mut self, priority: StreamPriority) -> &mut VecDeque<QueueWaiter> {
        let [background, follow_up, user] = &mut self.queues;
        match priority {
            StreamPriority::Background => background,
            StreamPriority::FollowUp => follow_up,
            StreamPriority::User => user,
        }
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.release_permit();
        }
    }
}

impl fmt::Debug for ConcurrencyLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turnstile")
            .field("limit", &self.0.limit)
            .field("depth", &self.queue_depth())
            .finish()
    }
}

#[cfg(test)]
mod tests;
