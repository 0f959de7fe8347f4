//! How much fits into a model, and who says so.

use std::num::NonZeroU32;

use openclaw_config::{InputKind, ModelConfig};
use openclaw_core::{LimitSource, ModelCapabilities, ModelLimits, ModelRef};
use openclaw_providers_vllm::FALLBACK_CONTEXT_WINDOW;

use crate::warnings::NoticeLog;

/// What is known of a model's window, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSources {
    /// What the server says now.
    pub(crate) live: Option<u32>,
    /// What the server said last.
    pub(crate) last: Option<u32>,
    /// What is documented of the model, where its server never says.
    pub(crate) documented: Option<u32>,
}

/// The window that counts: what the config asks for, up to what the server has now; else what the
/// server has now or had before; else what is documented.
pub(crate) fn effective_window(
    configured: Option<&ModelConfig>,
    WindowSources { live, last, documented }: WindowSources,
) -> Option<(u32, LimitSource)> {
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    match (wanted, live) {
        (Some(wanted), Some(live)) if wanted > live => Some((live, LimitSource::Server)),
        (Some(wanted), _) => Some((wanted, LimitSource::Config)),
        (None, Some(live)) => Some((live, LimitSource::Server)),
        (None, None) => match last {
            Some(last) => Some((last, LimitSource::Cached)),
            None => Some((documented?, LimitSource::Fallback)),
        },
    }
}

/// The limits of a model, with a note on what may surprise.
pub(crate) fn model_limits(
    reference: &ModelRef,
    configured: Option<&ModelConfig>,
    windows: WindowSources,
    notices: &NoticeLog,
) -> ModelLimits {
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    if let (Some(wanted), Some(live)) = (wanted, windows.live)
        && wanted > live
    {
        notices.push(format!(
            "contextWindow of `{reference}` is {wanted}, but the server has {live}; {live} is used"
        ));
    }
    let (window, window_source) = effective_window(configured, windows).unwrap_or_else(|| {
        notices.push(format!(
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

/// What the config says that a model can do.
pub(crate) fn model_capabilities(configured: Option<&ModelConfig>) -> ModelCapabilities {
    let inputs = configured.and_then(|model| model.input.as_ref());
    ModelCapabilities {
        tools: configured.and_then(|model| model.compat.supports_tools).unwrap_or(true),
        images: inputs.is_some_and(|inputs| inputs.contains(&InputKind::Image)),
        reasoning: configured.and_then(|model| model.reasoning).unwrap_or(false),
    }
}
