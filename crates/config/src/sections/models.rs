//! `models`: the model servers and their models.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    ClocksConfig, CompatConfig, HumanDuration, LlmConfig, ServerLossConfig,
    agents::duration_or_default, seconds::deserialize_seconds,
};
use crate::{
    env::Env,
    secret::SecretInput,
    template::{EnvString, TemplateError},
};

/// The model servers and their models.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelsConfig {
    /// Whether these providers are added to the built-in ones or replace them.
    #[schemars(extend("default" = "merge"))]
    pub mode: Option<MergeMode>,
    /// Whether a conversation may be sent to a server that is neither on this machine nor in its
    /// network. The default is `local-only` if the primary model's server is there, else `any`.
    pub egress: Option<EgressPolicy>,
    /// The providers by id, the part of a model reference before the `/`.
    pub providers: BTreeMap<String, ProviderConfig>,
}

/// Whether configured providers are added to the built-in ones or replace them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MergeMode {
    /// Both are available; a configured provider overrides a built-in one.
    #[default]
    Merge,
    /// Only configured providers are available.
    Replace,
}

/// Which models a conversation may be sent to. A server is hosted unless its address shows that it
/// is on this machine or in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EgressPolicy {
    /// Local models, and hosted ones that are configured as primary model or fallback, with a
    /// notice. Other hosted models need a confirmation at the terminal.
    LocalOnly,
    /// Hosted models need a confirmation at the terminal; without a terminal as `local-only`.
    Ask,
    /// All models.
    Any,
}

/// A model server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProviderConfig {
    /// The server's base URL, e.g. `http://host:port/v1`; `${VAR}` is replaced. It may be left out
    /// only for `vllm`, `lmstudio`, `anthropic`, `openai` and `openrouter`, which have a default.
    #[schemars(extend("examples" = ["http://127.0.0.1:8000/v1"]))]
    pub base_url: Option<EnvString>,
    /// The key for the server; without it none is sent.
    #[schemars(extend("examples" = ["${VLLM_API_KEY}"]))]
    pub api_key: Option<SecretInput>,
    /// The API that the server offers.
    pub api: Option<ProviderApi>,
    /// Whether the key is sent in the header `Authorization`. The default is yes, except to
    /// Anthropic's own servers. With `false` no header carries the key, not even `x-api-key`.
    pub auth_header: Option<bool>,
    /// Headers for every request, by name.
    pub headers: BTreeMap<String, SecretInput>,
    /// Parameters for each request to the server's models, such as `temperature`.
    pub params: Map<String, Value>,
    /// The idle timeout of this server's models, in seconds; 0 is no limit. Overrides
    /// `agents.defaults.llm.idleTimeoutSeconds`.
    #[serde(deserialize_with = "deserialize_seconds")]
    #[schemars(with = "Option<HumanDuration>")]
    pub timeout_seconds: Option<u64>,
    /// Timeouts of the stages of an answer, for every model of this server.
    pub clocks: ClocksConfig,
    /// The most concurrent answers from the server, so that interactive requests come before
    /// background work. Unlimited by default.
    pub max_concurrent: Option<NonZeroU32>,
    /// What to do when the connection to the server is lost during an answer.
    pub on_server_loss: ServerLossConfig,
    /// The models of the server. Settings here override, field by field, what the server reports.
    /// If there are any, only these models are available, unless `agents.defaults.models` has
    /// `ID/*`; otherwise all models that the server lists.
    pub models: Vec<ModelConfig>,
}

/// The API that a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProviderApi {
    /// `POST /chat/completions`, which nearly every local server offers.
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

