//! The configured parameters of a model's requests.

use openclaw_config::{CompatConfig, Config, ProviderApi};
use openclaw_core::ModelRef;
use openclaw_providers_openai::RequestParams;
use serde_json::{Map, Value};

use crate::context::ALL_MODELS_WILDCARD;
use crate::thinking_format::apply_thinking_format;

/// Parameters that limit the tokens of an answer. They are handled as a limit, not as a parameter.
const OUTPUT_LIMIT_PARAMS: [&str; 4] =
    ["max_tokens", "maxTokens", "max_completion_tokens", "max_output_tokens"];

/// Parameters that must be numbers with every API.
const NUMBER_PARAMS: [&str; 6] = [
    "frequency_penalty",
    "min_p",
    "presence_penalty",
    "repetition_penalty",
    "temperature",
    "top_p",
];

/// Parameters that must be integers with every API.
const INTEGER_PARAMS: [&str; 2] = ["seed", "top_k"];

/// How long a server caches prompts. It is not sent as a parameter, because each API has its own
/// fields for it.
const CACHE_RETENTION: &str = "cacheRetention";

/// Fields that are merged into the request, as OpenAI's own clients name them.
const EXTRA_BODY: [&str; 2] = ["extra_body", "extraBody"];

/// OpenAI's fields for the cache key of a conversation, and for how long its prompts are cached.
const PROMPT_CACHE_KEY: &str = "prompt_cache_key";
const PROMPT_CACHE_RETENTION: &str = "prompt_cache_retention";

/// The configured settings of requests to a model.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RequestSettings {
    pub(crate) params: RequestParams,
    /// The token limit of an answer, if configured.
    pub(crate) max_output_tokens: Option<u32>,
    /// Whether requests may carry a cache key for the conversation.
    pub(crate) has_cache_key: bool,
}

/// The API that requests are made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestApi {
    pub(crate) api: ProviderApi,
    /// Whether the server is OpenAI's own.
    pub(crate) is_native: bool,
}

/// The settings for a model with the Messages API.
#[derive(Debug)]
pub(crate) struct MessagesSettings {
    pub(crate) params: openclaw_providers_anthropic::MessagesParams,
    pub(crate) max_output_tokens: Option<u32>,
    pub(crate) retention: Option<CacheRetention>,
}

/// How long a server caches prompts: the values of `cacheRetention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheRetention {
    None,
    Short,
    Long,
}

/// Reads the parameters of a model: those of its provider, its own, those of
/// `agents.defaults.models` for all models of the provider, those for the model there, and
/// `overrides`. Each overrides those before. Parameters that cannot be sent are skipped with a warning.
pub(crate) fn request_settings(
    config: &Config,
    reference: &ModelRef,
    api: RequestApi,
    overrides: &Map<String, Value>,
    warnings: &mut Vec<String>,
) -> RequestSettings {
    let ConfiguredParams { mut params, max_output_tokens: output, retention } =
        read_params(config, reference, api.api, overrides, warnings);
    let is_native = api.is_native;
    if is_native
        && retention == Some(CacheRetention::Long)
        && !params.contains_key(PROMPT_CACHE_RETENTION)
    {
        params.insert(PROMPT_CACHE_RETENTION.to_owned(), "24h".into());
    }
    let has_cache_key =
        retention != Some(CacheRetention::None) && !params.contains_key(PROMPT_CACHE_KEY);
    let (params, refused) = RequestParams::new(params);
    warn_refused(&refused, reference, warnings);
    RequestSettings { params, max_output_tokens: output, has_cache_key }
}

/// As [`request_settings`], for a model with the Messages API.
pub(crate) fn messages_settings(
    config: &Config,
    reference: &ModelRef,
    overrides: &Map<String, Value>,
    warnings: &mut Vec<String>,
) -> MessagesSettings {
    let ConfiguredParams { params, max_output_tokens: output, retention } =
        read_params(config, reference, ProviderApi::AnthropicMessages, overrides, warnings);
    let (params, refused) = openclaw_providers_anthropic::MessagesParams::new(params);
    warn_refused(&refused, reference, warnings);
    MessagesSettings { params, max_output_tokens: output, retention }
}

