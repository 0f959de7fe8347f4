//! Stores what a doctor run found about a model, so that normal requests need not fail to learn it.

use std::collections::BTreeSet;

use openclaw_models::{LearnedCapabilities, ModelRegistry, SetupError};
use openclaw_providers_openai::{ServerCapabilities, ServerFeature};

use crate::report::DoctorReport;

/// What is known about a model after a doctor run.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoredFindings {
    /// All known capabilities; `None` when there are none, or the report has no model.
    pub capabilities: Option<LearnedCapabilities>,
    /// What is wrong with the file that they are stored in.
    pub warnings: Vec<String>,
}

/// Stores the capabilities that a doctor run found for its model.
pub(crate) fn store_findings(
    registry: &ModelRegistry,
    report: &DoctorReport,
) -> Result<StoredFindings, SetupError> {
    let Some(reference) = &report.model else { return Ok(StoredFindings::default()) };
    let mut warnings = Vec::new();
    let known =
        |all: Vec<LearnedCapabilities>| all.into_iter().find(|it| it.model == reference.model_id());
    let old = known(registry.learned_capabilities(reference.provider_id())?);
    if !report.lacks.is_empty() {
        let capabilities = merge_findings(old.filter(|old| old.version == report.version), report);
        warnings = registry.store_capabilities(
            reference,
            report.version.as_deref(),
            report.window,
            &capabilities,
        )?;
    }
    let capabilities = known(registry.learned_capabilities(reference.provider_id())?);
    Ok(StoredFindings { capabilities, warnings })
}

fn merge_findings(old: Option<LearnedCapabilities>, report: &DoctorReport) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::default();
    if let Some(old) = old {
        capabilities.unsupported_features = old.lacks.into_iter().map(|(lack, _)| lack).collect();
        capabilities.refused_schema_keywords =
            old.schema_keywords.into_iter().map(|(word, _)| word).collect();
        capabilities.context_window = old.window;
        capabilities.tokens_per_kilobyte = old.tokens_per_kilobyte;
    }
    let is_seen = |lack: &ServerFeature| report.lacks.iter().any(|(seen, _)| seen == lack);
    let kept: BTreeSet<ServerFeature> =
        capabilities.unsupported_features.into_iter().filter(|lack| !is_seen(lack)).collect();
    let found = report.lacks.iter().filter(|(_, is_lacking)| *is_lacking).map(|(lack, _)| *lack);
    capabilities.unsupported_features = kept.into_iter().chain(found).collect();
    capabilities
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_looked_at_counts_and_the_rest_stays() {
        let since = Duration::from_mins(1);
        let old = LearnedCapabilities {
            server: String::new(),
            model: String::new(),
            version: None,
            age: since,
            lacks: vec![(ServerFeature::SystemRole, since), (ServerFeature::StrictMode, since)],
            schema_keywords: vec![("allOf".to_owned(), since)],
            window: Some(4096),
            tokens_per_kilobyte: Some(250),
        };
        let lacks = vec![(ServerFeature::SystemRole, false), (ServerFeature::TokenizeRoute, true)];
        let report = DoctorReport { lacks, ..DoctorReport::default() };
        let capabilities = merge_findings(Some(old), &report);
        assert_eq!(
            capabilities.unsupported_features,
            BTreeSet::from([ServerFeature::StrictMode, ServerFeature::TokenizeRoute])
        );
        assert_eq!(
            (capabilities.context_window, capabilities.tokens_per_kilobyte),
            (Some(4096), Some(250))
        );
        assert!(capabilities.refused_schema_keywords.contains("allOf"));
    }
}
