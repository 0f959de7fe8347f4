//! The environment variables that stand for keys of the config.

use super::{overrides::wrapped, stack::Stack};
use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    env::Env,
    env_vars,
    layer::Layer,
    path::KeyPath,
    text::{Node, Value, read_value},
    tree::Name,
};

/// How a variable's value is written in the config.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// As a string.
    Text,
    /// As a number.
    Number,
    /// As a boolean; `1` and `0` are one, too.
    Flag,
    /// As a reference to the variable, so that no secret comes into the tree.
    Secret,
}

/// The variables and their keys; each says in [`env_vars`] which key it is.
const VARIABLES: &[(&str, &str, Kind)] = &[
    (env_vars::OPENCLAW_MODEL, "agents.defaults.model.primary", Kind::Text),
    (env_vars::OPENCLAW_WORKSPACE, "agents.defaults.workspace", Kind::Text),
    (env_vars::OPENCLAW_TIMEOUT_SECONDS, "agents.defaults.timeoutSeconds", Kind::Number),
    (
        env_vars::OPENCLAW_IDLE_TIMEOUT_SECONDS,
        "agents.defaults.llm.idleTimeoutSeconds",
        Kind::Number,
    ),
    (env_vars::OPENCLAW_LOCAL_MODEL_MODE, "agents.defaults.localModelMode", Kind::Text),
    (env_vars::OPENCLAW_TRACE, "diagnostics.trace.enabled", Kind::Flag),
    (env_vars::OPENCLAW_GATEWAY_PORT, "gateway.port", Kind::Number),
    (env_vars::OPENCLAW_GATEWAY_TOKEN, "gateway.auth.token", Kind::Secret),
];

/// Adds every variable that is set and not empty.
pub(super) fn add(stack: &mut Stack<'_>, env: &Env) {
    for (name, key, kind) in VARIABLES {
        let Some(value) = env.get_filled(name) else { continue };
        let path: KeyPath = key.parse().unwrap_or_default();
        let Some(value) = value.to_str() else {
            let message = "the value is not Unicode, it is ignored";
            let found = Diagnostic::new(Severity::Error, Span::default(), message).at(path);
            stack.add_broken(Name::Env(name), String::new(), vec![found]);
            continue;
        };
        let text = match kind {
            Kind::Flag if value == "1" => "true".to_owned(),
            Kind::Flag if value == "0" => "false".to_owned(),
            Kind::Text | Kind::Number | Kind::Flag => value.to_owned(),
            Kind::Secret => format!("${{{name}}}"),
        };
        let span = Span { start: 0, end: text.len() };
        let string = || Node::new(Value::Text(text.clone()), span);
        let node = match kind {
            Kind::Number | Kind::Flag => read_value(&text).unwrap_or_else(|_| string()),
            Kind::Text | Kind::Secret => string(),
        };
        stack.add(Layer::Environment, Name::Env(name), wrapped(&path, node, &text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyPath, pattern::steps_of};

    #[test]
    fn each_variable_is_documented_with_its_key() {
        for (name, key, _) in VARIABLES {
            let variable = env_vars::ALL.iter().find(|variable| variable.name == *name).unwrap();
            assert!(variable.description.contains(&format!("`{key}`")), "{name}");
            let path: KeyPath = key.parse().unwrap();
            assert!(!matches!(
                crate::known::Known::at(&steps_of(&path)),
                crate::known::Lookup::Unknown
            ));
        }
    }
}
