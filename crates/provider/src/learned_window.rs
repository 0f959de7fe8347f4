//! Applies a context window learned from a server to the configured limits.

use openclaw_core::{LimitSource, ModelLimits};

/// Replaces the context window of `limits` by a learned one: the smaller window wins, and a
/// fallback is replaced by any.
#[must_use]
pub fn apply_learned_window(
    limits: ModelLimits,
    learned_window: Option<u32>,
    source: LimitSource,
) -> ModelLimits {
    match learned_window {
        Some(context_window)
            if context_window < limits.context_window
                || limits.context_window_source == LimitSource::Fallback =>
        {
            ModelLimits { context_window, context_window_source: source, ..limits }
        }
        _ => limits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_window_counts_and_a_fallback_is_replaced() {
        use LimitSource::{Config, Fallback, Server};
        let table = [
            (16_384, Config, Some(4096), (4096, Server)),
            (4096, Config, Some(16_384), (4096, Config)),
            (8192, Fallback, Some(16_384), (16_384, Server)),
            (8192, Fallback, None, (8192, Fallback)),
        ];
        for (context_window, context_window_source, learned, expected) in table {
            let limits =
                ModelLimits { context_window, context_window_source, max_output_tokens: Some(7) };
            let found = apply_learned_window(limits, learned, Server);
            assert_eq!((found.context_window, found.context_window_source), expected);
            assert_eq!(found.max_output_tokens, Some(7));
        }
    }
}
