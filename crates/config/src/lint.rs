//! Lints: values that are valid but probably not intended, each with its symptom and a remedy.

mod agent_ids;
mod fence;
mod file_roots;
mod live;
mod models;
mod sandbox;
mod strings;
mod timeouts;

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Severity, TextSpan},
    env::Env,
    path::KeyPath,
    restrictions,
    sections::Config,
    text::Json5Node,
    tool_names,
    tree::ConfigTree,
};

/// What the value lints see besides the values.
#[derive(Clone, Copy)]
pub(crate) struct LintContext<'a> {
    /// The text that the values were read from.
    pub(crate) text: &'a str,
    /// The places of its secrets.
    pub(crate) secrets: &'a BTreeSet<TextSpan>,
    pub(crate) env: &'a Env,
}

/// Lints the values of one text.
pub(crate) fn lint_values(
    root: &Json5Node,
    ignored: &BTreeSet<u32>,
    context: LintContext<'_>,
) -> Vec<Diagnostic> {
    let mut found = strings::lint_strings(root, ignored, context);
    found.extend(models::lint_models(root, ignored));
    found.extend(fence::lint_fenced_values(root, ignored));
    found
}

/// Lints the merged config, for problems that show only across layers. Returns each with the index
/// of its text.
pub(crate) fn lint_config(
    tree: &ConfigTree,
    config: &Config,
    env: &Env,
) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let mut report = |path: KeyPath, message: String, help: String| {
        let Some((key_span, node)) = tree.find_node(&path) else { return };
        found.push((tree.source_index(node), new_warning(key_span, path, message, help)));
    };
    timeouts::lint_clocks(config, &mut report);
    models::lint_unserved_models(config, tree, env, &mut report);
    found.extend(restrictions::lint_restrictions(tree));
    found.extend(tool_names::lint_tool_names(tree));
    found.extend(file_roots::lint_file_roots(tree, config, env));
    found.extend(sandbox::lint_sandbox(tree, config));
    found.extend(agent_ids::lint_agent_ids(tree));
    found
}

/// Takes the key of a problem, what is wrong, and what to do.
type ReportWarning<'a> = dyn FnMut(KeyPath, String, String) + 'a;

fn new_warning(
    span: TextSpan,
    path: KeyPath,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Diagnostic {
    Diagnostic::new(Severity::Warning, span, message).at_path(path).with_help(Some(help.into()))
}

/// Parses a path of plain keys separated by dots.
fn parse_key(dotted: &str) -> KeyPath {
    dotted.split('.').fold(KeyPath::root(), KeyPath::with_key)
}
