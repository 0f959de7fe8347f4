//! Messages that the user sends while a turn runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A queue of messages that the user sends while a turn runs. Clones share it.
///
/// The turn takes the messages before its next model call, after the results of the calls that ran:
/// no tool and no answer is interrupted for them. Messages that no turn took stay for the caller:
/// see [`take_pending`](Self::take_pending).
#[derive(Debug, Clone, Default)]
pub struct SteeringQueue(Arc<Mutex<SteeringState>>);

#[derive(Debug, Default)]
struct SteeringState {
    pending: VecDeque<String>,
    /// How many messages are being recorded.
    recording_count: usize,
}

/// A message that is being recorded. Goes back to the queue when it is dropped before that is done.
#[derive(Debug)]
pub(crate) struct PendingMessage<'a> {
    text: String,
    is_recorded: bool,
    steering: &'a SteeringQueue,
}

impl SteeringQueue {
    /// Adds a message for the turn. Ignores blank text.
    pub fn push_message(&self, text: impl Into<String>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.lock_state().pending.push_back(text);
        }
    }

    /// Takes the messages that no turn took, in order.
    #[must_use]
    pub fn take_pending(&self) -> Vec<String> {
        self.lock_state().pending.drain(..).collect()
    }

    /// Returns whether no message is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock_state().pending.is_empty()
    }

    /// Takes the oldest message, to record it.
    pub(crate) fn next_message(&self) -> Option<PendingMessage<'_>> {
        let mut state = self.lock_state();
        let text = state.pending.pop_front()?;
        state.recording_count += 1;
        Some(PendingMessage { text, is_recorded: false, steering: self })
    }

    /// Returns whether a turn is recording a message.
    pub(crate) fn is_recording(&self) -> bool {
        self.lock_state().recording_count > 0
    }

    fn lock_state(&self) -> MutexGuard<'_, SteeringState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingMessage<'_> {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Marks the message as recorded and returns its text.
    pub(crate) fn into_recorded(mut self) -> String {
        self.is_recorded = true;
        std::mem::take(&mut self.text)
    }
}

impl Drop for PendingMessage<'_> {
    fn drop(&mut self) {
        let mut state = self.steering.lock_state();
        state.recording_count = state.recording_count.saturating_sub(1);
        if !self.is_recorded {
            state.pending.push_front(std::mem::take(&mut self.text));
        }
    }
}
