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
pub struct Turnstile(Arc<Shared>);

/// How urgent a stream is. Of those that wait, the more urgent goes first; of equals, the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
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
pub struct Depth {
    /// Streams that were let in and have not ended.
    pub in_flight: usize,
    /// Streams that wait in line.
    pub waiting: usize,
}

struct Shared {
    limit: NonZeroUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_flight: usize,
    next_id: u64,
    /// One line for each priority, the least urgent first.
    lines: [VecDeque<Waiter>; 3],
}

struct Waiter {
    id: u64,
    pass: oneshot::Sender<Pass>,
}

/// The right to have a stream; dropping it lets the next one in.
pub(crate) struct Pass(Option<Arc<Shared>>);

impl Turnstile {
    /// Lets in at most `limit` streams at a time.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self(Arc::new(Shared { limit, state: Mutex::default() }))
    }

    /// The most streams at a time.
    #[must_use]
    pub fn limit(&self) -> NonZeroUsize {
        self.0.limit
    }

    /// How many are in, and how many wait.
    #[must_use]
    pub fn depth(&self) -> Depth {
        let state = self.0.state();
        let waiting = state.lines.iter().map(VecDeque::len).sum();
        Depth { in_flight: state.in_flight, waiting }
    }

    /// Waits to be let in. A dropped future leaves the line.
    pub(crate) async fn enter(&self, priority: Priority) -> Pass {
        let (id, receiver) = {
            let mut state = self.0.state();
            // Whenever there is room, nobody waits: who leaves lets the next one in.
            if state.in_flight < self.0.limit.get() {
                state.in_flight += 1;
                return Pass(Some(Arc::clone(&self.0)));
            }
            let (pass, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            state.line(priority).push_back(Waiter { id, pass });
            (id, receiver)
        };
        let _place = Place { shared: &self.0, priority, id };
        match receiver.await {
            Ok(pass) => pass,
            // A waiter is dropped only by its own place.
            Err(_gone) => Pass(None),
        }
    }
}

/// A place in line, given up when it is dropped.
struct Place<'a> {
    shared: &'a Shared,
    priority: Priority,
    id: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.line(self.priority).retain(|waiter| waiter.id != self.id);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a pass on to the next in line, or makes room.
    fn release(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                let next = state.lines.iter_mut().rev().find_map(VecDeque::pop_front);
                if next.is_none() {
                    state.in_flight -= 1;
                }
                next
            };
            let Some(waiter) = next else { return };
            // A pass that is on its way to someone who leaves comes back by being dropped.
            match waiter.pass.send(Pass(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                Err(mut refused) => refused.0 = None,
            }
        }
    }
}

impl State {
    fn line(&mut self, priority: Priority) -> &mut VecDeque<Waiter> {
        let [background, follow_up, user] = &mut self.lines;
        match priority {
            Priority::Background => background,
            Priority::FollowUp => follow_up,
            Priority::User => user,
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.release();
        }
    }
}

impl fmt::Debug for Turnstile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turnstile")
            .field("limit", &self.0.limit)
            .field("depth", &self.depth())
            .finish()
    }
}

#[cfg(test)]
mod tests;
