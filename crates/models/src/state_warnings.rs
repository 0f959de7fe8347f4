//! Warnings about the state files of this crate.

use std::sync::{Arc, Mutex, PoisonError};

/// Warnings about state files that cannot be read or written, which no call has returned yet. Files
/// are written in the middle of an answer too, so the next call or event that can carry a warning
/// takes them. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct StateWarnings(Arc<Mutex<Vec<String>>>);

impl StateWarnings {
    /// Takes all warnings.
    pub(crate) fn take_all(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a warning.
    pub(crate) fn push(&self, warning: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }
}
