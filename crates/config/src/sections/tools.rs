//! `tools`: the built-in tools.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    AgentExecConfig, AgentFileToolsConfig, AgentToAgentConfig, ExecSandboxConfig, FileToolsConfig,
    HumanDuration, SessionToolsConfig, ToolPolicy, ToolProfile, agents::duration_or_default,
    seconds::deserialize_seconds,
};
use crate::{
    defaults::{EXEC_BACKGROUND_MS, EXEC_CLEANUP_MS, EXEC_TIMEOUT_SECONDS},
    secret::SecretInput,
};

/// The built-in tools.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolsConfig {
    /// The base set of tools.
    pub profile: Option<ToolProfile>,
    /// If not empty, only these tools are offered. `*` matches any characters, and `group:fs`,
    /// `group:runtime` and others are groups of tools. A name that no tool has is an error.
    pub allow: Vec<String>,
    /// Tools that are offered although `profile` does not have them; written as in `allow`.
    pub also_allow: Vec<String>,
    /// Tools that are never offered, even if `allow` has them; written as in `allow`.
    pub deny: Vec<String>,
    /// How commands are run.
    pub exec: ExecConfig,
    /// Where the file tools work.
    pub fs: FileToolsConfig,
    /// The tools for the web.
    pub web: WebConfig,
    /// What agents see of other sessions.
    pub sessions: SessionToolsConfig,
    /// Whether agents reach the sessions of other agents.
    pub agent_to_agent: AgentToAgentConfig,
}

impl ToolsConfig {
    /// The tools that every agent is offered.
    #[must_use]
    pub fn tool_policy(&self) -> ToolPolicy {
        let Self { profile, allow, also_allow, deny, .. } = self;
        ToolPolicy {
            profile: *profile,
            allow: allow.clone(),
            also_allow: also_allow.clone(),
            deny: deny.clone(),
            exec: AgentExecConfig::default(),
            fs: AgentFileToolsConfig::default(),
        }
    }
}

/// How commands are run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExecConfig {
    /// The machine that commands run on.
    #[schemars(extend("default" = "auto"))]
    pub host: Option<ExecHost>,
    /// What sandboxed commands may do.
    pub sandbox: ExecSandboxConfig,
    /// Which commands may run.
    #[schemars(extend("default" = "allowlist"))]
    pub security: Option<ExecSecurity>,
    /// When the user is asked before a command runs.
    #[schemars(extend("default" = "on-miss"))]
    pub ask: Option<ExecAsk>,
    /// The node that commands run on with `host: "node"`.
    pub node: Option<String>,
    /// Filters of standard input that need no entry in the allowlist, by name.
    #[schemars(extend("default" = ["cut", "head", "tail", "tr", "uniq", "wc"]))]
    pub safe_bins: Option<Vec<String>>,
    /// More directories that filters may be in, besides `/bin` and `/usr/bin`.
    pub safe_bin_trusted_dirs: Vec<String>,
    /// The arguments of filters that are not known, by name.
    pub safe_bin_profiles: BTreeMap<String, SafeBinProfileConfig>,
    /// The time limit of a command, in seconds; 0 is no limit.
    #[schemars(extend("default" = EXEC_TIMEOUT_SECONDS))]
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_sec: Option<u64>,
    /// Another spelling of `timeoutSec`; `timeoutSec` is used when both are set.
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_seconds: Option<u64>,
    /// How long a call waits for its command, in milliseconds. A command that runs longer continues
    /// in the background.
    #[schemars(extend("default" = EXEC_BACKGROUND_MS))]
    pub background_ms: Option<u64>,
    /// How long the output of a background command is kept after its end, in milliseconds.
    #[schemars(extend("default" = EXEC_CLEANUP_MS))]
    pub cleanup_ms: Option<u64>,
    /// Whether the model is told with the next message that a background command has ended.
    #[schemars(extend("default" = true))]
    pub notify_on_exit: Option<bool>,
}

/// The arguments that keep a program a filter of standard input.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SafeBinProfileConfig {
    /// The fewest arguments that are no options.
    pub min_positional: usize,
    /// The most arguments that are no options.
    pub max_positional: usize,
    /// Options with a value, such as `-n` and `--lines`; every other option is refused.
    pub allowed_value_flags: Vec<String>,
    /// Options that are refused even if `allowedValueFlags` has them.
    pub denied_flags: Vec<String>,
}

/// The machine that commands run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecHost {
    /// The sandbox if there is one, else this machine; never a node.
    #[default]
    Auto,
    /// A sandbox on this machine.
    Sandbox,
    /// This machine, which the gateway runs on.
    Gateway,
    /// A paired machine.
    Node,
}

/// Which commands may run. Earlier values are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecSecurity {
    /// None.
    Deny,
    /// Commands on the allowlist, and those that the user approves.
    #[default]
    Allowlist,
    /// Every command.
    Full,
}

/// When the user is asked before a command runs. Later values are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecAsk {
    /// Never.
    Off,
    /// When the command is not on the allowlist.
    #[default]
    OnMiss,
    /// Before every command.
    Always,
}

/// The tools for the web.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WebConfig {
    /// Web search.
    pub search: WebSearchConfig,
    /// Fetching web pages.
    pub fetch: WebFetchConfig,
}

/// Web search.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WebSearchConfig {
    /// Whether the tool is offered.
    pub enabled: Option<bool>,
    /// The search service.
    pub provider: Option<String>,
    /// The key for the search service.
    pub api_key: Option<SecretInput>,
    /// The most results of a search.
    pub max_results: Option<u32>,
    /// The time limit of a search, in seconds.
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_seconds: Option<u64>,
}

/// Fetching web pages.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WebFetchConfig {
    /// The most characters of a page that the model gets.
    pub enabled: Option<bool>,
    /// The most bytes of a page that are downloaded.
    pub max_chars: Option<u64>,
    /// The time limit of a page, in seconds.
    pub max_response_bytes: Option<u64>,
    /// The most redirects that are followed.
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_seconds: Option<u64>,
    /// How many redirects are followed.
    pub max_redirects: Option<u32>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
}

impl ExecConfig {
    /// The machine that commands run on.
    #[must_use]
    pub fn host(&self) -> ExecHost {
        self.host.unwrap_or_default()
    }

    /// Which commands may run.
    #[must_use]
    pub fn security(&self) -> ExecSecurity {
        self.security.unwrap_or_default()
    }

    /// When the user is asked before a command runs.
    #[must_use]
    pub fn ask_mode(&self) -> ExecAsk {
        self.ask.unwrap_or_default()
    }

    /// How long a call waits for its command.
    #[must_use]
    pub fn background_after(&self) -> Duration {
        Duration::from_millis(self.background_ms.unwrap_or(EXEC_BACKGROUND_MS))
    }

    /// How long the output of a background command is kept after its end.
    #[must_use]
    pub fn cleanup_after(&self) -> Duration {
        Duration::from_millis(self.cleanup_ms.unwrap_or(EXEC_CLEANUP_MS))
    }

    /// Whether the model is told that a background command has ended.
    #[must_use]
    pub fn notifies_on_exit(&self) -> bool {
        self.notify_on_exit.unwrap_or(true)
    }

    /// The time limit of a command; `None` for no limit.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        duration_or_default(self.timeout_sec.or(self.timeout_seconds), EXEC_TIMEOUT_SECONDS)
    }
}
