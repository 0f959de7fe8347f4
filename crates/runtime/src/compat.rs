//! What is known of how a server treats a model before it is asked: from the config, and of OpenAI's
//! own servers.

use openclaw_config::{CompatConfig, MaxTokensField};
use openclaw_providers_openai::{Extra, Facts, Lack};

use crate::cache::Configured;

/// Reads `compat`. What it says wins over what is learnt, and over what is known of OpenAI's own
/// servers, in both directions.
pub(crate) fn configured(compat: &CompatConfig, is_native: bool) -> Configured {
    let native = if is_native { Facts::native() } else { Facts::default() };
    let extras = [
        (Extra::DeveloperRole, compat.supports_developer_role),
        (Extra::Store, compat.supports_store),
        (Extra::PromptCacheKey, compat.supports_prompt_cache_key),
        (Extra::ToolResultName, compat.requires_tool_result_name),
        (Extra::ThinkingAsText, compat.requires_thinking_as_text),
    ];
    let taken = extras.into_iter().filter(|(extra, said)| said.unwrap_or(native.takes(*extra)));
    let mut configured = Configured {
        lacks: native.lacks.iter().copied().collect(),
        extras: taken.map(|(extra, _)| extra).collect(),
        schema_keywords: compat.unsupported_tool_schema_keywords.clone(),
        ..Configured::default()
    };
    let takes_max_tokens = compat.max_tokens_field.map(|field| field == MaxTokensField::MaxTokens);
    let said = [
        (Lack::ContentParts, compat.requires_string_content.map(|requires| !requires)),
        (
            Lack::UserAfterResult,
            compat.requires_assistant_after_tool_result.map(|requires| !requires),
        ),
        (Lack::StreamUsage, compat.supports_usage_in_streaming),
        (Lack::Strict, compat.supports_strict_mode),
        (Lack::MaxTokens, takes_max_tokens),
    ];
    for (lack, is_able) in said {
        match is_able {
            Some(true) => configured.abilities.push(lack),
            Some(false) => configured.lacks.push(lack),
            None => {}
        }
    }
    configured
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_openais_own_goes_elsewhere_only_when_the_config_says_so() {
        let none = CompatConfig::default();
        assert_eq!(configured(&none, false), Configured::default());
        let native = configured(&none, true);
        assert_eq!(native.extras, Extra::NATIVE);
        assert_eq!(native.lacks, [Lack::ReasoningField, Lack::MaxTokens]);
        let said = CompatConfig {
            supports_developer_role: Some(true),
            supports_store: Some(false),
            max_tokens_field: Some(MaxTokensField::MaxTokens),
            ..none
        };
        assert_eq!(configured(&said, false).extras, [Extra::DeveloperRole]);
        let native = configured(&said, true);
        assert_eq!(native.extras, [Extra::DeveloperRole, Extra::PromptCacheKey]);
        assert_eq!(native.abilities, [Lack::MaxTokens]);
    }

    #[test]
    fn what_a_conversation_must_be_like_is_what_the_config_says() {
        let of = |says| {
            let said = CompatConfig {
                requires_assistant_after_tool_result: Some(says),
                requires_thinking_as_text: Some(says),
                requires_tool_result_name: Some(says),
                ..CompatConfig::default()
            };
            configured(&said, false)
        };
        let required = of(true);
        assert_eq!(required.lacks, [Lack::UserAfterResult]);
        assert_eq!(required.extras, [Extra::ToolResultName, Extra::ThinkingAsText]);
        let (not, after) = (of(false), vec![Lack::UserAfterResult]);
        assert_eq!(not, Configured { abilities: after, ..Configured::default() });
    }
}
