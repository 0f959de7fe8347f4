//! Why a job is not added, changed or found.

use std::fmt;

use openclaw_store::StoreError;

/// Why a job is not added, changed or found. `Display` fits "failed to {…}".
#[derive(Debug)]
#[non_exhaustive]
pub struct JobError {
    kind: JobErrorKind,
    message: String,
    source: Option<StoreError>,
}

/// The kinds of [`JobError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobErrorKind {
    /// The job cannot be as it was written.
    Invalid,
    /// There is no such job.
    NotFound,
    /// The agent may not do that.
    Forbidden,
    /// The job was changed meanwhile.
    Changed,
    /// The store cannot be used.
    Store,
}

impl JobError {
    pub(crate) fn new(kind: JobErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(JobErrorKind::Invalid, message)
    }

    /// A job that cannot be as it is. The problem fits "failed to {…}".
    #[must_use]
    pub fn from_problem(problem: impl Into<String>) -> Self {
        Self::invalid(problem)
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> JobErrorKind {
        self.kind
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self { kind: JobErrorKind::Store, message: error.to_string(), source: Some(error) }
    }
}
