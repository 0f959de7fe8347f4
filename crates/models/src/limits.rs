//! The token limits of a model, and their sources.

use std::num::NonZeroU32;

use openclaw_config::{Config, InputKind, ModelConfig};
use openclaw_core::{LimitSource, ModelCapabilities, ModelLimits, ModelRef};
use openclaw_providers_openai::{documented_context_window, is_openai_hosted};
use openclaw_providers_vllm::FALLBACK_CONTEXT_WINDOW;

use crate::context::ResolvedProvider;

/// The known context windows of a model, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSources {
    /// The window that the server reports.
    pub(crate) live: Option<u32>,
    /// The window that the server reported last, from the cache.
    pub(crate) last: Option<u32>,
    /// The documented window, for servers that never report one.
    pub(crate) documented: Option<u32>,
    /// The most tokens of the window that the config lets be used.
    pub(crate) cap: Option<u32>,
}

/// The most tokens of a model's context window that the config lets be used.
pub(crate) fn context_cap(config: &Config, configured: Option<&ModelConfig>) -> Option<u32> {
    let own = configured.and_then(|model| model.context_tokens);
    own.or(config.agents.defaults.context_tokens).map(NonZeroU32::get)
}

/// The effective context window. The configured one is limited to the server's current one. Without
/// a configured one it is the current one, else the cached one, else the documented one.
pub(crate) fn effective_window(
    configured: Option<&ModelConfig>,
    WindowSources { live, last, documented, cap }: WindowSources,
) -> Option<(u32, LimitSource)> {
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    let window = match (wanted, live) {
        (Some(wanted), Some(live)) if wanted > live => Some((live, LimitSource::Server)),
        (Some(wanted), _) => Some((wanted, LimitSource::Config)),
        (None, Some(live)) => Some((live, LimitSource::Server)),
        (None, None) => match last {
            Some(last) => Some((last, LimitSource::Cached)),
            None => documented.map(|documented| (documented, LimitSource::Fallback)),
        },
    };
    match cap {
        Some(cap) if window.is_none_or(|(window, _)| cap < window) => {
            Some((cap, LimitSource::Config))
        }
        _ => window,
    }
}

/// The limits of a model. Adds a warning when they differ from the config or are unknown.
pub(crate) fn model_limits(
    reference: &ModelRef,
    configured: Option<&ModelConfig>,
    windows: WindowSources,
    warnings: &mut Vec<String>,
) -> ModelLimits {
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    if let (Some(wanted), Some(live)) = (wanted, windows.live)
        && wanted > live
    {
        warnings.push(format!(
            "contextWindow of `{reference}` is {wanted}, but the server has {live}; {live} is used"
        ));
    }
    let (window, window_source) = effective_window(configured, windows).unwrap_or_else(|| {
        warnings.push(format!(
            "neither the server nor the config says how large the window of `{reference}` is; \
             {FALLBACK_CONTEXT_WINDOW} tokens are assumed (`contextWindow` sets it)"
        ));
        (FALLBACK_CONTEXT_WINDOW, LimitSource::Fallback)
    });
    let output = configured.and_then(|model| model.max_tokens).map(NonZeroU32::get);
    ModelLimits {
        context_window: window,
        context_window_source: window_source,
        max_output_tokens: output,
    }
}

/// The capabilities of a model according to the config.
pub(crate) fn model_capabilities(configured: Option<&ModelConfig>) -> ModelCapabilities {
    let inputs = configured.and_then(|model| model.input.as_ref());
    ModelCapabilities {
        tools: configured.and_then(|model| model.compat.supports_tools).unwrap_or(true),
        tools_as_text: false,
        images: inputs.is_some_and(|inputs| inputs.contains(&InputKind::Image)),
        reasoning: configured.and_then(|model| model.reasoning).unwrap_or(false),
    }
}

/// The documented context window of a model whose hosted service does not report it, in tokens.
pub(crate) fn documented_service_window(provider: &ResolvedProvider, model: &str) -> Option<u32> {
    documented_context_window(model).filter(|_| is_openai_hosted(&provider.endpoint))
}
