//! The steps of a write, so that a test can end the process at each.

use std::fmt;

/// A step of a write, told when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteStage {
    /// A transaction is begun.
    Begun,
    /// All is written, and not committed.
    Written,
    /// It is durable, and nobody was told.
    Committed,
    /// Whoever waited was told.
    Acknowledged,
}

/// Whoever is told; nobody but in tests.
#[derive(Default)]
pub(crate) struct FailPointHook(Option<Box<dyn FnMut(WriteStage) + Send>>);

impl FailPointHook {
    #[cfg(test)]
    pub(crate) fn from_callback(told: impl FnMut(WriteStage) + Send + 'static) -> Self {
        Self(Some(Box::new(told)))
    }

    pub(crate) fn notify_reached(&mut self, stage: WriteStage) {
        if let Some(callback) = &mut self.0 {
            callback(stage);
        }
    }
}

impl fmt::Debug for FailPointHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Steps").field(&self.0.is_some()).finish()
    }
}
