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
    let report = |path: String, message: &str| report_conflict(tree, &path, message);
    let has_profile = exec.sandbox.profile.is_some_and(|it| it != ExecSandboxProfile::Full);
    let conflict = if exec.sandbox.profile == Some(ExecSandboxProfile::Full) {
        "`tools.exec.sandbox.profile` is \"full\""
    } else if exec.host() == ExecHost::Gateway {
        "`tools.exec.host` is \"gateway\""
    } else if exec.host() == ExecHost::Node {
        "`tools.exec.host` is \"node\", where the settings of that machine count"
    } else {
        let paths = if has_profile { switched_off_agents(config) } else { Vec::new() };
        let message = "this runs commands without a sandbox, but `tools.exec.sandbox.profile` asks for \
                       one";
        return paths.into_iter().filter_map(|path| report(path, message)).collect();
    };
    let mut paths = Vec::new();
    if exec.host() == ExecHost::Sandbox {
        paths.push("tools.exec.host".to_owned());
    }
    if has_profile {
        paths.push("tools.exec.sandbox.profile".to_owned());
    }
    for (section, sandbox) in agent_sandboxes(config) {
        if sandbox.mode.is_some_and(|mode| mode != AgentSandboxMode::Off) {
            paths.push(format!("{section}.mode"));
        } else if sandbox.restricts_workspace() && !is_off_by_default(config, &section) {
            paths.push(format!("{section}.workspaceAccess"));
        }
    }
    let message = format!("this asks for a sandbox, but {conflict}, so that there is none here");
    paths.into_iter().filter_map(|path| report(path, &message)).collect()
}

/// The sandboxes of `agents.defaults` and of each agent, with the paths of their sections.
fn agent_sandboxes(config: &Config) -> Vec<(String, AgentSandboxConfig)> {
    let mut sandboxes = vec![(DEFAULTS.to_owned(), config.agents.defaults.sandbox)];
    let entries = config.agents.entries.iter();
    sandboxes.extend(
        entries.map(|(id, entry)| (format!("agents.entries[\"{id}\"].sandbox"), entry.sandbox)),
    );
    let list = config.agents.list.iter().enumerate();
    sandboxes.extend(
        list.map(|(index, entry)| (format!("agents.list[{index}].sandbox"), entry.sandbox)),
    );
    sandboxes
}

const DEFAULTS: &str = "agents.defaults.sandbox";

/// Whether an agent without a mode of its own has no sandbox.
fn is_off_by_default(config: &Config, section: &str) -> bool {
    section != DEFAULTS && config.agents.defaults.sandbox.mode == Some(AgentSandboxMode::Off)
}

/// The modes that switch the sandbox off for all agents there are. A sandbox that others have is not
/// promised to the one that is switched off.
fn switched_off_agents(config: &Config) -> Vec<String> {
    let is_off = |mode: Option<AgentSandboxMode>| mode == Some(AgentSandboxMode::Off);
    let general = config.agents.defaults.sandbox.mode;
    if config.tools.exec.host() == ExecHost::Sandbox {
        return Vec::new();
    }
    let sandboxes = agent_sandboxes(config);
    let has_agents = sandboxes.len() > 1;
    let is_any_on = sandboxes
        .iter()
        .skip(usize::from(has_agents))
        .any(|(_, sandbox)| !is_off(sandbox.mode.or(general)));
    if is_any_on {
        return Vec::new();
    }
    let off = sandboxes.into_iter().filter(|(_, sandbox)| is_off(sandbox.mode));
    off.map(|(section, _)| format!("{section}.mode")).collect()
}

fn report_conflict(tree: &ConfigTree, path: &str, message: &str) -> Option<(usize, Diagnostic)> {
    let path: KeyPath = path.parse().ok()?;
    let (key_span, node) = tree.find_node(&path)?;
    let found = Diagnostic::new(Severity::Warning, key_span, message)
        .at_path(path)
        .with_kind(DiagnosticKind::UnheldRestriction)
        .with_help(Some("remove one of the two".to_owned()));
    Some((tree.source_index(node), found))
}
