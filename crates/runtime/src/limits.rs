//! How much fits into a model, and who says so.

use std::num::NonZeroU32;

use openclaw_config::{InputKind, ModelConfig};
use openclaw_core::{Abilities, LimitSource, ModelLimits, ModelRef};
use openclaw_providers_vllm::FALLBACK_WINDOW;

use crate::notices::Notices;

/// What is known of a model's window, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    /// What the server says now.
    pub(crate) live: Option<u32>,
    /// What the server said last.
    pub(crate) last: Option<u32>,
    /// What is documented of the model, where its server never says.
    pub(crate) documented: Option<u32>,
}

/// The window that counts: what the config asks for, up to what the server has now; else what the
/// server has now or had before; else what is documented.
pub(crate) fn window(
    configured: Option<&ModelConfig>,
    Windows { live, last, documented }: Windows,
) -> Option<(u32, LimitSource)> {
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    match (wanted, live) {
        (Some(wanted), Some(live)) if wanted > live => Some((live, LimitSource::Live)),
        (Some(wanted), _) => Some((wanted, LimitSource::Config)),
        (None, Some(live)) => Some((live, LimitSource::Live)),
        (None, None) => match last {
            Some(last) => Some((last, LimitSource::Cached)),
            None => Some((documented?, LimitSource::Fallback)),
        },
    }
}

/// The limits of a model, with a note on what may surprise.
pub(crate) fn limits(
    reference: &ModelRef,
    configured: Option<&ModelConfig>,
    windows: Windows,
    notices: &Notices,
) -> ModelLimits {
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    if let (Some(wanted), Some(live)) = (wanted, windows.live)
        && wanted > live
    {
        notices.push(format!(
            "contextWindow of `{reference}` is {wanted}, but the server has {live}; {live} is used"
        ));
    }
    let (window, window_source) = window(configured, windows).unwrap_or_else(|| {
        notices.push(format!(
            "neither the server nor the config says how large the window of `{reference}` is; \
             {FALLBACK_WINDOW} tokens are assumed (`contextWindow` sets it)"
        ));
        (FALLBACK_WINDOW, LimitSource::Fallback)
    });
    let output = configured.and_then(|model| model.max_tokens).map(NonZeroU32::get);
    ModelLimits { window, window_source, output }
}

/// What the config says that a model can do.
pub(crate) fn abilities(configured: Option<&ModelConfig>) -> Abilities {
    let inputs = configured.and_then(|model| model.input.as_ref());
    Abilities {
        tools: configured.and_then(|model| model.compat.supports_tools).unwrap_or(true),
        images: inputs.is_some_and(|inputs| inputs.contains(&InputKind::Image)),
        reasoning: configured.and_then(|model| model.reasoning).unwrap_or(false),
    }
}
