//! Runs the checks in order, and stores their findings.

use openclaw_config::{ConfigChange, ConfigFile, SaveError};
use openclaw_models::{ModelRegistry, SetupError};
use tokio::time::Instant;

use crate::check::Check;
use crate::edit::{ConfigEdit, apply_edits};
use crate::examination::DoctorRun;
use crate::memory::{self, StoredFindings};
use crate::options::DoctorOptions;
use crate::report::{CheckOutcome, CheckStatus, DoctorReport, Finding};

/// Checks a config and its server.
#[derive(Debug, Clone)]
pub struct Doctor {
    registry: ModelRegistry,
}

impl Doctor {
    /// Creates a doctor for the models of a config. Contacts no server.
    #[must_use]
    pub fn new(registry: ModelRegistry) -> Self {
        Self { registry }
    }

    /// Runs the checks. Each finding is reported to `tell` as soon as it is made.
    pub async fn run_checks(
        &self,
        options: &DoctorOptions,
        mut tell: impl FnMut(&DoctorReport, &Finding),
    ) -> DoctorReport {
        let begun = Instant::now();
        let mut examination = DoctorRun::new(&self.registry, options);
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

    /// Returns the result of edits of the config file without writing it.
    ///
    /// # Errors
    /// When the file cannot be read or an edit cannot be made.
    pub fn preview_edits(&self, edits: &[ConfigEdit]) -> Result<ConfigChange, SaveError> {
        ConfigFile::from_paths(self.registry.app_paths())
            .preview_edit(self.registry.env(), |document| apply_edits(edits, document))
    }

    /// Applies edits to the config file.
    ///
    /// # Errors
    /// When the file cannot be read or written, or an edit cannot be made; the file is then
    /// unchanged.
    pub fn save_edits(&self, edits: &[ConfigEdit]) -> Result<ConfigChange, SaveError> {
        ConfigFile::from_paths(self.registry.app_paths())
            .apply_edit(self.registry.env(), |document| apply_edits(edits, document))
    }

    /// Stores the capabilities that [`run_checks`](Self::run_checks) found for its model, so that
    /// normal requests use them from the start. Features that were not checked keep their
    /// state.
    ///
    /// # Errors
    /// When the provider is unknown or its settings cannot be used.
    pub fn store_findings(&self, report: &DoctorReport) -> Result<StoredFindings, SetupError> {
        memory::store_findings(&self.registry, report)
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
