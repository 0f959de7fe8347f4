//! Limits the tokens of an answer, so that prompt and answer fit into the context window.

use openclaw_core::{ModelError, ModelErrorKind, ModelLimits, TokenCount};

/// The fewest answer tokens worth a request: a shorter answer would only be cut off.
pub const MIN_ANSWER_TOKENS: u32 = 64;

/// The prompt leaves no room for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
    let remaining_tokens = remaining_tokens(limits, prompt)?;
    Ok(requested_tokens.map(|tokens| tokens.min(remaining_tokens)))
}

/// As [`output_cap`], for an API that requires a limit: returns at most `requested_tokens`.
///
/// # Errors
/// As [`output_cap`].
pub fn fit_answer_tokens(
    limits: &ModelLimits,
    requested_tokens: u32,
    prompt: TokenCount,
) -> Result<u32, PromptTooLong> {
    Ok(requested_tokens.min(remaining_tokens(limits, prompt)?))
}

/// The tokens that the prompt leaves for an answer, at least [`MIN_ANSWER_TOKENS`].
fn remaining_tokens(limits: &ModelLimits, prompt: TokenCount) -> Result<u32, PromptTooLong> {
    let remaining_tokens = limits.context_window.saturating_sub(prompt.token_count());
    match prompt {
        TokenCount::Exact(prompt_tokens) if remaining_tokens < MIN_ANSWER_TOKENS => {
            Err(PromptTooLong { context_window: limits.context_window, prompt_tokens })
        }
        _ => Ok(remaining_tokens.max(MIN_ANSWER_TOKENS)),
    }
}

impl From<PromptTooLong> for ModelError {
    fn from(PromptTooLong { context_window, prompt_tokens }: PromptTooLong) -> Self {
        let kind = ModelErrorKind::ContextOverflow {
            context_window: Some(context_window),
            prompt_tokens: Some(prompt_tokens),
        };
        Self::new(
            kind,
            format!("fit {prompt_tokens} prompt tokens and an answer into {context_window} tokens"),
        )
    }
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
        let none = fit_answer_tokens(&model_limits(4096, None), 512, TokenCount::Exact(4090));
        let error = ModelError::from(none.unwrap_err());
        let text = "fit 4090 prompt tokens and an answer into 4096 tokens";
        assert_eq!(error.to_string(), text);
        assert_eq!(
            fit_answer_tokens(&model_limits(4096, None), 512, TokenCount::Exact(3996)),
            Ok(100)
        );
    }
}
