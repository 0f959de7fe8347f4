//! `compat.thinkingFormat` and `compat.supportsReasoningEffort`: how a server is told how much to
//! think.

use openclaw_config::{CompatConfig, ProviderApi};
use serde_json::{Map, Value, json};

/// OpenAI's parameter for how much a model thinks.
const REASONING_EFFORT: &str = "reasoning_effort";

/// A level of thinking, as the config's `thinking` says it.
const THINKING: &str = "thinking";

/// The values of `compat.thinkingFormat`.
const FORMATS: [&str; 7] =
    ["openai", "openrouter", "deepseek", "together", "qwen", "qwen-chat-template", "zai"];

/// The levels of thinking with their budgets in the Messages API, in tokens.
const BUDGETS: [(&str, u32); 6] = [
    ("minimal", 1024),
    ("low", 2048),
    ("medium", 8192),
    ("high", 16_384),
    ("xhigh", 32_768),
    ("max", 32_768),
];

/// Writes the level of thinking, if one is configured, in the format that the server and the API
/// read. Returns the parameters that are not sent, each with the reason.
pub(crate) fn apply_thinking_format(
    params: &mut Map<String, Value>,
    compat: &CompatConfig,
    api: ProviderApi,
) -> Vec<(&'static str, String)> {
    let mut not_sent = write_level(params, compat);
    match api {
        ProviderApi::OpenaiResponses => move_effort(params),
        ProviderApi::AnthropicMessages => not_sent.extend(write_budget(params)),
        _ => {}
    }
    not_sent
}

/// Moves the effort to where the Responses API has it.
fn move_effort(params: &mut Map<String, Value>) {
    let Some(effort) = params.remove(REASONING_EFFORT) else { return };
    if let Value::Object(reasoning) = params.entry("reasoning").or_insert_with(|| json!({})) {
        set_default(reasoning, "effort", effort);
    }
}

/// Writes a level as the Messages API has it: as a budget.
fn write_budget(params: &mut Map<String, Value>) -> Option<(&'static str, String)> {
    let level = configured_level(params, true)?;
    let removed = [REASONING_EFFORT, THINKING].into_iter().filter(|name| {
        params.get(*name).is_some_and(Value::is_string) && params.remove(*name).is_some()
    });
    let name = removed.last().unwrap_or(THINKING);
    let budget = BUDGETS.iter().find(|(known, _)| *known == level);
    let thinking = match (level.as_str(), budget) {
        ("off" | "none", _) => json!({ "type": "disabled" }),
        (_, Some((_, tokens))) => json!({ "type": "enabled", "budget_tokens": tokens }),
        (_, None) => {
            let levels: Vec<_> = BUDGETS.iter().map(|(known, _)| *known).collect();
            return Some((name, format!("`{level}` is none of off, {}", levels.join(", "))));
        }
    };
    set_default(params, THINKING, thinking);
    None
}

/// Writes the level in the server's format.
fn write_level(
    params: &mut Map<String, Value>,
    compat: &CompatConfig,
) -> Vec<(&'static str, String)> {
    let mut not_sent = Vec::new();
    let format = compat.thinking_format.as_deref();
    if let Some(unknown) = format.filter(|format| !FORMATS.contains(format)) {
        let reason = format!("`{unknown}` is none of {}", FORMATS.join(", "));
        not_sent.push(("compat.thinkingFormat", reason));
    }
    let format = format.filter(|format| FORMATS.contains(format));
    let is_effort_refused = compat.supports_reasoning_effort == Some(false);
    let Some(level) = configured_level(params, format.is_some()) else { return not_sent };
    let Some(format) = format else {
        if is_effort_refused {
            params.remove(REASONING_EFFORT);
            let reason = "`compat.supportsReasoningEffort` is false".to_owned();
            not_sent.push((REASONING_EFFORT, reason));
        }
        return not_sent;
    };
    params.remove(REASONING_EFFORT);
    params.remove(THINKING);
    let thinks = !matches!(level.as_str(), "off" | "none");
    let effort = if thinks { level } else { "none".to_owned() };
    match format {
        "openrouter" => set_default(params, "reasoning", json!({ "effort": effort })),
        "together" => set_default(params, "reasoning", json!({ "enabled": thinks })),
        "deepseek" | "zai" => {
            let kind = if thinks { "enabled" } else { "disabled" };
            set_default(params, THINKING, json!({ "type": kind }));
            if thinks && compat.supports_reasoning_effort == Some(true) {
                set_default(params, REASONING_EFFORT, effort.into());
            }
        }
        "qwen" => set_default(params, "enable_thinking", thinks.into()),
        "qwen-chat-template" => {
            let kwargs = params.entry("chat_template_kwargs").or_insert_with(|| json!({}));
            if let Value::Object(kwargs) = kwargs {
                set_default(kwargs, "enable_thinking", thinks.into());
            }
        }
        _ if is_effort_refused => {
            let reason = "`compat.supportsReasoningEffort` is false".to_owned();
            not_sent.push((REASONING_EFFORT, reason));
        }
        _ => set_default(params, REASONING_EFFORT, effort.into()),
    }
    not_sent
}

