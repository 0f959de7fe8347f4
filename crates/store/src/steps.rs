//! The steps of a write, so that a test can end the process at each.

use std::fmt;

/// A step of a write, told when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
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
pub(crate) struct Steps(Option<Box<dyn FnMut(Step) + Send>>);

impl Steps {
    #[cfg(test)]
    pub(crate) fn told(told: impl FnMut(Step) + Send + 'static) -> Self {
        Self(Some(Box::new(told)))
    }

    pub(crate) fn reached(&mut self, step: Step) {
        if let Some(told) = &mut self.0 {
            told(step);
        }
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Steps").field(&self.0.is_some()).finish()
    }
}
