//! What was learned of a server, for programs.

use std::time::Duration;

use openclaw_models::LearnedCapabilities;
use openclaw_protocol::results::models::{AgedName, LearnedReport, ProbedReport};

/// Reports what was learned of a provider's server with a model.
pub(crate) fn report_learned(capabilities: &LearnedCapabilities) -> LearnedReport {
    LearnedReport {
        model: capabilities.model.clone(),
        server_version: capabilities.version.clone(),
        age_seconds: capabilities.age.as_secs(),
        unsupported: unsupported_features(capabilities),
        schema_keywords: refused_keywords(capabilities),
        context_window: capabilities.window,
        tokens_per_kilobyte: capabilities.tokens_per_kilobyte,
    }
}

/// Reports what was learned of a server that was just probed.
pub(crate) fn report_probed(capabilities: &LearnedCapabilities) -> ProbedReport {
    ProbedReport {
        server: capabilities.server.clone(),
        model: capabilities.model.clone(),
        version: capabilities.version.clone(),
        age_seconds: capabilities.age.as_secs(),
        unsupported: unsupported_features(capabilities),
        schema_keywords: refused_keywords(capabilities),
        context_window: capabilities.window,
        tokens_per_kilobyte: capabilities.tokens_per_kilobyte,
    }
}

fn unsupported_features(capabilities: &LearnedCapabilities) -> Vec<AgedName> {
    capabilities.lacks.iter().map(|(lack, age)| aged_name(lack.name(), *age)).collect()
}

fn refused_keywords(capabilities: &LearnedCapabilities) -> Vec<AgedName> {
    capabilities.schema_keywords.iter().map(|(word, age)| aged_name(word, *age)).collect()
}

fn aged_name(name: &str, age: Duration) -> AgedName {
    AgedName { name: name.to_owned(), age_seconds: age.as_secs() }
}
