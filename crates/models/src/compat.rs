//! Capabilities known before a server is asked: from the config, and for OpenAI's own servers.

use openclaw_config::{CompatConfig, MaxTokensField};
use openclaw_providers_openai::{ServerCapabilities, ServerFeature, VendorExtension};

use crate::cache::ConfiguredCapabilities;

/// Reads `compat`. In both directions it overrides what is learned and what is known about OpenAI's
/// own servers.
pub(crate) fn configured_capabilities(
    compat: &CompatConfig,
    is_native: bool,
) -> ConfiguredCapabilities {
    let native =
        if is_native { ServerCapabilities::openai_hosted() } else { ServerCapabilities::default() };
    let extras = [
        (VendorExtension::DeveloperRole, compat.supports_developer_role),
        (VendorExtension::DisableStore, compat.supports_store),
        (VendorExtension::PromptCacheKey, compat.supports_prompt_cache_key),
        (VendorExtension::ThinkingAsText, compat.requires_thinking_as_text),
    ];
    let taken = extras
        .into_iter()
        .filter(|(extra, said)| said.unwrap_or(native.supports_extension(*extra)));
    let mut configured = ConfiguredCapabilities {
        lacks: native.unsupported_features.iter().copied().collect(),
        extras: taken.map(|(extra, _)| extra).collect(),
        schema_keywords: compat.unsupported_tool_schema_keywords.clone(),
        ..ConfiguredCapabilities::default()
    };
    let takes_max_tokens = compat.max_tokens_field.map(|field| field == MaxTokensField::MaxTokens);
    let said = [
        (ServerFeature::ContentParts, compat.requires_string_content.map(|requires| !requires)),
        (
            ServerFeature::UserAfterToolResult,
            compat.requires_assistant_after_tool_result.map(|requires| !requires),
        ),
        (
            ServerFeature::UnnamedToolResult,
            compat.requires_tool_result_name.map(|requires| !requires),
        ),
        (ServerFeature::StreamUsage, compat.supports_usage_in_streaming),
        (ServerFeature::StrictMode, compat.supports_strict_mode),
        (ServerFeature::MaxTokensField, takes_max_tokens),
    ];
    for (lack, is_able) in said {
        match is_able {
            Some(true) => configured.supported.push(lack),
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
        assert_eq!(configured_capabilities(&none, false), ConfiguredCapabilities::default());
        let native = configured_capabilities(&none, true);
        assert_eq!(native.extras, VendorExtension::OPENAI);
        assert_eq!(native.lacks, [ServerFeature::ReasoningField, ServerFeature::MaxTokensField]);
        let mut said = none;
        said.supports_developer_role = Some(true);
        said.supports_store = Some(false);
        said.max_tokens_field = Some(MaxTokensField::MaxTokens);
        assert_eq!(configured_capabilities(&said, false).extras, [VendorExtension::DeveloperRole]);
        let native = configured_capabilities(&said, true);
        assert_eq!(
            native.extras,
            [VendorExtension::DeveloperRole, VendorExtension::PromptCacheKey]
        );
        assert_eq!(native.supported, [ServerFeature::MaxTokensField]);
    }

    #[test]
    fn what_a_conversation_must_be_like_is_what_the_config_says() {
        let of = |says| {
            let mut said = CompatConfig::default();
            said.requires_assistant_after_tool_result = Some(says);
            said.requires_thinking_as_text = Some(says);
            said.requires_tool_result_name = Some(says);
            configured_capabilities(&said, false)
        };
        let required = of(true);
        let features = [ServerFeature::UserAfterToolResult, ServerFeature::UnnamedToolResult];
        assert_eq!(required.lacks, features);
        assert_eq!(required.extras, [VendorExtension::ThinkingAsText]);
        let (not, after) = (of(false), features.to_vec());
        assert_eq!(
            not,
            ConfiguredCapabilities { supported: after, ..ConfiguredCapabilities::default() }
        );
    }
}
