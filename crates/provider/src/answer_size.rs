//! Limits the size of one answer, so that a server that never stops cannot fill the memory.

use openclaw_core::{ChatRequest, ModelError, ModelErrorKind};

/// The most bytes of one answer: text, reasoning and tool calls together.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;
/// The most bytes that one token is expected to have. Tokens of white space are the longest.
const MAX_BYTES_PER_TOKEN: u64 = 256;
/// The room for names and ids of tool calls, which a limit in tokens does not show.
const EXTRA_BYTES: u64 = 1024 * 1024;

/// The most tool calls that are read from an answer whose request sets no limit.
const MAX_TOOL_CALLS: u32 = 4_096;

/// The limits of one answer, in bytes and in tool calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLimits {
    /// The most bytes of text, reasoning and tool calls together.
    pub max_bytes: u64,
    /// The most tool calls. An answer with more ends after these.
    pub max_tool_calls: usize,
}

impl Default for AnswerLimits {
    /// The limits of a request that sets none.
    fn default() -> Self {
        Self::for_request(&ChatRequest::default(), None)
    }
}

impl AnswerLimits {
    /// The limits of the answer to a request: 64 MiB, or less where the output limit in tokens
    /// allows less. `max_output_tokens` is the model's own limit, for a request without one.
    #[must_use]
    pub fn for_request(request: &ChatRequest, max_output_tokens: Option<u32>) -> Self {
        let by_tokens = request.max_output_tokens.or(max_output_tokens).map(|tokens| {
            u64::from(tokens).saturating_mul(MAX_BYTES_PER_TOKEN).saturating_add(EXTRA_BYTES)
        });
        let max_tool_calls = request.max_tool_calls.unwrap_or(MAX_TOOL_CALLS).min(MAX_TOOL_CALLS);
        Self {
            max_bytes: by_tokens.unwrap_or(MAX_ANSWER_BYTES).min(MAX_ANSWER_BYTES),
            max_tool_calls: usize::try_from(max_tool_calls).unwrap_or(usize::MAX),
        }
    }

    /// Checks the bytes received so far.
    ///
    /// # Errors
    /// When the answer is larger than its limit. Asking again would give the same, so the kind is
    /// one that is never retried.
    pub fn check_bytes(&self, received: u64) -> Result<(), ModelError> {
        if received <= self.max_bytes {
            return Ok(());
        }
        let message = format!(
            "read an answer of more than {} bytes: text, reasoning, tool calls and empty \
             events together may not be larger",
            self.max_bytes
        );
        Err(ModelError::new(ModelErrorKind::AnswerTooLarge, message).with_hint(
            "The server did not stop at any limit: look for a model that repeats itself, and set \
             `maxTokens` of the model to what an answer needs.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_default_or_what_the_tokens_allow() {
        let limit = |request: Option<u32>, model| {
            let request = ChatRequest { max_output_tokens: request, ..ChatRequest::default() };
            AnswerLimits::for_request(&request, model).max_bytes
        };
        assert_eq!(limit(None, None), 67_108_864);
        assert_eq!(limit(Some(1_000), None), 256_000 + 1_048_576);
        assert_eq!(limit(None, Some(1_000)), 256_000 + 1_048_576);
        assert_eq!(limit(Some(1), Some(1_000)), 256 + 1_048_576, "the request's own counts");
        assert_eq!(limit(Some(u32::MAX), None), 67_108_864, "never more than the default");
    }

    #[test]
    fn what_is_larger_is_an_error_that_names_the_limit() {
        let limits = AnswerLimits { max_bytes: 10, max_tool_calls: 1 };
        limits.check_bytes(10).unwrap();
        let error = limits.check_bytes(11).unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::AnswerTooLarge);
        assert!(error.to_string().contains("10 bytes"), "{error}");
    }
}
