//! `models`: the model servers and what is known of their models.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ClocksConfig, CompatConfig, LlmConfig, ServerLossConfig, agents::duration_or_default};
use crate::{
    env::Env,
    secret::SecretInput,
    template::{EnvString, UnsetVariable},
};

/// The model servers and what is known of their models.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelsConfig {
    /// Whether these providers come beside those that are found or instead of them.
    #[schemars(extend("default" = "merge"))]
    pub mode: Option<MergeMode>,
    /// Whether a conversation may go to a server that is neither on this machine nor in its
    /// network. Left out it is `local-only` where the primary model is on one of these, and `any`
    /// where it is not.
    pub egress: Option<EgressPolicy>,
    /// The providers by their id, the part of a model's name in front of the `/`.
    pub providers: BTreeMap<String, ProviderConfig>,
}

/// How configured providers go together with those that are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MergeMode {
    /// Both are used; a configured one wins.
    #[default]
    Merge,
    /// Only the configured ones are used.
    Replace,
}

/// Which models a conversation may be sent to. A server is hosted unless its address shows that it
/// is on this machine or in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EgressPolicy {
    /// Of the hosted ones those that the config names as primary model or fallback, each of which
    /// is told; any other only after a yes at the terminal.
    LocalOnly,
    /// Hosted ones after a yes at the terminal; without a terminal as with `local-only`.
    Ask,
    /// All.
    Any,
}

/// A model server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ProviderConfig {
    /// Where the server is, as `http://host:port/v1`; `${VAR}` is filled in. Only `vllm`,
    /// `lmstudio`, `anthropic`, `openai` and `openrouter` have a place of their own where it is
    /// left out.
    #[schemars(extend("examples" = ["http://127.0.0.1:8000/v1"]))]
    pub base_url: Option<EnvString>,
    /// The key for the server; none is sent when it is left out.
    #[schemars(extend("examples" = ["${VLLM_API_KEY}"]))]
    pub api_key: Option<SecretInput>,
    /// The language that the server speaks.
    pub api: Option<ProviderApi>,
    /// Headers for every request, by name.
    pub headers: BTreeMap<String, SecretInput>,
    /// The longest time without anything from a model of this server, in seconds; 0 is no limit.
    /// It wins over `agents.defaults.llm.idleTimeoutSeconds`.
    pub timeout_seconds: Option<u64>,
    /// How long each part of an answer may take, for every model of this server.
    pub clocks: ClocksConfig,
    /// The most answers to have from the server at a time, so that people come before background
    /// work; no limit when it is left out.
    pub max_concurrent: Option<NonZeroU32>,
    /// What happens when the server is lost in the middle of its work.
    pub on_server_loss: ServerLossConfig,
    /// The models of the server; what is said here wins over what the server says, field by
    /// field. With models of its own a server has these and no others, unless
    /// `agents.defaults.models` has `ID/*`; without any it has all that it lists.
    pub models: Vec<ModelConfig>,
}

/// The language that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProviderApi {
    /// `POST /chat/completions`, which nearly every local server has.
    OpenaiCompletions,
    /// `POST /responses`.
    OpenaiResponses,
    /// `POST /messages`.
    AnthropicMessages,
    /// The Responses API of a hosted coding product.
    OpenaiCodexResponses,
    /// The Gemini API.
    GoogleGenerativeAi,
    /// GitHub Copilot.
    GithubCopilot,
    /// Amazon Bedrock.
    BedrockConverseStream,
    /// Ollama's own API.
    Ollama,
    /// The Responses API on Azure.
    AzureOpenaiResponses,
}

/// A model of a server. Only `id` must be there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelConfig {
    /// The name that the server knows the model by.
    #[schemars(extend("minLength" = 1, "examples" = ["meta-llama/Llama-3.3-70B-Instruct"]))]
    pub id: String,
    /// The name that is shown.
    #[serde(default)]
    pub name: Option<String>,
    /// The language for this model, when it differs from its server's.
    #[serde(default)]
    pub api: Option<ProviderApi>,
    /// Headers for this model's requests, besides its server's.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretInput>,
    /// Whether the model thinks before it answers.
    #[serde(default)]
    pub reasoning: Option<bool>,
    /// What the model can read.
    #[serde(default)]
    pub input: Option<Vec<InputKind>>,
    /// What the model costs.
    #[serde(default)]
    pub cost: Option<ModelCost>,
    /// The tokens that prompt and answer may have together.
    #[serde(default)]
    #[schemars(extend("examples" = [32768]))]
    pub context_window: Option<NonZeroU32>,
    /// The tokens that an answer may have.
    #[serde(default)]
    pub max_tokens: Option<NonZeroU32>,
    /// How long each part of an answer may take, over what holds for its server.
    #[serde(default)]
    pub clocks: ClocksConfig,
    /// What the server does differently for this model.
    #[serde(default)]
    pub compat: CompatConfig,
}

/// What a model can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum InputKind {
    /// Text.
    Text,
    /// Pictures.
    Image,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelCost {
    /// The prompt.
    pub input: f64,
    /// The answer.
    pub output: f64,
    /// The part of the prompt that was read from a cache.
    pub cache_read: f64,
    /// The part of the prompt that was written to a cache.
    pub cache_write: f64,
}

impl ModelsConfig {
    /// Whether these providers come beside those that are found or instead of them.
    #[must_use]
    pub fn mode(&self) -> MergeMode {
        self.mode.unwrap_or_default()
    }
}

impl ProviderConfig {
    /// Where the server is; absent when it is not set.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn resolve_base_url(&self, env: &Env) -> Result<Option<String>, UnsetVariable> {
        self.base_url.as_ref().map(|text| text.resolve_variables(env)).transpose()
    }

    /// The key for the server; absent when it is not set or is the empty text.
    #[must_use]
    pub fn api_key(&self) -> Option<&SecretInput> {
        self.api_key.as_ref().filter(|key| !key.is_blank())
    }

    /// The longest time without anything from a model of this server, which is that of every
    /// provider where this one has none of its own; absent for no limit.
    #[must_use]
    pub fn idle_timeout(&self, general: &LlmConfig) -> Option<Duration> {
        match self.timeout_seconds {
            Some(seconds) => duration_or_default(Some(seconds), seconds),
            None => general.idle_timeout(),
        }
    }

    /// The model with this id, when the config has it.
    #[must_use]
    pub fn find_model(&self, id: &str) -> Option<&ModelConfig> {
        self.models.iter().find(|model| model.id == id)
    }
}
