//! Limits the concurrent streams of an endpoint and queues the others by priority.
//!
//! A single machine serves one request about as fast as two together, and a queue in front of it
//! can put a user before a background job, which the server's own queue cannot. A stream that waits
//! here has sent nothing.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Runs a limited number of streams at a time and queues the others. Clones share one queue, so
/// that several clients of an endpoint can use it.
#[derive(Clone)]
pub struct ConcurrencyLimiter(Arc<LimiterShared>);

/// The priority of a stream. Higher ones leave the queue first, equal ones in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum StreamPriority {
    /// Background work that no user waits for.
    Background,
    /// The next request of a turn, with the results of its tool calls.
    FollowUp,
    /// The first request of a turn, for which a user waits.
    #[default]
    User,
}

/// How busy a [`ConcurrencyLimiter`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// Streams that hold a permit.
    pub in_flight: usize,
    /// Streams that wait for a permit.
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
    /// One queue for each priority, the lowest first.
    queues: [VecDeque<QueueWaiter>; 3],
}

struct QueueWaiter {
    id: u64,
    permit_sender: oneshot::Sender<StreamPermit>,
}

/// The permit of one stream; dropping it admits the next.
pub(crate) struct StreamPermit(Option<Arc<LimiterShared>>);

impl ConcurrencyLimiter {
    /// Allows at most `limit` streams at a time.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self(Arc::new(LimiterShared { limit, state: Mutex::default() }))
    }

    /// The most concurrent streams.
    #[must_use]
    pub fn limit(&self) -> NonZeroUsize {
        self.0.limit
    }

    /// Counts the running and the waiting streams.
    #[must_use]
    pub fn queue_depth(&self) -> QueueDepth {
        let state = self.0.lock_state();
        let waiting = state.queues.iter().map(VecDeque::len).sum();
        QueueDepth { in_flight: state.in_flight, waiting }
    }

    /// Waits for a permit. Dropping the future leaves the queue.
    pub(crate) async fn acquire_permit(&self, priority: StreamPriority) -> StreamPermit {
        let (id, receiver) = {
            let mut state = self.0.lock_state();
            // With a free permit the queue is empty: each release admits the next waiter.
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
            // Only this future's own queue entry drops its sender, so this is not reached.
            Err(_gone) => StreamPermit(None),
        }
    }
}

/// A waiter's queue entry, removed when it is dropped.
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

    /// Passes the permit to the next waiter, or frees it.
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
            // A waiter dropped after the send releases the permit by dropping it. One that was
            // dropped before returns it here: disarm it and offer it to the next.
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
        f.debug_struct("ConcurrencyLimiter")
            .field("limit", &self.0.limit)
            .field("depth", &self.queue_depth())
            .finish()
    }
}

#[cfg(test)]
mod tests;
