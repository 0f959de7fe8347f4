//! `agents`: the model, the workspace and the time limits of agents.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AgentEntries, AgentEntry, AgentSandboxConfig, HeartbeatConfig, HumanDuration,
    MemorySearchConfig, ModelChoice, SubagentsConfig, seconds::deserialize_seconds,
};
use crate::{
    defaults::{
        COMPACTION_TIMEOUT_SECONDS, IDLE_TIMEOUT_SECONDS, REPEATED_LINES, RUN_TIMEOUT_SECONDS,
    },
    template::EnvString,
};

/// The agents: their models, workspaces and time limits.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentsConfig {
    /// Settings for every agent.
    pub defaults: AgentDefaults,
    /// Overrides for single agents, by id. The agent `main` always exists. Without `default: true`
    /// and `agents.list`, the default agent is `main` if it has an entry, else the first one.
    pub entries: AgentEntries,
    /// Another form of `entries`: a list, in which each agent has an `id`.
    pub list: Vec<AgentEntry>,
}

/// Settings for every agent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentDefaults {
    /// The model to use, and its fallbacks.
    #[schemars(extend("examples" = ["vllm/my-model", { "primary": "vllm/my-model", "fallbacks": [] }]))]
    pub model: Option<ModelChoice>,
    /// The model that generates images.
    pub image_generation_model: Option<ModelChoice>,
    /// Aliases and options of models, by `provider/model-id`.
    pub models: BTreeMap<String, ModelEntry>,
    /// The most tokens of any model's context window that are used.
    pub context_tokens: Option<NonZeroU32>,
    /// The agents' workspace folder; `~` and `${VAR}` are replaced. The default is `workspace` in
    /// the state folder.
    #[schemars(extend("examples" = ["~/work"]))]
    pub workspace: Option<EnvString>,
    /// The time limit of a whole run, in seconds; 0 is no limit.
    #[schemars(extend("default" = RUN_TIMEOUT_SECONDS))]
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_seconds: Option<u64>,
    /// Limits of each model call: silence, and an answer that repeats itself.
    pub llm: LlmConfig,
    /// How much is sent to a local model: everything, less, or depending on its context window.
    #[schemars(extend("default" = "default"))]
    pub local_model_mode: Option<LocalModelMode>,
    /// The skills that agents use, by name; without it, all.
    pub skills: Option<Vec<String>>,
    /// The search in the agents' notes.
    pub memory_search: MemorySearchConfig,
    /// Sub-agents: sessions that an agent starts for a task of their own.
    pub subagents: SubagentsConfig,
    /// What the default agent looks at by itself, unless an agent has a heartbeat of its own.
    pub heartbeat: HeartbeatConfig,
    /// The sandbox of commands.
    pub sandbox: AgentSandboxConfig,
    /// Old spellings of options.
    pub experimental: ExperimentalConfig,
    /// Compaction: summarising a session that grows too long.
    pub compaction: CompactionConfig,
    /// The most characters of one context file, such as `AGENTS.md`, in the system prompt. The
    /// default is 12,000, or 2,000 in lean mode.
    #[schemars(range(min = 1))]
    pub bootstrap_max_chars: Option<u32>,
    /// The most characters of all context files together in the system prompt. The default is
    /// 60,000, or 6,000 in lean mode.
    #[schemars(range(min = 1))]
    pub bootstrap_total_max_chars: Option<u32>,
}

/// Options of a model.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelEntry {
    /// A short name for the model.
    pub alias: Option<String>,
    /// Parameters for each request to the model, such as `temperature`.
    pub params: Map<String, Value>,
    /// How much is sent to this model. Overrides the agent's mode.
    pub local_model_mode: Option<LocalModelMode>,
}

/// Limits of each model call: silence, and an answer that repeats itself.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct LlmConfig {
    /// The longest silence of a model, in seconds, including the wait for its first token; 0 is no
    /// limit.
    #[schemars(extend("default" = IDLE_TIMEOUT_SECONDS))]
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub idle_timeout_seconds: Option<u64>,
    /// The most lines of an answer that are the same but for their numbers; then it is stopped.
    /// Without line breaks eight tokens count as one line, and a call may have four times as much.
    /// Exact copies are stopped sooner, in proportion. 0 is no limit.
    #[schemars(extend("default" = REPEATED_LINES))]
    pub max_repeated_lines: Option<u32>,
}

/// How much is sent to a local model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocalModelMode {
    /// The full system prompt and all tools.
    #[default]
    Default,
    /// A short system prompt and few tools.
    Lean,
    /// Lean if the context window is small.
    Auto,
}

/// Old spellings of options.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExperimentalConfig {
    /// The old spelling of `localModelMode: "lean"`; `localModelMode` is used when both are set.
    pub local_model_lean: Option<bool>,
}

/// Compaction: summarising a session that grows too long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompactionConfig {
    /// How a summary is made.
    #[schemars(extend("default" = "default"))]
    pub mode: Option<CompactionMode>,
    /// The time limit of one summary, in seconds; 0 is no limit.
    #[schemars(extend("default" = COMPACTION_TIMEOUT_SECONDS))]
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_seconds: Option<u64>,
}

/// How a summary is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CompactionMode {
    /// The older messages are summarised at once.
    #[default]
    Default,
    /// The older messages are summarised in parts, and the summary is checked before it is used.
    Safeguard,
}

impl AgentDefaults {
    /// The time limit of a whole run; `None` for no limit.
    #[must_use]
    pub fn run_timeout(&self) -> Option<Duration> {
        duration_or_default(self.timeout_seconds, RUN_TIMEOUT_SECONDS)
    }

    /// Whether the config says how much is sent to a local model, in either spelling.
    #[must_use]
    pub fn has_local_model_mode(&self) -> bool {
        self.local_model_mode.is_some() || self.experimental.local_model_lean.is_some()
    }

    /// How much is sent to a local model, in either spelling.
    #[must_use]
    pub fn local_model_mode(&self) -> LocalModelMode {
        match (self.local_model_mode, self.experimental.local_model_lean) {
            (Some(mode), _) => mode,
            (None, Some(true)) => LocalModelMode::Lean,
            (None, _) => LocalModelMode::default(),
        }
    }
}

impl LlmConfig {
    /// The idle timeout of a model; `None` for no limit.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        duration_or_default(self.idle_timeout_seconds, IDLE_TIMEOUT_SECONDS)
    }

    /// The most lines that may repeat; 0 for no limit.
    #[must_use]
    pub fn repeated_lines(&self) -> u32 {
        self.max_repeated_lines.unwrap_or(REPEATED_LINES)
    }
}

impl CompactionConfig {
    /// The time limit of one summary; `None` for no limit.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        duration_or_default(self.timeout_seconds, COMPACTION_TIMEOUT_SECONDS)
    }

    /// How a summary is made.
    #[must_use]
    pub fn mode(&self) -> CompactionMode {
        self.mode.unwrap_or_default()
    }
}

/// Converts a limit in seconds, of which 0 means none, to a duration.
pub(super) fn duration_or_default(set: Option<u64>, default: u64) -> Option<Duration> {
    Some(set.unwrap_or(default)).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}
