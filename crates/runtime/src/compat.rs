//! What a config says of how a server treats a model.

use openclaw_config::{CompatConfig, MaxTokensField};
use openclaw_providers_openai::Lack;

use crate::cache::Configured;

/// Reads `compat`. What it says wins over what is learnt, in both directions.
pub(crate) fn configured(compat: &CompatConfig) -> Configured {
    let mut configured = Configured {
        schema_keywords: compat.unsupported_tool_schema_keywords.clone(),
        ..Configured::default()
    };
    let takes_max_tokens = compat.max_tokens_field.map(|field| field == MaxTokensField::MaxTokens);
    let said = [
        (Lack::ContentParts, compat.requires_string_content.map(|requires| !requires)),
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
