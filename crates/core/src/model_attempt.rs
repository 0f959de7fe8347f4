//! A model that did not answer while another one could be asked.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::ModelRef;

/// A failed or skipped model of several that can answer a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAttempt {
    /// The model.
    pub reference: ModelRef,
    /// The error kind, as named in JSON; `on_cooldown` for a skipped model.
    pub kind: Cow<'static, str>,
    /// The error with its root cause, as a fragment that fits "failed to {…}".
    pub problem: String,
    /// What a person could do about it.
    pub hints: Vec<String>,
    /// The remaining cooldown of a skipped model; `None` for a model that was asked.
    pub cooldown: Option<Duration>,
    /// When it was tried, as the time since the models were connected first.
    pub after: Duration,
    /// The time until it failed.
    pub duration: Duration,
    /// The model that was tried next; `None` when there was none left.
    pub next: Option<ModelRef>,
}

impl fmt::Display for ModelAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, problem, .. } = self;
        match self.cooldown {
            None => write!(f, "{reference}: failed to {problem}")?,
            Some(held) => {
                let seconds = held.as_secs().max(1);
                write!(f, "{reference} is asked last for {seconds} s: it failed to {problem}")?;
            }
        }
        match &self.next {
            Some(next) => write!(f, "; using {next}"),
            None => Ok(()),
        }
    }
}
