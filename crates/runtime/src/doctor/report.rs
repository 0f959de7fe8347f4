//! What an examination found.

use std::time::Duration;

use openclaw_core::ModelRef;
use openclaw_providers_openai::Lack;

use super::Check;
use super::edit::Edit;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// All is well.
    Pass,
    /// Something is wrong or missing.
    Fail,
    /// It cannot be told.
    Unknown,
    /// It was not made.
    Skipped,
}

impl Mark {
    /// The name in messages and JSON, e.g. `pass`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

/// What one check found. Its texts hold what a server or a model said, on one line but otherwise
/// as it came; they hold no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// How it ended.
    pub mark: Mark,
    /// What was seen: the status, the server's words, numbers; or why the check was not made.
    pub evidence: String,
    /// What to do on the server's side. With a check that did not fail it is advice.
    pub server: Option<String>,
    /// What to do in the config. With a check that did not fail it is advice.
    pub config: Option<String>,
    /// What a change of the config file can mend by itself.
    pub edits: Vec<Edit>,
    /// How long the check took.
    pub elapsed: Duration,
}

/// What an examination found, check by check.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The model that was examined; `None` when none could be told.
    pub model: Option<ModelRef>,
    /// The base URL of its server.
    pub base_url: Option<String>,
    /// The version that the server says it has.
    pub version: Option<String>,
    /// The window that the server names for the model, in tokens.
    pub window: Option<u32>,
    /// The findings, in order. Checks that were not asked for are absent.
    pub findings: Vec<Finding>,
    /// What was seen the server not to do for the model (`true`), and to do (`false`).
    pub lacks: Vec<(Lack, bool)>,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl Report {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.first_failure().is_none()
    }

    /// The first check that failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.mark == Mark::Fail)
    }

    /// How many checks ended so.
    #[must_use]
    pub fn count(&self, mark: Mark) -> usize {
        self.findings.iter().filter(|finding| finding.mark == mark).count()
    }

    /// All changes of the config file that mend something.
    #[must_use]
    pub fn edits(&self) -> Vec<Edit> {
        self.findings.iter().flat_map(|finding| finding.edits.clone()).collect()
    }
}

/// The end of one check, before it is known how long it took.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) mark: Mark,
    pub(super) evidence: String,
    pub(super) server: Option<String>,
    pub(super) config: Option<String>,
    pub(super) edits: Vec<Edit>,
}

impl Outcome {
    pub(super) fn new(mark: Mark, evidence: impl Into<String>) -> Self {
        Self { mark, evidence: evidence.into(), server: None, config: None, edits: Vec::new() }
    }

    pub(super) fn pass(evidence: impl Into<String>) -> Self {
        Self::new(Mark::Pass, evidence)
    }

    pub(super) fn fail(evidence: impl Into<String>) -> Self {
        Self::new(Mark::Fail, evidence)
    }

    pub(super) fn unknown(evidence: impl Into<String>) -> Self {
        Self::new(Mark::Unknown, evidence)
    }

    /// Adds what to do on the server's side.
    pub(super) fn server(mut self, advice: impl Into<String>) -> Self {
        self.server = Some(advice.into());
        self
    }

    /// Adds what to do in the config.
    pub(super) fn config(mut self, advice: impl Into<String>) -> Self {
        self.config = Some(advice.into());
        self
    }

    /// Adds a change of the config, which is also what to do there unless something else is said.
    pub(super) fn edit(mut self, edit: Edit) -> Self {
        self.config.get_or_insert_with(|| format!("set {edit}"));
        self.edits.push(edit);
        self
    }

    pub(super) fn of(self, check: Check, elapsed: Duration) -> Finding {
        let Self { mark, evidence, server, config, edits } = self;
        let evidence = super::words::brief(&evidence, 400);
        Finding { check, mark, evidence, server, config, edits, elapsed }
    }
}
