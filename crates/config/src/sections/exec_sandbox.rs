//! The sandbox of commands: `tools.exec.sandbox`, and what the sandboxes of agents ask of it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, ExecHost};

/// What sandboxed commands may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExecSandboxConfig {
    /// The permissions of commands.
    #[schemars(extend("default" = "workspace"))]
    pub profile: Option<ExecSandboxProfile>,
    /// Whether commands may use the GPUs.
    #[schemars(extend("default" = false))]
    pub gpu: Option<bool>,
    /// Whether commands may connect to the port of the model server when it is on this machine. The
    /// kernel compares the port only, so the same port of other hosts is reachable too.
    #[schemars(extend("default" = false))]
    pub model_server: Option<bool>,
    /// Whether commands run with whatever the kernel can enforce. Else they do not run when it
    /// gives less than the profile needs.
    #[schemars(extend("default" = false))]
    pub best_effort: Option<bool>,
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
pub enum ExecSandboxProfile {
    /// Reading files, and writing temporary ones.
    #[serde(rename = "read-only")]
    ReadOnly,
    /// Also writing in the workspace and in the roots with the mode `rw`.
    #[default]
    #[serde(rename = "workspace")]
    Workspace,
    /// Also the network.
    #[serde(rename = "workspace+net")]
    WorkspaceNetwork,
    /// No sandbox.
    #[serde(rename = "full")]
    Full,
}

/// The sandbox of an agent, as the original knows it. It applies to commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentSandboxConfig {
    /// Whether commands must run in a sandbox. Without a value it is used where there is one, and
    /// demanded when `workspaceAccess` is `ro` or `tools.exec.sandbox.profile` is set.
    pub mode: Option<AgentSandboxMode>,
    /// What commands and file tools may do in the workspace, unless `mode` is `off`.
    pub workspace_access: Option<SandboxWorkspaceAccess>,
}

/// Whether the commands of an agent must run in a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgentSandboxMode {
    /// They run without one.
    Off,
    /// They must, as with `all`.
    NonMain,
    /// They must.
    All,
}

/// What a sandbox may do in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxWorkspaceAccess {
    /// Nothing. This cannot be held, because the agent works there.
    None,
    /// Read.
    Ro,
    /// Read and write.
    Rw,
}

/// Whether the commands of an agent run in a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SandboxRequirement {
    /// They run without one.
    Off,
    /// They do where this machine has one.
    IfAvailable,
    /// They run in no other way.
    Required,
}

/// What the config says about the sandbox of an agent's commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandSandbox {
    /// Whether commands run in a sandbox.
    pub requirement: SandboxRequirement,
    /// What they may do in it.
    pub profile: ExecSandboxProfile,
    /// Whether the GPUs are usable.
    pub gpu: bool,
    /// Whether the port of a model server on this machine may be connected to.
    pub model_server: bool,
    /// Whether commands run with whatever the kernel can enforce.
    pub best_effort: bool,
}

impl CommandSandbox {
    /// What both allow.
    #[must_use]
    pub fn stricter_of(self, other: Self) -> Self {
        Self {
            requirement: self.requirement.max(other.requirement),
            profile: self.profile.min(other.profile),
            gpu: self.gpu && other.gpu,
            model_server: self.model_server && other.model_server,
            best_effort: self.best_effort && other.best_effort,
        }
    }
}

impl AgentSandboxConfig {
    /// Whether the workspace must not be written to.
    pub(crate) fn restricts_workspace(self) -> bool {
        self.mode != Some(AgentSandboxMode::Off)
            && self.workspace_access.is_some_and(|access| access < SandboxWorkspaceAccess::Rw)
    }
}

impl Config {
    /// What the config says about the sandbox of an agent's commands.
    #[must_use]
    pub fn command_sandbox(&self, agent: &str) -> CommandSandbox {
        self.command_sandbox_at(agent, self.tools.exec.host())
    }

    /// What the config says about the sandbox of the commands that this machine runs as a node.
    /// `tools.exec.host: "node"` says where an agent's commands run, not how this machine runs them.
    #[must_use]
    pub fn node_command_sandbox(&self, agent: &str) -> CommandSandbox {
        let host = match self.tools.exec.host() {
            ExecHost::Node => ExecHost::Auto,
            host => host,
        };
        self.command_sandbox_at(agent, host)
    }

    fn command_sandbox_at(&self, agent: &str, host: ExecHost) -> CommandSandbox {
        let exec = &self.tools.exec;
        let own = self.agent_sandbox(agent);
        let mut profile = exec.sandbox.profile.unwrap_or_default();
        let is_restricted = own.restricts_workspace();
        if is_restricted {
            profile = profile.min(ExecSandboxProfile::ReadOnly);
        }
        // What was asked for by name is held or refused.
        let is_asked_for = is_restricted || exec.sandbox.profile.is_some();
        let requirement = match (host, own.mode) {
            (ExecHost::Sandbox, _)
            | (ExecHost::Auto, Some(AgentSandboxMode::All | AgentSandboxMode::NonMain)) => {
                SandboxRequirement::Required
            }
            (ExecHost::Auto, None) if is_asked_for => SandboxRequirement::Required,
            (ExecHost::Auto, None) => SandboxRequirement::IfAvailable,
            (ExecHost::Gateway | ExecHost::Node, _)
            | (ExecHost::Auto, Some(AgentSandboxMode::Off)) => SandboxRequirement::Off,
        };
        let is_full = profile == ExecSandboxProfile::Full;
        CommandSandbox {
            requirement: if is_full { SandboxRequirement::Off } else { requirement },
            profile,
            gpu: exec.sandbox.gpu == Some(true),
            model_server: exec.sandbox.model_server == Some(true),
            best_effort: exec.sandbox.best_effort == Some(true),
        }
    }