/// The configured level: `thinking` with a word, where a format says how it is written, or
/// `reasoning_effort`.
fn configured_level(params: &Map<String, Value>, has_format: bool) -> Option<String> {
    let word = |name| params.get(name).and_then(Value::as_str).map(str::to_owned);
    word(THINKING).filter(|_| has_format).or_else(|| word(REASONING_EFFORT))
}

/// Sets a parameter that is not configured itself.
fn set_default(params: &mut Map<String, Value>, name: &str, value: Value) {
    params.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Option<&str>, effort: Option<bool>, params: Value) -> (Value, usize) {
        let mut compat = CompatConfig::default();
        compat.thinking_format = format.map(str::to_owned);
        compat.supports_reasoning_effort = effort;
        let Value::Object(mut params) = params else { panic!() };
        let api = ProviderApi::OpenaiCompletions;
        let not_sent = apply_thinking_format(&mut params, &compat, api).len();
        (Value::Object(params), not_sent)
    }

    #[test]
    fn each_api_has_the_level_where_it_reads_it() {
        let enabled = |tokens: u32| json!({ "type": "enabled", "budget_tokens": tokens });
        for (api, params, expected, not_sent) in [
            (
                ProviderApi::OpenaiResponses,
                json!({ "reasoning_effort": "low", "reasoning": { "summary": "auto" } }),
                json!({ "reasoning": { "summary": "auto", "effort": "low" } }),
                0,
            ),
            (
                ProviderApi::OpenaiResponses,
                json!({ "reasoning_effort": "low", "reasoning": { "effort": "high" } }),
                json!({ "reasoning": { "effort": "high" } }),
                0,
            ),
            (
                ProviderApi::AnthropicMessages,
                json!({ "reasoning_effort": "low" }),
                json!({ "thinking": enabled(2048) }),
                0,
            ),
            (
                ProviderApi::AnthropicMessages,
                json!({ "thinking": "high" }),
                json!({ "thinking": enabled(16_384) }),
                0,
            ),
            (
                ProviderApi::AnthropicMessages,
                json!({ "thinking": "off" }),
                json!({ "thinking": { "type": "disabled" } }),
                0,
            ),
            (ProviderApi::AnthropicMessages, json!({ "thinking": "much" }), json!({}), 1),
            (
                ProviderApi::AnthropicMessages,
                json!({ "thinking": enabled(3000), "reasoning_effort": "low" }),
                json!({ "thinking": enabled(3000) }),
                0,
            ),
        ] {
            let Value::Object(mut params) = params else { panic!() };
            let found = apply_thinking_format(&mut params, &CompatConfig::default(), api);
            assert_eq!((Value::Object(params), found.len()), (expected, not_sent), "{api:?}");
        }
    }

    #[test]
    fn each_format_says_the_level_in_its_own_way() {
        let low = || json!({ "reasoning_effort": "low" });
        for (format, effort, params, expected, not_sent) in [
            (None, None, low(), low(), 0),
            (None, Some(false), low(), json!({}), 1),
            (None, None, json!({ "thinking": "x" }), json!({ "thinking": "x" }), 0),
            (
                Some("openai"),
                None,
                json!({ "thinking": "off" }),
                json!({ "reasoning_effort": "none" }),
                0,
            ),
            (Some("openai"), Some(false), low(), json!({}), 1),
            (Some("openrouter"), None, low(), json!({ "reasoning": { "effort": "low" } }), 0),
            (Some("together"), None, low(), json!({ "reasoning": { "enabled": true } }), 0),
            (Some("zai"), None, low(), json!({ "thinking": { "type": "enabled" } }), 0),
            (
                Some("deepseek"),
                Some(true),
                low(),
                json!({ "thinking": { "type": "enabled" }, "reasoning_effort": "low" }),
                0,
            ),
            (
                Some("qwen"),
                None,
                json!({ "thinking": "off" }),
                json!({ "enable_thinking": false }),
                0,
            ),
            (
                Some("qwen-chat-template"),
                None,
                json!({ "thinking": "high", "chat_template_kwargs": { "a": 1 } }),
                json!({ "chat_template_kwargs": { "a": 1, "enable_thinking": true } }),
                0,
            ),
            // What is configured itself stays.
            (
                Some("qwen"),
                None,
                json!({ "reasoning_effort": "low", "enable_thinking": false }),
                json!({ "enable_thinking": false }),
                0,
            ),
            (Some("qwen"), None, json!({}), json!({}), 0),
            (Some("odd"), None, low(), low(), 1),
        ] {
            let found = written(format, effort, params);
            assert_eq!(found, (expected, not_sent), "{format:?}");
        }
    }
}
