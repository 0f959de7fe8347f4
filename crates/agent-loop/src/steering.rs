//! What the user says while a turn runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the user says while a turn runs, until the model is given it. Clones share it.
///
/// The turn takes a text up before its next model call, after the results of the calls that ran:
/// no tool and no answer is ended for it. What no turn took, because it ended before, is there for
/// the caller: see [`take_unheard`](Self::take_unheard).
#[derive(Debug, Clone, Default)]
pub struct Steering(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    unheard: VecDeque<String>,
    /// How many texts are being recorded.
    recording: usize,
}

/// A text that is being recorded; unheard again when it is dropped before it is in the history.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    text: String,
    is_heard: bool,
    steering: &'a Steering,
}

impl Steering {
    /// Says something to the turn. A blank text says nothing.
    pub fn say(&self, text: impl Into<String>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.state().unheard.push_back(text);
        }
    }

    /// Takes what the model was not given, in the order in which it was said.
    #[must_use]
    pub fn take_unheard(&self) -> Vec<String> {
        self.state().unheard.drain(..).collect()
    }

    /// Whether nothing waits to be given to the model.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().unheard.is_empty()
    }

    /// Takes the text that was said first.
    pub(crate) fn next(&self) -> Option<Said<'_>> {
        let mut state = self.state();
        let text = state.unheard.pop_front()?;
        state.recording += 1;
        Some(Said { text, is_heard: false, steering: self })
    }

    /// Whether a turn is about to add a text to the history.
    pub(crate) fn is_being_recorded(&self) -> bool {
        self.state().recording > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said<'_> {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Settles that it is in the history.
    pub(crate) fn heard(mut self) -> String {
        self.is_heard = true;
        std::mem::take(&mut self.text)
    }
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        let mut state = self.steering.state();
        state.recording = state.recording.saturating_sub(1);
        if !self.is_heard {
            state.unheard.push_front(std::mem::take(&mut self.text));
        }
    }
}
