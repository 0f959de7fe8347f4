//! Problems of a config as JSON, and what somebody may have meant by a key that is none.

use openclaw_config::{Config, Diagnostic, Document, Env, KeyPath, NewValue, Segment};
use serde_json::{Value, json};

/// `file`, `line`, `column`, `path`, `severity`, `message` and `help` of each.
pub(super) fn json(diagnostics: &[Diagnostic]) -> Value {
    let problems = diagnostics.iter().map(|problem| {
        json!({
            "file": problem.file.as_ref().map(|file| file.display().to_string()),
            "line": problem.line,
            "column": problem.column,
            "path": problem.path.to_string(),
            "severity": problem.severity.to_string(),
            "message": problem.message,
            "help": problem.help,
        })
    });
    Value::Array(problems.collect())
}

/// What is known of a key that is not set.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// There is such a key.
    Known,
    /// There is none; perhaps with what was meant.
    Unknown { at: KeyPath, help: Option<String> },
}

/// Asks the reader, by a config that has nothing but this key.
pub(super) fn look_up(path: &KeyPath) -> Key {
    let first = |segment: &Segment| match segment {
        Segment::Index(_) => Segment::Index(0),
        key @ Segment::Key(_) => key.clone(),
    };
    let path: KeyPath = path.segments().iter().map(first).collect();
    let mut document = Document::parse("{}").ok();
    let set = document.as_mut().map(|document| document.set(&path, &NewValue::string("")));
    let (Some(Ok(())), Some(document)) = (set, document) else { return Key::Known };
    let Ok(loaded) = Config::parse(document.text(), &Env::default()) else { return Key::Known };
    let unknown = loaded.diagnostics.iter().find(|found| {
        found.severity == openclaw_config::Severity::Warning
            && loaded.where_set(&found.path).is_none()
            && path.segments().starts_with(found.path.segments())
    });
    match unknown {
        Some(found) => Key::Unknown { at: found.path.clone(), help: found.help.clone() },
        None => Key::Known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_or_told_apart_where_it_goes_wrong() {
        let key = |path: &str| look_up(&path.parse().unwrap());
        for known in [
            "agents.defaults.timeoutSeconds",
            "models.providers.vllm.models[3].contextWindow",
            "agents.defaults.models[\"vllm/x\"].alias",
        ] {
            assert_eq!(key(known), Key::Known, "{known}");
        }
        let Key::Unknown { at, help } = key("agents.defaults.timeoutSecond") else { panic!() };
        assert_eq!(at.to_string(), "agents.defaults.timeoutSecond");
        assert_eq!(help.as_deref(), Some("did you mean `timeoutSeconds`?"));
        let Key::Unknown { at, .. } = key("modles.providers.vllm") else { panic!() };
        assert_eq!(at.to_string(), "modles");
    }
}
