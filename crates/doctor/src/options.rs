//! What to examine.

use std::time::Duration;

use openclaw_config::defaults::DOCTOR_CHECK_SECONDS;
use openclaw_transport::TimeLimit;

use crate::check::Check;

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
    pub limit: TimeLimit,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        Self {
            model: None,
            provider: None,
            only: Vec::new(),
            limit: TimeLimit {
                duration: Duration::from_secs(DOCTOR_CHECK_SECONDS),
                source: "the built-in limit of a check".into(),
            },
        }
    }
}
