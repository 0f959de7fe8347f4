//! The record of models that were tried in vain, and the error when all were.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_core::{ModelError, ModelErrorKind, ModelRef};

use crate::error::{ConnectError, SetupError};

/// The models that were tried in vain, in order. Clones share the record.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<Mutex<Vec<Attempt>>>);

/// A model that was tried in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The model.
    pub reference: ModelRef,
    /// The kind of failure, as named in JSON.
    pub kind: &'static str,
    /// What went wrong with its cause, as a fragment that fits "failed to {…}".
    pub problem: String,
    /// When it was tried, from the beginning of the chain.
    pub after: Duration,
    /// How long it took to fail.
    pub duration: Duration,
    /// The model that was tried next; `None` when there was none left.
    pub next: Option<ModelRef>,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, problem, .. } = self;
        write!(f, "{reference}: failed to {problem}")?;
        match &self.next {
            Some(next) => write!(f, "; using {next}"),
            None => Ok(()),
        }
    }
}

impl Attempts {
    /// The record so far.
    #[must_use]
    pub fn failed(&self) -> Vec<Attempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn push(&self, attempt: Attempt) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    }
}

/// All attempts of one walk in vain: the newest, and behind it the older ones.
#[derive(Debug)]
struct Tried {
    attempt: Attempt,
    older: Option<Box<Tried>>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attempt { reference, problem, .. } = &self.attempt;
        write!(f, "{reference}: failed to {problem}")
    }
}

impl Error for Tried {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.older.as_deref().map(|older| older as &(dyn Error + 'static))
    }
}

/// The models that were tried before none was left, in order; empty where one alone was.
#[must_use]
pub fn attempts_of(error: &ConnectError) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut next = error.source().and_then(|source| source.downcast_ref::<Tried>());
    while let Some(tried) = next {
        attempts.push(tried.attempt.clone());
        next = tried.older.as_deref();
    }
    attempts.reverse();
    attempts
}

/// The error of a walk that ended with `error`, after these attempts, its own the last of them. A
/// single attempt is its own error.
pub(super) fn failure(error: ConnectError, attempts: Vec<Attempt>) -> ConnectError {
    let count = attempts.len();
    if count < 2 {
        return error;
    }
    let chain =
        attempts.into_iter().fold(None, |older, attempt| Some(Box::new(Tried { attempt, older })));
    let Some(tried) = chain else { return error };
    let message = format!("get an answer from any of {count} models");
    match error {
        ConnectError::Setup(error) => {
            let failed = SetupError::new(error.kind(), message).with_source(*tried);
            let hints = error.hints().iter().cloned();
            ConnectError::Setup(hints.fold(failed, SetupError::with_hint))
        }
        ConnectError::Model(error) => {
            let failed = ModelError::new(error.kind(), message).with_source(*tried);
            let failed = match error.exchange() {
                Some(exchange) => failed.with_exchange(exchange.clone()),
                None => failed,
            };
            let hints = error.hints().iter().cloned();
            ConnectError::Model(hints.fold(failed, ModelError::with_hint))
        }
    }
}

/// What went wrong and its root, on one line.
pub(super) fn problem(error: &ConnectError) -> String {
    let text = error.to_string();
    let root = std::iter::successors(error.source(), |&cause| cause.source()).last();
    match root.map(ToString::to_string).filter(|root| !text.contains(root.as_str())) {
        Some(root) => format!("{text}: {root}"),
        None => text,
    }
}

/// The kind of a failure, as named in JSON.
pub(super) fn kind(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Setup(error) => error.kind().name(),
        ConnectError::Model(error) => error.kind().name(),
    }
}

pub(super) fn into_model_error(error: ConnectError) -> ModelError {
    match error {
        ConnectError::Model(error) => error,
        ConnectError::Setup(error) => {
            let hints = error.hints().to_vec();
            let failed = ModelError::new(ModelErrorKind::Rejected, error.to_string());
            let failed = match error.into_source() {
                Some(source) => failed.with_source(source),
                None => failed,
            };
            hints.into_iter().fold(failed, ModelError::with_hint)
        }
    }
}
