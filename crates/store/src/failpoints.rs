//! Fail points: let a test end the process at each stage of a write.

use std::fmt;

/// A stage of a write, reported when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteStage {
    /// A transaction has begun.
    Begun,
    /// Everything is written but not committed.
    Written,
    /// The commit is durable, but the caller was not told.
    Committed,
    /// The caller was told.
    Acknowledged,
}

/// A callback for the stages of a write; empty outside of tests.
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
        f.debug_tuple("FailPointHook").field(&self.0.is_some()).finish()
    }
}
