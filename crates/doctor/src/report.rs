//! The findings of a doctor run.

use std::time::Duration;

use openclaw_core::ModelRef;
use openclaw_providers_openai::ServerFeature;

use crate::check::Check;
use crate::edit::ConfigEdit;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    /// Nothing is wrong.
    Pass,
    /// Something is wrong or missing.
    Fail,
    /// The result cannot be determined.
    Unknown,
    /// The check was not run.
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

/// The result of one check. Its texts quote servers and models, unescaped but on one line. They
/// contain no secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// How it ended.
    pub status: CheckStatus,
    /// The evidence: the status, the server's message, numbers; or why the check was skipped.
    pub evidence: String,
    /// What to do on the server. Unless the check failed, it is a suggestion.
    pub server_advice: Option<String>,
    /// What to do in the config. Unless the check failed, it is a suggestion.
    pub config_advice: Option<String>,
    /// Edits of the config file that repair the problem.
    pub edits: Vec<ConfigEdit>,
    /// How long the check took.
    pub elapsed: Duration,
}

/// The result of a doctor run.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DoctorReport {
    /// The examined model; `None` when none was found.
    pub model: Option<ModelRef>,
    /// The base URL of its server.
    pub base_url: Option<String>,
    /// The version that the server reports.
    pub version: Option<String>,
    /// The context window that the server reports for the model, in tokens.
    pub window: Option<u32>,
    /// The findings, in order. Checks that were not requested are absent.
    pub findings: Vec<Finding>,
    /// The features that the server was seen not to support (`true`) or to support (`false`).
    pub lacks: Vec<(ServerFeature, bool)>,
    /// The duration of the run.
    pub elapsed: Duration,
}

impl DoctorReport {
    /// Whether no check failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.first_failure().is_none()
    }

    /// The first check that failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.status == CheckStatus::Fail)
    }

    /// Counts the checks with a status.
    #[must_use]
    pub fn count_with_status(&self, mark: CheckStatus) -> usize {
        self.findings.iter().filter(|finding| finding.status == mark).count()
    }

    /// All edits of the config file that repair something.
    #[must_use]
    pub fn config_edits(&self) -> Vec<ConfigEdit> {
        self.findings.iter().flat_map(|finding| finding.edits.clone()).collect()
    }
}

/// The result of a check, before its duration is known.
#[derive(Debug)]
pub(crate) struct CheckOutcome {
    pub(crate) status: CheckStatus,
    pub(crate) evidence: String,
    pub(crate) server_advice: Option<String>,
    pub(crate) config_advice: Option<String>,
    pub(crate) edits: Vec<ConfigEdit>,
}

impl CheckOutcome {
    pub(crate) fn new(status: CheckStatus, evidence: impl Into<String>) -> Self {
        Self {
            status,
            evidence: evidence.into(),
            server_advice: None,
            config_advice: None,
            edits: Vec::new(),
        }
    }

    pub(crate) fn pass(evidence: impl Into<String>) -> Self {
        Self::new(CheckStatus::Pass, evidence)
    }

    pub(crate) fn fail(evidence: impl Into<String>) -> Self {
        Self::new(CheckStatus::Fail, evidence)
    }

    pub(crate) fn unknown(evidence: impl Into<String>) -> Self {
        Self::new(CheckStatus::Unknown, evidence)
    }

    /// Adds what to do on the server.
    pub(crate) fn with_server_advice(mut self, advice: impl Into<String>) -> Self {
        self.server_advice = Some(advice.into());
        self
    }

    /// Adds what to do in the config.
    pub(crate) fn with_config_advice(mut self, advice: impl Into<String>) -> Self {
        self.config_advice = Some(advice.into());
        self
    }

    /// Adds an edit, which is also the config advice unless there is one already.
    pub(crate) fn with_edit(mut self, edit: ConfigEdit) -> Self {
        self.config_advice.get_or_insert_with(|| format!("set {edit}"));
        self.edits.push(edit);
        self
    }

    pub(crate) fn into_finding(self, check: Check, elapsed: Duration) -> Finding {
        let Self { status: mark, evidence, server_advice: server, config_advice: config, edits } =
            self;
        let evidence = crate::wording::shorten_line(&evidence, 400);
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
