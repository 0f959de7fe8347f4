//! Examines the set-up and its server, check by check, with the evidence for each.
//!
//! The checks are made one after another, each of them bounded, with few and short answers: a busy
//! server is not made busier. One that builds on another that failed is not made. Nothing is
//! changed; what a change of the config file can mend is in the report, and is made by
//! [`Runtime::make_edits`](crate::Runtime::make_edits) when somebody wants it.

mod check;
mod edit;
mod examination;
mod exposure;
mod family;
mod memory;
mod probe;
mod prompts;
mod report;
mod server;
mod setting;
mod shapes;
mod speed;
mod spoken;
mod talk;
mod tools;
mod words;

use std::time::Duration;

use openclaw_agent_loop::Limit;
use openclaw_config::defaults::DOCTOR_CHECK_SECONDS;
use tokio::time::Instant;

pub use self::check::Check;
pub use self::edit::Edit;
pub use self::report::{Finding, Mark, Report};

use self::examination::Examination;
use self::report::Outcome;
use crate::Runtime;

/// What is examined.
#[derive(Debug, Clone)]
pub struct DoctorOptions {
    /// The model, by reference or alias; `None` takes the config's, or else the only one.
    pub model: Option<String>,
    /// The provider whose only model is examined when no model is named.
    pub provider: Option<String>,
    /// The checks that are wanted, besides which only those are made that they build on; none
    /// means all.
    pub only: Vec<Check>,
    /// The longest that one check may take, and who says so.
    pub limit: Limit,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        Self {
            model: None,
            provider: None,
            only: Vec::new(),
            limit: Limit {
                duration: Duration::from_secs(DOCTOR_CHECK_SECONDS),
                source: "the built-in limit of a check".into(),
            },
        }
    }
}

impl Runtime {
    /// Examines the set-up and its server. Each finding is told as soon as it is made.
    pub async fn examine(
        &self,
        options: &DoctorOptions,
        mut tell: impl FnMut(&Report, &Finding),
    ) -> Report {
        let begun = Instant::now();
        let mut examination = Examination::new(self, options);
        let mut report = Report::default();
        for check in Check::ALL.into_iter().filter(|check| check.is_due(&options.only)) {
            let since = Instant::now();
            let outcome = match unmet(check, &report) {
                Some(reason) => Outcome::new(Mark::Skipped, reason),
                None => match tokio::time::timeout(options.limit.duration, examination.make(check))
                    .await
                {
                    Ok(outcome) => outcome,
                    Err(_elapsed) => examination.late(&options.limit).await,
                },
            };
            examination.describe(&mut report);
            report.elapsed = begun.elapsed();
            let finding = outcome.of(check, since.elapsed());
            tell(&report, &finding);
            report.findings.push(finding);
        }
        report
    }
}

/// Why a check cannot be made.
fn unmet(check: Check, report: &Report) -> Option<String> {
    let needs = check.needs().iter();
    let unmet = needs.filter_map(|need| {
        let found = report.findings.iter().find(|finding| finding.check == *need)?;
        match found.mark {
            Mark::Fail => Some(format!("`{}` failed", need.id())),
            Mark::Skipped => Some(found.evidence.clone()),
            Mark::Pass | Mark::Unknown => None,
        }
    });
    unmet.into_iter().next()
}
