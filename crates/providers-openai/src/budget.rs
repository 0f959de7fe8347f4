//! Limits the tokens of an answer, so that prompt and answer fit into the context window.

use openclaw_core::{ModelLimits, TokenCount};

/// The fewest answer tokens worth a request: a shorter answer would only be cut off.
const MIN_ANSWER_TOKENS: u32 = 64;

/// The prompt leaves no room for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptTooLong {
    /// The context window in tokens.
    pub context_window: u32,
    /// The tokens of the prompt, as counted by the server.
    pub prompt_tokens: u32,
}

/// Returns the most tokens for the answer that fit after the prompt. `None` sends no limit, and the
/// server uses the room there is.
///
/// # Errors
/// When an exactly counted prompt leaves too little room. An estimate never refuses: the server
/// decides then.
pub fn output_cap(
    limits: &ModelLimits,
    requested_tokens: Option<u32>,
    prompt: TokenCount,
) -> Result<Option<u32>, PromptTooLong> {
    let requested_tokens = requested_tokens.into_iter().chain(limits.max_output_tokens).min();
    let remaining_tokens = limits.context_window.saturating_sub(prompt.token_count());
    if let TokenCount::Exact(prompt) = prompt
        && remaining_tokens < MIN_ANSWER_TOKENS
    {
        return Err(PromptTooLong { context_window: limits.context_window, prompt_tokens: prompt });
    }
    Ok(requested_tokens.map(|tokens| tokens.min(remaining_tokens.max(MIN_ANSWER_TOKENS))))
}

#[cfg(test)]
mod tests {
    use openclaw_core::LimitSource;

    use super::*;

    fn model_limits(context_window: u32, max_output_tokens: Option<u32>) -> ModelLimits {
        ModelLimits {
            context_window,
            context_window_source: LimitSource::Server,
            max_output_tokens,
        }
    }

    #[test]
    fn the_answer_is_capped_to_the_room_behind_the_prompt() {
        let cap = |window, output, prompt| output_cap(&model_limits(window, output), None, prompt);
        // A server with a 16 K window: 8,192 requested, 13,612 used.
        assert_eq!(cap(16_384, Some(8192), TokenCount::Exact(13_612)), Ok(Some(2772)));
        assert_eq!(cap(16_384, Some(2048), TokenCount::Exact(13_612)), Ok(Some(2048)));
        assert_eq!(cap(16_384, None, TokenCount::Exact(13_612)), Ok(None));
        assert_eq!(
            cap(16_384, Some(8192), TokenCount::Estimate(16_380)),
            Ok(Some(MIN_ANSWER_TOKENS))
        );
    }

    #[test]
    fn too_little_room_is_said_before_sending() {
        let none = output_cap(&model_limits(4096, Some(512)), None, TokenCount::Exact(4090));
        assert_eq!(none, Err(PromptTooLong { context_window: 4096, prompt_tokens: 4090 }));
    }
}