/// A model of a server. Only `id` is required.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelConfig {
    /// The id by which the server knows the model.
    #[schemars(extend("minLength" = 1, "examples" = ["meta-llama/Llama-3.3-70B-Instruct"]))]
    pub id: String,
    /// The display name.
    #[serde(default)]
    pub name: Option<String>,
    /// The API for this model, if it differs from the server's.
    #[serde(default)]
    pub api: Option<ProviderApi>,
    /// Headers for this model's requests, besides its server's.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretInput>,
    /// Whether the model reasons before it answers.
    #[serde(default)]
    pub reasoning: Option<bool>,
    /// What the model accepts as input.
    #[serde(default)]
    pub input: Option<Vec<InputKind>>,
    /// What the model costs.
    #[serde(default)]
    pub cost: Option<ModelCost>,
    /// The context window: the tokens of prompt and answer together.
    #[serde(default)]
    #[schemars(extend("examples" = [32768]))]
    pub context_window: Option<NonZeroU32>,
    /// The most tokens of the context window that are used.
    #[serde(default)]
    pub context_tokens: Option<NonZeroU32>,
    /// Parameters for each request to the model. They override those of the server, and those of
    /// `agents.defaults.models` override them.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The most tokens of an answer.
    #[serde(default)]
    pub max_tokens: Option<NonZeroU32>,
    /// Timeouts of the stages of an answer. Override those of the server.
    #[serde(default)]
    pub clocks: ClocksConfig,
    /// What the server does differently for this model.
    #[serde(default)]
    pub compat: CompatConfig,
}

/// An input that a model accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum InputKind {
    /// Text.
    Text,
    /// Pictures.
    Image,
    /// Videos; none are sent.
    Video,
    /// Sound; none is sent.
    Audio,
}

/// The price of a model, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
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

/// What tokens cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct UsageCost {
    /// The prompts, without what was read from a cache.
    pub input: f64,
    /// The answers.
    pub output: f64,
    /// What was read from a cache.
    pub cache_read: f64,
    /// All together.
    pub total: f64,
}

impl ModelCost {
    /// What tokens cost: those of prompts, of which `cached` were read from a cache, and those of
    /// answers.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no count of tokens is that large")]
    pub fn usage_cost(&self, input: u64, cached: u64, output: u64) -> UsageCost {
        const MILLION: f64 = 1_000_000.0;
        let cached = cached.min(input);
        let price = |tokens: u64, each: f64| tokens as f64 * each / MILLION;
        let cache_read = price(cached, self.cache_read);
        let (input, output) = (price(input - cached, self.input), price(output, self.output));
        UsageCost { input, output, cache_read, total: input + output + cache_read }
    }

    /// Whether nothing costs anything, as with a model on one's own machine.
    fn is_free(&self) -> bool {
        let Self { input, output, cache_read, .. } = *self;
        [input, output, cache_read].iter().all(|price| *price == 0.0)
    }
}

impl ModelsConfig {
    /// The price of a model; `None` when it costs nothing or nobody says what.
    #[must_use]
    pub fn model_cost(&self, provider: &str, model: &str) -> Option<ModelCost> {
        let mut models = self.providers.get(provider)?.models.iter();
        models.find(|known| known.id == model)?.cost.filter(|cost| !cost.is_free())
    }

    /// Whether these providers are added to the built-in ones or replace them.
    #[must_use]
    pub fn mode(&self) -> MergeMode {
        self.mode.unwrap_or_default()
    }
}

impl ModelConfig {
    /// A model of which only the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            api: None,
            headers: BTreeMap::new(),
            reasoning: None,
            input: None,
            cost: None,
            context_window: None,
            context_tokens: None,
            params: Map::new(),
            max_tokens: None,
            clocks: ClocksConfig::default(),
            compat: CompatConfig::default(),
        }
    }
}

impl ProviderConfig {
    /// The server's base URL; `None` when it is not set.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn resolve_base_url(&self, env: &Env) -> Result<Option<String>, TemplateError> {
        self.base_url.as_ref().map(|text| text.resolve_variables(env)).transpose()
    }

    /// The key for the server; `None` when it is not set or empty.
    #[must_use]
    pub fn api_key(&self) -> Option<&SecretInput> {
        self.api_key.as_ref().filter(|key| !key.is_blank())
    }

    /// The idle timeout of this server's models, or else the general one; `None` for no limit.
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
