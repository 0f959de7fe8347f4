//! The parameters that a config has for a model's requests.

use openclaw_config::Config;
use openclaw_core::ModelRef;
use openclaw_providers_openai::RequestParams;
use serde_json::{Map, Value};

use crate::catalogue::ALL_MODELS_WILDCARD;
use crate::warnings::NoticeLog;

/// The names of the most tokens that an answer may have: they are a limit and no parameter.
const OUTPUT_LIMIT_PARAMS: [&str; 4] =
    ["max_tokens", "maxTokens", "max_completion_tokens", "max_output_tokens"];

/// Parameters that are numbers everywhere.
const NUMBER_PARAMS: [&str; 6] = [
    "frequency_penalty",
    "min_p",
    "presence_penalty",
    "repetition_penalty",
    "temperature",
    "top_p",
];

/// Parameters that are whole numbers everywhere.
const INTEGER_PARAMS: [&str; 2] = ["seed", "top_k"];

/// How long a server is to keep what prompts begin with. It is no parameter: each API has its own
/// words for it.
const CACHE_RETENTION: &str = "cacheRetention";

/// What OpenAI's own servers call the key of a conversation, and how long its prompts are kept.
const PROMPT_CACHE_KEY: &str = "prompt_cache_key";
const PROMPT_CACHE_RETENTION: &str = "prompt_cache_retention";

/// What a config says of the requests to a model.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RequestSettings {
    pub(crate) params: RequestParams,
    /// The most tokens that an answer may have, if that was said.
    pub(crate) max_output_tokens: Option<u32>,
    /// Whether requests may carry a key of the conversation for the server's cache.
    pub(crate) has_cache_key: bool,
}

/// The same for a model that the Messages API is spoken to.
#[derive(Debug)]
pub(crate) struct MessagesSettings {
    pub(crate) params: openclaw_providers_anthropic::MessagesParams,
    pub(crate) max_output_tokens: Option<u32>,
    pub(crate) retention: Option<CacheRetention>,
}

/// How long a server keeps what prompts begin with, in the words of `cacheRetention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheRetention {
    None,
    Short,
    Long,
}

/// Reads `agents.defaults.models.*.params` for a model: that of the model itself over that of all
/// models of its provider. What cannot be sent is left out, and noted.
pub(crate) fn request_settings(
    config: &Config,
    reference: &ModelRef,
    is_native: bool,
    notices: &NoticeLog,
) -> RequestSettings {
    let ConfiguredParams { mut params, max_output_tokens: output, retention } =
        read_params(config, reference, notices);
    if is_native
        && retention == Some(CacheRetention::Long)
        && !params.contains_key(PROMPT_CACHE_RETENTION)
    {
        params.insert(PROMPT_CACHE_RETENTION.to_owned(), "24h".into());
    }
    let has_cache_key =
        retention != Some(CacheRetention::None) && !params.contains_key(PROMPT_CACHE_KEY);
    let (params, refused) = RequestParams::new(params);
    warn_refused(&refused, reference, notices);
    RequestSettings { params, max_output_tokens: output, has_cache_key }
}

/// As [`of`], for a model that the Messages API is spoken to.
pub(crate) fn messages_settings(
    config: &Config,
    reference: &ModelRef,
    notices: &NoticeLog,
) -> MessagesSettings {
    let ConfiguredParams { params, max_output_tokens: output, retention } =
        read_params(config, reference, notices);
    let (params, refused) = openclaw_providers_anthropic::MessagesParams::new(params);
    warn_refused(&refused, reference, notices);
    MessagesSettings { params, max_output_tokens: output, retention }
}

/// Parameters, and what is said in their place and is none.
struct ConfiguredParams {
    params: Map<String, Value>,
    max_output_tokens: Option<u32>,
    retention: Option<CacheRetention>,
}

fn read_params(config: &Config, reference: &ModelRef, notices: &NoticeLog) -> ConfiguredParams {
    let every = format!("{}/{ALL_MODELS_WILDCARD}", reference.provider_id());
    let entries = [every, reference.to_string()];
    let models = &config.agents.defaults.models;
    let mut params = Map::new();
    for entry in entries.iter().filter_map(|name| models.get(name)) {
        params.extend(entry.params.clone());
    }
    params.retain(|name, value| {
        let expected = expected_type(name, value);
        if let Some(expected) = expected {
            warn_not_sent(name, &format!("it must be {expected}"), reference, notices);
        }
        expected.is_none()
    });
    let limits = OUTPUT_LIMIT_PARAMS.iter().filter_map(|name| params.remove(*name)?.as_u64());
    let output = limits.min().and_then(|limit| u32::try_from(limit).ok());
    let retention = params.remove(CACHE_RETENTION).as_ref().and_then(parse_retention);
    ConfiguredParams { params, max_output_tokens: output, retention }
}

fn parse_retention(value: &Value) -> Option<CacheRetention> {
    match value.as_str()? {
        "none" => Some(CacheRetention::None),
        "short" => Some(CacheRetention::Short),
        "long" => Some(CacheRetention::Long),
        _ => None,
    }
}

fn warn_refused(names: &[String], reference: &ModelRef, notices: &NoticeLog) {
    for name in names {
        warn_not_sent(name, "the program decides it itself", reference, notices);
    }
}

fn warn_not_sent(name: &str, why: &str, reference: &ModelRef, notices: &NoticeLog) {
    notices.push(format!("the parameter `{name}` of `{reference}` is not sent: {why}"));
}

/// What a parameter must be and is not; `None` when it is right, or when nothing is known of it.
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
    } else {
        None
    }
}
