//! The parameters that a config has for a model's requests.

use openclaw_config::Config;
use openclaw_core::ModelRef;
use openclaw_providers_openai::Params;
use serde_json::{Map, Value};

use crate::catalogue::ALL;
use crate::notices::Notices;

/// The names of the most tokens that an answer may have: they are a limit and no parameter.
const OUTPUT: [&str; 4] = ["max_tokens", "maxTokens", "max_completion_tokens", "max_output_tokens"];

/// Parameters that are numbers everywhere.
const NUMBERS: [&str; 6] = [
    "frequency_penalty",
    "min_p",
    "presence_penalty",
    "repetition_penalty",
    "temperature",
    "top_p",
];

/// Parameters that are whole numbers everywhere.
const WHOLE: [&str; 2] = ["seed", "top_k"];

/// How long a server is to keep what prompts begin with. It is no parameter: each API has its own
/// words for it.
const CACHE_RETENTION: &str = "cacheRetention";

/// What OpenAI's own servers call the key of a conversation, and how long its prompts are kept.
const CACHE_KEY: &str = "prompt_cache_key";
const KEPT_FOR: &str = "prompt_cache_retention";

/// What a config says of the requests to a model.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ForRequests {
    pub(crate) params: Params,
    /// The most tokens that an answer may have, if that was said.
    pub(crate) output: Option<u32>,
    /// Whether requests may carry a key of the conversation for the server's cache.
    pub(crate) has_cache_key: bool,
}

/// The same for a model that the Messages API is spoken to.
#[derive(Debug)]
pub(crate) struct ForMessages {
    pub(crate) params: openclaw_providers_anthropic::Params,
    pub(crate) output: Option<u32>,
    pub(crate) retention: Option<Retention>,
}

/// How long a server keeps what prompts begin with, in the words of `cacheRetention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retention {
    None,
    Short,
    Long,
}

/// Reads `agents.defaults.models.*.params` for a model: that of the model itself over that of all
/// models of its provider. What cannot be sent is left out, and noted.
pub(crate) fn of(
    config: &Config,
    reference: &ModelRef,
    is_native: bool,
    notices: &Notices,
) -> ForRequests {
    let Read { mut params, output, retention } = read(config, reference, notices);
    if is_native && retention == Some(Retention::Long) && !params.contains_key(KEPT_FOR) {
        params.insert(KEPT_FOR.to_owned(), "24h".into());
    }
    let has_cache_key = retention != Some(Retention::None) && !params.contains_key(CACHE_KEY);
    let (params, refused) = Params::new(params);
    note_refused(&refused, reference, notices);
    ForRequests { params, output, has_cache_key }
}

/// As [`of`], for a model that the Messages API is spoken to.
pub(crate) fn of_messages(config: &Config, reference: &ModelRef, notices: &Notices) -> ForMessages {
    let Read { params, output, retention } = read(config, reference, notices);
    let (params, refused) = openclaw_providers_anthropic::Params::new(params);
    note_refused(&refused, reference, notices);
    ForMessages { params, output, retention }
}

/// Parameters, and what is said in their place and is none.
struct Read {
    params: Map<String, Value>,
    output: Option<u32>,
    retention: Option<Retention>,
}

fn read(config: &Config, reference: &ModelRef, notices: &Notices) -> Read {
    let every = format!("{}/{ALL}", reference.provider());
    let entries = [every, reference.to_string()];
    let models = &config.agents.defaults.models;
    let mut params = Map::new();
    for entry in entries.iter().filter_map(|name| models.get(name)) {
        params.extend(entry.params.clone());
    }
    params.retain(|name, value| {
        let expected = expected(name, value);
        if let Some(expected) = expected {
            note(name, &format!("it must be {expected}"), reference, notices);
        }
        expected.is_none()
    });
    let limits = OUTPUT.iter().filter_map(|name| params.remove(*name)?.as_u64());
    let output = limits.min().and_then(|limit| u32::try_from(limit).ok());
    let retention = params.remove(CACHE_RETENTION).as_ref().and_then(retention);
    Read { params, output, retention }
}

fn retention(value: &Value) -> Option<Retention> {
    match value.as_str()? {
        "none" => Some(Retention::None),
        "short" => Some(Retention::Short),
        "long" => Some(Retention::Long),
        _ => None,
    }
}

fn note_refused(names: &[String], reference: &ModelRef, notices: &Notices) {
    for name in names {
        note(name, "the program decides it itself", reference, notices);
    }
}

fn note(name: &str, why: &str, reference: &ModelRef, notices: &Notices) {
    notices.push(format!("the parameter `{name}` of `{reference}` is not sent: {why}"));
}

/// What a parameter must be and is not; `None` when it is right, or when nothing is known of it.
fn expected(name: &str, value: &Value) -> Option<&'static str> {
    let is_right = |is| is || value.is_null();
    if NUMBERS.contains(&name) {
        (!is_right(value.is_number())).then_some("a number")
    } else if WHOLE.contains(&name) {
        (!is_right(value.is_i64() || value.is_u64())).then_some("a whole number")
    } else if OUTPUT.contains(&name) {
        let is_count = value.as_u64().is_some_and(|count| count > 0);
        (!is_right(is_count)).then_some("a number of tokens")
    } else if name == CACHE_RETENTION {
        (!is_right(retention(value).is_some())).then_some("`none`, `short` or `long`")
    } else {
        None
    }
}
