//! Sub-agents, and what agents see of other sessions.

use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Config, HumanDuration, ModelChoice, agents::duration_or_default, is_same_agent,
    seconds::deserialize_seconds,
};
use crate::{
    defaults::{
        SUBAGENT_ARCHIVE_MINUTES, SUBAGENT_CHILDREN, SUBAGENT_DEPTH, SUBAGENT_TIMEOUT_SECONDS,
        SUBAGENTS_AT_ONCE,
    },
    tool_names::matches_tool_pattern,
};

/// The deepest nesting that can be set.
const MAX_SPAWN_DEPTH: u32 = 5;

/// The most children of a session that can be set.
const MAX_CHILDREN: u32 = 20;

/// Patterns that name every tool, and so none in particular.
const GENERAL_PATTERNS: [&str; 2] = ["*", "group:openclaw"];

/// Sub-agents: sessions that an agent starts for a task of their own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubagentsConfig {
    /// How many sub-agents run at once in one program; others wait.
    #[schemars(extend("default" = SUBAGENTS_AT_ONCE))]
    pub max_concurrent: Option<NonZeroU32>,
    /// How deep sub-agents may start others: with 1 they may not.
    #[schemars(range(min = 1, max = 5), extend("default" = SUBAGENT_DEPTH))]
    pub max_spawn_depth: Option<NonZeroU32>,
    /// How many sub-agents of one session may run or wait.
    #[schemars(range(min = 1, max = 20), extend("default" = SUBAGENT_CHILDREN))]
    pub max_children_per_agent: Option<NonZeroU32>,
    /// After how many minutes ended sub-agents are no longer listed; 0 lists them for good. Their
    /// sessions stay.
    #[schemars(extend("default" = SUBAGENT_ARCHIVE_MINUTES))]
    pub archive_after_minutes: Option<u32>,
    /// The time limit of a sub-agent, in seconds; 0 is no limit.
    #[schemars(extend("default" = SUBAGENT_TIMEOUT_SECONDS))]
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub run_timeout_seconds: Option<u64>,
    /// The model of sub-agents. Without it they have that of their agent.
    pub model: Option<ModelChoice>,
    /// The other agents that sub-agents may be, by id; `*` is each. Without it only the agent
    /// itself.
    pub allow_agents: Option<Vec<String>>,
}

/// The sub-agents of one agent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentSubagentsConfig {
    /// The model of its sub-agents, instead of that in `agents.defaults`.
    pub model: Option<ModelChoice>,
    /// The other agents that its sub-agents may be, instead of those in `agents.defaults`.
    pub allow_agents: Option<Vec<String>>,
}

/// What agents see of other sessions.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionToolsConfig {
    /// Which sessions an agent may read and write to. An agent with a sandbox sees its own session
    /// and its sub-agents only.
    #[schemars(extend("default" = "tree"))]
    pub visibility: Option<SessionVisibility>,
}

/// Which sessions an agent sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionVisibility {
    /// Its own.
    #[serde(rename = "self")]
    Own,
    /// Its own, and those of its sub-agents.
    #[default]
    Tree,
    /// All of the same agent.
    Agent,
    /// All. Those of other agents need `tools.agentToAgent` as well.
    All,
}

/// Whether agents reach the sessions of other agents.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentToAgentConfig {
    /// Whether they do.
    #[schemars(extend("default" = false))]
    pub enabled: Option<bool>,
    /// The agents that may be on either side, by id; `*` matches any characters. Without it each.
    pub allow: Vec<String>,
}

/// The limits of an agent's sub-agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubagentLimits {
    /// How many run at once.
    pub max_concurrent: u32,
    /// How deep they may be.
    pub max_depth: u32,
    /// How many of one session may run or wait.
    pub max_children: u32,
    /// The time limit of each; `None` is none.
    pub timeout: Option<Duration>,
    /// After how long ended ones are no longer listed; `None` is never.
    pub archive_after: Option<Duration>,
}

