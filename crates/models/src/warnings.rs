//! Notices for the user about things that did not fail.

use std::sync::{Arc, Mutex, PoisonError};

/// Notices for the user about things that did not fail, in order. Clones share the log.
#[derive(Debug, Clone, Default)]
pub struct NoticeLog(Arc<Mutex<Vec<String>>>);

impl NoticeLog {
    /// Takes all pending notices.
    #[must_use]
    pub fn take_all(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts the pending notices.
    pub(crate) fn pending_count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes the pending notices after the first `count`.
    pub(crate) fn take_after(&self, count: usize) -> Vec<String> {
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = count.min(notices.len());
        notices.split_off(count)
    }

    /// Adds a notice.
    pub fn push(&self, notice: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
}
