//! `agents.entries`: the overrides of single agents, and the tools that an agent is offered.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    AgentFileToolsConfig, AgentSandboxConfig, AgentSubagentsConfig, ExecAsk, ExecSecurity,
    HeartbeatConfig, LocalModelMode, MemoryConfig, MemorySearchConfig, ModelChoice,
};
use crate::{template::EnvString, tool_names::matches_tool_pattern};

/// Overrides for one agent; everything else comes from `agents.defaults`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentEntry {
    /// The agent's id in `agents.list`. In `agents.entries` the key is the id.
    pub id: Option<String>,
    /// A display name.
    pub name: Option<String>,
    /// Who the agent is.
    pub identity: AgentIdentity,
    /// Whether this is the agent that answers when none is named.
    pub default: Option<bool>,
    /// The folder of the agent's `auth-profiles.json`; `~` and `${VAR}` are replaced. The default
    /// is `agents/ID/agent` in the state folder.
    pub agent_dir: Option<EnvString>,
    /// The model to use, and its fallbacks.
    pub model: Option<ModelChoice>,
    /// The agent's workspace folder; `~` and `${VAR}` are replaced.
    pub workspace: Option<EnvString>,
    /// How much is sent to a local model.
    pub local_model_mode: Option<LocalModelMode>,
    /// The sandbox of the agent's commands; what it does not set comes from `agents.defaults`.
    pub sandbox: AgentSandboxConfig,
    /// The skills that the agent uses, by name, instead of those of `agents.defaults.skills`.
    pub skills: Option<Vec<String>>,
    /// The search in the agent's notes; what it does not set comes from `agents.defaults`.
    pub memory_search: MemorySearchConfig,
    /// The agent's memory; its `search` is the same as `memorySearch`.
    pub memory: MemoryConfig,
    /// The agent's sub-agents; what it does not set comes from `agents.defaults`.
    pub subagents: AgentSubagentsConfig,
    /// What the agent looks at by itself; what it does not set comes from `agents.defaults`.
    pub heartbeat: Option<HeartbeatConfig>,
    /// The tools that the agent is offered.
    pub tools: ToolPolicy,
    /// The most characters of one context file, such as `AGENTS.md`, in the system prompt.
    #[schemars(range(min = 1))]
    pub bootstrap_max_chars: Option<u32>,
    /// The most characters of all context files together in the system prompt.
    #[schemars(range(min = 1))]
    pub bootstrap_total_max_chars: Option<u32>,
}

/// Who an agent is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentIdentity {
    /// The name by which the agent knows itself; default: that of the agent.
    pub name: Option<String>,
}

/// Which tools an agent is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolPolicy {
    /// The base set of tools.
    pub profile: Option<ToolProfile>,
    /// If not empty, only these tools are offered. `*` matches any characters, and `group:fs`,
    /// `group:runtime` and others are groups of tools. A name that no tool has is an error.
    pub allow: Vec<String>,
    /// Tools that are offered although `profile` does not have them; written as in `allow`.
    pub also_allow: Vec<String>,
    /// Tools that are never offered, even if `allow` has them; written as in `allow`.
    pub deny: Vec<String>,
    /// The commands that the agent may run, within `tools.exec`.
    pub exec: AgentExecConfig,
    /// Where the file tools of the agent work, within `tools.fs`.
    pub fs: AgentFileToolsConfig,
}

/// The commands that an agent may run. It only makes `tools.exec` stricter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentExecConfig {
    /// Which commands may run. The stricter value of this and `tools.exec.security` holds.
    pub security: Option<ExecSecurity>,
    /// When the user is asked. The stricter value of this and `tools.exec.ask` holds.
    pub ask: Option<ExecAsk>,
}

/// A set of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToolProfile {
    /// No tools that read, change or run anything.
    Minimal,
    /// Tools for files, commands, notes and sessions.
    Coding,
    /// Tools for messages only.
    Messaging,
    /// Every tool.
    Full,
}

impl ToolProfile {
    fn contains_tool(self, tool: &str) -> bool {
        match self {
            Self::Full => true,
            Self::Coding => {
                ["group:fs", "group:runtime", "group:memory", "group:sessions", "agents_list"]
                    .iter()
                    .any(|group| matches_tool_pattern(group, tool))
            }
            Self::Messaging => {
                ["group:messaging", "sessions_list", "sessions_history", "sessions_send"]
                    .iter()
                    .any(|group| matches_tool_pattern(group, tool))
            }
            Self::Minimal => false,
        }
    }
}

impl AgentEntry {
    /// The id in `agents.list` without outer blanks.
    #[must_use]
    pub fn trimmed_id(&self) -> Option<&str> {
        self.id.as_deref().map(str::trim)
    }
}

impl ToolPolicy {
    /// Whether a tool is offered.
    #[must_use]
    pub fn offers_tool(&self, tool: &str) -> bool {
        let named =
            |list: &[String]| list.iter().any(|pattern| matches_tool_pattern(pattern, tool));
        let is_in_profile = self.profile.is_none_or(|profile| profile.contains_tool(tool));
        (is_in_profile || named(&self.also_allow))
            && (self.allow.is_empty() || named(&self.allow))
            && !self.denies_tool(tool)
    }

    /// Whether `deny` has a tool.
    #[must_use]
    pub fn denies_tool(&self, tool: &str) -> bool {
        self.deny.iter().any(|pattern| matches_tool_pattern(pattern, tool))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_offered_by_profile_allowance_and_denial() {
        let policy = |profile, allow: &[&str], deny: &[&str]| ToolPolicy {
            profile,
            allow: allow.iter().map(|name| (*name).to_owned()).collect(),
            deny: deny.iter().map(|name| (*name).to_owned()).collect(),
            also_allow: Vec::new(),
            exec: AgentExecConfig::default(),
            fs: AgentFileToolsConfig::default(),
        };
        let offered = |policy: &ToolPolicy| -> Vec<&str> {
            let tools = ["edit", "exec", "read", "write"];
            tools.into_iter().filter(|tool| policy.offers_tool(tool)).collect()
        };
        for (policy, expected) in [
            (policy(None, &[], &[]), &["edit", "exec", "read", "write"][..]),
            (policy(None, &["read", "EDIT"], &[]), &["edit", "read"]),
            (policy(None, &["*"], &["group:runtime"]), &["edit", "read", "write"]),
            (policy(None, &["group:fs"], &["w*e"]), &["edit", "read"]),
            (policy(None, &["e*"], &[]), &["edit", "exec"]),
            (policy(None, &["*e*c*"], &[]), &["exec"]),
            (policy(None, &["nothing"], &[]), &[]),
            (policy(None, &["group:openclaw"], &["*"]), &[]),
            (policy(None, &[], &["Bash "]), &["edit", "read", "write"]),
            (
                ToolPolicy {
                    also_allow: vec!["read".to_owned(), "exec".to_owned()],
                    exec: AgentExecConfig::default(),
                    ..policy(Some(ToolProfile::Messaging), &[], &["exec"])
                },
                &["read"],
            ),
            (policy(Some(ToolProfile::Coding), &["read"], &[]), &["read"]),
            (policy(Some(ToolProfile::Full), &[], &["exec"]), &["edit", "read", "write"]),
            (policy(Some(ToolProfile::Minimal), &["read"], &[]), &[]),
            (policy(Some(ToolProfile::Messaging), &[], &[]), &[]),
        ] {
            assert_eq!(offered(&policy), expected, "{policy:?}");
        }
    }
}
