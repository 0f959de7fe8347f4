//! What a person should know though nothing failed.

use std::sync::{Arc, Mutex, PoisonError};

/// What a person should know though nothing failed, in order. Clones share the record.
#[derive(Debug, Clone, Default)]
pub struct NoticeLog(Arc<Mutex<Vec<String>>>);

impl NoticeLog {
    /// Takes what was noted since the last time.
    #[must_use]
    pub fn take_all(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many were noted since the last time.
    pub(crate) fn pending_count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes what was noted after the first `count`.
    pub(crate) fn take_after(&self, count: usize) -> Vec<String> {
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = count.min(notices.len());
        notices.split_off(count)
    }

    pub(crate) fn push(&self, notice: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
}
