//! Lints the sandbox of commands: settings that contradict each other stop the agent.

use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity},
    path::KeyPath,
    sections::{AgentSandboxConfig, AgentSandboxMode, Config, ExecHost, ExecSandboxProfile},
    tree::ConfigTree,
};

/// Reports each sandbox that is asked for and switched off elsewhere, with the index of its text.
pub(super) fn lint_sandbox(tree: &ConfigTree, config: &Config) -> Vec<(usize, Diagnostic)> {
    let exec = &config.tools.exec;
    let conflict = if exec.sandbox.profile == Some(ExecSandboxProfile::Full) {
        "`tools.exec.sandbox.profile` is \"full\""
    } else if exec.host() == ExecHost::Gateway {
        "`tools.exec.host` is \"gateway\""
    } else {
        return Vec::new();
    };
    let asks = |sandbox: &AgentSandboxConfig| {
        sandbox.mode.is_some_and(|mode| mode != AgentSandboxMode::Off)
    };
    let mut paths = Vec::new();
    if exec.host() == ExecHost::Sandbox {
        paths.push("tools.exec.host".to_owned());
    }
    if asks(&config.agents.defaults.sandbox) {
        paths.push("agents.defaults.sandbox.mode".to_owned());
    }
    let entries = config.agents.entries.iter().filter(|(_, entry)| asks(&entry.sandbox));
    paths.extend(entries.map(|(id, _)| format!("agents.entries[\"{id}\"].sandbox.mode")));
    let list = config.agents.list.iter().enumerate().filter(|(_, entry)| asks(&entry.sandbox));
    paths.extend(list.map(|(index, _)| format!("agents.list[{index}].sandbox.mode")));
    paths.into_iter().filter_map(|path| report_conflict(tree, &path, conflict)).collect()
}

fn report_conflict(tree: &ConfigTree, path: &str, conflict: &str) -> Option<(usize, Diagnostic)> {
    let path: KeyPath = path.parse().ok()?;
    let (key_span, node) = tree.find_node(&path)?;
    let message = format!("this asks for a sandbox, but {conflict}, so that there is none");
    let found = Diagnostic::new(Severity::Warning, key_span, message)
        .at_path(path)
        .with_kind(DiagnosticKind::UnheldRestriction)
        .with_help(Some("remove one of the two".to_owned()));
    Some((tree.source_index(node), found))
}
