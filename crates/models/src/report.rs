//! The report about connecting a model.

use openclaw_core::{ChatEvent, ModelAttempt};

/// What happened while a model was connected, or an agent was built with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectReport {
    /// The models that failed or were skipped, in order.
    pub attempts: Vec<ModelAttempt>,
    /// The warnings for the user, in order; each without a final full stop.
    pub warnings: Vec<String>,
}

impl ConnectReport {
    /// Takes its contents, as events of a call.
    pub(crate) fn take_events(&mut self) -> impl Iterator<Item = ChatEvent> {
        let Self { attempts, warnings } = std::mem::take(self);
        let failed = |attempt| ChatEvent::ModelAttemptFailed(Box::new(attempt));
        let attempts = attempts.into_iter().map(failed);
        attempts.chain(warnings.into_iter().map(|message| ChatEvent::Warning { message }))
    }
}
