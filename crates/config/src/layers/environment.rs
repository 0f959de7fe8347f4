//! Environment variables that override config keys.

use super::{overrides::nest_at_path, stack::LayerStack};
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan},
    env::Env,
    env_vars,
    layer::ConfigLayer,
    path::KeyPath,
    text::{Json5Node, Json5Value, parse_value},
    tree::SourceName,
};

/// How a variable's value is converted.
#[derive(Debug, Clone, Copy)]
enum VariableKind {
    /// As a string.
    Text,
    /// As a number.
    Number,
    /// As a boolean; `1` and `0` are accepted too.
    Flag,
    /// As a reference to the variable, so that the tree contains no secret.
    Secret,
}

/// The variables and the keys they override, as documented in [`env_vars`].
const VARIABLES: &[(&str, &str, VariableKind)] = &[
    (env_vars::OPENCLAW_MODEL, "agents.defaults.model.primary", VariableKind::Text),
    (env_vars::OPENCLAW_WORKSPACE, "agents.defaults.workspace", VariableKind::Text),
    (env_vars::OPENCLAW_TIMEOUT_SECONDS, "agents.defaults.timeoutSeconds", VariableKind::Number),
    (
        env_vars::OPENCLAW_IDLE_TIMEOUT_SECONDS,
        "agents.defaults.llm.idleTimeoutSeconds",
        VariableKind::Number,
    ),
    (env_vars::OPENCLAW_LOCAL_MODEL_MODE, "agents.defaults.localModelMode", VariableKind::Text),
    (env_vars::OPENCLAW_TRACE, "diagnostics.trace.enabled", VariableKind::Flag),
    (env_vars::OPENCLAW_GATEWAY_PORT, "gateway.port", VariableKind::Number),
    (env_vars::OPENCLAW_GATEWAY_TOKEN, "gateway.auth.token", VariableKind::Secret),
];

/// Adds every variable that is set and not empty as a layer.
pub(super) fn add_variables(stack: &mut LayerStack, env: &Env) {
    for (name, key, kind) in VARIABLES {
        let Some(value) = env.get_non_empty(name) else { continue };
        let path: KeyPath = key.parse().unwrap_or_default();
        let Some(value) = value.to_str() else {
            let message = "the value is not Unicode, it is ignored";
            let found =
                Diagnostic::new(Severity::Error, TextSpan::default(), message).at_path(path);
            let found = found.with_kind(DiagnosticKind::InvalidValue);
            let layer = ConfigLayer::Environment;
            stack.add_broken_source(layer, SourceName::Env(name), String::new(), vec![found]);
            continue;
        };
        let text = match kind {
            VariableKind::Flag if value == "1" => "true".to_owned(),
            VariableKind::Flag if value == "0" => "false".to_owned(),
            VariableKind::Text | VariableKind::Number | VariableKind::Flag => value.to_owned(),
            VariableKind::Secret => format!("${{{name}}}"),
        };
        let span = TextSpan { start: 0, end: text.len() };
        let string = || Json5Node::new(Json5Value::Text(text.clone()), span);
        let node = match kind {
            VariableKind::Number | VariableKind::Flag => {
                parse_value(&text).unwrap_or_else(|_| string())
            }
            VariableKind::Text | VariableKind::Secret => string(),
        };
        stack.add_layer(
            ConfigLayer::Environment,
            SourceName::Env(name),
            nest_at_path(&path, node, &text),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyPath, pattern::to_segment_refs};

    #[test]
    fn each_variable_is_documented_with_its_key() {
        for (name, key, _) in VARIABLES {
            let variable = env_vars::ALL.iter().find(|variable| variable.name == *name).unwrap();
            assert!(variable.description.contains(&format!("`{key}`")), "{name}");
            let path: KeyPath = key.parse().unwrap();
            assert!(!matches!(
                crate::openclaw_keys::KnownKeys::lookup_path(&to_segment_refs(&path)),
                crate::openclaw_keys::KeyLookup::Unknown
            ));
        }
    }
}
