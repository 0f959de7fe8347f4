//! Lints `tools.fs.roots`: a root that cannot be used stops the agent.

use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity},
    env::Env,
    path::KeyPath,
    sections::Config,
    tree::ConfigTree,
};

/// Reports the first root that cannot be used, and roots that `workspaceOnly` switches off, each
/// with the index of its text.
pub(super) fn lint_file_roots(
    tree: &ConfigTree,
    config: &Config,
    env: &Env,
) -> Vec<(usize, Diagnostic)> {
    let files = &config.tools.fs;
    let path = |text: &str| text.parse::<KeyPath>().ok();
    let (path, message, help, kind) = match files.resolve_roots(env) {
        Err(error) => (
            path(&format!("tools.fs.roots[{}]", error.index)),
            error.problem,
            "write it as { name: \"data\", path: \"/srv/data\", mode: \"ro\" }",
            DiagnosticKind::InvalidValue,
        ),
        Ok(_) if files.workspace_only == Some(true) && !files.roots.is_empty() => (
            path("tools.fs.roots"),
            "`tools.fs.workspaceOnly` is true, so that no root is used".to_owned(),
            "remove one of the two",
            DiagnosticKind::General,
        ),
        Ok(_) => return Vec::new(),
    };
    let Some((path, (key_span, node))) =
        path.and_then(|path| Some((path.clone(), tree.find_node(&path)?)))
    else {
        return Vec::new();
    };
    let severity =
        if kind == DiagnosticKind::InvalidValue { Severity::Error } else { Severity::Warning };
    let found = Diagnostic::new(severity, key_span, message)
        .at_path(path)
        .with_kind(kind)
        .with_help(Some(help.to_owned()));
    vec![(tree.source_index(node), found)]
}
