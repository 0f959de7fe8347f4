//! The causes and hints of errors, for people and for programs.

use std::error::Error;

use openclaw_agent_loop::{TurnError, TurnErrorKind};
use openclaw_store::StoreError;

/// Returns the hints for a turn error, as sentences.
#[must_use]
pub fn turn_error_hints(error: &TurnError) -> Vec<String> {
    let hints = error.hints().into_iter().map(str::to_owned);
    let doctor_hint = matches!(error.kind(), TurnErrorKind::InvalidCalls)
        .then(|| "`openclaw doctor` shows what the server makes of tool calls.".to_owned());
    hints.chain(doctor_hint).collect()
}

/// Returns the hint for a session store error, as a sentence.
#[must_use]
pub fn store_error_hint(error: &StoreError) -> Option<String> {
    let hint = error.hint()?;
    let mut chars = hint.chars();
    let first = chars.next()?.to_uppercase();
    Some(first.chain(chars).chain(['.']).collect())
}

/// Returns the causes of an error, nearest first, without duplicate texts.
#[must_use]
pub fn error_causes(error: &dyn Error) -> Vec<String> {
    let mut seen_text = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !seen_text.contains(&text) {
            seen_text.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

/// An error with its causes, on one line, as a sentence for a model.
pub(crate) fn failure_text(error: &dyn Error) -> String {
    let causes = error_causes(error).into_iter().map(|cause| format!(": {cause}"));
    format!("failed to {error}{}", causes.collect::<String>())
}