impl Config {
    /// The limits of sub-agents.
    #[must_use]
    pub fn subagent_limits(&self) -> SubagentLimits {
        let set = &self.agents.defaults.subagents;
        let number = |set: Option<NonZeroU32>, default| set.map_or(default, NonZeroU32::get);
        let minutes = set.archive_after_minutes.unwrap_or(SUBAGENT_ARCHIVE_MINUTES);
        SubagentLimits {
            max_concurrent: number(set.max_concurrent, SUBAGENTS_AT_ONCE),
            max_depth: number(set.max_spawn_depth, SUBAGENT_DEPTH).min(MAX_SPAWN_DEPTH),
            max_children: number(set.max_children_per_agent, SUBAGENT_CHILDREN).min(MAX_CHILDREN),
            timeout: duration_or_default(set.run_timeout_seconds, SUBAGENT_TIMEOUT_SECONDS),
            archive_after: (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60)),
        }
    }

    /// The model of an agent's sub-agents; `None` is that of their agent.
    #[must_use]
    pub fn subagent_model(&self, agent: &str) -> Option<&ModelChoice> {
        let own = self.agent_entries(agent).find_map(|entry| entry.subagents.model.as_ref());
        own.or(self.agents.defaults.subagents.model.as_ref())
    }

    /// Whether an agent may have a sub-agent that is `other`.
    #[must_use]
    pub fn allows_subagent(&self, agent: &str, other: &str) -> bool {
        let own = self.agent_entries(agent).find_map(|entry| entry.subagents.allow_agents.as_ref());
        let allowed = own.or(self.agents.defaults.subagents.allow_agents.as_ref());
        is_same_agent(agent, other)
            || allowed.is_some_and(|ids| {
                ids.iter().any(|id| id.trim() == "*" || is_same_agent(id, other))
            })
    }

    /// Whether an agent reaches the sessions of another one.
    #[must_use]
    pub fn allows_agent_to_agent(&self, agent: &str, other: &str) -> bool {
        let set = &self.tools.agent_to_agent;
        let is_allowed = |agent: &str| {
            set.allow.is_empty()
                || set.allow.iter().any(|pattern| {
                    matches_tool_pattern(pattern, &agent.trim().to_ascii_lowercase())
                })
        };
        is_same_agent(agent, other)
            || (set.enabled == Some(true) && is_allowed(agent) && is_allowed(other))
    }

    /// Which sessions an agent sees. One whose config asks for a sandbox sees its tree at most.
    #[must_use]
    pub fn session_visibility(&self, agent: &str) -> SessionVisibility {
        let set = self.tools.sessions.visibility.unwrap_or_default();
        match self.sandbox_request(agent) {
            Some(_) => set.min(SessionVisibility::Tree),
            None => set,
        }
    }

    /// Whether a list of allowed tools names a tool, not only all tools.
    #[must_use]
    pub fn names_tool(&self, agent: &str, tool: &str) -> bool {
        let general = self.tools.tool_policy();
        let own = self.agent_entries(agent).map(|entry| &entry.tools);
        let policies: Vec<_> = std::iter::once(&general).chain(own).collect();
        let mut patterns =
            policies.iter().flat_map(|policy| policy.allow.iter().chain(&policy.also_allow));
        patterns.any(|pattern| {
            let is_general = GENERAL_PATTERNS.iter().any(|it| pattern.eq_ignore_ascii_case(it));
            !is_general && matches_tool_pattern(pattern, tool)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    fn config(text: &str) -> Config {
        Config::parse(text, &Env::default()).unwrap().config
    }

    #[test]
    fn limits_have_the_defaults_of_the_original_and_a_highest_value() {
        let limits = config("{}").subagent_limits();
        let expected = (8, 1, 5, Some(Duration::from_mins(15)), Some(Duration::from_hours(1)));
        let SubagentLimits { max_concurrent, max_depth, max_children, timeout, archive_after } =
            limits;
        assert_eq!((max_concurrent, max_depth, max_children, timeout, archive_after), expected);
        let most = config(
            "{ agents: { defaults: { subagents: { maxSpawnDepth: 9, maxChildrenPerAgent: 99,
               archiveAfterMinutes: 0, runTimeoutSeconds: 0 } } } }",
        );
        let most = most.subagent_limits();
        assert_eq!((most.max_depth, most.max_children), (5, 20));
        assert_eq!((most.timeout, most.archive_after), (None, None));
    }

    #[test]
    fn other_agents_must_be_named() {
        let text = "{ agents: { defaults: { subagents: { allowAgents: ['ops'] } },
            entries: { dev: { subagents: { allowAgents: ['*'] } }, ops: {}, main: {} } } }";
        let config = config(text);
        for (agent, other, is_allowed) in [
            ("main", "main", true),
            ("main", "Ops", true),
            ("main", "dev", false),
            ("dev", "main", true),
            ("ops", "dev", false),
        ] {
            assert_eq!(config.allows_subagent(agent, other), is_allowed, "{agent} {other}");
            assert_eq!(config.allows_agent_to_agent(agent, other), agent == other);
        }
    }

    #[test]
    fn agents_reach_each_other_when_both_may() {
        let config = config("{ tools: { agentToAgent: { enabled: true, allow: ['a', 'b*'] } } }");
        for (agent, other, is_allowed) in
            [("a", "b1", true), ("a", "c", false), ("c", "a", false), ("c", "c", true)]
        {
            assert_eq!(config.allows_agent_to_agent(agent, other), is_allowed, "{agent} {other}");
        }
    }

    #[test]
    fn a_sandbox_confines_to_the_tree() {
        let text = "{ tools: { sessions: { visibility: 'all' } },
            agents: { entries: { boxed: { sandbox: { mode: 'all' } }, free: {} } } }";
        assert_eq!(config(text).session_visibility("boxed"), SessionVisibility::Tree);
        assert_eq!(config(text).session_visibility("free"), SessionVisibility::All);
        assert_eq!(config("{}").session_visibility("main"), SessionVisibility::Tree);
        let own = "{ tools: { sessions: { visibility: 'self' } } }";
        assert_eq!(config(own).session_visibility("main"), SessionVisibility::Own);
    }
}
