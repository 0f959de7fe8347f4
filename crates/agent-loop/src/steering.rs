//! What the user says while a turn runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the user says while a turn runs, until the model is given it. Clones share it.
///
/// The turn takes a text up before its next model call, after the results of the calls that ran:
/// no tool and no answer is ended for it. What no turn took, because it ended before, is there for
/// the caller: see [`take_unheard`](Self::take_unheard).
#[derive(Debug, Clone, Default)]
pub struct SteeringQueue(Arc<Mutex<SteeringState>>);

#[derive(Debug, Default)]
struct SteeringState {
    pending: VecDeque<String>,
    /// How many texts are being recorded.
    recording_count: usize,
}

/// A text that is being recorded; unheard again when it is dropped before it is in the history.
#[derive(Debug)]
pub(crate) struct PendingMessage<'a> {
    text: String,
    is_recorded: bool,
    steering: &'a SteeringQueue,
}

impl SteeringQueue {
    /// Says something to the turn. A blank text says nothing.
    pub fn push_message(&self, text: impl Into<String>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.lock_state().pending.push_back(text);
        }
    }

    /// Takes what the model was not given, in the order in which it was said.
    #[must_use]
    pub fn take_pending(&self) -> Vec<String> {
        self.lock_state().pending.drain(..).collect()
    }

    /// Whether nothing waits to be given to the model.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock_state().pending.is_empty()
    }

    /// Takes the text that was said first.
    pub(crate) fn next_message(&self) -> Option<PendingMessage<'_>> {
        let mut state = self.lock_state();
        let text = state.pending.pop_front()?;
        state.recording_count += 1;
        Some(PendingMessage { text, is_recorded: false, steering: self })
    }

    /// Whether a turn is about to add a text to the history.
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

    /// Settles that it is in the history.
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