    /// The setting that asks for a sandbox of an agent's commands, besides `tools.exec.host`;
    /// `None` when there is none.
    #[must_use]
    pub fn sandbox_request(&self, agent: &str) -> Option<&'static str> {
        let own = self.agent_sandbox(agent);
        match self.tools.exec.sandbox.profile {
            Some(ExecSandboxProfile::Full) => None,
            Some(_) => Some("tools.exec.sandbox.profile"),
            None if own.restricts_workspace() => Some("sandbox.workspaceAccess"),
            None => match own.mode {
                Some(AgentSandboxMode::All | AgentSandboxMode::NonMain) => Some("sandbox.mode"),
                Some(AgentSandboxMode::Off) | None => None,
            },
        }
    }

    /// Whether the sandbox of an agent lets its tools change the workspace.
    #[must_use]
    pub fn allows_workspace_writes(&self, agent: &str) -> bool {
        !self.agent_sandbox(agent).restricts_workspace()
    }

    /// The sandbox of an agent: what its entries set, and else what `agents.defaults` does.
    fn agent_sandbox(&self, agent: &str) -> AgentSandboxConfig {
        let general = self.agents.defaults.sandbox;
        self.agent_entries(agent).fold(general, |general, entry| AgentSandboxConfig {
            mode: entry.sandbox.mode.or(general.mode),
            workspace_access: entry.sandbox.workspace_access.or(general.workspace_access),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    fn sandbox(text: &str) -> CommandSandbox {
        Config::parse(text, &Env::default()).unwrap().config.command_sandbox("main")
    }

    #[test]
    fn the_host_and_the_sandbox_of_the_agent_decide_about_a_sandbox() {
        use SandboxRequirement::{IfAvailable, Off, Required};
        for (text, expected) in [
            ("{}", IfAvailable),
            ("{ tools: { exec: { host: 'auto' } } }", IfAvailable),
            ("{ tools: { exec: { host: 'gateway' } } }", Off),
            ("{ tools: { exec: { host: 'sandbox' } } }", Required),
            ("{ tools: { exec: { sandbox: { profile: 'full' } } } }", Off),
            ("{ tools: { exec: { sandbox: { profile: 'read-only' } } } }", Required),
            ("{ tools: { exec: { sandbox: { profile: 'workspace+net' } } } }", Required),
            ("{ tools: { exec: { sandbox: { gpu: true } } } }", IfAvailable),
            ("{ agents: { defaults: { sandbox: { workspaceAccess: 'ro' } } } }", Required),
            ("{ agents: { defaults: { sandbox: { workspaceAccess: 'rw' } } } }", IfAvailable),
            (
                "{ agents: { list: [{ id: 'main', sandbox: { workspaceAccess: 'ro' } }] } }",
                Required,
            ),
            ("{ agents: { defaults: { sandbox: { mode: 'off' } } } }", Off),
            ("{ agents: { defaults: { sandbox: { mode: 'all' } } } }", Required),
            ("{ agents: { defaults: { sandbox: { mode: 'non-main' } } } }", Required),
            (
                "{ agents: { defaults: { sandbox: { mode: 'off' } },
                    list: [{ id: 'main', sandbox: { mode: 'all' } }] } }",
                Required,
            ),
            (
                "{ tools: { exec: { host: 'sandbox' } },
                    agents: { defaults: { sandbox: { mode: 'off' } } } }",
                Required,
            ),
        ] {
            assert_eq!(sandbox(text).requirement, expected, "{text}");
        }
    }

    #[test]
    fn a_node_has_a_sandbox_whatever_node_its_own_agents_use() {
        use SandboxRequirement::{IfAvailable, Off, Required};
        for (text, expected) in [
            ("{}", IfAvailable),
            ("{ tools: { exec: { host: 'node' } } }", IfAvailable),
            ("{ tools: { exec: { host: 'gateway' } } }", Off),
            ("{ tools: { exec: { host: 'sandbox' } } }", Required),
            ("{ tools: { exec: { host: 'node', sandbox: { profile: 'read-only' } } } }", Required),
        ] {
            let config = Config::parse(text, &Env::default()).unwrap().config;
            assert_eq!(config.node_command_sandbox("main").requirement, expected, "{text}");
        }
    }

    #[test]
    fn a_read_only_workspace_is_the_stricter_profile() {
        let text = "{ agents: { defaults: { sandbox: { mode: 'all', workspaceAccess: 'ro' } } } }";
        assert_eq!(sandbox(text).profile, ExecSandboxProfile::ReadOnly);
        let text = "{ agents: { defaults: { sandbox: { workspaceAccess: 'ro' } } } }";
        assert_eq!(sandbox(text).profile, ExecSandboxProfile::ReadOnly);
        let text = "{ agents: { defaults: { sandbox: { workspaceAccess: 'ro' } },
                      list: [{ id: 'main', sandbox: { workspaceAccess: 'rw' } }] } }";
        assert_eq!(sandbox(text).profile, ExecSandboxProfile::Workspace);
        let text = "{ agents: { defaults: { sandbox: { mode: 'off', workspaceAccess: 'ro' } } } }";
        assert_eq!(sandbox(text).profile, ExecSandboxProfile::Workspace);
    }
}
