//! What an examination found.

use std::time::Duration;

use openclaw_core::ModelRef;
use openclaw_providers_openai::ServerFeature;

use super::Check;
use super::edit::ConfigEdit;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    /// All is well.
    Pass,
    /// Something is wrong or missing.
    Fail,
    /// It cannot be told.
    Unknown,
    /// It was not made.
    Skipped,
}

impl CheckStatus {
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
    pub status: CheckStatus,
    /// What was seen: the status, the server's words, numbers; or why the check was not made.
    pub evidence: String,
    /// What to do on the server's side. With a check that did not fail it is advice.
    pub server_advice: Option<String>,
    /// What to do in the config. With a check that did not fail it is advice.
    pub config_advice: Option<String>,
    /// What a change of the config file can mend by itself.
    pub edits: Vec<ConfigEdit>,
    /// How long the check took.
    pub elapsed: Duration,
}

/// What an examination found, check by check.
#[derive(Debug, Clone, Default)]
pub struct DoctorReport {
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
    pub lacks: Vec<(ServerFeature, bool)>,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl DoctorReport {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.first_failure().is_none()
    }

    /// The first check that failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.status == CheckStatus::Fail)
    }

    /// How many checks ended so.
    #[must_use]
    pub fn count_with_status(&self, mark: CheckStatus) -> usize {
        self.findings.iter().filter(|finding| finding.status == mark).count()
    }

    /// All changes of the config file that mend something.
    #[must_use]
    pub fn config_edits(&self) -> Vec<ConfigEdit> {
        self.findings.iter().flat_map(|finding| finding.edits.clone()).collect()
    }
}

/// The end of one check, before it is known how long it took.
#[derive(Debug)]
pub(super) struct CheckOutcome {
    pub(super) status: CheckStatus,
    pub(super) evidence: String,
    pub(super) server_advice: Option<String>,
    pub(super) config_advice: Option<String>,
    pub(super) edits: Vec<ConfigEdit>,
}

impl CheckOutcome {
    pub(super) fn new(status: CheckStatus, evidence: impl Into<String>) -> Self {
        Self {
            status,
            evidence: evidence.into(),
            server_advice: None,
            config_advice: None,
            edits: Vec::new(),
        }
    }

    pub(super) fn pass(evidence: impl Into<String>) -> Self {
        Self::new(CheckStatus::Pass, evidence)
    }

    pub(super) fn fail(evidence: impl Into<String>) -> Self {
        Self::new(CheckStatus::Fail, evidence)
    }

    pub(super) fn unknown(evidence: impl Into<String>) -> Self {
        Self::new(CheckStatus::Unknown, evidence)
    }

    /// Adds what to do on the server's side.
    pub(super) fn with_server_advice(mut self, advice: impl Into<String>) -> Self {
        self.server_advice = Some(advice.into());
        self
    }

    /// Adds what to do in the config.
    pub(super) fn with_config_advice(mut self, advice: impl Into<String>) -> Self {
        self.config_advice = Some(advice.into());
        self
    }

    /// Adds a change of the config, which is also what to do there unless something else is said.
    pub(super) fn with_edit(mut self, edit: ConfigEdit) -> Self {
        self.config_advice.get_or_insert_with(|| format!("set {edit}"));
        self.edits.push(edit);
        self
    }

    pub(super) fn into_finding(self, check: Check, elapsed: Duration) -> Finding {
        let Self { status: mark, evidence, server_advice: server, config_advice: config, edits } =
            self;
        let evidence = super::wording::shorten_line(&evidence, 400);
        Finding {
            check,
            status: mark,
            evidence,
            server_advice: server,
            config_advice: config,
            edits,
            elapsed,
        }
    }
}
