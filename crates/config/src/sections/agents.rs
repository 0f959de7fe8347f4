//! `agents`: which model an agent uses, where it works, how long it may take.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{AgentEntry, ModelChoice};
use crate::{
    defaults::{COMPACTION_TIMEOUT_SECONDS, IDLE_TIMEOUT_SECONDS, RUN_TIMEOUT_SECONDS},
    template::EnvString,
};

/// The agents: which model they use, where they work, how long they may take.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentsConfig {
    /// What holds for every agent.
    pub defaults: AgentDefaults,
    /// What is different for an agent, by its id. There is always one called `main`.
    pub entries: BTreeMap<String, AgentEntry>,
}

/// What holds for every agent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentDefaults {
    /// The model that answers, and what to use when it does not.
    #[schemars(extend("examples" = ["vllm/my-model", { "primary": "vllm/my-model", "fallbacks": [] }]))]
    pub model: Option<ModelChoice>,
    /// The model that draws pictures.
    pub image_generation_model: Option<ModelChoice>,
    /// Names and options of models, by `provider/model-id`.
    pub models: BTreeMap<String, ModelEntry>,
    /// The folder that the agent works in; `~` and `${VAR}` are filled in. The default is
    /// `workspace` in the state folder.
    #[schemars(extend("examples" = ["~/work"]))]
    pub workspace: Option<EnvString>,
    /// The longest time for a whole run, in seconds; 0 is no limit.
    #[schemars(extend("default" = RUN_TIMEOUT_SECONDS))]
    pub timeout_seconds: Option<u64>,
    /// How the model is waited for.
    pub llm: LlmConfig,
    /// How much is sent to a local model: everything, less, or whatever fits.
    #[schemars(extend("default" = "default"))]
    pub local_model_mode: Option<LocalModelMode>,
    /// Older spellings of options.
    pub experimental: ExperimentalConfig,
    /// How a session that grows too long is summarised.
    pub compaction: CompactionConfig,
    /// The most characters of one context file, such as `AGENTS.md`, in the prompt; absent for
    /// 12,000, and for 2,000 in lean mode.
    #[schemars(range(min = 1))]
    pub bootstrap_max_chars: Option<u32>,
    /// The most characters of all context files in the prompt; absent for 60,000, and for 6,000
    /// in lean mode.
    #[schemars(range(min = 1))]
    pub bootstrap_total_max_chars: Option<u32>,
}

/// Options of one model in `agents.defaults.models`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelEntry {
    /// A short name for the model.
    pub alias: Option<String>,
    /// Parameters for each request to the model, such as `temperature`.
    pub params: Map<String, Value>,
    /// How much is sent to this model, whatever the agent says.
    pub local_model_mode: Option<LocalModelMode>,
}

/// How the model is waited for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LlmConfig {
    /// The longest time without anything from the model, the wait for its first token included,
    /// in seconds; 0 is no limit.
    #[schemars(extend("default" = IDLE_TIMEOUT_SECONDS))]
    pub idle_timeout_seconds: Option<u64>,
}

/// How much is sent to a local model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocalModelMode {
    /// The whole prompt and all tools.
    #[default]
    Default,
    /// A short prompt and few tools.
    Lean,
    /// Lean where the context window is small.
    Auto,
}

/// Older spellings of options.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ExperimentalConfig {
    /// The same as `localModelMode: "lean"`, which wins when both are set.
    pub local_model_lean: Option<bool>,
}

/// How a session that grows too long is summarised.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CompactionConfig {
    /// How careful the summary is.
    #[schemars(extend("default" = "default"))]
    pub mode: Option<CompactionMode>,
    /// The longest time for one summary, in seconds; 0 is no limit.
    #[schemars(extend("default" = COMPACTION_TIMEOUT_SECONDS))]
    pub timeout_seconds: Option<u64>,
}

/// How careful a summary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CompactionMode {
    /// One summary of the older messages.
    #[default]
    Default,
    /// A summary in parts, checked before it replaces the messages.
    Safeguard,
}

impl AgentDefaults {
    /// The longest time for a whole run; absent for no limit.
    #[must_use]
    pub fn run_timeout(&self) -> Option<Duration> {
        duration_or_default(self.timeout_seconds, RUN_TIMEOUT_SECONDS)
    }

    /// How much is sent to a local model, in whichever spelling it was set.
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
    /// The longest time without anything from the model; absent for no limit.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        duration_or_default(self.idle_timeout_seconds, IDLE_TIMEOUT_SECONDS)
    }
}

impl CompactionConfig {
    /// The longest time for one summary; absent for no limit.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        duration_or_default(self.timeout_seconds, COMPACTION_TIMEOUT_SECONDS)
    }

    /// How careful a summary is.
    #[must_use]
    pub fn mode(&self) -> CompactionMode {
        self.mode.unwrap_or_default()
    }
}

/// A time limit in seconds, of which 0 means none.
pub(super) fn duration_or_default(set: Option<u64>, default: u64) -> Option<Duration> {
    Some(set.unwrap_or(default)).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}
