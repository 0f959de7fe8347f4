//! How a run of a job ended, as its job sees it.

use openclaw_protocol::gateway::RunState;
use openclaw_runtime::{JobRunStatus, RunOutcome};
use serde_json::{Map, Value};

use crate::run_result::RunEnd;

/// The answers with which an agent says that nothing needs to be said.
const SILENCE_TOKENS: [&str; 2] = ["HEARTBEAT_OK", "NO_REPLY"];

/// The characters that may be around such a token.
const TOKEN_TRIM: &[char] = &['*', '`', '"', '\'', '.', '_'];

/// The most characters of a text in the record of a run.
const MAX_RECORDED_CHARS: usize = 4000;

/// How a run ended.
#[derive(Debug, Default)]
pub(super) struct RunVerdict {
    pub(super) status: Option<JobRunStatus>,
    /// What the agent said, unless it meant silence.
    pub(super) text: Option<String>,
    /// Why it is not well.
    pub(super) error: Option<String>,
    /// What else is known, for programs.
    pub(super) details: Map<String, Value>,
}

impl RunVerdict {
    pub(super) fn new(status: JobRunStatus) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self { error: Some(reason.into()), ..Self::new(JobRunStatus::Skipped) }
    }

    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self { error: Some(reason.into()), ..Self::new(JobRunStatus::Failed) }
    }

    pub(super) fn with_detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn status(&self) -> JobRunStatus {
        self.status.unwrap_or(JobRunStatus::Failed)
    }

    /// How a turn ended. It is well only when the agent answered wholly, or meant silence, and was
    /// denied nothing.
    pub(super) fn from_end(end: &RunEnd) -> Self {
        let text = end.text.as_deref().filter(|text| !is_silence(text));
        let (status, error) = judge_end(end);
        let summary = match text {
            Some(text) => text.chars().take(MAX_RECORDED_CHARS).collect(),
            None if status == JobRunStatus::Succeeded => "silent".to_owned(),
            None => end.summary.clone(),
        };
        let mut verdict = Self {
            status: Some(status),
            text: text.map(str::to_owned),
            error,
            details: Map::new(),
        }
        .with_detail("summary", summary);
        for key in ["model", "provider", "sessionId"] {
            let value = end.meta.pointer(&format!("/agentMeta/{key}"));
            if let Some(value) = value.filter(|value| !value.is_null()) {
                verdict.details.insert(key.to_owned(), value.clone());
            }
        }
        if let Some(usage) = &end.usage {
            verdict.details.insert("usage".to_owned(), serde_json::json!(usage));
        }
        verdict
    }

    /// What is kept of it.
    pub(super) fn to_record(&self) -> Value {
        let mut record = self.details.clone();
        if let Some(error) = &self.error {
            record.insert("error".to_owned(), error.clone().into());
        }
        Value::Object(record)
    }
}

fn judge_end(end: &RunEnd) -> (JobRunStatus, Option<String>) {
    if !end.denied_calls.is_empty() {
        let text = format!("not allowed: {}", end.denied_calls.join("; "));
        return (JobRunStatus::Denied, Some(text));
    }
    match (end.status, end.summary.as_str()) {
        (RunState::Ok, "length") => {
            let text = "the answer was cut off at the limit of output tokens";
            (JobRunStatus::Failed, Some(text.to_owned()))
        }
        (RunState::Ok, _) => (JobRunStatus::Succeeded, None),
        (_, "timeout") => {
            (JobRunStatus::TimedOut, end.error_text().or(Some("it took too long".to_owned())))
        }
        (_, "cancelled") => (JobRunStatus::Cancelled, end.error_text()),
        (_, "needs_input") => {
            let text = "the agent asks for something, and nobody is there to answer";
            (JobRunStatus::Failed, end.error_text().or(Some(text.to_owned())))
        }
        (_, summary) => {
            (JobRunStatus::Failed, end.error_text().or_else(|| Some(summary.to_owned())))
        }
    }
}

/// What a status means for the clock of the job.
pub(super) fn clock_outcome(status: JobRunStatus) -> RunOutcome {
    match status {
        JobRunStatus::Succeeded => RunOutcome::Succeeded,
        JobRunStatus::Skipped => RunOutcome::Skipped,
        _ => RunOutcome::Failed,
    }
}

/// Whether an answer says that nothing needs to be said.
fn is_silence(text: &str) -> bool {
    let word = text.trim().trim_matches(TOKEN_TRIM);
    SILENCE_TOKENS.iter().any(|token| token.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(status: RunState, summary: &str, text: Option<&str>) -> RunEnd {
        RunEnd {
            status,
            summary: summary.to_owned(),
            text: text.map(str::to_owned),
            ..RunEnd::lost()
        }
    }

    #[test]
    fn each_way_to_end_has_a_status_of_its_own() {
        let ok = RunState::Ok;
        let error = RunState::Error;
        for (end, expected) in [
            (end(ok, "completed", Some("done")), JobRunStatus::Succeeded),
            (end(ok, "completed", Some("NO_REPLY")), JobRunStatus::Succeeded),
            (end(ok, "silent", None), JobRunStatus::Succeeded),
            (end(ok, "length", Some("do")), JobRunStatus::Failed),
            (end(error, "timeout", None), JobRunStatus::TimedOut),
            (end(error, "cancelled", None), JobRunStatus::Cancelled),
            (end(error, "needs_input", None), JobRunStatus::Failed),
            (end(error, "failed", Some("half")), JobRunStatus::Failed),
        ] {
            let verdict = RunVerdict::from_end(&end);
            assert_eq!(verdict.status(), expected, "{}", end.summary);
            assert_eq!(verdict.error.is_some(), expected != JobRunStatus::Succeeded);
        }
        let mut denied = end(ok, "completed", Some("I could not do it."));
        denied.denied_calls.push("exec: the policy denies it".to_owned());
        let verdict = RunVerdict::from_end(&denied);
        assert_eq!(verdict.status(), JobRunStatus::Denied);
        assert!(verdict.error.unwrap().contains("the policy denies it"));
    }

    #[test]
    fn silence_is_never_a_text() {
        for silent in ["NO_REPLY", " no_reply \n", "**HEARTBEAT_OK**", "`NO_REPLY`."] {
            let verdict = RunVerdict::from_end(&end(RunState::Ok, "completed", Some(silent)));
            assert_eq!(verdict.text, None, "{silent}");
            assert_eq!(verdict.details["summary"], "silent");
        }
        let said = "NO_REPLY means that nothing is said";
        let verdict = RunVerdict::from_end(&end(RunState::Ok, "completed", Some(said)));
        assert_eq!(verdict.text.as_deref(), Some(said));
    }
}
