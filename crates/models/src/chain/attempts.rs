//! The error when all attempts failed.

use std::error::Error;
use std::fmt;

use openclaw_core::{ModelAttempt, ModelError, ModelErrorKind};

use crate::error::{ConnectError, SetupError};

/// The kind recorded for a model that was skipped because of its cooldown.
pub(super) const KIND_ON_COOLDOWN: &str = "on_cooldown";

/// All failed attempts of one run: the newest, with the older ones as its source.
#[derive(Debug)]
struct AttemptChainError {
    attempt: ModelAttempt,
    older: Option<Box<AttemptChainError>>,
}

impl fmt::Display for AttemptChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ModelAttempt { reference, problem, .. } = &self.attempt;
        write!(f, "{reference}: failed to {problem}")
    }
}

impl Error for AttemptChainError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.older.as_deref().map(|older| older as &(dyn Error + 'static))
    }
}

/// Returns the failed attempts behind an error, in order; empty when only one model was tried.
/// Takes a [`ConnectError`] or a [`ModelError`].
#[must_use]
pub fn attempts_in_error(error: &(dyn Error + 'static)) -> Vec<ModelAttempt> {
    let mut attempts = Vec::new();
    let mut next = error.source().and_then(|source| source.downcast_ref::<AttemptChainError>());
    while let Some(tried) = next {
        attempts.push(tried.attempt.clone());
        next = tried.older.as_deref();
    }
    attempts.reverse();
    attempts
}

/// Returns the error of a run that ended with `error`. `attempts` includes the last one. A single
/// attempt needs no wrapper.
pub(super) fn chain_error(error: ConnectError, attempts: Vec<ModelAttempt>) -> ConnectError {
    let count = attempts.len();
    if count < 2 {
        return error;
    }
    let chain = attempts
        .into_iter()
        .fold(None, |older, attempt| Some(Box::new(AttemptChainError { attempt, older })));
    let hints = collect_hints(chain.as_deref());
    let Some(tried) = chain else { return error };
    let message = format!("get an answer from any of {count} models");
    match error {
        ConnectError::Setup(error) => {
            let failed = SetupError::new(error.kind(), message).with_source(*tried);
            ConnectError::Setup(hints.into_iter().fold(failed, SetupError::with_hint))
        }
        ConnectError::Model(error) => {
            let failed = ModelError::new(error.kind(), message).with_source(*tried);
            let failed = match error.http_exchange() {
                Some(exchange) => failed.with_exchange(exchange.clone()),
                None => failed,
            };
            ConnectError::Model(hints.into_iter().fold(failed, ModelError::with_hint))
        }
    }
}

/// Collects the hints of all attempts in order, each with the models it applies to.
fn collect_hints(newest: Option<&AttemptChainError>) -> Vec<String> {
    let newest_first = std::iter::successors(newest, |tried| tried.older.as_deref());
    let mut attempts: Vec<&ModelAttempt> = newest_first.map(|tried| &tried.attempt).collect();
    attempts.reverse();
    let mut grouped: Vec<(&str, Vec<String>)> = Vec::new();
    for attempt in attempts {
        let name = attempt.reference.to_string();
        for hint in &attempt.hints {
            match grouped.iter_mut().find(|(known, _)| known == hint) {
                Some((_, names)) => names.push(name.clone()),
                None => grouped.push((hint, vec![name.clone()])),
            }
        }
    }
    let hints = grouped.into_iter().map(|(hint, names)| format!("{}: {hint}", names.join(", ")));
    hints.collect()
}

/// Returns the hints of an error.
pub(super) fn error_hints(error: &ConnectError) -> Vec<String> {
    match error {
        ConnectError::Setup(error) => error.hints().to_vec(),
        ConnectError::Model(error) => error.hints().to_vec(),
    }
}

/// Returns the error and its root cause on one line.
pub(super) fn describe_problem(error: &ConnectError) -> String {
    let text = error.to_string();
    let root = std::iter::successors(error.source(), |&cause| cause.source()).last();
    match root.map(ToString::to_string).filter(|root| !text.contains(root.as_str())) {
        Some(root) => format!("{text}: {root}"),
        None => text,
    }
}

/// Returns the error kind, as named in JSON.
pub(super) fn error_kind(error: &ConnectError) -> &'static str {
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
