//! What was seen of a model is remembered, so that nothing has to be found out by failing.

use std::collections::BTreeSet;

use openclaw_providers_openai::{Facts, Lack};

use super::Report;
use crate::Runtime;
use crate::cache::Learnt;
use crate::error::SetupError;

impl Runtime {
    /// Remembers what an examination saw of its model, and returns all that is then known of it.
    /// What it did not look at stays as it was; `None` when it has no model.
    ///
    /// # Errors
    /// When the provider is unknown or its settings cannot be used.
    pub fn remember_findings(&self, report: &Report) -> Result<Option<Learnt>, SetupError> {
        let Some(reference) = &report.model else { return Ok(None) };
        let known = |all: Vec<Learnt>| all.into_iter().find(|it| it.model == reference.model());
        let old = known(self.learnt(reference.provider())?);
        if !report.lacks.is_empty() {
            let facts = facts(old.filter(|old| old.version == report.version), report);
            self.remember(reference, report.version.as_deref(), report.window, &facts)?;
        }
        Ok(known(self.learnt(reference.provider())?))
    }
}

fn facts(old: Option<Learnt>, report: &Report) -> Facts {
    let mut facts = Facts::default();
    if let Some(old) = old {
        facts.lacks = old.lacks.into_iter().map(|(lack, _)| lack).collect();
        facts.schema_keywords = old.schema_keywords.into_iter().map(|(word, _)| word).collect();
        facts.window = old.window;
        facts.tokens_per_kilobyte = old.tokens_per_kilobyte;
    }
    let is_seen = |lack: &Lack| report.lacks.iter().any(|(seen, _)| seen == lack);
    let kept: BTreeSet<Lack> = facts.lacks.into_iter().filter(|lack| !is_seen(lack)).collect();
    let found = report.lacks.iter().filter(|(_, is_lacking)| *is_lacking).map(|(lack, _)| *lack);
    facts.lacks = kept.into_iter().chain(found).collect();
    facts
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_looked_at_counts_and_the_rest_stays() {
        let since = Duration::from_mins(1);
        let old = Learnt {
            server: String::new(),
            model: String::new(),
            version: None,
            age: since,
            lacks: vec![(Lack::SystemRole, since), (Lack::Strict, since)],
            schema_keywords: vec![("allOf".to_owned(), since)],
            window: Some(4096),
            tokens_per_kilobyte: Some(250),
        };
        let lacks = vec![(Lack::SystemRole, false), (Lack::Tokenize, true)];
        let report = Report { lacks, ..Report::default() };
        let facts = facts(Some(old), &report);
        assert_eq!(facts.lacks, BTreeSet::from([Lack::Strict, Lack::Tokenize]));
        assert_eq!((facts.window, facts.tokens_per_kilobyte), (Some(4096), Some(250)));
        assert!(facts.schema_keywords.contains("allOf"));
    }
}
