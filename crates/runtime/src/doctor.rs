//! Checks the setup and its server, with the evidence for each finding.
//!
//! The checks run one after another. Each has a time limit and asks for few, short answers, so that
//! a busy server is not slowed down. A check is skipped when one that it requires failed. Nothing
//! is changed: edits of the config file that would repair something are in the report, and
//! [`Runtime::save_edits`](crate::Runtime::save_edits) makes them on request.

mod chat_checks;
mod check;
mod config_checks;
mod conversation_checks;
mod edit;
mod examination;
mod exposure;
mod family;
mod memory;
mod probe;
mod prompts;
mod report;
mod server;
mod speed;
mod tools;
mod via_model;
mod wording;

use std::time::Duration;

use openclaw_agent_loop::ConfiguredTimeout;
use openclaw_config::defaults::DOCTOR_CHECK_SECONDS;
use tokio::time::Instant;

pub use self::check::Check;
pub use self::edit::ConfigEdit;
pub use self::report::{CheckStatus, DoctorReport, Finding};

use self::examination::DoctorRun;
use self::report::CheckOutcome;
use crate::Runtime;

/// What to examine.
#[derive(Debug, Clone)]
pub struct DoctorOptions {
    /// The model, by reference or alias; `None` uses the configured model, or else the only one.
    pub model: Option<String>,
    /// The provider whose only model is examined when no model is named.
    pub provider: Option<String>,
    /// The checks to run; those they require are run too. Empty for all.
    pub only: Vec<Check>,
    /// The time limit of one check and where it was set.
    pub limit: ConfiguredTimeout,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        Self {
            model: None,
            provider: None,
            only: Vec::new(),
            limit: ConfiguredTimeout {
                duration: Duration::from_secs(DOCTOR_CHECK_SECONDS),
                source: "the built-in limit of a check".into(),
            },
        }
    }
}

impl Runtime {
    /// Runs the checks. Each finding is reported as soon as it is made.
    pub async fn run_doctor(
        &self,
        options: &DoctorOptions,
        mut tell: impl FnMut(&DoctorReport, &Finding),
    ) -> DoctorReport {
        let begun = Instant::now();
        let mut examination = DoctorRun::new(self, options);
        let mut report = DoctorReport::default();
        for check in Check::ALL.into_iter().filter(|check| check.is_required_for(&options.only)) {
            let since = Instant::now();
            let outcome = match unmet_requirement(check, &report) {
                Some(reason) => CheckOutcome::new(CheckStatus::Skipped, reason),
                None => {
                    match tokio::time::timeout(options.limit.duration, examination.run_check(check))
                        .await
                    {
                        Ok(outcome) => outcome,
                        Err(_elapsed) => examination.timeout_outcome(&options.limit).await,
                    }
                }
            };
            examination.fill_report(&mut report);
            report.elapsed = begun.elapsed();
            let finding = outcome.into_finding(check, since.elapsed());
            tell(&report, &finding);
            report.findings.push(finding);
        }
        report
    }
}

/// Returns why a check cannot run; `None` when it can.
fn unmet_requirement(check: Check, report: &DoctorReport) -> Option<String> {
    let needs = check.required_checks().iter();
    let unmet = needs.filter_map(|need| {
        let found = report.findings.iter().find(|finding| finding.check == *need)?;
        match found.status {
            CheckStatus::Fail => Some(format!("`{}` failed", need.id())),
            CheckStatus::Skipped => Some(found.evidence.clone()),
            CheckStatus::Pass | CheckStatus::Unknown => None,
        }
    });
    unmet.into_iter().next()
}
