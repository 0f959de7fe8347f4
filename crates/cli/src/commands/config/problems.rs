//! Config diagnostics for programs, and suggestions for unknown keys.

use openclaw_config::{Config, ConfigDocument, Diagnostic, Env, KeyPath, NewValue, PathSegment};
use openclaw_protocol::results::config::{ConfigProblem, TextProblem};

/// Reports diagnostics of a config.
pub(super) fn report_diagnostics(diagnostics: &[Diagnostic]) -> Vec<ConfigProblem> {
    let problems = diagnostics.iter().map(|problem| {
        ConfigProblem::Text(TextProblem {
            file: problem.file.as_ref().map(|file| file.display().to_string()),
            line: problem.line,
            column: problem.column,
            path: problem.path.to_string(),
            severity: problem.severity.to_string(),
            message: problem.message.clone(),
            help: problem.help.clone(),
        })
    });
    problems.collect()
}

/// Whether a key without a value is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConfigKeyLookup {
    /// The key exists.
    Known,
    /// The key does not exist; `help` may suggest another.
    Unknown { at: KeyPath, help: Option<String> },
}

/// Looks a key up by parsing a config that has only this key.
pub(super) fn look_up_key(path: &KeyPath) -> ConfigKeyLookup {
    let first = |segment: &PathSegment| match segment {
        PathSegment::Index(_) => PathSegment::Index(0),
        key @ PathSegment::Key(_) => key.clone(),
    };
    let path: KeyPath = path.segments().iter().map(first).collect();
    let mut document = ConfigDocument::parse("{}").ok();
    let set =
        document.as_mut().map(|document| document.set_value(&path, &NewValue::from_string("")));
    let (Some(Ok(())), Some(document)) = (set, document) else { return ConfigKeyLookup::Known };
    let Ok(loaded) = Config::parse(document.text(), &Env::default()) else {
        return ConfigKeyLookup::Known;
    };
    let unknown = loaded.diagnostics.iter().find(|diagnostic| {
        diagnostic.severity == openclaw_config::Severity::Warning
            && loaded.find_position(&diagnostic.path).is_none()
            && path.segments().starts_with(diagnostic.path.segments())
    });
    match unknown {
        Some(diagnostic) => {
            ConfigKeyLookup::Unknown { at: diagnostic.path.clone(), help: diagnostic.help.clone() }
        }
        None => ConfigKeyLookup::Known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_or_told_apart_where_it_goes_wrong() {
        let look_up = |path: &str| look_up_key(&path.parse().unwrap());
        for known in [
            "agents.defaults.timeoutSeconds",
            "models.providers.vllm.models[3].contextWindow",
            "agents.defaults.models[\"vllm/x\"].alias",
        ] {
            assert_eq!(look_up(known), ConfigKeyLookup::Known, "{known}");
        }
        let ConfigKeyLookup::Unknown { at, help } = look_up("agents.defaults.timeoutSecond") else {
            panic!()
        };
        assert_eq!(at.to_string(), "agents.defaults.timeoutSecond");
        assert_eq!(help.as_deref(), Some("did you mean `timeoutSeconds`?"));
        let ConfigKeyLookup::Unknown { at, .. } = look_up("modles.providers.vllm") else {
            panic!()
        };
        assert_eq!(at.to_string(), "modles");
    }
}
