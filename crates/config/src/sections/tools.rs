//! `tools`: the built-in tools.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ToolPolicy, ToolProfile, agents::duration_or_default};
use crate::{defaults::EXEC_TIMEOUT_SECONDS, secret::SecretInput};

/// The built-in tools.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolsConfig {
    /// A set of tools to begin with.
    pub profile: Option<ToolProfile>,
    /// The only tools that are offered, by name; `*` stands for any characters, and `group:fs`,
    /// `group:runtime` and `group:openclaw` for the tools of a kind. Absent or empty for all.
    pub allow: Vec<String>,
    /// Tools that are not offered, whatever else allows them; written as in `allow`.
    pub deny: Vec<String>,
    /// How commands are run.
    pub exec: ExecConfig,
    /// The tools that reach the web.
    pub web: WebConfig,
}

impl ToolsConfig {
    /// Which tools any agent is offered.
    #[must_use]
    pub fn tool_policy(&self) -> ToolPolicy {
        let Self { profile, allow, deny, .. } = self;
        ToolPolicy { profile: *profile, allow: allow.clone(), deny: deny.clone() }
    }
}

/// How commands are run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecConfig {
    /// The machine that commands run on.
    #[schemars(extend("default" = "auto"))]
    pub host: Option<ExecHost>,
    /// Which commands may run at all.
    #[schemars(extend("default" = "allowlist"))]
    pub security: Option<ExecSecurity>,
    /// When a person is asked first.
    #[schemars(extend("default" = "on-miss"))]
    pub ask: Option<ExecAsk>,
    /// The node that commands run on with `host: "node"`.
    pub node: Option<String>,
    /// The longest time for one command, in seconds; 0 is no limit.
    #[schemars(extend("default" = EXEC_TIMEOUT_SECONDS))]
    pub timeout_sec: Option<u64>,
    /// Another spelling of `timeoutSec`, which wins when both are set.
    pub timeout_seconds: Option<u64>,
}

/// The machine that commands run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecHost {
    /// The sandbox where there is one, else this machine; never a node.
    #[default]
    Auto,
    /// A sandbox on this machine.
    Sandbox,
    /// This machine, which the gateway runs on.
    Gateway,
    /// A paired machine.
    Node,
}

/// Which commands may run at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecSecurity {
    /// None.
    Deny,
    /// Those on the list, and those that a person allows.
    #[default]
    Allowlist,
    /// Every command.
    Full,
}

/// When a person is asked before a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecAsk {
    /// Never.
    Off,
    /// When the command is not on the list.
    #[default]
    OnMiss,
    /// Before every command.
    Always,
}

/// The tools that reach the web.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebConfig {
    /// Searching the web.
    pub search: WebSearchConfig,
    /// Reading a page.
    pub fetch: WebFetchConfig,
}

/// Searching the web.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebSearchConfig {
    /// Whether the tool is offered.
    pub enabled: Option<bool>,
    /// The search service.
    pub provider: Option<String>,
    /// The key for the search service.
    pub api_key: Option<SecretInput>,
    /// How many results are given.
    pub max_results: Option<u32>,
    /// The longest time for a search, in seconds.
    pub timeout_seconds: Option<u64>,
}

/// Reading a page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebFetchConfig {
    /// Whether the tool is offered.
    pub enabled: Option<bool>,
    /// The characters of a page that are given.
    pub max_chars: Option<u64>,
    /// The bytes of a page that are read.
    pub max_response_bytes: Option<u64>,
    /// The longest time for a page, in seconds.
    pub timeout_seconds: Option<u64>,
    /// How many redirects are followed.
    pub max_redirects: Option<u32>,
    /// The name that the tool gives itself.
    pub user_agent: Option<String>,
}

impl ExecConfig {
    /// The machine that commands run on.
    #[must_use]
    pub fn host(&self) -> ExecHost {
        self.host.unwrap_or_default()
    }

    /// Which commands may run at all.
    #[must_use]
    pub fn security(&self) -> ExecSecurity {
        self.security.unwrap_or_default()
    }

    /// When a person is asked first.
    #[must_use]
    pub fn ask_mode(&self) -> ExecAsk {
        self.ask.unwrap_or_default()
    }

    /// The longest time for one command; absent for no limit.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        duration_or_default(self.timeout_sec.or(self.timeout_seconds), EXEC_TIMEOUT_SECONDS)
    }
}