/// The configured parameters, without those that are settings of their own.
struct ConfiguredParams {
    params: Map<String, Value>,
    max_output_tokens: Option<u32>,
    retention: Option<CacheRetention>,
}

fn read_params(
    config: &Config,
    reference: &ModelRef,
    api: ProviderApi,
    overrides: &Map<String, Value>,
    warnings: &mut Vec<String>,
) -> ConfiguredParams {
    let every = format!("{}/{ALL_MODELS_WILDCARD}", reference.provider_id());
    let entries = [every, reference.to_string()];
    let models = &config.agents.defaults.models;
    let mut params = Map::new();
    let mut compat = CompatConfig::default();
    if let Some(provider) = config.find_provider(reference.provider_id()) {
        override_params(&mut params, &provider.params);
        if let Some(model) = provider.find_model(reference.model_id()) {
            override_params(&mut params, &model.params);
            compat = model.compat.clone();
        }
    }
    for entry in entries.iter().filter_map(|name| models.get(name)) {
        override_params(&mut params, &entry.params);
    }
    override_params(&mut params, overrides);
    for (name, why) in apply_thinking_format(&mut params, &compat, api) {
        warn_not_sent(name, &why, reference, warnings);
    }
    params.retain(|name, value| {
        let expected = expected_type(name, value);
        if let Some(expected) = expected {
            warn_not_sent(name, &format!("it must be {expected}"), reference, warnings);
        }
        expected.is_none()
    });
    let limits = OUTPUT_LIMIT_PARAMS.iter().filter_map(|name| params.remove(*name)?.as_u64());
    let output = limits.min().and_then(|limit| u32::try_from(limit).ok());
    let retention = params.remove(CACHE_RETENTION).as_ref().and_then(parse_retention);
    ConfiguredParams { params, max_output_tokens: output, retention }
}

/// Overrides parameters with more specific ones. The fields of `extra_body` are parameters too.
fn override_params(params: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more {
        match value {
            Value::Object(_) if EXTRA_BODY.contains(&name.as_str()) => {}
            value => drop(params.insert(name.clone(), value.clone())),
        }
    }
    for extra in EXTRA_BODY {
        if let Some(Value::Object(fields)) = more.get(extra) {
            params.extend(fields.clone());
        }
    }
}

fn parse_retention(value: &Value) -> Option<CacheRetention> {
    match value.as_str()? {
        "none" => Some(CacheRetention::None),
        "short" => Some(CacheRetention::Short),
        "long" => Some(CacheRetention::Long),
        _ => None,
    }
}

fn warn_refused(names: &[String], reference: &ModelRef, warnings: &mut Vec<String>) {
    for name in names {
        warn_not_sent(name, "the program decides it itself", reference, warnings);
    }
}

fn warn_not_sent(name: &str, why: &str, reference: &ModelRef, warnings: &mut Vec<String>) {
    warnings.push(format!("the parameter `{name}` of `{reference}` is not sent: {why}"));
}

/// The type that a parameter must have; `None` when the value has it or the parameter is unknown.
fn expected_type(name: &str, value: &Value) -> Option<&'static str> {
    let is_right = |is| is || value.is_null();
    if NUMBER_PARAMS.contains(&name) {
        (!is_right(value.is_number())).then_some("a number")
    } else if INTEGER_PARAMS.contains(&name) {
        (!is_right(value.is_i64() || value.is_u64())).then_some("a whole number")
    } else if OUTPUT_LIMIT_PARAMS.contains(&name) {
        let is_count = value.as_u64().is_some_and(|count| count > 0);
        (!is_right(is_count)).then_some("a number of tokens")
    } else if name == CACHE_RETENTION {
        (!is_right(parse_retention(value).is_some())).then_some("`none`, `short` or `long`")
    } else if EXTRA_BODY.contains(&name) {
        (!is_right(value.is_object())).then_some("an object")
    } else {
        None
    }
}
